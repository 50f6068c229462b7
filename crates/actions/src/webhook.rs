//! The address of an inbound webhook, which is at the same time its password.

use std::{fmt, str::FromStr};

use b24bot_core::UserId;
use url::Url;

use crate::address::{self, AddressError, AddressErrorKind};

/// The URL of an inbound webhook, `https://DOMAIN/rest/USER/SECRET/`.
///
/// Whoever knows it acts as that user, so `Debug` and `Display` hide the secret, and plain http is accepted for
/// this very machine only (127.0.0.0/8, `::1`, `localhost`).
///
/// ```
/// use b24bot_actions::{AddressErrorKind, WebhookUrl};
///
/// let webhook = WebhookUrl::parse("https://portal.example/rest/1/abc123/")?;
/// assert_eq!(webhook.user().get(), 1);
/// assert_eq!(webhook.domain(), "portal.example");
/// assert_eq!(webhook.to_string(), "https://portal.example/rest/1/***/");
///
/// let error = WebhookUrl::parse("http://portal.example/rest/1/abc123/").unwrap_err();
/// assert_eq!(error.kind(), AddressErrorKind::NotHttps);
/// # Ok::<(), b24bot_actions::AddressError>(())
/// ```
#[derive(Clone)]
pub struct WebhookUrl {
    base: Url,
    user: UserId,
    domain: String,
}

impl WebhookUrl {
    /// Reads the URL as the portal shows it, with or without the slash at its end.
    ///
    /// # Errors
    /// When it is not such a URL; the error says what is expected and never repeats the text.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut base = address::parse(text)?;
        let path = base.path().strip_suffix('/').unwrap_or(base.path());
        let parts: Vec<_> = path.split('/').collect();
        let ["", "rest", user, secret] = parts[..] else {
            return Err(AddressError::new(AddressErrorKind::NotAWebhook));
        };
        if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)) {
            return Err(AddressError::new(AddressErrorKind::NotAWebhook));
        }
        let user = match user.parse::<u64>() {
            Ok(number) if number > 0 => UserId::from(number),
            _ => return Err(AddressError::new(AddressErrorKind::User)),
        };
        let path = format!("{path}/");
        base.set_path(&path);
        Ok(Self { user, domain: address::domain(&base), base })
    }

    /// The employee who made the webhook: calls through it are theirs.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The portal's domain, with its port if it is not the usual one.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address before the method's name, with the secret and a slash at its end.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }
}

impl FromStr for WebhookUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/rest/{}/***/", self.base.scheme(), self.domain, self.user)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slash_at_the_end_is_optional() {
        for text in ["https://a.example/rest/12/s3cret", " https://a.example/rest/12/s3cret/\n"] {
            let webhook = WebhookUrl::parse(text).unwrap();
            assert_eq!(webhook.base().as_str(), "https://a.example/rest/12/s3cret/");
            assert_eq!(webhook.user(), UserId::from(12));
        }
        assert_eq!(
            WebhookUrl::parse("http://127.0.0.1:9400/rest/1/local/").unwrap().domain(),
            "127.0.0.1:9400"
        );
    }

    #[test]
    fn errors_say_what_is_expected_and_keep_the_secret() {
        for (text, kind) in [
            ("https://a.example/rest/12/s3cret/profile", AddressErrorKind::NotAWebhook),
            ("https://a.example/rest/s3cret/", AddressErrorKind::NotAWebhook),
            ("https://a.example/rest/12//", AddressErrorKind::NotAWebhook),
            ("https://a.example/rest/12/s3cret%2F/", AddressErrorKind::NotAWebhook),
            ("https://a.example/s3cret", AddressErrorKind::NotAWebhook),
            ("https://a.example/rest/me/s3cret/", AddressErrorKind::User),
            ("https://a.example/rest/0/s3cret/", AddressErrorKind::User),
            ("https://a.example/rest/1/s3cret/?x=1", AddressErrorKind::Extra),
            ("s3cret", AddressErrorKind::NotAnAddress),
            ("http://a.example/rest/1/s3cret/", AddressErrorKind::NotHttps),
        ] {
            let error = WebhookUrl::parse(text).unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(!format!("{error} {error:?}").contains("s3cret"));
            assert!(error.to_string().contains("http") || kind == AddressErrorKind::Extra);
        }
    }
}
