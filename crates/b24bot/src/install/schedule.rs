//! Which portal's bot is to be registered next: a state machine without a clock or a call.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use b24bot_core::MemberId;

/// How many portals are brought up to date at once. Those that have just been installed do not wait for them.
const AT_ONCE: usize = 4;
/// The pause after the first failure; it grows to four times as much with each.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Portals that wait for their registration, and those where it is under way.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    portals: HashMap<MemberId, Turn>,
    /// Those that wait, by when their turn is.
    waiting: BTreeSet<(Instant, MemberId)>,
    /// Of those that wait, the ones that go before all limits.
    arrived: BTreeSet<(Instant, MemberId)>,
    running: usize,
}

#[derive(Debug, Default)]
struct Turn {
    /// When, unless it is under way.
    due: Option<Instant>,
    has_arrived: bool,
    /// Whether it has to be done once more when it has ended.
    again: bool,
    failures: u32,
}

impl Schedule {
    /// A portal has just been installed, or asks for it anew: its turn is now, and somebody may wait for it.
    pub(super) fn arrive(&mut self, portal: &MemberId, now: Instant) {
        if self.portals.get(portal).is_some_and(|turn| turn.due.is_none()) {
            self.portals.entry(portal.clone()).or_default().again = true;
            return;
        }
        self.forget(portal);
        self.put(portal.clone(), Turn { due: Some(now), has_arrived: true, ..Turn::default() });
    }

    /// A portal is to be brought up to date at that time, unless its turn is known already.
    pub(super) fn add(&mut self, portal: &MemberId, due: Instant) {
        if !self.portals.contains_key(portal) {
            self.put(portal.clone(), Turn { due: Some(due), ..Turn::default() });
        }
    }

    /// Whose turn it is, and whether it has just arrived.
    pub(super) fn take(&mut self, now: Instant) -> Option<(MemberId, bool)> {
        let is_due = |(due, _): &&(Instant, MemberId)| *due <= now;
        let by_limit = self.waiting.first().filter(|_| self.running < AT_ONCE);
        let (_, portal) = self.arrived.first().filter(is_due).or_else(|| by_limit.filter(is_due))?.clone();
        let turn = self.portals.get_mut(&portal)?;
        let due = turn.due.take()?;
        let list = if turn.has_arrived { &mut self.arrived } else { &mut self.waiting };
        list.remove(&(due, portal.clone()));
        self.running += 1;
        Some((portal, turn.has_arrived))
    }

    /// It is done, or nothing can be done.
    pub(super) fn finish(&mut self, portal: &MemberId, now: Instant) {
        let Some(turn) = self.end(portal) else { return };
        if turn.again {
            self.arrive(portal, now);
        }
    }

