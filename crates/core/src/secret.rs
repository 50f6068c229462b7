//! Values that must not be shown.

use std::fmt;

/// A token, a client secret, the address of an inbound webhook: `Debug` and `Display` show only that there is one.
///
/// ```
/// use b24bot_core::Secret;
///
/// let token = Secret::from("831c76b092f9f135");
/// assert_eq!(format!("{token} {token:?}"), "*** Secret(***)");
/// assert_eq!(token.expose(), "831c76b092f9f135");
/// ```
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// The value itself. Whoever asks for it must not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value.into_boxed_str())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
