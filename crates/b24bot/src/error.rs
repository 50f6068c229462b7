//! Why a bot cannot run.

use std::{error::Error as StdError, fmt, net::SocketAddr};

use b24bot_core::InboxError;
use b24bot_rules::ConfigError;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a bot cannot run: what happened, where, and what to do about it.
///
/// `Debug` is `Display`, so that a `main` that returns it prints it readably.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Source>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `bot.toml` has mistakes, or asks for what cannot be done.
    Config,
    /// An address cannot be listened on.
    Listen,
    /// The inbox failed.
    Inbox,
    /// A portal refused something that the bot needs in order to run.
    Portal,
    /// A second signal ended the bot before it had finished what it had begun.
    Interrupted,
    /// A call that a test looks at has parameters of another shape.
    Params,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn caused(kind: ErrorKind, message: impl Into<String>, source: impl Into<Source>) -> Self {
        Self { kind, message: message.into(), source: Some(source.into()) }
    }

    pub(crate) fn listen(what: &str, address: SocketAddr, advice: &str, source: std::io::Error) -> Self {
        Self::caused(ErrorKind::Listen, format!("{what} cannot listen on {address} ({advice})"), source)
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\n  because {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(ErrorKind::Config, error.to_string())
    }
}

impl From<InboxError> for Error {
    fn from(error: InboxError) -> Self {
        Self::caused(ErrorKind::Inbox, "the inbox failed", error)
    }
}
