//! What can be wrong with a webhook body.

use std::{error::Error, fmt};

/// A body that cannot be read as an event.
///
/// Unknown events and unknown fields are no error: see [`Payload::Other`](crate::Payload::Other).
pub struct DecodeError {
    kind: DecodeErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The body is neither a form nor a JSON object.
    Malformed,
    /// There is no event name, or what stands there is none.
    NoEvent,
    /// The body nests deeper, or has more values, than any event has.
    TooComplex,
    /// An event of a known kind lacks what makes it one; the path names what.
    Missing(&'static str),
}

impl DecodeError {
    pub(crate) fn new(kind: DecodeErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn malformed(source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: DecodeErrorKind::Malformed, source: Some(Box::new(source)) }
    }

    pub(crate) fn missing(path: &'static str) -> Self {
        Self::new(DecodeErrorKind::Missing(path))
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DecodeErrorKind::Malformed => f.write_str("the body is neither a form nor a JSON object"),
            DecodeErrorKind::NoEvent => f.write_str("the body names no event"),
            DecodeErrorKind::TooComplex => {
                f.write_str("the body nests deeper or holds more values than any event")
            }
            DecodeErrorKind::Missing(path) => write!(f, "the event has no {path}"),
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
