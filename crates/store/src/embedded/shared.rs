//! What the writer shares with those who read.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use b24bot_core::Depth;
use rusqlite::Connection;

use super::{options::EmbeddedOptions, queue::Queue, rows::Counters, watchers::Watchers};

pub(super) struct Shared {
    pub(super) options: EmbeddedOptions,
    pub(super) queue: Queue,
    pub(super) watchers: Watchers,
    reader: Mutex<Connection>,
    pending: AtomicU64,
    dead: AtomicU64,
}

impl Shared {
    pub(super) fn new(options: EmbeddedOptions, reader: Connection, counters: &Counters) -> Self {
        Self {
            options,
            queue: Queue::new(counters.next - 1),
            watchers: Watchers::default(),
            reader: Mutex::new(reader),
            pending: AtomicU64::new(counters.pending),
            dead: AtomicU64::new(counters.dead),
        }
    }

    /// A connection of its own to read from: whoever writes is not held up.
    pub(super) fn reader(&self) -> MutexGuard<'_, Connection> {
        // Reading leaves nothing half done.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn depth(&self) -> Depth {
        Depth::new(self.pending.load(Ordering::Relaxed), self.dead.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self, counters: &Counters) {
        self.pending.store(counters.pending, Ordering::Relaxed);
        self.dead.store(counters.dead, Ordering::Relaxed);
    }
}
