//! When a bot asks for its events, and what for: a state machine whose clock is handed in.

use std::time::{Duration, Instant};

/// The pauses that the platform recommends: while there is more, and while nothing happens.
const MORE: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// The longest pause after failures. The first is as long as an idle one.
const LONGEST_FAILURE: Duration = Duration::from_secs(60);
/// How many events are asked for at once: the platform's own default.
const PAGE: u64 = 100;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Confirms, and so deletes, all events below.
    pub(crate) offset: Option<u64>,
    pub(crate) limit: u64,
}

/// What an answer says beside its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) is_empty: bool,
    pub(crate) next_offset: Option<u64>,
    pub(crate) has_more: bool,
}

/// The pace of one bot's poller.
#[derive(Debug)]
pub(crate) struct Pace {
    due: Instant,
    /// All below is stored.
    stored: Option<u64>,
    /// All below is confirmed.
    confirmed: Option<u64>,
    limit: u64,
    idle: Duration,
    failures: u32,
}

impl Pace {
    /// Asks at once, and confirms nothing.
    pub(crate) fn new(now: Instant) -> Self {
        Self { due: now, stored: None, confirmed: None, limit: PAGE, idle: IDLE, failures: 0 }
    }

    /// When to ask next.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// What to ask then.
    pub(crate) fn request(&self) -> Request {
        Request { offset: self.stored, limit: self.limit }
    }

    /// The request that confirms what no other has confirmed yet, if there is such.
    pub(crate) fn last_request(&self) -> Option<Request> {
        (self.stored != self.confirmed).then_some(Request { offset: self.stored, limit: 1 })
    }

    /// A request was answered: it has confirmed what it could.
    pub(crate) fn answered(&mut self, request: Request) {
        self.confirmed = request.offset;
    }

    /// All events of an answer are stored.
    pub(crate) fn stored(&mut self, end: End, now: Instant) {
        self.failures = 0;
        self.limit = (self.limit * 2).min(PAGE);
        self.stored = end.next_offset.or(self.stored);
        let pause = if end.has_more {
            MORE
        } else if end.is_empty {
            let pause = self.idle;
            self.idle = (pause * 2).min(LONGEST_IDLE);
            pause
        } else {
            self.idle = IDLE;
            IDLE
        };
        self.due = now + pause;
    }

    /// There was no answer, or it could not be stored: nothing of it is confirmed, and it is asked for again after
    /// `at_least`. A smaller page is more likely to come through and to find room. `random` is even in 0..=1.
    pub(crate) fn failed(&mut self, at_least: Duration, random: f64, now: Instant) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let longest = IDLE.saturating_mul(doubled).min(LONGEST_FAILURE);
        let pause = longest.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0).max(at_least);
        self.failures = self.failures.saturating_add(1);
        self.limit = (self.limit / 2).max(1);
        self.due = now + pause;
        pause
    }

    /// It is someone else's turn.
    pub(crate) fn waits(&mut self, now: Instant) {
        self.due = now + IDLE;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn end(is_empty: bool, next_offset: Option<u64>, has_more: bool) -> End {
        End { is_empty, next_offset, has_more }
    }

    fn pauses(pace: &mut Pace, ends: &[End]) -> Vec<u64> {
        let mut pause = |end: &End| {
            let now = pace.due();
            pace.stored(*end, now);
            (pace.due() - now).as_secs()
        };
        ends.iter().map(&mut pause).collect()
    }

    #[test]
    fn pauses_are_the_platforms_and_grow_while_nothing_happens() {
        let mut pace = Pace::new(Instant::now());
        let nothing = end(true, None, false);
        assert_eq!(pauses(&mut pace, &[nothing; 5]), [5, 10, 20, 30, 30]);
        let (more, last) = (end(false, Some(1002), true), end(false, Some(1003), false));
        assert_eq!(pauses(&mut pace, &[more, more, last, nothing, nothing]), [2, 2, 5, 5, 10]);
    }

    #[test]
    fn an_offset_stands_until_more_is_stored() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert_eq!(pace.request(), Request { offset: None, limit: 100 });
        assert_eq!(pace.last_request(), None);
        pace.answered(pace.request());
        pace.stored(end(false, Some(1002), false), now);
        assert_eq!(pace.request().offset, Some(1002));
        assert_eq!(pace.last_request(), Some(Request { offset: Some(1002), limit: 1 }));
        pace.answered(pace.request());
        pace.stored(end(true, None, false), now);
        assert_eq!((pace.request().offset, pace.last_request()), (Some(1002), None));
    }

    #[derive(Clone, Debug)]
    enum Turn {
        Stored { page: u64, has_more: bool },
        Unstored,
        Unanswered,
        NotOurs,
    }

    fn turns() -> impl Strategy<Value = Vec<Turn>> {
        let turn = prop_oneof![
            (0..4_u64, any::<bool>()).prop_map(|(page, has_more)| Turn::Stored { page, has_more }),
            Just(Turn::Unstored),
            Just(Turn::Unanswered),
            Just(Turn::NotOurs),
        ];
        proptest::collection::vec(turn, 0..200)
    }

    proptest! {
        #[test]
        fn whatever_happens_only_what_is_stored_is_confirmed(
            turns in turns(), random in 0.0..=1.0_f64, at_least in 0..100_u64,
        ) {
            let mut now = Instant::now();
            let mut pace = Pace::new(now);
            // The portal's log: what lies below the offset of a request is gone.
            let (mut stored, mut deleted) = (1000_u64, 1000_u64);
            let at_least = Duration::from_secs(at_least);
            for turn in turns {
                now = now.max(pace.due());
                let request = pace.request();
                prop_assert!((1..=PAGE).contains(&request.limit));
                if !matches!(turn, Turn::Unanswered | Turn::NotOurs) {
                    deleted = deleted.max(request.offset.unwrap_or(0));
                    pace.answered(request);
                    prop_assert_eq!(pace.last_request(), None);
                }
                match turn {
                    Turn::Stored { page, has_more } => {
                        stored += page;
                        pace.stored(end(page == 0, (page > 0).then_some(stored), has_more), now);
                        let pause = pace.due() - now;
                        let right = if has_more { MORE..=MORE } else { IDLE..=LONGEST_IDLE };
                        prop_assert!(right.contains(&pause));
                    }
                    Turn::Unstored | Turn::Unanswered => {
                        let pause = pace.failed(at_least, random, now);
                        prop_assert_eq!(pace.due(), now + pause);
                        prop_assert!(pause >= at_least.max(IDLE / 2) && pause <= at_least.max(LONGEST_FAILURE));
                        prop_assert_eq!(pace.request().offset, request.offset);
                    }
                    Turn::NotOurs => pace.waits(now),
                }
                prop_assert!(deleted <= stored, "{} was deleted, {} stored", deleted, stored);
            }
            deleted = deleted.max(pace.last_request().and_then(|last| last.offset).unwrap_or(0));
            prop_assert_eq!(deleted, stored);
        }

        #[test]
        fn pages_shrink_to_one_event_and_recover(failures in 0..100_usize) {
            let now = Instant::now();
            let mut pace = Pace::new(now);
            for _ in 0..failures {
                pace.failed(Duration::ZERO, 1.0, now);
            }
            prop_assert_eq!(pace.request().limit, if failures > 6 { 1 } else { PAGE >> failures });
            for _ in 0..7 {
                pace.stored(end(true, None, true), now);
            }
            prop_assert_eq!(pace.request().limit, PAGE);
        }
    }
}
