//! The store in memory does what every store must, as long as the process lives.

use std::sync::Arc;

use b24bot_core::Store;
use b24bot_store::MemoryStore;

use self::contract::{Bounded, Place, Shared};

mod contract;

struct Memory;

impl Place for Memory {
    async fn new() -> Self {
        Self
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(MemoryStore::default())
    }
}

impl Bounded for Memory {
    async fn open_with_room(&self, events: u64) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(events.try_into().unwrap_or(usize::MAX), 1000))
    }
}

impl Shared for Memory {
    async fn open_to_share(&self, events: u64) -> Arc<dyn Store> {
        Arc::new(MemoryStore::new(events.try_into().unwrap_or(usize::MAX), 1000).share_room())
    }
}

contract::tests!(Memory: every, bounded, shared);