    /// It failed. When it is tried again.
    pub(super) fn fail(&mut self, portal: &MemberId, now: Instant) -> Option<Duration> {
        let turn = self.end(portal)?;
        if turn.again {
            self.arrive(portal, now);
            return Some(Duration::ZERO);
        }
        let pause = FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(turn.failures)).min(LONGEST_PAUSE);
        let failures = turn.failures + 1;
        self.put(portal.clone(), Turn { due: Some(now + pause), failures, ..Turn::default() });
        Some(pause)
    }

    /// A portal that waits does so no longer.
    pub(super) fn forget(&mut self, portal: &MemberId) {
        if let Some(turn) = self.portals.get_mut(portal) {
            turn.again = false;
            if let Some(due) = turn.due {
                let key = (due, portal.clone());
                self.waiting.remove(&key);
                self.arrived.remove(&key);
                self.portals.remove(portal);
            }
        }
    }

    /// When the next one's turn is, if that is not known by an end.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let by_limit = self.waiting.first().filter(|_| self.running < AT_ONCE);
        [self.arrived.first(), by_limit].into_iter().flatten().map(|(due, _)| *due).min()
    }

    /// Whether it is under way, or will be at once.
    pub(super) fn is_under_way(&self, portal: &MemberId) -> bool {
        self.portals.get(portal).is_some_and(|turn| turn.due.is_none() || turn.has_arrived)
    }

    /// How many portals are not as they should be.
    pub(super) fn len(&self) -> usize {
        self.portals.len()
    }

    fn put(&mut self, portal: MemberId, turn: Turn) {
        if let Some(due) = turn.due {
            let list = if turn.has_arrived { &mut self.arrived } else { &mut self.waiting };
            list.insert((due, portal.clone()));
        }
        self.portals.insert(portal, turn);
    }

    /// What was under way has ended.
    fn end(&mut self, portal: &MemberId) -> Option<Turn> {
        if self.portals.get(portal)?.due.is_some() {
            return None;
        }
        self.running = self.running.saturating_sub(1);
        self.portals.remove(portal)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn portal(n: u8) -> MemberId {
        MemberId::from(format!("m{n}"))
    }

    #[test]
    fn pauses_grow_up_to_an_hour_and_a_new_installation_ends_them() {
        let (mut schedule, start) = (Schedule::default(), Instant::now());
        schedule.add(&portal(1), start);
        let mut now = start;
        let pauses = [5, 20, 80, 320, 1280, 3600, 3600].map(Duration::from_secs);
        for pause in pauses {
            assert_eq!(schedule.take(now), Some((portal(1), false)));
            assert_eq!(schedule.fail(&portal(1), now), Some(pause));
            assert_eq!(schedule.take(now + pause - Duration::from_millis(1)), None);
            now += pause;
        }
        assert!(!schedule.is_under_way(&portal(1)));
        schedule.arrive(&portal(1), start);
        assert!(schedule.is_under_way(&portal(1)));
        assert_eq!(schedule.take(start), Some((portal(1), true)));
        assert_eq!(schedule.fail(&portal(1), start), Some(FIRST_PAUSE));
    }

    #[test]
    fn who_has_just_come_does_not_wait_for_those_that_are_stuck() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        for n in 0..100 {
            schedule.add(&portal(n), now);
        }
        let stuck = std::iter::from_fn(|| schedule.take(now)).count();
        assert_eq!(stuck, AT_ONCE);
        assert_eq!(schedule.next_due(), None, "an end will tell");
        schedule.arrive(&portal(200), now);
        assert_eq!((schedule.next_due(), schedule.take(now)), (Some(now), Some((portal(200), true))));
    }

    #[test]
    fn what_changes_meanwhile_is_done_once_more() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        schedule.arrive(&portal(1), now);
        assert_eq!(schedule.take(now), Some((portal(1), true)));
        schedule.arrive(&portal(1), now);
        assert_eq!(schedule.take(now), None, "not twice at once");
        schedule.finish(&portal(1), now);
        assert_eq!(schedule.take(now), Some((portal(1), true)));
        schedule.finish(&portal(1), now);
        assert_eq!((schedule.take(now), schedule.len()), (None, 0));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Arrive(u8),
        Add(u8, u64),
        Take,
        Finish(u8),
        Fail(u8),
        Forget(u8),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let n = 0..12_u8;
        prop_oneof![
            n.clone().prop_map(Step::Arrive),
            (n.clone(), 0..30_u64).prop_map(|(n, seconds)| Step::Add(n, seconds)),
            Just(Step::Take),
            n.clone().prop_map(Step::Finish),
            n.clone().prop_map(Step::Fail),
            n.prop_map(Step::Forget),
            (1..60_u64).prop_map(Step::Pass),
        ]
    }

    proptest! {
        #[test]
        fn nobody_is_registered_twice_at_once_and_nobody_is_lost(steps in prop::collection::vec(step(), 1..200)) {
            let (mut schedule, mut now) = (Schedule::default(), Instant::now());
            // What a plain list would say: who waits, and who is under way and has asked again.
            let (mut waiting, mut running) = (BTreeSet::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Arrive(n) => {
                        schedule.arrive(&portal(n), now);
                        match running.get_mut(&n) {
                            Some(again) => *again = true,
                            None => drop(waiting.insert(n)),
                        }
                        prop_assert!(schedule.is_under_way(&portal(n)));
                    }
                    Step::Add(n, seconds) => {
                        schedule.add(&portal(n), now + Duration::from_secs(seconds));
                        if !running.contains_key(&n) {
                            waiting.insert(n);
                        }
                    }
                    Step::Take => {
                        if let Some((taken, _)) = schedule.take(now) {
                            let n: u8 = taken.as_str()[1..].parse().unwrap();
                            prop_assert!(waiting.remove(&n), "{n} did not wait");
                            prop_assert!(running.insert(n, false).is_none(), "{n} is under way already");
                        }
                    }
                    Step::Finish(n) | Step::Fail(n) => {
                        let failed = matches!(step, Step::Fail(_));
                        if failed {
                            let _ = schedule.fail(&portal(n), now);
                        } else {
                            schedule.finish(&portal(n), now);
                        }
                        if let Some(again) = running.remove(&n) && (again || failed) {
                            waiting.insert(n);
                        }
                    }
                    Step::Forget(n) => {
                        schedule.forget(&portal(n));
                        waiting.remove(&n);
                        running.entry(n).and_modify(|again| *again = false);
                    }
                    Step::Pass(seconds) => now += Duration::from_secs(seconds),
                }
                prop_assert_eq!(schedule.len(), waiting.len() + running.len());
            }
            // With time everybody's turn comes.
            for n in running.keys() {
                schedule.finish(&portal(*n), now);
            }
            now += 2 * LONGEST_PAUSE;
            while let Some((taken, _)) = schedule.take(now) {
                schedule.finish(&taken, now);
            }
            prop_assert_eq!(schedule.len(), 0);
        }
    }
}
