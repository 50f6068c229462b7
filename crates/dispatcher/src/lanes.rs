//! Which event may start now.

use std::collections::{HashMap, VecDeque};

use b24bot_core::Lane;

/// Items in lanes: one of a lane at a time, in order; different lanes at once, up to a limit.
///
/// Lanes take turns: one that has an item ready starts it as soon as a place is free, whatever waits in others.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    /// Items behind the one that is ready or running; an entry exists as long as there is such a one.
    waiting: HashMap<Lane, VecDeque<T>>,
    ready: VecDeque<(Lane, T)>,
    running: usize,
    limit: usize,
}

impl<T> Lanes<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { waiting: HashMap::new(), ready: VecDeque::new(), running: 0, limit: limit.max(1) }
    }

    pub(crate) fn push(&mut self, lane: Lane, item: T) {
        if let Some(behind) = self.waiting.get_mut(&lane) {
            behind.push_back(item);
        } else {
            self.waiting.insert(lane.clone(), VecDeque::new());
            self.ready.push_back((lane, item));
        }
    }

    /// The next item that may run; [`finish`](Lanes::finish) must be called for its lane afterwards.
    pub(crate) fn start(&mut self) -> Option<(Lane, T)> {
        if self.running == self.limit {
            return None;
        }
        let started = self.ready.pop_front()?;
        self.running += 1;
        Some(started)
    }

    pub(crate) fn finish(&mut self, lane: Lane) {
        self.running -= 1;
        match self.waiting.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(item) => self.ready.push_back((lane, item)),
            None => {
                self.waiting.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lane(number: u8) -> Lane {
        Lane::from(number.to_string())
    }

    #[test]
    fn a_lane_that_is_stuck_holds_up_no_other() {
        let mut lanes = Lanes::new(2);
        for item in 0..100 {
            lanes.push(lane(1), item);
        }
        lanes.push(lane(2), 100);
        assert_eq!(lanes.start(), Some((lane(1), 0)));
        assert_eq!(lanes.start(), Some((lane(2), 100)));
        lanes.finish(lane(2));
        assert_eq!(lanes.start(), None, "the rest waits for the first of its lane");
    }

    proptest! {
        /// Random pushes and finishes: compared with what each lane was given.
        #[test]
        fn order_bound_and_turns_hold(steps in proptest::collection::vec((any::<bool>(), 0..4_u8), 1..200), limit in 1..4_usize) {
            let mut lanes = Lanes::new(limit);
            let mut given: HashMap<u8, Vec<usize>> = HashMap::new();
            let mut taken: HashMap<u8, Vec<usize>> = HashMap::new();
            let mut running: Vec<Lane> = Vec::new();
            for (number, (push, which)) in steps.into_iter().enumerate() {
                if push {
                    lanes.push(lane(which), number);
                    given.entry(which).or_default().push(number);
                } else if !running.is_empty() {
                    lanes.finish(running.remove(usize::from(which) % running.len()));
                }
                while let Some((lane, item)) = lanes.start() {
                    prop_assert!(!running.contains(&lane), "one of a lane at a time");
                    taken.entry(lane.as_str().parse().unwrap()).or_default().push(item);
                    running.push(lane);
                    prop_assert!(running.len() <= limit);
                }
                let idle = given.iter().any(|(which, items)| {
                    !running.contains(&lane(*which)) && taken.get(which).map_or(0, Vec::len) < items.len()
                });
                prop_assert!(!idle || running.len() == limit, "nothing waits while a place is free");
            }
            while let Some(done) = running.pop() {
                lanes.finish(done);
                while let Some((lane, item)) = lanes.start() {
                    taken.entry(lane.as_str().parse().unwrap()).or_default().push(item);
                    running.push(lane);
                }
            }
            prop_assert_eq!(taken, given);
            prop_assert!(lanes.waiting.is_empty(), "nothing of an idle lane is kept");
        }
    }
}
