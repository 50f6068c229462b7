//! The portal's leaky bucket, seen from this side.

use std::time::{Duration, Instant};

/// How fast one portal may be asked: the portal's own leaky bucket, counted by portal and caller's IP.
///
/// Each request adds 1, `per_second` drain away, above `burst` the portal refuses. The default is what most plans
/// allow; Enterprise portals allow 250 and 5. Leave room if other programs behind the same IP call the same portal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How many requests fit at once; at least 1.
    pub burst: u32,
    /// How many drain away in a second; from 0.001 to 1,000,000.
    pub per_second: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { burst: 50, per_second: 2.0 }
    }
}

impl Limits {
    /// True when a bucket can be made of them.
    pub(crate) fn are_sound(&self) -> bool {
        self.burst >= 1 && (0.001..=1e6).contains(&self.per_second)
    }
}

/// The bucket as a state machine: no clock, no waiting.
///
/// Its level is kept as the moment at which it will have drained, in whole nanoseconds: nothing adds up to a drift.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// What one request adds.
    one: Duration,
    /// What fits.
    full: Duration,
    empty_at: Option<Instant>,
}

impl Bucket {
    /// An empty bucket. The limits are taken as sound.
    pub(crate) fn new(limits: Limits) -> Self {
        // Rounded up, so that the rate is never exceeded.
        let one = Duration::from_nanos((1e9 / limits.per_second).ceil() as u64);
        Self { one, full: one.saturating_mul(limits.burst), empty_at: None }
    }

    /// Takes a slot and returns zero; or takes none and returns how long to wait before asking again.
    pub(crate) fn reserve(&mut self, now: Instant) -> Duration {
        let level = self.level(now) + self.one;
        let wait = level.saturating_sub(self.full);
        if wait.is_zero() {
            self.empty_at = Some(now + level);
        }
        wait
    }

    /// The portal refused a request: its bucket is full, whatever was counted here.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.empty_at = Some(now + self.full);
    }

    fn level(&self, now: Instant) -> Duration {
        self.empty_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same bucket, written as the platform describes it: by its whole history, in nanoseconds times the rate.
    struct Model {
        burst: u32,
        one: u128,
        taken: Vec<u128>,
        filled: Vec<u128>,
    }

    impl Model {
        /// The level at `now` in units of `one`, from the first request on.
        fn level(&self, now: u128) -> u128 {
            let mut moments: Vec<_> = self.taken.iter().map(|&at| (at, false)).collect();
            moments.extend(self.filled.iter().map(|&at| (at, true)));
            moments.sort_by_key(|&(at, _)| at);
            let (mut level, mut last) = (0u128, 0);
            for (at, filled) in moments {
                level = level.saturating_sub(at - last);
                level = if filled { u128::from(self.burst) * self.one } else { level + self.one };
                last = at;
            }
            level.saturating_sub(now - last)
        }

        fn fits(&self, now: u128) -> bool {
            self.level(now) + self.one <= u128::from(self.burst) * self.one
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Pass(u64),
        Ask,
        AskAndWait,
        Refused,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            2 => (0u64..3_000_000_000).prop_map(Step::Pass),
            6 => Just(Step::Ask),
            4 => Just(Step::AskAndWait),
            1 => Just(Step::Refused),
        ];
        prop::collection::vec(step, 0..120)
    }

    proptest! {
        #[test]
        fn agrees_with_the_model_and_never_exceeds_the_rate(
            burst in 1u32..60, per_second in prop::sample::select(vec![0.5, 1.0, 2.0, 3.0, 5.0, 700.0]), steps in steps(),
        ) {
            let limits = Limits { burst, per_second };
            let mut bucket = Bucket::new(limits);
            let one = bucket.one.as_nanos();
            let mut model = Model { burst, one, taken: Vec::new(), filled: Vec::new() };
            let start = Instant::now();
            let mut now = 0u64;
            for step in steps {
                let at = |now| start + Duration::from_nanos(now);
                match step {
                    Step::Pass(nanos) => now += nanos,
                    Step::Refused => {
                        bucket.refused(at(now));
                        model.filled.push(now.into());
                    }
                    Step::Ask | Step::AskAndWait => {
                        let mut wait = bucket.reserve(at(now));
                        prop_assert_eq!(wait.is_zero(), model.fits(now.into()));
                        if !wait.is_zero() && matches!(step, Step::AskAndWait) {
                            // One nanosecond earlier would have been too early: no needless wait.
                            now += wait.as_nanos() as u64;
                            prop_assert!(!model.fits(u128::from(now) - 1));
                            wait = bucket.reserve(at(now));
                            prop_assert!(wait.is_zero());
                        }
                        if wait.is_zero() {
                            model.taken.push(now.into());
                        }
                    }
                }
            }
            for (i, from) in model.taken.iter().enumerate() {
                for (j, to) in model.taken.iter().enumerate().skip(i) {
                    let taken = (j - i + 1) as u128;
                    prop_assert!(taken * one <= u128::from(burst) * one + (to - from));
                }
            }
        }
    }

    #[test]
    fn the_usual_plan() {
        let mut bucket = Bucket::new(Limits::default());
        let now = Instant::now();
        for _ in 0..50 {
            assert_eq!(bucket.reserve(now), Duration::ZERO);
        }
        assert_eq!(bucket.reserve(now), Duration::from_millis(500));
        assert_eq!(bucket.reserve(now + Duration::from_millis(500)), Duration::ZERO);
    }

    #[test]
    fn a_refusal_fills_it() {
        let mut bucket = Bucket::new(Limits { burst: 3, per_second: 1.0 });
        let now = Instant::now();
        bucket.refused(now);
        assert_eq!(bucket.reserve(now), Duration::from_secs(1));
        assert_eq!(bucket.reserve(now + Duration::from_secs(3)), Duration::ZERO);
    }

    #[test]
    fn unsound_limits_are_recognised() {
        for (burst, per_second) in
            [(0, 1.0), (1, 0.0), (1, -1.0), (1, f64::NAN), (1, f64::INFINITY), (1, 1e-9)]
        {
            assert!(!Limits { burst, per_second }.are_sound());
        }
        assert!(Limits::default().are_sound());
    }
}
