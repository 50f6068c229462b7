//! Where accepted events wait until they are handled.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Claim, Entry, Envelope, Settled, claim};

/// Takes verified events from the endpoint and gives them to the dispatcher.
///
/// The endpoint answers 200 once [`put`](Inbox::put) returns: an implementation says there what it promises from
/// then on. Handlers are fed from here only, never from the request, which its sender may abandon at any moment.
#[async_trait]
pub trait Inbox: fmt::Debug + Send + Sync + 'static {
    /// Stores the events of one delivery, all or none, and says of each whether it was new. The endpoint lets it run
    /// to its end even if the sender hangs up.
    ///
    /// # Errors
    ///
    /// When they cannot be stored now. The sender is told to come back after [`InboxError::retry_after`].
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError>;

    /// Waits for the next entry, in the order they were stored. Every entry is given out once and stays pending
    /// until it is settled; a durable inbox gives out again, after a restart, what was not. `None` after
    /// [`close`](Inbox::close), once nothing waits that was not given out.
    ///
    /// # Errors
    ///
    /// When the entries cannot be read.
    async fn next(&self) -> Result<Option<Entry>, InboxError>;

    /// The event of an entry that was given out without it. `None` when the entry is no longer this process's to
    /// handle: it was purged, or another machine has taken it over.
    ///
    /// # Errors
    ///
    /// When it cannot be read now; asking again later may help.
    async fn load(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        Ok(entry.envelope.clone())
    }

    /// Whether an entry that was given out with its event has been purged since. Asked before its first attempt; later
    /// ones [`load`](Self::load) it.
    fn is_purged(&self, entry: &Entry) -> bool {
        let _ = entry;
        false
    }

    /// Says what became of an entry, which brings its event if it could be loaded. What is recorded here may be lost in a crash: the entry is handled again then.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded. A durable inbox takes note all the same and records it as soon as it can.
    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError>;

    /// Waits until all that was settled so far is recorded.
    ///
    /// # Errors
    ///
    /// When it cannot be recorded now.
    async fn flush(&self) -> Result<(), InboxError> {
        Ok(())
    }

    /// Takes nothing more; [`next`](Inbox::next) ends when nothing waits any longer.
    fn close(&self);

    /// How much there is.
    fn depth(&self) -> Depth;

    /// Whether what was accepted outlives the process: then a stop may leave the rest for the next start.
    fn is_durable(&self) -> bool {
        false
    }

    /// Claims the right to fetch the events of one bot, named by its portal's domain and its id; `None` while someone
    /// else has it. Unless an implementation does more, that means someone in this process.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    async fn claim(&self, bot: &str) -> Result<Option<Box<dyn Claim>>, InboxError> {
        Ok(claim::in_process(bot))
    }
}

/// What [`Inbox::put`] made of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new and will be handled.
    New,
    /// The same event was stored before.
    Duplicate,
}

/// How much is in an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Depth {
    /// Entries that wait or are being handled.
    pub pending: u64,
    /// Entries that were set aside: their handlers failed for good.
    pub dead: u64,
}

impl Depth {
    /// A depth, for those who implement [`Inbox`].
    #[must_use]
    pub const fn new(pending: u64, dead: u64) -> Self {
        Self { pending, dead }
    }
}

/// The inbox cannot do what it was asked now.
pub struct InboxError {
    kind: InboxErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboxErrorKind {
    /// As many events wait as may wait.
    Full,
    /// As many events of one portal wait as may wait, so that there is room for those of others.
    PortalFull,
    /// It was closed: the program is stopping.
    Closed,
    /// The storage failed.
    Storage,
}

impl InboxError {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: InboxErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The storage failed, and this is why.
    #[must_use]
    pub fn storage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: InboxErrorKind::Storage, source: Some(source.into()) }
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> InboxErrorKind {
        self.kind
    }

    /// When trying again may help.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        Duration::from_secs(match self.kind {
            InboxErrorKind::Full | InboxErrorKind::PortalFull | InboxErrorKind::Closed => 5,
            InboxErrorKind::Storage => 30,
        })
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InboxErrorKind::Full => "as many events wait as may wait",
            InboxErrorKind::PortalFull => "as many events of this portal wait as one portal may have",
            InboxErrorKind::Closed => "the bot is stopping",
            InboxErrorKind::Storage => "the storage failed",
        })
    }
}

impl fmt::Debug for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxError").field("kind", &self.kind).field("source", &self.source).finish()
    }
}

impl Error for InboxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
