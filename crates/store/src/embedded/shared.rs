//! What the writer shares with those who read.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use b24bot_core::{Depth, EntryId};
use rusqlite::Connection;

use super::{options::EmbeddedOptions, queue::Queue, rows::Counters};
use crate::watchers::Watchers;

pub(super) struct Shared {
    pub(super) options: EmbeddedOptions,
    pub(super) queue: Queue,
    watchers: Mutex<Watchers>,
    /// Bytes of bodies that are to be written.
    pub(super) unwritten: AtomicU64,
    reader: Mutex<Connection>,
    desk: Mutex<Connection>,
    /// Entries that were purged after they had been given out.
    purged: Mutex<HashSet<EntryId>>,
    pending: AtomicU64,
    dead: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        options: EmbeddedOptions,
        reader: Connection,
        desk: Connection,
        counters: &Counters,
    ) -> Self {
        Self {
            options,
            queue: Queue::new(counters.next - 1),
            watchers: Mutex::default(),
            unwritten: AtomicU64::new(0),
            reader: Mutex::new(reader),
            desk: Mutex::new(desk),
            purged: Mutex::default(),
            pending: AtomicU64::new(counters.pending),
            dead: AtomicU64::new(counters.dead),
        }
    }

    /// A connection of its own to read from: whoever writes is not held up.
    pub(super) fn reader(&self) -> MutexGuard<'_, Connection> {
        // Reading leaves nothing half done.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who watch states. As long as this is held, no change is told.
    pub(super) fn watchers(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Connection> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the file anew, which may be another one after a failure.
    pub(super) fn set_readers(&self, reader: Connection, desk: Connection) {
        *self.reader() = reader;
        *self.desk() = desk;
    }

    pub(super) fn purge(&self, id: EntryId) {
        self.purged.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Whether it was purged; told once.
    pub(super) fn was_purged(&self, id: EntryId) -> bool {
        self.purged.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }

    pub(super) fn depth(&self) -> Depth {
        Depth::new(self.pending.load(Ordering::Relaxed), self.dead.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, counters: &Counters) {
        self.pending.store(counters.pending, Ordering::Relaxed);
        self.dead.store(counters.dead, Ordering::Relaxed);
    }
}
