//! Why a test fails.

use std::{error::Error, fmt, panic::Location};

/// Why a test fails: where in the test, what was expected, and all that happened.
///
/// `Debug` is `Display`, so that a test that returns or unwraps it prints it readably.
pub struct Failure {
    kind: FailureKind,
    message: String,
    place: &'static Location<'static>,
    conversation: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The portal or the bot could not be started.
    Start,
    /// What a person wanted to do, or the test ordered, was refused.
    Refused,
    /// What was expected of the bot did not happen in time.
    Unmet,
    /// The bot made a call that nothing in the test accounts for.
    FurtherCalls,
    /// The bot was not done in time.
    Busy,
}

impl Failure {
    pub(super) fn new(
        kind: FailureKind,
        message: impl Into<String>,
        place: &'static Location<'static>,
        conversation: String,
    ) -> Self {
        Self { kind, message: message.into(), place, conversation, source: None }
    }

    pub(super) fn start(
        place: &'static Location<'static>,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let message = "the stage cannot be set up";
        let failure = Self::new(FailureKind::Start, message, place, String::new());
        Self { source: Some(error.into()), ..failure }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// All that happened, as the failure prints it.
    #[must_use]
    pub fn conversation(&self) -> &str {
        &self.conversation
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place.file(), self.place.line(), self.message)?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\n  because {error}")?;
            source = error.source();
        }
        if self.conversation.is_empty() { Ok(()) } else { write!(f, "\n\n{}", self.conversation) }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
