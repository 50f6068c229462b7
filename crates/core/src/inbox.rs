//! Where accepted events wait until they are handled.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Claim, Envelope, claim};

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
    /// until it is settled. `None` after [`close`](Inbox::close), once nothing waits.
    ///
    /// # Errors
    ///
    /// When the entries cannot be read.
    async fn next(&self) -> Result<Option<Entry>, InboxError>;

    /// Says what became of an entry.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded.
    async fn settle(&self, id: EntryId, outcome: Settled) -> Result<(), InboxError>;

    /// Takes nothing more; [`next`](Inbox::next) ends when nothing waits any longer.
    fn close(&self);

    /// How much there is.
    fn depth(&self) -> Depth;

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

/// An event that waits to be handled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its number in the inbox.
    pub id: EntryId,
    /// The event.
    pub envelope: Arc<Envelope>,
}

impl Entry {
    /// An entry, for those who implement [`Inbox`].
    #[must_use]
    pub fn new(id: EntryId, envelope: Arc<Envelope>) -> Self {
        Self { id, envelope }
    }
}

/// The number of an entry in its inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u64);

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// All handlers were content.
    Done,
    /// A handler failed; what it said.
    Failed(String),
}

/// How much is in an inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Depth {
    /// Entries that wait or are being handled.
    pub pending: u64,
    /// Entries whose handlers failed.
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
            InboxErrorKind::Full | InboxErrorKind::Closed => 5,
            InboxErrorKind::Storage => 30,
        })
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InboxErrorKind::Full => "as many events wait as may wait",
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
