//! The inbox in memory.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use b24bot_core::{Depth, Entry, EntryId, Envelope, Inbox, InboxError, InboxErrorKind, Settled, Stored};
use tokio::sync::Notify;

use crate::seen::Seen;

/// Keeps events in memory; see the [crate's page](crate) for what it promises.
#[derive(Debug)]
pub struct MemoryInbox {
    state: Mutex<State>,
    changed: Notify,
    capacity: usize,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Entry>,
    /// Given out and not yet settled.
    started: HashSet<EntryId>,
    seen: Seen,
    next_id: u64,
    failed: u64,
    closed: bool,
}

impl Default for MemoryInbox {
    /// Room for 100,000 pending events, and for recognising repeats of the latest 100,000.
    fn default() -> Self {
        Self::new(100_000, 100_000)
    }
}

impl MemoryInbox {
    /// Takes up to `capacity` events that are not handled yet, and recognises repeats of the latest `remembered`.
    #[must_use]
    pub fn new(capacity: usize, remembered: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            started: HashSet::new(),
            seen: Seen::new(remembered),
            next_id: 1,
            failed: 0,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), capacity }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method panics while it holds the lock, and none leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        let stored = {
            let mut state = self.state();
            if state.closed {
                return Err(InboxError::new(InboxErrorKind::Closed));
            }
            let new = envelopes.iter().filter(|envelope| !state.seen.contains(&envelope.key)).count();
            if state.waiting.len() + state.started.len() + new > self.capacity {
                return Err(InboxError::new(InboxErrorKind::Full));
            }
            envelopes
                .into_iter()
                .map(|envelope| {
                    if !state.seen.insert(&envelope.key) {
                        return Stored::Duplicate;
                    }
                    let id = EntryId(state.next_id);
                    state.next_id += 1;
                    state.waiting.push_back(Entry::new(id, Arc::new(envelope)));
                    Stored::New
                })
                .collect()
        };
        self.changed.notify_one();
        Ok(stored)
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        loop {
            {
                let mut state = self.state();
                let entry = state.waiting.pop_front();
                if !state.waiting.is_empty() || state.closed {
                    // One notification may stand for several entries: whoever else waits is woken in turn.
                    self.changed.notify_one();
                }
                if let Some(entry) = entry {
                    state.started.insert(entry.id);
                    return Ok(Some(entry));
                }
                if state.closed {
                    return Ok(None);
                }
            }
            // A notification that comes before this line is kept for it.
            self.changed.notified().await;
        }
    }

    async fn settle(&self, id: EntryId, outcome: Settled) -> Result<(), InboxError> {
        let mut state = self.state();
        if state.started.remove(&id) && matches!(outcome, Settled::Failed(_)) {
            state.failed += 1;
        }
        Ok(())
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    fn depth(&self) -> Depth {
        let state = self.state();
        Depth::new((state.waiting.len() + state.started.len()) as u64, state.failed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use b24bot_core::decode;
    use proptest::prelude::*;

    use super::*;

    fn message(id: u64) -> Envelope {
        let body = format!(
            "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]=27"
        );
        Envelope::new(decode(body.as_bytes()).unwrap().remove(0), SystemTime::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn a_full_inbox_takes_repeats_but_nothing_new_until_something_is_settled() {
        let inbox = MemoryInbox::new(2, 10);
        inbox.put(vec![message(1), message(2)]).await.unwrap();
        assert_eq!(inbox.put(vec![message(1)]).await.unwrap(), [Stored::Duplicate]);
        assert_eq!(inbox.put(vec![message(2), message(3)]).await.unwrap_err().kind(), InboxErrorKind::Full);
        let entry = inbox.next().await.unwrap().unwrap();
        assert_eq!(
            inbox.put(vec![message(3)]).await.unwrap_err().kind(),
            InboxErrorKind::Full,
            "still being handled"
        );
        inbox.settle(entry.id, Settled::Done).await.unwrap();
        assert_eq!(inbox.put(vec![message(3)]).await.unwrap(), [Stored::New]);
    }

    #[tokio::test]
    async fn a_closed_inbox_gives_out_what_it_has() {
        let inbox = MemoryInbox::default();
        inbox.put(vec![message(1)]).await.unwrap();
        inbox.close();
        assert_eq!(inbox.put(vec![message(2)]).await.unwrap_err().kind(), InboxErrorKind::Closed);
        let entry = inbox.next().await.unwrap().unwrap();
        assert!(inbox.next().await.unwrap().is_none());
        inbox.settle(entry.id, Settled::Failed("no".into())).await.unwrap();
        assert_eq!(inbox.depth(), Depth::new(0, 1));
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_an_event_and_by_closing() {
        let inbox = Arc::new(MemoryInbox::default());
        let waiting = |inbox: &Arc<MemoryInbox>| {
            let inbox = Arc::clone(inbox);
            tokio::spawn(async move { inbox.next().await.unwrap().is_some() })
        };
        let event = waiting(&inbox);
        tokio::task::yield_now().await;
        inbox.put(vec![message(1)]).await.unwrap();
        assert!(event.await.unwrap());
        let end = waiting(&inbox);
        tokio::task::yield_now().await;
        inbox.close();
        assert!(!end.await.unwrap());
    }

    proptest! {
        #[test]
        fn every_event_comes_out_once_in_order(ids in proptest::collection::vec(1..20_u64, 0..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let given: Vec<u64> = runtime.block_on(async {
                let inbox = MemoryInbox::default();
                for id in &ids {
                    inbox.put(vec![message(*id)]).await.unwrap();
                }
                inbox.close();
                let mut given = Vec::new();
                while let Some(entry) = inbox.next().await.unwrap() {
                    let b24bot_core::Payload::MessageAdd(message) = &entry.envelope.event.payload else { panic!() };
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
}
