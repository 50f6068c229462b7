//! The operator's view of an inbox: what waits, what failed and why.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{EntryId, Envelope, InboxError, Progress};

/// Lets a person look at an inbox and put things right, while the bot runs or while it does not.
#[async_trait]
pub trait Desk: fmt::Debug + Send + Sync + 'static {
    /// How much there is.
    ///
    /// # Errors
    ///
    /// When it cannot be read now.
    async fn stats(&self) -> Result<Stats, InboxError>;

    /// Entries from `after` on (not including it), oldest first, at the most `limit`.
    ///
    /// # Errors
    ///
    /// When they cannot be read now.
    async fn list(
        &self,
        which: Which,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Listed>, InboxError>;

    /// One entry with its event, which may hold tokens.
    ///
    /// # Errors
    ///
    /// When it cannot be read now.
    async fn show(&self, id: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError>;

    /// Has an entry that was set aside handled again, as if it had never been tried, except that handlers which were
    /// content are not called again and effects that were had are not had again. Returns its number, which may be a
    /// new one; `None` if there is no such entry that was set aside.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now.
    async fn retry(&self, id: EntryId) -> Result<Option<EntryId>, InboxError>;

    /// Removes an entry for good; whether it was there. What is being handled is handled to its end.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now.
    async fn purge(&self, id: EntryId) -> Result<bool, InboxError>;
}

/// Which entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Those that wait or are being handled.
    Pending,
    /// Those that were set aside.
    Dead,
}

/// How much is in an inbox, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Entries that wait or are being handled.
    pub pending: u64,
    /// Of those, entries that have failed and will be tried again.
    pub retrying: u64,
    /// Entries that were set aside.
    pub dead: u64,
    /// When the oldest entry that is pending was accepted, in milliseconds since 1970.
    pub oldest_pending: Option<u64>,
    /// Bytes on disk, if it can be told.
    pub bytes: Option<u64>,
    /// Where it is: a path, or the address of a server without its password.
    pub store: String,
}

/// An entry as it is listed: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Listed {
    /// Its number.
    pub id: EntryId,
    /// Whether it waits or was set aside.
    pub which: Which,
    /// The event's key.
    pub key: String,
    /// The lane it is in: portal, bot and dialog.
    pub lane: String,
    /// When it was accepted, in milliseconds since 1970.
    pub received_at: u64,
    /// What the attempts have come to, if there was one that failed.
    pub progress: Option<Progress>,
}

impl Listed {
    /// An entry as it is listed, for those who implement [`Desk`].
    #[must_use]
    pub fn new(id: EntryId, which: Which, envelope: &Envelope, progress: Option<Progress>) -> Self {
        Self {
            id,
            which,
            key: envelope.key.as_str().to_owned(),
            lane: envelope.lane.as_str().to_owned(),
            received_at: envelope.received_at,
            progress,
        }
    }

    /// The same of an event that was not read.
    #[must_use]
    pub fn unread(
        id: EntryId,
        which: Which,
        (key, lane, received_at): (String, String, u64),
        progress: Option<Progress>,
    ) -> Self {
        Self { id, which, key, lane, received_at, progress }
    }
}
