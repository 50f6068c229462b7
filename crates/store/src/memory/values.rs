//! The states of a store in memory, and those who watch them.

use std::collections::BTreeMap;

use b24bot_core::{Expected, State, StateChange, Version};

use crate::watchers::{Watch, Watchers};

#[derive(Default)]
pub(super) struct Values {
    values: BTreeMap<String, State>,
    /// Of all keys: then no value of a key that was removed and set again has the version of an earlier one.
    latest: u64,
    watchers: Watchers,
}

impl Values {
    pub(super) fn get(&self, key: &str) -> Option<State> {
        self.values.get(key).cloned()
    }

    pub(super) fn set(&mut self, key: &str, value: Vec<u8>, expected: Expected) -> Option<Version> {
        if !self.is(key, expected) {
            return None;
        }
        let version = self.tell(key, Some(&value));
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
        let watched = self.values.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        let there =
            watched.map(|(key, state)| StateChange::new(key, Some(state.value.clone()), state.version));
        self.watchers.watch(prefix, there)
    }

    #[cfg(test)]
    pub(super) fn watchers(&self) -> usize {
        self.watchers.len()
    }

    fn is(&self, key: &str, expected: Expected) -> bool {
        expected.is(self.values.get(key).map(|state| state.version))
    }

    /// Tells of a change, which has the version that is returned.
    fn tell(&mut self, key: &str, value: Option<&Vec<u8>>) -> Version {
        self.latest += 1;
        let version = Version(self.latest);
        self.watchers.tell(&StateChange::new(key, value.cloned(), version));
        version
    }
}
