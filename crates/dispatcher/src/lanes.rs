//! Which event may start now.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Instant,
};

use b24bot_core::Lane;

use crate::Order;

/// So many items of one lane run beside each other at most: enough for some batches of calls, and too few for one lane to
/// keep all others waiting.
const BESIDE: usize = 256;

/// Items in lanes: one of a lane at a time, in order; different lanes at once, up to a limit.
///
/// Lanes take turns: one that has an item ready starts it as soon as a place is free, whatever waits in others. An
/// item that is put off takes no place until it is due.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    /// Items behind the one that is ready, is running or keeps the lane waiting; an entry exists as long as there is
    /// such a one.
    behind: HashMap<Lane, Behind<T>>,
    ready: VecDeque<(Lane, T)>,
    /// By the time they are due; the number tells apart what is due at once, the earlier put off first.
    put_off: BTreeMap<(Instant, u64), PutOff<T>>,
    put_offs: u64,
    running: usize,
    limit: usize,
    /// How many of each lane run that have let others pass, and how many may.
    passing: HashMap<Lane, usize>,
    beside: usize,
}

#[derive(Debug)]
struct Behind<T> {
    items: VecDeque<T>,
    /// So many of them, the first, come again.
    again: usize,
}

#[derive(Debug)]
struct PutOff<T> {
    lane: Lane,
    item: T,
    order: Order,
}

impl<T> Lanes<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            behind: HashMap::new(),
            ready: VecDeque::new(),
            put_off: BTreeMap::new(),
            put_offs: 0,
            running: 0,
            limit: limit.max(1),
            passing: HashMap::new(),
            beside: BESIDE.min(limit.div_ceil(4)),
        }
    }

    pub(crate) fn push(&mut self, lane: Lane, item: T) {
        if let Some(behind) = self.behind.get_mut(&lane) {
            behind.items.push_back(item);
        } else {
            self.open(lane, item);
        }
    }

    /// The next item that may run; [`finish`](Lanes::finish) or [`retry`](Lanes::retry) must be called for its lane
    /// afterwards.
    pub(crate) fn start(&mut self, now: Instant) -> Option<(Lane, T)> {
        self.wake(now);
        if self.running == self.limit {
            return None;
        }
        let started = self.ready.pop_front()?;
        self.running += 1;
        Some(started)
    }

    /// An item that was started lets those behind it start, before it is finished; unless too many of its lane run
    /// beside each other already. Says whether it does.
    pub(crate) fn pass(&mut self, lane: Lane) -> bool {
        let passing = self.passing.get(&lane).copied().unwrap_or_default();
        if passing >= self.beside {
            return false;
        }
        self.passing.insert(lane.clone(), passing + 1);
        self.go_on(lane);
        true
    }

    /// An item is over; `passed` if it has let those behind it pass already.
    pub(crate) fn finish(&mut self, lane: Lane, passed: bool) {
        self.end(&lane, passed);
        if !passed {
            self.go_on(lane);
        }
    }

    fn end(&mut self, lane: &Lane, passed: bool) {
        self.running -= 1;
        if passed && let Some(passing) = self.passing.get_mut(lane) {
            *passing -= 1;
            if *passing == 0 {
                self.passing.remove(lane);
            }
        }
    }

    /// Puts off an item that was started: until it is due its lane waits for it, or goes on without it. It then comes
    /// ahead of all that waits behind another in its lane. What has let others pass already keeps none waiting.
    pub(crate) fn retry(&mut self, lane: Lane, item: T, due: Instant, order: Order, passed: bool) {
        self.end(&lane, passed);
        let order = if passed { Order::Pass } else { order };
        if order == Order::Pass && !passed {
            self.go_on(lane.clone());
        }
        self.put_off.insert((due, self.put_offs), PutOff { lane, item, order });
        self.put_offs += 1;
    }

    /// When [`start`](Lanes::start) must be asked again, though nothing has happened.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.put_off.keys().next().map(|(due, _)| *due)
    }

    /// How many items were pushed and not finished.
    pub(crate) fn len(&self) -> usize {
        let behind: usize = self.behind.values().map(|behind| behind.items.len()).sum();
        self.running + self.ready.len() + self.put_off.len() + behind
    }

    fn wake(&mut self, now: Instant) {
        while let Some(first) = self.put_off.first_entry()
            && first.key().0 <= now
        {
            let PutOff { lane, item, order } = first.remove();
            match (order, self.behind.get_mut(&lane)) {
                (Order::Pass, Some(behind)) => {
                    behind.items.insert(behind.again, item);
                    behind.again += 1;
                }
                (Order::Pass, None) => self.open(lane, item),
                (Order::Wait, _) => self.ready.push_back((lane, item)),
            }
        }
    }

    fn open(&mut self, lane: Lane, item: T) {
        self.behind.insert(lane.clone(), Behind { items: VecDeque::new(), again: 0 });
        self.ready.push_back((lane, item));
    }

    fn go_on(&mut self, lane: Lane) {
        let Some(behind) = self.behind.get_mut(&lane) else { return };
        behind.again = behind.again.saturating_sub(1);
        match behind.items.pop_front() {
            Some(item) => self.ready.push_back((lane, item)),
            None => {
                self.behind.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests;
