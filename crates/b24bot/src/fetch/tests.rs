//! Pollers against a log and an inbox that do as told, on a clock that runs ahead.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use async_trait::async_trait;
use b24bot_core::{Depth, Entry, Portal, Settled};
use b24bot_dispatcher::BoxError;
use b24bot_store::MemoryStore;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{pace::Request, *};

/// A bot's log as the portal keeps it.
#[derive(Clone, Debug)]
struct Shelf(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    name: String,
    events: BTreeMap<u64, Value>,
    requests: Vec<(Duration, Request)>,
    began: Instant,
    /// Which of the next requests fail.
    failures: VecDeque<bool>,
}

fn message(id: u64) -> Value {
    json!({"eventId": id, "type": "ONIMBOTV2MESSAGEADD", "data": {
        "bot": {"id": 5}, "message": {"id": id, "text": "thanks"}, "chat": {"dialogId": "chat1"}}})
}

impl Shelf {
    fn with(name: &str, events: u64) -> Self {
        let events = (1001..1001 + events).map(|id| (id, message(id))).collect();
        let (requests, failures) = Default::default();
        let name = name.to_owned();
        Self(Arc::new(Mutex::new(State { name, events, requests, began: Instant::now(), failures })))
    }

    /// The offsets that were sent, with the seconds since the start.
    fn requests(&self) -> Vec<(u64, Option<u64>)> {
        let state = self.0.lock().unwrap();
        state.requests.iter().map(|(at, request)| (at.as_secs(), request.offset)).collect()
    }

    fn ids(&self) -> Vec<u64> {
        self.0.lock().unwrap().events.keys().copied().collect()
    }
}

impl Log for Shelf {
    fn name(&self) -> String {
        self.0.lock().unwrap().name.clone()
    }

    fn portal(&self) -> Portal {
        Portal::default()
    }

    async fn get(&self, request: Request) -> Result<Page, BoxError> {
        let mut state = self.0.lock().unwrap();
        let at = state.began.elapsed();
        state.requests.push((at, request));
        if state.failures.pop_front() == Some(true) {
            return Err("no answer".into());
        }
        state.events.retain(|id, _| request.offset.is_none_or(|offset| *id >= offset));
        let limit = usize::try_from(request.limit).unwrap();
        let page: Vec<_> = state.events.iter().take(limit).collect();
        let next = page.last().map(|(id, _)| *id + 1).or(request.offset).unwrap_or(0);
        let events: Vec<_> = page.iter().map(|(_, event)| event).collect();
        let answer =
            json!({"events": events, "nextOffset": next, "hasMore": state.events.len() > page.len()});
        Ok(serde_json::from_value(answer)?)
    }
}

/// An inbox whose storage fails when told.
#[derive(Debug)]
struct Moody {
    inner: MemoryStore,
    failures: Mutex<VecDeque<bool>>,
}

#[async_trait]
impl Inbox for Moody {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        if self.failures.lock().unwrap().pop_front() == Some(true) {
            return Err(InboxError::new(InboxErrorKind::Storage));
        }
        self.inner.put(envelopes).await
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        self.inner.next().await
    }

    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError> {
        self.inner.settle(entry, outcome).await
    }

    fn close(&self) {
        self.inner.close();
    }

    fn depth(&self) -> Depth {
        self.inner.depth()
    }
}

fn inbox(capacity: usize, failures: impl IntoIterator<Item = bool>) -> Arc<Moody> {
    let failures = Mutex::new(failures.into_iter().collect());
    Arc::new(Moody { inner: MemoryStore::new(capacity, 1000), failures })
}

fn poller(shelf: &Shelf, inbox: &Arc<Moody>) -> Poller<Shelf> {
    Poller::new(shelf.clone(), Arc::<Moody>::clone(inbox))
}

/// Runs a poller for some seconds of the clock.
async fn run(poller: Poller<Shelf>, seconds: u64) -> Poller<Shelf> {
    let (stopping, stop) = watch::channel(false);
    let running = tokio::spawn(poller.run(stop));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stopping.send_replace(true);
    running.await.unwrap()
}

/// The ids of the events that the inbox gives out.
async fn stored(inbox: &Moody) -> Vec<u64> {
    inbox.close();
    let mut ids = Vec::new();
    while let Some(entry) = inbox.next().await.unwrap() {
        ids.extend(entry.envelope.as_ref().unwrap().event.event_id);
    }
    ids
}

