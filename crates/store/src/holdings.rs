//! What each portal has in a store, so that none takes the room of others.

use std::collections::HashMap;

/// Entries and bytes of each portal that has any.
#[derive(Debug, Default)]
pub(crate) struct Holdings(HashMap<Box<str>, Holding>);

/// So many entries, and so many bytes of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Holdings {
    /// A portal has one entry more.
    pub(crate) fn add(&mut self, portal: &str, bytes: u64) {
        let held = match self.0.get_mut(portal) {
            Some(held) => held,
            None => self.0.entry(portal.into()).or_default(),
        };
        held.events += 1;
        held.bytes += bytes;
    }

    /// And one less.
    pub(crate) fn remove(&mut self, portal: &str, bytes: u64) {
        if let Some(held) = self.0.get_mut(portal) {
            held.events = held.events.saturating_sub(1);
            held.bytes = held.bytes.saturating_sub(bytes);
            if held.events == 0 {
                self.0.remove(portal);
            }
        }
    }

    /// Whether new entries may be added while there is room for `room` more of whatever portal: with them, no portal may
    /// have more than there was room. So one portal gets half of it all, and the others always find some.
    pub(crate) fn allow<'new>(&self, new: impl IntoIterator<Item = (&'new str, u64)>, room: Holding) -> bool {
        let mut would_have: HashMap<&str, Holding> = HashMap::new();
        new.into_iter().all(|(portal, bytes)| {
            let held =
                would_have.entry(portal).or_insert_with(|| self.0.get(portal).copied().unwrap_or_default());
            held.events += 1;
            held.bytes += bytes;
            held.events <= room.events && held.bytes <= room.bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever portals do, and however many want all: nobody has more than half and one more, a newcomer finds room
        /// as long as fewer want all than there are places, and counts agree with what was done.
        #[test]
        fn no_portal_takes_the_room_of_others(
            steps in proptest::collection::vec((0..4_usize, any::<bool>(), 0..30_u64), 1..300),
            capacity in 16..60_u64,
        ) {
            const PORTALS: [&str; 4] = ["a", "b", "c", "d"];
            let mut holdings = Holdings::default();
            let mut model: [Vec<u64>; 4] = Default::default();
            for (which, is_added, bytes) in steps {
                let total: u64 = model.iter().map(|held| held.len() as u64).sum();
                let used: u64 = model.iter().flatten().sum();
                let room = Holding { events: capacity - total, bytes: 20 * capacity - used };
                if is_added {
                    let had = &model[which];
                    let (events, size) = (had.len() as u64, had.iter().sum::<u64>());
                    let may = holdings.allow([(PORTALS[which], bytes)], room);
                    prop_assert_eq!(may, events < room.events && size + bytes <= room.bytes);
                    if may {
                        holdings.add(PORTALS[which], bytes);
                        model[which].push(bytes);
                        prop_assert!(model[which].len() as u64 <= capacity.div_ceil(2));
                    }
                } else if let Some(bytes) = model[which].pop() {
                    holdings.remove(PORTALS[which], bytes);
                }
                prop_assert!(holdings.allow([("newcomer", 0)], room), "four of them leave a fifth");
                for (portal, held) in PORTALS.into_iter().zip(&model) {
                    let expected = Holding { events: held.len() as u64, bytes: held.iter().sum() };
                    prop_assert_eq!(holdings.0.get(portal).copied().unwrap_or_default(), expected);
                }
            }
            prop_assert!(holdings.0.values().all(|held| held.events > 0), "nothing is kept of who has nothing");
        }
    }

    #[test]
    fn the_events_of_one_delivery_count_together() {
        let holdings = Holdings::default();
        let room = Holding { events: 3, bytes: 100 };
        assert!(holdings.allow([("a", 1), ("b", 1), ("a", 1), ("a", 1)], room));
        assert!(!holdings.allow([("a", 1), ("a", 1), ("a", 1), ("a", 1)], room));
        assert!(!holdings.allow([("a", 60), ("a", 60)], room));
    }
}
