//! Which events were stored before.

use std::collections::{HashSet, VecDeque};

use b24bot_core::EventKey;

/// The latest keys, up to a number; the oldest is forgotten first.
#[derive(Debug)]
pub(crate) struct Seen {
    keys: HashSet<EventKey>,
    order: VecDeque<EventKey>,
    capacity: usize,
}

impl Seen {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { keys: HashSet::new(), order: VecDeque::new(), capacity }
    }

    pub(crate) fn contains(&self, key: &EventKey) -> bool {
        self.keys.contains(key)
    }

    /// Remembers a key and says whether it was new.
    pub(crate) fn insert(&mut self, key: &EventKey) -> bool {
        if !self.keys.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key.clone());
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }
}
