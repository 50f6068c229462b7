//! The work time that a portal grants each method.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// From this part of the limit on calls go out more slowly.
const NEAR: f64 = 0.8;

/// The part of the limit that is left alone: what calls will take is only guessed.
const SPARED: f64 = 0.02;

const MINUTE: Duration = Duration::from_secs(60);

/// How many methods are kept in mind; beyond, those with no work worth mentioning are forgotten.
const METHODS: usize = 256;

/// What the methods of one portal have used up of the work time that it grants within ten minutes, as its answers tell
/// (`operating`, `operating_reset_at`). No clock, no waiting.
///
/// Close to the limit a method's calls are spread over the time until its oldest minute is forgotten; at the limit they
/// wait for that. How much is given back then only the next answer tells, so one call goes ahead.
#[derive(Debug)]
pub(crate) struct WorkTime {
    limit: f64,
    methods: HashMap<String, Method>,
}

#[derive(Debug)]
struct Method {
    used: f64,
    /// What a call takes, in seconds: the average, of the latest above all.
    cost: f64,
    reset_at: Instant,
    under_way: u32,
    last: Option<Instant>,
    /// How often in a row it was refused.
    strikes: u32,
}

/// What an answer says of its method's work time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// Seconds within ten minutes.
    pub(crate) operating: f64,
    /// When the oldest minute of it is forgotten.
    pub(crate) reset_at: Instant,
    /// Seconds that the call itself took, if it was carried out.
    pub(crate) took: Option<f64>,
}

impl WorkTime {
    /// `limit` is in seconds.
    pub(crate) fn new(limit: f64) -> Self {
        Self { limit, methods: HashMap::new() }
    }

    /// When a call of the method may go out: `None` for at once, and otherwise when to ask again.
    pub(crate) fn wait(&self, method: &str, now: Instant) -> Option<Instant> {
        let known = self.methods.get(method)?;
        let used = known.cost.mul_add(f64::from(known.under_way), known.used);
        if used < self.limit * NEAR {
            return None;
        }
        if now >= known.reset_at {
            // One goes ahead. Should its answer not come, the others do not wait for ever.
            let is_asked = known.under_way > 0 && now < known.reset_at + MINUTE;
            return is_asked.then(|| now + Duration::from_secs(1));
        }
        let left = self.limit.mul_add(1.0 - SPARED, -used);
        if left < known.cost || left <= 0.0 {
            return Some(known.reset_at);
        }
        let calls = (left / known.cost.max(1e-3)).max(1.0);
        let next = known.last? + known.reset_at.saturating_duration_since(now).div_f64(calls);
        (next > now).then_some(next)
    }

    /// A call of the method goes out.
    pub(crate) fn depart(&mut self, method: &str, now: Instant) {
        if let Some(known) = self.methods.get_mut(method) {
            known.under_way += 1;
            known.last = Some(now);
        }
    }

    /// A call of the method is back, with what its answer says of work time, if it does.
    pub(crate) fn landed(&mut self, method: &str, used: Option<Used>) {
        if let Some(known) = self.methods.get_mut(method) {
            known.under_way = known.under_way.saturating_sub(1);
        }
        let Some(used) = used else { return };
        match self.methods.get_mut(method) {
            Some(known) => {
                known.strikes = 0;
                known.used = used.operating;
                known.reset_at = used.reset_at;
                known.cost = used.took.map_or(known.cost, |took| known.cost.mul_add(0.8, took * 0.2));
            }
            None => self.learn(method, used),
        }
    }

    /// The portal refused a call of the method since its work time is used up: its limit may be lower than was thought.
    /// Returns when it is worth asking again: where the refusal does not tell, an earlier answer may have, if much was
    /// used up by then; otherwise after a second, and after twice as long each further time, up to a minute.
    pub(crate) fn refused(&mut self, method: &str, used: Option<Used>, now: Instant) -> Instant {
        let known = self.methods.get(method);
        let strikes = known.map_or(0, |known| known.strikes);
        // A portal that tells less than half of the limit is not believed.
        let is_near = |operating: f64| operating >= self.limit / 2.0;
        let told =
            known.filter(|known| known.reset_at > now && is_near(known.used)).map(|known| known.reset_at);
        let pause = || (Duration::from_secs(1) * (1 << strikes.min(6))).min(MINUTE);
        let reset_at = used.map(|used| used.reset_at).or(told).unwrap_or_else(|| now + pause());
        let operating = used.map(|used| used.operating).or(known.map(|known| known.used)).unwrap_or_default();
        if is_near(operating) {
            self.limit = self.limit.min(operating);
        }
        self.landed(method, Some(Used { operating: operating.max(self.limit), reset_at, took: None }));
        if let Some(known) = self.methods.get_mut(method) {
            known.strikes = strikes + 1;
        }
        reset_at
    }

    /// What a call of the method takes, in seconds.
    pub(crate) fn cost(&self, method: &str) -> f64 {
        self.methods.get(method).map_or(0.0, |known| known.cost)
    }

