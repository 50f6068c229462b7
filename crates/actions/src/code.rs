//! The platform's error codes.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal;)*) => {
        /// A code from the `error` field of an answer.
        ///
        /// The variants are the codes that any method may return and those of `im.message.like`; every other code
        /// is [`Other`](Self::Other). The platform is not consistent in case (`expired_token`, `OVERLOAD_LIMIT`), so
        /// codes are compared without regard to it.
        ///
        /// ```
        /// use b24bot_actions::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::from("EXPIRED_TOKEN"), ErrorCode::ExpiredToken);
        /// assert_eq!(ErrorCode::from("BOT_NOT_FOUND"), "bot_not_found");
        /// ```
        #[non_exhaustive]
        #[derive(Clone, Debug)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// Any other code, as the platform wrote it.
            Other(String),
        }

        impl ErrorCode {
            /// Every code that has a name of its own.
            const NAMED: &[Self] = &[$(Self::$name,)*];

            /// The code as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $wire,)*
                    Self::Other(code) => code,
                }
            }

            /// The code if it has a name of its own: a label for metrics must not be chosen by the other side.
            pub(crate) fn named(&self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($wire),)*
                    Self::Other(_) => None,
                }
            }
        }
    };
}

codes! {
    /// 500: an error inside the portal.
    InternalServerError = "INTERNAL_SERVER_ERROR";
    /// 500: the portal's server answered itself something unexpected.
    UnexpectedAnswer = "ERROR_UNEXPECTED_ANSWER";
    /// 503 (some pages say 429): too many requests; the request was not carried out.
    QueryLimitExceeded = "QUERY_LIMIT_EXCEEDED";
    /// 405: this method cannot be called within `batch`.
    BatchMethodNotAllowed = "ERROR_BATCH_METHOD_NOT_ALLOWED";
    /// 400: more calls in a `batch` than allowed.
    BatchLengthExceeded = "ERROR_BATCH_LENGTH_EXCEEDED";
    /// 401: the access token or the webhook's secret is not valid.
    NoAuthFound = "NO_AUTH_FOUND";
    /// 400: the portal wants https.
    InvalidRequest = "INVALID_REQUEST";
    /// 503: REST was blocked by hand; only the vendor's support can lift that.
    OverloadLimit = "OVERLOAD_LIMIT";
    /// 403: REST is not part of the portal's plan, or the method refuses this caller.
    AccessDenied = "ACCESS_DENIED";
    /// 403: the user behind the credentials lacks the right to call the method.
    InvalidCredentials = "INVALID_CREDENTIALS";
    /// 404: the manifest is not available.
    ManifestIsNotAvailable = "ERROR_MANIFEST_IS_NOT_AVAILABLE";
    /// 403: the credentials lack the method's scope.
    InsufficientScope = "insufficient_scope";
    /// 401: the access token has expired; a refreshed one will do.
    ExpiredToken = "expired_token";
    /// 403: the application is installed, but not open to this user.
    UserAccessError = "user_access_error";
    /// 500: the portal was deleted or closed.
    PortalDeleted = "PORTAL_DELETED";
    /// 429: the method's work time for this application is used up for now.
    OperationTimeLimit = "OPERATION_TIME_LIMIT";
    /// 400, `im.message.like`: the message id is missing or invalid.
    MessageIdError = "MESSAGE_ID_ERROR";
    /// 400, `im.message.like`: it was so already, or the caller cannot see the message.
    WithoutChanges = "WITHOUT_CHANGES";
}

impl From<&str> for ErrorCode {
    fn from(code: &str) -> Self {
        let named = Self::NAMED.iter().find(|named| named.as_str().eq_ignore_ascii_case(code));
        named.cloned().unwrap_or_else(|| Self::Other(code.to_owned()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for ErrorCode {
    fn eq(&self, other: &Self) -> bool {
        *self == *other.as_str()
    }
}

impl Eq for ErrorCode {}

impl PartialEq<str> for ErrorCode {
    fn eq(&self, other: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(other)
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Hash for ErrorCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.as_str().bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_named_code_is_read_in_any_case() {
        for code in ErrorCode::NAMED {
            for text in [code.as_str().to_ascii_lowercase(), code.as_str().to_ascii_uppercase()] {
                let read = ErrorCode::from(text.as_str());
                assert_eq!(&read, code);
                assert!(!matches!(read, ErrorCode::Other(_)), "{text}");
            }
        }
    }

    #[test]
    fn other_codes_keep_their_spelling_and_are_equal_in_any_case() {
        let code = ErrorCode::from("Bot_Not_Found");
        assert_eq!(code.as_str(), "Bot_Not_Found");
        assert_eq!(code, "BOT_NOT_FOUND");
        assert_ne!(code, "BOT_NOT_FOUND_AT_ALL");
        let set = HashSet::from([code, ErrorCode::from("BOT_NOT_FOUND")]);
        assert_eq!(set.len(), 1);
    }
}
