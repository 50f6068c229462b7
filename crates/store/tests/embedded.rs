//! The store in a file does what every store must do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

mod contract;

use std::{sync::Arc, time::Duration};

use b24bot_core::{InboxErrorKind, Store, Stored};
use b24bot_store::{EmbeddedOptions, EmbeddedStore};

struct File(tempfile::TempDir);

impl File {
    fn store(&self, mut options: EmbeddedOptions) -> Arc<dyn Store> {
        // What the tests set aside failed on a day of the past, and would be forgotten with the next tick.
        options.keep_dead = Duration::from_secs(100 * 365 * 86_400);
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
        options.share_room = false;
        self.store(options)
    }
}

impl contract::Shared for File {
    async fn open_to_share(&self, events: u64) -> Arc<dyn Store> {
        let mut options = EmbeddedOptions::default();
        options.max_events = events;
        self.store(options)
    }
}

contract::tests!(File: every, bounded, shared, durable);

/// Counted afresh at each start, in events and in bytes.
#[tokio::test]
async fn shares_outlast_a_restart() {
    let file = <File as contract::Place>::new().await;
    let body = contract::message(1, 1).event.body().len() as u64;
    for by_size in [false, true] {
        let mut options = EmbeddedOptions::default();
        if by_size {
            options.max_size = 8 * body + 7;
        } else {
            options.max_events = 8;
        }
        let put = async |store: &Arc<dyn Store>, id| {
            store.put(contract::messages([id])).await.map_err(|error| error.kind())
        };
        let store = file.store(options.clone());
        for id in 1..=4 {
            put(&store, id).await.unwrap();
        }
        assert_eq!(put(&store, 5).await, Err(InboxErrorKind::PortalFull));
        let entry = contract::next(&store).await;
        store.settle(&entry, contract::dead(1)).await.unwrap();
        store.flush().await.unwrap();
        drop(store);
        let store = file.store(options);
        assert_eq!(
            put(&store, 5).await,
            Err(InboxErrorKind::PortalFull),
            "what was set aside takes room too"
        );
        assert_eq!(store.drop_portal("m", None).await.unwrap(), 4);
        assert_eq!(put(&store, 6).await, Ok(vec![Stored::New]));
        assert_eq!(store.drop_portal("m", None).await.unwrap(), 1);
        drop(store);
        // The same events are new in another file.
        std::fs::remove_file(file.0.path().join("b24bot.db")).unwrap();
    }
}
