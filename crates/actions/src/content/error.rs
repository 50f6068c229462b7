//! Why content cannot be sent.

use std::{error::Error as StdError, fmt};

use crate::error::{Error, ErrorKind};

/// Content that the platform would refuse, cut or silently leave out.
///
/// ```
/// use b24bot_actions::content::{ContentErrorKind, OutgoingMessage, Unit};
///
/// let error = OutgoingMessage::new("x".repeat(20_001)).to_params_v2().unwrap_err();
/// let kind = ContentErrorKind::TooMuch { limit: 20_000, actual: 20_001, unit: Unit::Characters };
/// assert_eq!(error.kind(), &kind);
/// assert_eq!(error.to_string(), "the text has 20001 characters, and the platform takes 20000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentError {
    /// What it is about: "the text", "`LINK`".
    part: &'static str,
    kind: ContentErrorKind,
}

/// The kinds of [`ContentError`].
///
/// ```
/// use b24bot_actions::content::{Button, ContentErrorKind, Keyboard};
///
/// let error = Keyboard::new().row([Button::link("Open", "example.com")]).to_v2().unwrap_err();
/// assert_eq!(error.kind(), &ContentErrorKind::Link);
/// assert_eq!(error.to_string(), "`LINK` must begin with http://, https:// or /");
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentErrorKind {
    /// There is more than the platform takes.
    TooMuch {
        /// As much as the platform takes.
        limit: usize,
        /// As much as there is.
        actual: usize,
        /// What was counted.
        unit: Unit,
    },
    /// A link that does not begin with `http://`, `https://` or `/`.
    Link,
    /// A colour that is not `#RGB` or `#RRGGBB`.
    Color,
    /// Something is empty that must not be.
    Empty,
    /// The generation has no such thing.
    Unsupported,
}

/// What a limit counts.
///
/// ```
/// use b24bot_actions::content::{Attach, ContentErrorKind, Unit};
///
/// let error = Attach::new().message("x".repeat(40_000)).to_v1().unwrap_err();
/// assert!(matches!(error.kind(), ContentErrorKind::TooMuch { limit: 30_720, unit: Unit::Bytes, .. }));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Characters (Unicode code points); of something structured, those of its JSON.
    Characters,
    /// Bytes; of something structured, those of its JSON in UTF-8.
    Bytes,
    /// Messages.
    Messages,
}

impl ContentError {
    pub(crate) const fn new(part: &'static str, kind: ContentErrorKind) -> Self {
        Self { part, kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &ContentErrorKind {
        &self.kind
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.part)?;
        match &self.kind {
            ContentErrorKind::TooMuch { limit, actual, unit } => {
                let unit = match unit {
                    Unit::Characters => "characters",
                    Unit::Bytes => "bytes",
                    Unit::Messages => "messages",
                };
                write!(f, " has {actual} {unit}, and the platform takes {limit}")
            }
            ContentErrorKind::Link => f.write_str(" must begin with http://, https:// or /"),
            ContentErrorKind::Color => f.write_str(" must be written #RGB or #RRGGBB"),
            ContentErrorKind::Empty => f.write_str(" is empty"),
            ContentErrorKind::Unsupported => {
                f.write_str(" cannot be sent in this generation of the platform")
            }
        }
    }
}

impl StdError for ContentError {}

impl From<ContentError> for Error {
    fn from(error: ContentError) -> Self {
        Self::new(ErrorKind::Params, "message").note(error.to_string()).source_from(error)
    }
}