    fn learn(&mut self, method: &str, used: Used) {
        if self.methods.len() >= METHODS {
            let worth_mentioning = self.limit / 10.0;
            self.methods.retain(|_, known| known.used >= worth_mentioning || known.under_way > 0);
        }
        let cost = used.took.unwrap_or_default();
        let (used, reset_at) = (used.operating, used.reset_at);
        let known = Method { used, cost, reset_at, under_way: 0, last: None, strikes: 0 };
        self.methods.insert(method.to_owned(), known);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIKE: &str = "im.message.like";

    fn used(operating: f64, reset_at: Instant, took: f64) -> Option<Used> {
        Some(Used { operating, reset_at, took: Some(took) })
    }

    #[test]
    fn far_from_the_limit_nothing_waits() {
        let (mut work, now) = (WorkTime::new(480.0), Instant::now());
        assert_eq!(work.wait(LIKE, now), None);
        work.landed(LIKE, used(100.0, now + Duration::from_secs(60), 0.1));
        for _ in 0..1000 {
            assert_eq!(work.wait(LIKE, now), None);
            work.depart(LIKE, now);
        }
    }

    #[test]
    fn at_the_limit_a_method_waits_for_its_reset_and_others_do_not() {
        let (mut work, now) = (WorkTime::new(480.0), Instant::now());
        let reset = now + Duration::from_secs(40);
        work.landed(LIKE, used(479.0, reset, 1.0));
        assert_eq!(work.wait(LIKE, now), Some(reset));
        assert_eq!(work.wait("im.message.add", now), None);
        // Then one goes ahead, and its answer decides.
        assert_eq!(work.wait(LIKE, reset), None);
        work.depart(LIKE, reset);
        assert_eq!(work.wait(LIKE, reset), Some(reset + Duration::from_secs(1)));
        work.landed(LIKE, used(300.0, reset + Duration::from_secs(60), 1.0));
        assert_eq!(work.wait(LIKE, reset), None);
    }

    #[test]
    fn close_to_the_limit_calls_are_spread_over_what_is_left() {
        let (mut work, now) = (WorkTime::new(100.0), Instant::now());
        let reset = now + Duration::from_secs(60);
        work.landed(LIKE, used(86.0, reset, 1.0));
        assert_eq!(work.wait(LIKE, now), None);
        work.depart(LIKE, now);
        // 11 calls of a second fit into 60 seconds.
        let next = work.wait(LIKE, now).unwrap() - now;
        assert!((5.4..5.5).contains(&next.as_secs_f64()), "{next:?}");
    }

    #[test]
    fn a_refusal_teaches_the_limit() {
        let (mut work, now) = (WorkTime::new(480.0), Instant::now());
        let reset = now + Duration::from_secs(10);
        let refusal = |operating| Some(Used { operating, reset_at: reset, took: None });
        assert_eq!(work.refused(LIKE, refusal(420.5), now), reset);
        assert_eq!(work.wait(LIKE, now), Some(reset));
        work.landed("im.message.add", used(419.0, reset, 2.0));
        assert_eq!(work.wait("im.message.add", now), Some(reset));
        // Even if the answer tells nothing that would explain it.
        let mut work = WorkTime::new(480.0);
        work.refused(LIKE, refusal(0.0), now);
        assert_eq!(work.wait(LIKE, now), Some(reset));
    }

    #[test]
    fn a_refusal_that_tells_nothing_is_understood_all_the_same() {
        let (mut work, now) = (WorkTime::new(480.0), Instant::now());
        let reset = now + Duration::from_secs(10);
        work.landed(LIKE, used(300.0, reset, 1.0));
        assert_eq!(work.refused(LIKE, None, now), reset);
        assert_eq!((work.wait(LIKE, now), work.limit), (Some(reset), 300.0));
        let mut asked = now;
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            let until = asked + Duration::from_secs(pause);
            assert_eq!(work.refused("unknown", None, asked), until);
            assert_eq!(work.wait("unknown", asked), Some(until));
            asked = until;
        }
        work.landed("unknown", used(1.0, asked, 1.0));
        assert_eq!(work.wait("unknown", asked), None);
        assert_eq!(work.refused("unknown", None, asked), asked + Duration::from_secs(1));
    }

    #[test]
    fn names_do_not_pile_up() {
        let (mut work, now) = (WorkTime::new(480.0), Instant::now());
        work.landed(LIKE, used(470.0, now, 0.1));
        for n in 0..10_000 {
            work.landed(&format!("made.up.{n}"), used(0.1, now, 0.1));
        }
        assert!(work.methods.len() <= METHODS && work.methods.contains_key(LIKE));
    }

    proptest! {
        /// A portal that counts as the platform does, ten minutes in buckets of one. It refuses only what asks how much
        /// has been given back: once a minute at most.
        #[test]
        fn the_limit_is_kept(costs in prop::collection::vec(0.05f64..1.5, 200..1500)) {
            let (mut work, start) = (WorkTime::new(60.0), Instant::now());
            let mut minutes: HashMap<u64, f64> = HashMap::new();
            let (mut now, mut refused, mut reset_at) = (start, Vec::new(), start);
            for cost in costs {
                while let Some(wait) = work.wait(LIKE, now) {
                    prop_assert!(wait > now && wait <= now + Duration::from_secs(660));
                    now = wait;
                }
                work.depart(LIKE, now);
                let minute = (now - start).as_secs() / 60;
                minutes.retain(|&then, _| then + 10 > minute);
                let operating: f64 = minutes.values().sum();
                let is_refused = operating > 60.0;
                if is_refused {
                    prop_assert!(now >= reset_at && !refused.contains(&minute), "{operating} in {minute}");
                    refused.push(minute);
                } else {
                    *minutes.entry(minute).or_default() += cost;
                }
                let oldest = minutes.keys().min().copied().unwrap_or(minute);
                reset_at = start + Duration::from_secs((oldest + 10) * 60);
                if is_refused {
                    work.refused(LIKE, Some(Used { operating, reset_at, took: None }), now);
                } else {
                    work.landed(LIKE, used(operating + cost, reset_at, cost));
                    now += Duration::from_secs_f64(cost);
                }
            }
        }
    }
}
