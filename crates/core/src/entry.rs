//! An event in an inbox, and what becomes of it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Envelope, Lane};

/// An event that waits to be handled.
///
/// It may come without its event, so that any number can wait without filling the memory:
/// [`Inbox::load`](crate::Inbox::load) gets it when its turn has come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its number in the inbox.
    pub id: EntryId,
    /// The lane it waits in.
    pub lane: Lane,
    /// What earlier attempts have come to; `None` before the first has failed.
    pub progress: Option<Box<Progress>>,
    /// The event, if it is in memory.
    pub envelope: Option<Arc<Envelope>>,
}

impl Entry {
    /// An entry that brings its event, for those who implement [`Inbox`](crate::Inbox).
    #[must_use]
    pub fn new(id: EntryId, envelope: Arc<Envelope>) -> Self {
        Self { id, lane: envelope.lane.clone(), progress: None, envelope: Some(envelope) }
    }

    /// An entry whose event is elsewhere.
    #[must_use]
    pub fn stored(id: EntryId, lane: Lane, progress: Option<Progress>) -> Self {
        Self { id, lane, progress: progress.map(Box::new), envelope: None }
    }

    /// The portal it came from: see [`Lane::portal`].
    #[must_use]
    pub fn portal(&self) -> &str {
        self.lane.portal()
    }
}

/// The number of an entry in its inbox: later ones have greater numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// All handlers were content: the entry is gone, only its key is remembered.
    Done,
    /// A handler failed and will be tried again: the entry stays pending.
    Retry(Progress),
    /// A handler failed for good: the entry is set aside, for a person to look at.
    Dead(Progress),
}

/// What the attempts to handle an entry have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed: an error with all that caused it, in one line.
    pub error: String,
    /// When the last attempt ended, in milliseconds since 1970.
    pub failed_at: u64,
    /// Not to be tried again before then, in milliseconds since 1970.
    pub due: u64,
    /// Handlers that were content, and are not called again.
    pub finished: Vec<String>,
    /// When a person last asked for it to be handled again, in milliseconds since 1970: its age counts from then.
    #[serde(default)]
    pub asked_at: u64,
}

impl Progress {
    /// What is left of it when a person asks for the entry to be handled again: only which handlers were content.
    #[must_use]
    pub fn asked_again(self, now: u64) -> Self {
        Self { finished: self.finished, asked_at: now, ..Self::default() }
    }
}
