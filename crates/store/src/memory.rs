//! The store in memory.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use b24bot_core::{
    Changes, Depth, Desk, Effect, Effects, Ended, Entry, EntryId, Envelope, Expected, Inbox, InboxError,
    InboxErrorKind, Lane, Listed, PortalDepth, Settled, State, States, Stats, Stored, Version, Which,
};
use tokio::sync::Notify;

use self::{entries::Entries, values::Values};

mod entries;
mod values;

/// Keeps everything in memory; see the [crate's page](crate) for what it promises.
///
/// What was set aside is kept while there is room: before an event is refused for want of it, the oldest entries that
/// were set aside are dropped, since an event that is refused is lost for certain, and a person may never ask for
/// those. An entry that is to be handled again ([`Desk::retry`]) keeps its number, and is given out before later ones.
pub struct MemoryStore {
    entries: Mutex<Entries>,
    changed: Notify,
    settled: Notify,
    values: Mutex<Values>,
}

impl Default for MemoryStore {
    /// Room for 100,000 events, and for recognising repeats of the latest 100,000.
    fn default() -> Self {
        Self::new(100_000, 100_000)
    }
}

impl MemoryStore {
    /// Holds up to `capacity` events that are pending or were set aside, and recognises repeats of the latest
    /// `remembered`. Pending events are never dropped: while they fill it, nothing new is taken.
    #[must_use]
    pub fn new(capacity: usize, remembered: usize) -> Self {
        Self {
            entries: Mutex::new(Entries::new(capacity, remembered)),
            changed: Notify::new(),
            settled: Notify::new(),
            values: Mutex::default(),
        }
    }

    /// Shares that room between portals: each may have at most as many pending events as there is room left. So one
    /// portal gets half of it, and when that is full only its own events are refused.
    #[must_use]
    pub fn share_room(self) -> Self {
        self.entries().share_room();
        self
    }

    /// Waits until nothing is pending: every event was handled or set aside. What waits for another attempt is pending.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let store = b24bot_store::MemoryStore::default();
    /// store.idle().await;
    /// # }
    /// ```
    pub async fn idle(&self) {
        loop {
            // Made before looking: what ends after that wakes it.
            let settled = self.settled.notified();
            if self.depth().pending == 0 {
                return;
            }
            settled.await;
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // No method panics while it holds a lock, and none leaves half a change.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without what is in it: effects have results, and those may be anything.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        let stored = self.entries().put(envelopes).map_err(|kind| {
            if kind == InboxErrorKind::PortalFull {
                metrics::counter!("b24bot_store_share_refusals_total").increment(1);
            }
            InboxError::new(kind)
        })?;
        self.changed.notify_one();
        Ok(stored)
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        loop {
            {
                let mut entries = self.entries();
                let entry = entries.take();
                if entries.is_waiting() || entries.is_closed() {
                    // One notification may stand for several entries: whoever else waits is woken in turn.
                    self.changed.notify_one();
                }
                if entry.is_some() || entries.is_closed() {
                    return Ok(entry);
                }
            }
            // A notification that comes before this line is kept for it.
            self.changed.notified().await;
        }
    }

    async fn load(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        Ok(self.entries().load(entry.id))
    }

    fn is_purged(&self, entry: &Entry) -> bool {
        self.entries().load(entry.id).is_none()
    }

    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError> {
        self.entries().settle(entry.id, outcome);
        self.settled.notify_waiters();
        Ok(())
    }

    fn close(&self) {
        self.entries().close();
        self.changed.notify_one();
    }

    fn depth(&self) -> Depth {
        self.entries().depth()
    }
}

#[async_trait]
impl Effects for MemoryStore {
    async fn begin(&self, entry: &Entry, effect: &str) -> Result<Effect, InboxError> {
        let known = self.entries().begin(entry.id, effect);
        known.ok_or_else(|| InboxError::storage("the entry is not being handled: it was purged or settled"))
    }

    async fn finish(&self, entry: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError> {
        self.entries().finish(entry.id, effect, ended);
        Ok(())
    }
}

#[async_trait]
impl Desk for MemoryStore {
    async fn stats(&self) -> Result<Stats, InboxError> {
        Ok(self.entries().stats())
    }

    async fn list(
        &self,
        which: Which,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Listed>, InboxError> {
        Ok(self.entries().list(which, after, limit))
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError> {
        Ok(self.entries().show(id))
    }

    async fn retry(&self, id: EntryId) -> Result<Option<EntryId>, InboxError> {
        let was_dead = self.entries().retry(id);
        self.changed.notify_one();
        Ok(was_dead.then_some(id))
    }

    async fn purge(&self, id: EntryId) -> Result<bool, InboxError> {
        let was_there = self.entries().purge(id);
        self.settled.notify_waiters();
        Ok(was_there)
    }

    async fn portals(&self) -> Result<Vec<PortalDepth>, InboxError> {
        Ok(self.entries().portals())
    }

    async fn drop_portal(&self, portal: &str, keep: Option<&Lane>) -> Result<u64, InboxError> {
        let (mut dropped, mut after) = (0, EntryId(0));
        loop {
            let (few, last) = self.entries().drop_portal(portal, keep, after);
            dropped += few;
            self.settled.notify_waiters();
            let Some(last) = last else { return Ok(dropped) };
            after = last;
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl States for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<State>, InboxError> {
        Ok(self.values().get(key))
    }

    async fn set(
        &self,
        key: &str,
        value: Vec<u8>,
        expected: Expected,
    ) -> Result<Option<Version>, InboxError> {
        Ok(self.values().set(key, value, expected))
    }

    async fn remove(&self, key: &str, expected: Expected) -> Result<bool, InboxError> {
        Ok(self.values().remove(key, expected))
    }

    async fn watch(&self, prefix: &str) -> Result<Box<dyn Changes>, InboxError> {
        Ok(Box::new(self.values().watch(prefix)))
    }
}

#[cfg(test)]
mod tests;
