//! A store that remembers all it was told, and fails when asked to.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use b24bot_core::{
    Changes, Depth, Desk, Effect, Effects, Ended, Entry, EntryId, Envelope, Expected, Inbox, InboxError,
    InboxErrorKind, Listed, Progress, Settled, State, States, Stats, Stored, Version, Which,
};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    waiting: Mutex<VecDeque<Entry>>,
    events: Mutex<BTreeMap<EntryId, Arc<Envelope>>>,
    settled: Mutex<Vec<(Entry, Settled)>>,
    end: Notify,
    /// Gives out entries without their events, and says that it is durable.
    pub(crate) durable: bool,
    /// Instead of an end there is an error.
    pub(crate) broken: bool,
    pub(crate) loads_to_fail: AtomicU32,
    pub(crate) settles_to_fail: AtomicU32,
    /// Effects that were begun, each with its entry's number.
    pub(crate) effects: Mutex<Vec<(u64, String)>>,
}

impl Shelf {
    pub(crate) fn add(&self, envelope: Envelope, progress: Option<Progress>) {
        let mut events = self.events.lock().unwrap();
        let id = EntryId(events.len() as u64 + 1);
        let mut entry = Entry::stored(id, envelope.lane.clone(), progress);
        let envelope = Arc::new(envelope);
        if !self.durable {
            entry.envelope = Some(Arc::clone(&envelope));
        }
        events.insert(id, envelope);
        self.waiting.lock().unwrap().push_back(entry);
    }

    /// Forgets an event, as a purge does.
    pub(crate) fn forget(&self, id: u64) {
        self.events.lock().unwrap().remove(&EntryId(id));
    }

    /// What was settled, in order.
    pub(crate) fn settled(&self) -> Vec<(u64, Settled)> {
        let settled = self.settled.lock().unwrap();
        settled.iter().map(|(entry, outcome)| (entry.id.0, outcome.clone())).collect()
    }

    pub(crate) fn settled_entries(&self) -> Vec<Entry> {
        self.settled.lock().unwrap().iter().map(|(entry, _)| entry.clone()).collect()
    }
}

fn fails(times: &AtomicU32) -> Result<(), InboxError> {
    let left = times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1));
    if left.is_ok() { Err(InboxError::new(InboxErrorKind::Storage)) } else { Ok(()) }
}

#[async_trait]
impl Inbox for Shelf {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        let stored = vec![Stored::New; envelopes.len()];
        envelopes.into_iter().for_each(|envelope| self.add(envelope, None));
        Ok(stored)
    }

    fn is_purged(&self, entry: &Entry) -> bool {
        !self.events.lock().unwrap().contains_key(&entry.id)
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        let entry = self.waiting.lock().unwrap().pop_front();
        if entry.is_none() {
            self.end.notified().await;
            self.end.notify_one();
            if self.broken {
                return Err(InboxError::new(InboxErrorKind::Storage));
            }
        }
        Ok(entry)
    }

    async fn load(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        fails(&self.loads_to_fail)?;
        Ok(self.events.lock().unwrap().get(&entry.id).cloned())
    }

    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError> {
        fails(&self.settles_to_fail)?;
        assert!(entry.envelope.is_some(), "an entry is settled with its event");
        self.settled.lock().unwrap().push((entry.clone(), outcome));
        Ok(())
    }

    fn close(&self) {
        self.end.notify_one();
    }

    fn depth(&self) -> Depth {
        let settled = self.settled.lock().unwrap();
        let count =
            |which: fn(&Settled) -> bool| settled.iter().filter(|(_, settled)| which(settled)).count() as u64;
        let done = count(|settled| matches!(settled, Settled::Done));
        let dead = count(|settled| matches!(settled, Settled::Dead(_)));
        Depth::new(self.events.lock().unwrap().len() as u64 - done - dead, dead)
    }

    fn is_durable(&self) -> bool {
        self.durable
    }
}

#[async_trait]
impl Effects for Shelf {
    async fn begin(&self, entry: &Entry, effect: &str) -> Result<Effect, InboxError> {
        assert!(entry.envelope.is_some(), "effects belong to the event's key");
        self.effects.lock().unwrap().push((entry.id.0, effect.to_owned()));
        Ok(Effect::Had(b"101".to_vec()))
    }

    async fn finish(&self, _: &Entry, _: &str, _: Ended) -> Result<(), InboxError> {
        Ok(())
    }
}

// The dispatcher asks for none of these.

#[async_trait]
impl Desk for Shelf {
    async fn stats(&self) -> Result<Stats, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn list(&self, _: Which, _: Option<EntryId>, _: usize) -> Result<Vec<Listed>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn show(&self, _: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn retry(&self, _: EntryId) -> Result<Option<EntryId>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn purge(&self, _: EntryId) -> Result<bool, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }
}

#[async_trait]
impl States for Shelf {
    async fn get(&self, _: &str) -> Result<Option<State>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn set(&self, _: &str, _: Vec<u8>, _: Expected) -> Result<Option<Version>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn remove(&self, _: &str, _: Expected) -> Result<bool, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }

    async fn watch(&self, _: &str) -> Result<Box<dyn Changes>, InboxError> {
        Err(InboxError::new(InboxErrorKind::Storage))
    }
}
