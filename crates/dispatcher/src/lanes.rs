//! Which event may start now.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use b24bot_core::Lane;

use crate::{Order, pauses::Pause, turns::Turns};

/// So many items of one lane run beside each other at most: enough for some batches of calls, and too few for one lane to
/// keep all others waiting.
const BESIDE: usize = 256;

/// Something that waits in a lane.
pub(crate) trait Item {
    /// The portal it came from; lanes may hold items of several.
    fn portal<'a>(&'a self, lane: &'a Lane) -> &'a str;
}

/// Items in lanes: one of a lane at a time, in order; different lanes at once, up to a limit.
///
/// Within a lane this decides what is ready; which of what is ready starts, portals decide by [`Turns`]. An item that is
/// put off takes no place until it is due.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    /// Items behind the one that is ready, is running or keeps the lane waiting; an entry exists as long as there is
    /// such a one.
    behind: HashMap<Lane, Behind<T>>,
    turns: Turns<T>,
    /// By the time they are due; the number tells apart what is due at once, the earlier put off first.
    put_off: BTreeMap<(Instant, u64), PutOff<T>>,
    put_offs: u64,
    /// How many of each lane run that have let others pass, and how many may.
    passing: HashMap<Lane, usize>,
    beside: usize,
}

/// Where an item runs that was started: [`finish`](Lanes::finish) or [`retry`](Lanes::retry) gives it back.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a place that is not given back is taken for ever"]
pub(crate) struct Place {
    pub(crate) lane: Lane,
    portal: Arc<str>,
    has_passed: bool,
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

impl<T: Item> Lanes<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            behind: HashMap::new(),
            turns: Turns::new(limit.max(1)),
            put_off: BTreeMap::new(),
            put_offs: 0,
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

    /// The next item that may run.
    pub(crate) fn start(&mut self, now: Instant) -> Option<(Place, T)> {
        self.wake(now);
        let (portal, lane, item) = self.turns.start()?;
        Some((Place { lane, portal, has_passed: false }, item))
    }

    /// An item that was started lets those behind it start, before it is finished; unless too many of its lane run
    /// beside each other already.
    pub(crate) fn pass(&mut self, place: &mut Place) {
        let passing = self.passing.get(&place.lane).copied().unwrap_or_default();
        if place.has_passed || passing >= self.beside {
            return;
        }
        place.has_passed = true;
        self.passing.insert(place.lane.clone(), passing + 1);
        self.go_on(place.lane.clone());
    }

    /// An item is over.
    pub(crate) fn finish(&mut self, place: Place) {
        self.end(&place);
        if !place.has_passed {
            self.go_on(place.lane);
        }
    }

    /// Puts off an item that was started: until it is due its lane waits for it, or goes on without it. It then comes
    /// ahead of all that waits behind another in its lane. What has let others pass already keeps none waiting.
    pub(crate) fn retry(&mut self, place: Place, item: T, due: Instant, order: Order) {
        self.end(&place);
        let Place { lane, has_passed, .. } = place;
        let order = if has_passed { Order::Pass } else { order };
        if order == Order::Pass && !has_passed {
            self.go_on(lane.clone());
        }
        self.put_off.insert((due, self.put_offs), PutOff { lane, item, order });
        self.put_offs += 1;
    }

    /// A portal is paused: from now on nothing of it is started, but for what happens to the application itself. Or it
    /// goes on.
    pub(crate) fn change(&mut self, pause: Pause) {
        match pause {
            Pause::Begins(portal) => self.turns.pause(&portal),
            Pause::Ends(portal) => self.turns.resume(&portal),
        }
    }

    /// When [`start`](Lanes::start) must be asked again, though nothing has happened.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.put_off.keys().next().map(|(due, _)| *due)
    }

    /// How many items were pushed and not finished.
    pub(crate) fn len(&self) -> usize {
        let behind: usize = self.behind.values().map(|behind| behind.items.len()).sum();
        self.turns.len() + self.put_off.len() + behind
    }

    fn end(&mut self, place: &Place) {
        self.turns.end(&place.portal);
        if place.has_passed
            && let Some(passing) = self.passing.get_mut(&place.lane)
        {
            *passing -= 1;
            if *passing == 0 {
                self.passing.remove(&place.lane);
            }
        }
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
                (Order::Wait, _) => self.turns.ready(lane, item),
            }
        }
    }

    fn open(&mut self, lane: Lane, item: T) {
        self.behind.insert(lane.clone(), Behind { items: VecDeque::new(), again: 0 });
        self.turns.ready(lane, item);
    }

    fn go_on(&mut self, lane: Lane) {
        let Some(behind) = self.behind.get_mut(&lane) else { return };
        behind.again = behind.again.saturating_sub(1);
        match behind.items.pop_front() {
            Some(item) => self.turns.ready(lane, item),
            None => {
                self.behind.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests;
