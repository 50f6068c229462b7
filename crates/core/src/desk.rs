//! The operator's view of an inbox: what waits, what failed and why.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{EntryId, Envelope, InboxError, Lane, Progress};

/// How many entries are gone through at a time.
const PAGE: usize = 1_000;

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

    /// What there is of each portal that has any entries, in the order of their names.
    ///
    /// # Errors
    ///
    /// When it cannot be read now.
    async fn portals(&self) -> Result<Vec<PortalDepth>, InboxError> {
        let mut portals = BTreeMap::new();
        for which in [Which::Pending, Which::Dead] {
            let mut after = None;
            loop {
                let page = self.list(which, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for entry in page {
                    let lane = Lane::from(entry.lane);
                    PortalDepth::count(&mut portals, lane.portal(), which, 1, entry.received_at);
                }
            }
        }
        Ok(portals.into_values().collect())
    }

    /// Removes all entries of a portal for good, those that were set aside too, except those in the lane `keep`; how many
    /// it were. What is being handled is handled to its end. It is done in steps, between which others have their turn:
    /// if it fails, some may be gone.
    ///
    /// `portal` is named as in [`Lane::portal`].
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now.
    async fn drop_portal(&self, portal: &str, keep: Option<&Lane>) -> Result<u64, InboxError> {
        let mut dropped = 0;
        for which in [Which::Pending, Which::Dead] {
            let mut after = None;
            loop {
                let page = self.list(which, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for entry in page {
                    let lane = Lane::from(entry.lane);
                    if lane.portal() == portal && Some(&lane) != keep {
                        dropped += u64::from(self.purge(entry.id).await?);
                    }
                }
            }
        }
        Ok(dropped)
    }
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

/// How much an inbox has of one portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PortalDepth {
    /// The portal as in [`Lane::portal`](crate::Lane::portal): its member id, or its domain.
    pub portal: String,
    /// Its entries that wait or are being handled.
    pub pending: u64,
    /// Its entries that were set aside.
    pub dead: u64,
    /// When the latest of these was accepted, in milliseconds since 1970.
    pub latest: Option<u64>,
}

impl PortalDepth {
    /// Counts entries to their portal, the latest of which was accepted at that time; for those who implement [`Desk`].
    pub fn count(
        portals: &mut BTreeMap<String, Self>,
        portal: &str,
        which: Which,
        entries: u64,
        received_at: u64,
    ) {
        if !portals.contains_key(portal) {
            portals.insert(portal.to_owned(), Self { portal: portal.to_owned(), ..Self::default() });
        }
        if let Some(depth) = portals.get_mut(portal) {
            match which {
                Which::Pending => depth.pending += entries,
                Which::Dead => depth.dead += entries,
            }
            depth.latest = depth.latest.max(Some(received_at));
        }
    }
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
