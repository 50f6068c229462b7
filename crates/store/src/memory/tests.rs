//! What the store in memory does beyond what every store must.

use std::time::SystemTime;

use b24bot_core::{Effect, InboxErrorKind, Payload, Progress, Store, decode};
use proptest::prelude::*;

use super::*;
use crate::seen::Seen;

#[allow(dead_code, reason = "the other groups are called where the store is seen from outside")]
#[path = "../../tests/contract/mod.rs"]
mod contract;

fn message(id: u64) -> Envelope {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]=27"
    );
    Envelope::new(decode(body.as_bytes()).unwrap().remove(0), SystemTime::UNIX_EPOCH)
}

#[tokio::test]
async fn a_full_store_takes_repeats_but_nothing_new_until_something_is_settled() {
    let store = MemoryStore::new(2, 10);
    store.put(vec![message(1), message(2)]).await.unwrap();
    assert_eq!(store.put(vec![message(1)]).await.unwrap(), [Stored::Duplicate]);
    assert_eq!(store.put(vec![message(2), message(3)]).await.unwrap_err().kind(), InboxErrorKind::Full);
    let entry = store.next().await.unwrap().unwrap();
    assert_eq!(
        store.put(vec![message(3)]).await.unwrap_err().kind(),
        InboxErrorKind::Full,
        "still being handled"
    );
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_eq!(store.put(vec![message(3)]).await.unwrap(), [Stored::New]);
}

#[tokio::test]
async fn it_is_idle_once_everything_is_settled_or_purged() {
    let store = MemoryStore::default();
    store.put(vec![message(1), message(2), message(3)]).await.unwrap();
    let (one, two) = (store.next().await.unwrap().unwrap(), store.next().await.unwrap().unwrap());
    let settling = async {
        tokio::task::yield_now().await;
        store.settle(&one, Settled::Retry(Progress::default())).await.unwrap();
        store.settle(&one, Settled::Done).await.unwrap();
        store.settle(&two, Settled::Dead(Progress::default())).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(store.depth(), Depth::new(1, 1), "what nobody has taken is pending");
        assert!(Desk::purge(&store, EntryId(3)).await.unwrap());
    };
    let (depth, ()) = tokio::join!(async { (store.idle().await, store.depth()).1 }, settling);
    assert_eq!(depth, Depth::new(0, 1));
}

async fn set_aside(store: &MemoryStore) -> EntryId {
    let entry = store.next().await.unwrap().unwrap();
    store.settle(&entry, Settled::Dead(Progress::default())).await.unwrap();
    entry.id
}

#[tokio::test]
async fn what_was_set_aside_makes_room_oldest_first_and_only_for_what_is_stored() {
    let store = MemoryStore::new(3, 10);
    store.put(vec![message(1), message(2), message(3)]).await.unwrap();
    let (first, second) = (set_aside(&store).await, set_aside(&store).await);
    let refused = store.put(vec![message(4), message(5), message(6)]).await;
    assert_eq!(refused.unwrap_err().kind(), InboxErrorKind::Full, "one is pending");
    assert_eq!(store.depth(), Depth::new(1, 2), "nothing is dropped for what is refused");
    store.put(vec![message(1), message(4), message(4)]).await.unwrap();
    assert_eq!(store.depth(), Depth::new(2, 1));
    assert!(store.show(first).await.unwrap().is_none() && store.show(second).await.unwrap().is_some());
    assert_eq!(store.put(vec![message(1)]).await.unwrap(), [Stored::Duplicate], "dropped, not forgotten");
    assert_eq!(Desk::retry(&store, first).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_to_be_handled_again_keeps_its_number_and_comes_first() {
    let store = MemoryStore::default();
    store.put(vec![message(1), message(2)]).await.unwrap();
    let id = set_aside(&store).await;
    assert_eq!(Desk::retry(&store, id).await.unwrap(), Some(id));
    assert_eq!(store.next().await.unwrap().unwrap().id, id);
}

#[tokio::test]
async fn an_entry_that_is_gone_or_was_set_aside_is_not_loaded_and_has_no_effects() {
    for is_purged in [true, false] {
        let store = MemoryStore::default();
        store.put(vec![message(1)]).await.unwrap();
        let entry = store.next().await.unwrap().unwrap();
        assert_eq!(store.begin(&entry, "send").await.unwrap(), Effect::New);
        if is_purged {
            store.purge(entry.id).await.unwrap();
        } else {
            store.settle(&entry, Settled::Dead(Progress::default())).await.unwrap();
        }
        assert!(store.load(&entry).await.unwrap().is_none());
        store.begin(&entry, "send").await.unwrap_err();
        store.finish(&entry, "send", Ended::Had(Vec::new())).await.unwrap();
    }
}

#[tokio::test]
async fn a_watch_that_is_dropped_is_forgotten() {
    let store = MemoryStore::default();
    let watch = store.watch("a").await.unwrap();
    drop(watch);
    drop(store.watch("b").await.unwrap());
    assert_eq!(store.values().watchers(), 1, "the first went when the second came");
    store.set("c", Vec::new(), Expected::Anything).await.unwrap();
    assert_eq!(store.values().watchers(), 0, "and that at the next change");
}

#[tokio::test]
async fn nothing_of_what_it_holds_is_shown() {
    let store = MemoryStore::default();
    store.put(vec![message(1)]).await.unwrap();
    assert_eq!(format!("{store:?}"), "MemoryStore { depth: Depth { pending: 1, dead: 0 }, .. }");
}

proptest! {
    #[test]
    fn every_event_comes_out_once_in_order(ids in proptest::collection::vec(1..20_u64, 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let given: Vec<u64> = runtime.block_on(async {
            let store = MemoryStore::default();
            for id in &ids {
                store.put(vec![message(*id)]).await.unwrap();
            }
            store.close();
            let mut given = Vec::new();
            while let Some(entry) = store.next().await.unwrap() {
                let Payload::MessageAdd(message) = &entry.envelope.as_ref().unwrap().event.payload else { panic!() };
                given.push(message.id.get());
            }
            given
        });
        let mut first_of_each = Vec::new();
        for id in ids {
            if !first_of_each.contains(&id) {
                first_of_each.push(id);
            }
        }
        prop_assert_eq!(given, first_of_each);
    }

    #[test]
    fn the_latest_keys_are_remembered(ids in proptest::collection::vec(1..30_u64, 1..100), capacity in 1..10_usize) {
        let mut seen = Seen::new(capacity);
        let mut model: Vec<u64> = Vec::new();
        for id in ids {
            let new = !model.contains(&id);
            prop_assert_eq!(seen.insert(&message(id).key), new);
            if new {
                model.push(id);
                if model.len() > capacity {
                    model.remove(0);
                }
            }
        }
    }
}

/// A restart that forgets no more than what was given out: with it, the tests for durable stores are tried themselves.
struct Remembered(Arc<MemoryStore>);

impl contract::Place for Remembered {
    async fn new() -> Self {
        Self(Arc::default())
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.0.entries().restart();
        Arc::<MemoryStore>::clone(&self.0)
    }
}

contract::tests!(Remembered: restarts);