#[tokio::test(start_paused = true)]
async fn each_request_confirms_what_the_one_before_brought() {
    let (shelf, inbox) = (Shelf::with("in order", 250), inbox(1000, []));
    let poller = run(poller(&shelf, &inbox), 30).await;
    assert_eq!(
        shelf.requests(),
        [(0, None), (2, Some(1101)), (4, Some(1201)), (9, Some(1251)), (14, Some(1251)), (24, Some(1251))]
    );
    poller.confirm().await;
    assert_eq!(shelf.requests().len(), 6, "there was nothing left to confirm");
    assert_eq!(stored(&inbox).await, (1001..1251).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_stop_confirms_what_was_handled_and_takes_nothing_more() {
    let (shelf, inbox) = (Shelf::with("stop", 2), inbox(1000, []));
    let poller = run(poller(&shelf, &inbox), 1).await;
    shelf.0.lock().unwrap().events.insert(1003, message(1003));
    assert_eq!(shelf.ids(), [1001, 1002, 1003], "not confirmed yet");
    poller.confirm().await;
    assert_eq!(shelf.ids(), [1003]);
    assert_eq!(stored(&inbox).await, [1001, 1002]);
}

#[tokio::test(start_paused = true)]
async fn a_full_inbox_confirms_nothing_until_there_is_room() {
    let (shelf, inbox) = (Shelf::with("full", 5), inbox(2, []));
    let first = run(poller(&shelf, &inbox), 600).await;
    assert_eq!(inbox.depth().pending, 2);
    assert_eq!(shelf.ids(), [1003, 1004, 1005], "what found no room is still there");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let entry = inbox.next().await.unwrap().unwrap();
        ids.extend(entry.envelope.as_ref().unwrap().event.event_id);
        inbox.settle(&entry, Settled::Done).await.unwrap();
    }
    run(first, 600).await;
    assert_eq!(shelf.ids(), [1005]);
    ids.extend(stored(&inbox).await);
    assert_eq!(ids, [1001, 1002, 1003, 1004]);
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_fails_confirms_nothing() {
    let (shelf, inbox) = (Shelf::with("storage", 3), inbox(1000, [true, true, false]));
    let failing = run(poller(&shelf, &inbox), 59).await;
    assert_eq!(shelf.requests(), [(0, None), (30, None)]);
    assert_eq!(shelf.ids().len(), 3);
    run(failing, 30).await;
    assert_eq!(shelf.ids(), [0_u64; 0]);
    assert_eq!(stored(&inbox).await, [1001, 1002, 1003]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_holds_up_nobody() {
    let (shelf, inbox) = (Shelf::with("broken", 3), inbox(1000, []));
    shelf.0.lock().unwrap().events.insert(1002, json!({"eventId": 1002, "type": "ONIMBOTV2MESSAGEADD"}));
    run(poller(&shelf, &inbox), 6).await;
    assert_eq!(shelf.ids(), [0_u64; 0]);
    assert_eq!(stored(&inbox).await, [1001, 1003]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_inbox_ends_fetching_and_confirms_nothing() {
    let (shelf, inbox) = (Shelf::with("closed", 3), inbox(1000, []));
    inbox.close();
    let (_stopping, stop) = watch::channel(false);
    poller(&shelf, &inbox).run(stop).await.confirm().await;
    assert_eq!((shelf.requests().len(), shelf.ids().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_bot_is_fetched_for_by_one_at_a_time() {
    let (shelf, inbox) = (Shelf::with("shared", 1), inbox(1000, []));
    let first = run(poller(&shelf, &inbox), 1).await;
    let second = run(poller(&shelf, &inbox), 102).await;
    assert_eq!(shelf.requests().len(), 1, "the second waits as long as the first is there");
    drop(first);
    run(second, 6).await;
    assert_eq!(shelf.requests().len(), 2);
    let other = Shelf::with("another bot", 1);
    run(poller(&other, &inbox), 1).await;
    assert_eq!(other.requests().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_fails_every_event_is_stored_once_and_in_order(
        events in 0..300_u64,
        unanswered in proptest::collection::vec(any::<bool>(), 0..12),
        unstored in proptest::collection::vec(any::<bool>(), 0..12),
        stops in proptest::collection::vec(0..200_u64, 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (left, seen) = runtime.block_on(async {
            let (shelf, inbox) = (Shelf::with("whatever", events), inbox(1000, unstored));
            shelf.0.lock().unwrap().failures = unanswered.into();
            for seconds in stops {
                // A new poller knows nothing of the one before.
                run(poller(&shelf, &inbox), seconds).await;
            }
            run(poller(&shelf, &inbox), 7200).await;
            (shelf.ids(), stored(&inbox).await)
        });
        prop_assert_eq!(left, Vec::<u64>::new());
        prop_assert_eq!(seen, (1001..1001 + events).collect::<Vec<_>>());
    }
}
