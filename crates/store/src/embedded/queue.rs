//! What is to be given out next: from memory as long as it fits there, otherwise from the disk.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use b24bot_core::{Entry, EntryId};
use tokio::sync::Notify;

/// Entries that wait here, at the most; others are found on the disk.
const ENTRIES: usize = 1024;

/// The order in which entries are given out. An entry is given out once, in the order of numbers, however it comes:
/// pushed by whoever stored it, or found on the disk.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    fresh: VecDeque<Entry>,
    /// All up to this number were given out or wait in `fresh`.
    known: u64,
    /// The greatest number that was stored.
    stored: u64,
    closed: bool,
}

/// What to do to get the next entry.
#[derive(Debug)]
pub(super) enum Next {
    Entry(Entry),
    /// Look on the disk for entries with greater numbers than this, and tell [`Queue::found`].
    After(u64),
    Wait,
    Closed,
}

impl Queue {
    /// Whatever is on the disk is still to be given out.
    pub(super) fn new(stored: u64) -> Self {
        let state = State { fresh: VecDeque::new(), known: 0, stored, closed: false };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// An entry was stored.
    pub(super) fn push(&self, entry: Entry) {
        let mut state = self.state();
        let EntryId(id) = entry.id;
        // What is behind something that is only on the disk waits there too.
        let follows = state.known >= state.stored;
        state.stored = state.stored.max(id);
        if follows && id > state.known && state.fresh.len() < ENTRIES {
            state.known = id;
            state.fresh.push_back(entry);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// More may be on the disk than was pushed.
    pub(super) fn stored_up_to(&self, id: u64) {
        let mut state = self.state();
        state.stored = state.stored.max(id);
        drop(state);
        self.changed.notify_one();
    }

    /// An entry was purged; whether it was given out before.
    pub(super) fn forget(&self, id: EntryId) -> bool {
        let mut state = self.state();
        match state.fresh.binary_search_by_key(&id, |entry| entry.id) {
            Ok(place) => {
                state.fresh.remove(place);
                false
            }
            Err(_) => id.0 <= state.known,
        }
    }

    pub(super) fn next(&self) -> Next {
        let mut state = self.state();
        if let Some(entry) = state.fresh.pop_front() {
            return Next::Entry(entry);
        }
        if state.known < state.stored {
            return Next::After(state.known);
        }
        if state.closed { Next::Closed } else { Next::Wait }
    }

    /// These were found on the disk after that number; `up_to` was looked through.
    pub(super) fn found(&self, entries: Vec<Entry>, up_to: u64) {
        let mut state = self.state();
        // Someone else may have looked at the same time.
        let known = state.known;
        state.fresh.extend(entries.into_iter().filter(|entry| entry.id.0 > known));
        state.known = known.max(up_to);
        drop(state);
        self.changed.notify_one();
    }

    /// The greatest number that was stored: how far a look at the disk can reach.
    pub(super) fn stored(&self) -> u64 {
        self.state().stored
    }

    pub(super) async fn changed(&self) {
        // A notification that comes before this line is kept for it.
        self.changed.notified().await;
    }

    /// Wakes another one who waits: one notification may stand for several entries.
    pub(super) fn pass_on(&self) {
        self.changed.notify_one();
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method panics while it holds the lock, and none leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use b24bot_core::Lane;
    use proptest::prelude::*;

    use super::*;

    fn entry(id: u64) -> Entry {
        Entry::stored(EntryId(id), Lane::from("lane".to_owned()), None)
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// Store so many, and push them.
        Store(u64),
        /// Store one whose push is late.
        Late,
        Push,
        Take,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1..2000_u64).prop_map(Step::Store),
            Just(Step::Late),
            Just(Step::Push),
            Just(Step::Take),
            Just(Step::Take),
        ];
        proptest::collection::vec(step, 1..60)
    }

    fn take(queue: &Queue, disk: &BTreeSet<u64>) -> Option<u64> {
        loop {
            match queue.next() {
                Next::Entry(entry) => return Some(entry.id.0),
                Next::After(id) => {
                    let stored = queue.stored();
                    let found: Vec<u64> = disk.range(id + 1..).take(100).copied().collect();
                    let last = found.last().copied().unwrap_or(id);
                    let up_to = if found.len() < 100 { last.max(stored) } else { last };
                    queue.found(found.into_iter().map(entry).collect(), up_to);
                }
                Next::Wait | Next::Closed => return None,
            }
        }
    }

    proptest! {
        #[test]
        fn each_entry_is_given_out_once_in_order(before in 0..300_u64, steps in steps()) {
            let mut disk: BTreeSet<u64> = (1..=before).collect();
            let queue = Queue::new(before);
            let mut last = before;
            let mut late = VecDeque::new();
            let mut given = Vec::new();
            for step in steps {
                match step {
                    Step::Store(count) => {
                        // One writes, and pushes in order.
                        late.drain(..).for_each(|id| queue.push(entry(id)));
                        for id in last + 1..=last + count {
                            disk.insert(id);
                            queue.push(entry(id));
                        }
                        last += count;
                    }
                    Step::Late => {
                        last += 1;
                        disk.insert(last);
                        late.push_back(last);
                    }
                    Step::Push => late.drain(..).for_each(|id| queue.push(entry(id))),
                    Step::Take => given.extend(take(&queue, &disk)),
                }
            }
            late.drain(..).for_each(|id| queue.push(entry(id)));
            while let Some(id) = take(&queue, &disk) {
                given.push(id);
            }
            prop_assert_eq!(given, disk.into_iter().collect::<Vec<_>>());
        }
    }
}
