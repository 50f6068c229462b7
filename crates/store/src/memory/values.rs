//! The states of a store in memory, and those who watch them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use b24bot_core::{Changes, Expected, State, StateChange, Version};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Default)]
pub(super) struct Values {
    values: BTreeMap<String, State>,
    /// Of all keys: then no value of a key that was removed and set again has the version of an earlier one.
    latest: u64,
    watchers: Vec<Watcher>,
}

struct Watcher {
    prefix: String,
    // Every change is owed to the watcher, so nothing bounds what it has not looked at.
    changes: UnboundedSender<StateChange>,
}

impl Values {
    pub(super) fn get(&self, key: &str) -> Option<State> {
        self.values.get(key).cloned()
    }

    pub(super) fn set(&mut self, key: &str, value: Vec<u8>, expected: Expected) -> Option<Version> {
        if !self.is(key, expected) {
            return None;
        }
        self.latest += 1;
        let version = Version(self.latest);
        self.tell(key, Some(&value));
        self.values.insert(key.to_owned(), State::new(value, version));
        Some(version)
    }

    pub(super) fn remove(&mut self, key: &str, expected: Expected) -> bool {
        let is_expected = self.is(key, expected);
        if is_expected && self.values.remove(key).is_some() {
            self.tell(key, None);
        }
        is_expected
    }

    pub(super) fn watch(&mut self, prefix: &str) -> Watch {
        let (sender, changes) = unbounded_channel();
        let watched = self.values.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        for (key, state) in watched {
            // The receiver is here.
            let _ = sender.send(StateChange::new(key, Some(state.value.clone())));
        }
        self.watchers.retain(|watcher| !watcher.changes.is_closed());
        self.watchers.push(Watcher { prefix: prefix.to_owned(), changes: sender });
        Watch(changes)
    }

    #[cfg(test)]
    pub(super) fn watchers(&self) -> usize {
        self.watchers.len()
    }

    fn is(&self, key: &str, expected: Expected) -> bool {
        let version = self.values.get(key).map(|state| state.version);
        match expected {
            Expected::Anything => true,
            Expected::Nothing => version.is_none(),
            Expected::Version(expected) => version == Some(expected),
        }
    }

    fn tell(&mut self, key: &str, value: Option<&Vec<u8>>) {
        self.watchers.retain(|watcher| {
            if key.starts_with(&watcher.prefix) {
                watcher.changes.send(StateChange::new(key, value.cloned())).is_ok()
            } else {
                !watcher.changes.is_closed()
            }
        });
    }
}

/// Ends with the store, which has the other end.
pub(super) struct Watch(UnboundedReceiver<StateChange>);

#[async_trait]
impl Changes for Watch {
    async fn next(&mut self) -> Option<StateChange> {
        self.0.recv().await
    }
}
