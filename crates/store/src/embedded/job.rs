//! What is asked of the writer.

use std::sync::Arc;

use b24bot_core::{Effect, Ended, EntryId, Envelope, Expected, InboxError, Lane, Settled, Stored, Version};
use tokio::sync::oneshot;

use super::seen::Digest;

pub(super) type Reply<T> = oneshot::Sender<Result<T, InboxError>>;

/// Something to be written.
pub(super) enum Job {
    Put(Vec<Incoming>, Reply<Vec<Stored>>),
    /// With the entry's lane, and the digest of its key if the event was loaded.
    Settle(EntryId, Lane, Option<Digest>, Settled),
    /// By the digest of the event's key, and the effect's name.
    Begin(Digest, String, Reply<Effect>),
    Finish(Digest, String, Ended),
    SetState(SetState, Reply<Option<Version>>),
    Retry(EntryId, Reply<Option<EntryId>>),
    /// How many of them were there.
    Purge(Vec<EntryId>, Reply<u64>),
    /// Everything before it is written; nothing else.
    Flush(Reply<()>),
    /// Nothing comes after it.
    Close,
}

/// A value to be set, or removed.
pub(super) struct SetState {
    pub(super) key: String,
    pub(super) value: Option<Vec<u8>>,
    pub(super) expected: Expected,
}

/// An event to be stored.
pub(super) struct Incoming {
    pub(super) digest: Digest,
    pub(super) envelope: Arc<Envelope>,
}

impl Job {
    /// Whether it may only be answered once it is on the disk itself. What need not goes to the operating system, which
    /// keeps it if only the process dies.
    pub(super) fn is_durable(&self) -> bool {
        match self {
            Self::Settle(.., settled) => matches!(settled, Settled::Dead(_)),
            Self::Finish(..) | Self::Flush(_) | Self::Close => false,
            Self::Put(..) | Self::Begin(..) | Self::SetState(..) | Self::Retry(..) | Self::Purge(..) => true,
        }
    }

    /// Answers that it could not be done. What needs no answer is given back, to be done later.
    pub(super) fn refuse(self, why: &str) -> Option<Self> {
        fn tell<T>(reply: Reply<T>, why: &str) -> Option<Job> {
            let _ = reply.send(Err(InboxError::storage(why)));
            None
        }
        match self {
            Self::Put(_, reply) => tell(reply, why),
            Self::Begin(_, _, reply) => tell(reply, why),
            Self::SetState(_, reply) => tell(reply, why),
            Self::Retry(_, reply) => tell(reply, why),
            Self::Purge(_, reply) => tell(reply, why),
            Self::Flush(reply) => tell(reply, why),
            Self::Settle(..) | Self::Finish(..) => Some(self),
            Self::Close => None,
        }
    }
}

impl Incoming {
    pub(super) fn body(&self) -> &[u8] {
        self.envelope.event.body()
    }
}
