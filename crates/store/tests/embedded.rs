//! The store in a file does what every store must do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

mod contract;

use std::sync::Arc;

use b24bot_core::Store;
use b24bot_store::{EmbeddedOptions, EmbeddedStore};

struct File(tempfile::TempDir);

impl File {
    fn store(&self, options: EmbeddedOptions) -> Arc<dyn Store> {
        Arc::new(EmbeddedStore::open(self.0.path().join("b24bot.db"), options).unwrap())
    }
}

impl contract::Place for File {
    const CASES: u32 = 32;

    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.store(EmbeddedOptions::default())
    }
}

impl contract::Bounded for File {
    async fn open_with_room(&self, events: u64) -> Arc<dyn Store> {
        let mut options = EmbeddedOptions::default();
        options.max_events = events;
        self.store(options)
    }
}

contract::tests!(File: every, bounded, durable);
