//! Whether and when a failed call is repeated.

use std::time::{Duration, Instant};

/// What is known about a failed call, and so whether it may be repeated.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// Repeating does not help.
    Never,
    /// It was certainly not carried out: any call may be repeated after a while.
    Later,
    /// It may have been carried out: only what does no harm when done twice may be repeated.
    IfIdempotent,
    /// It was not carried out because the access token has expired: repeat with a refreshed one.
    AfterRefresh,
}

/// How often and how patiently one call is repeated.
///
/// Pauses grow exponentially with full jitter: each is chosen evenly between nothing and `base` × 2ⁿ, at most `cap`.
/// The time limit counts from the first request; no request begins after it. Waiting for the first slot of the
/// portal's limit does not count, nor does waiting for work time to be given back after a refusal for want of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    within: Duration,
    base: Duration,
    cap: Duration,
}

impl Default for RetryPolicy {
    /// 8 attempts within 3 minutes, pauses from 500 ms to 15 s.
    fn default() -> Self {
        Self {
            attempts: 8,
            within: Duration::from_secs(180),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(15),
        }
    }
}

impl RetryPolicy {
    /// One attempt, no repetition.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// How many requests at most, the first included.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long after the first request the last one may begin.
    #[must_use]
    pub const fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// The longest first pause, and the longest of all.
    #[must_use]
    pub const fn pauses(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }
}

/// The repetitions of one call, as a state machine.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    deadline: Instant,
    failures: u32,
}

impl Backoff {
    /// Begins with the first request, at `now`.
    pub(crate) fn new(policy: RetryPolicy, now: Instant) -> Self {
        // A day is more than any call may take, and no sum of clocks overflows.
        let day = Duration::from_secs(86_400);
        let policy = policy.within(policy.within.min(day)).pauses(policy.base.min(day), policy.cap.min(day));
        Self { policy, deadline: now + policy.within, failures: 0 }
    }

    /// When the last request may begin.
    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The portal itself named the moment from which repeating makes sense: that wait does not count.
    pub(crate) fn go_on_until(&mut self, moment: Instant) {
        self.deadline = self.deadline.max(moment + self.policy.within);
    }

    /// After a failure that may be repeated: the pause before the next attempt; `None` ends the call. `random` is even
    /// in 0..=1.
    pub(crate) fn pause(&mut self, now: Instant, random: f64) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.policy.attempts {
            return None;
        }
        let doubled = 1u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX);
        let longest = self.policy.base.saturating_mul(doubled).min(self.policy.cap);
        let pause = longest.mul_f64(random.clamp(0.0, 1.0));
        (now + pause <= self.deadline).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stays_within_attempts_deadline_and_bounds(
            attempts in 0u32..50,
            within in 0u64..200_000,
            base in 0u64..2_000,
            cap in 0u64..20_000,
            failures in prop::collection::vec((0u64..70_000, 0.0f64..=1.0), 0..60),
        ) {
            let policy = RetryPolicy::default()
                .attempts(attempts)
                .within(Duration::from_millis(within))
                .pauses(Duration::from_millis(base), Duration::from_millis(cap));
            let start = Instant::now();
            let mut backoff = Backoff::new(policy, start);
            let (mut now, mut made) = (start, 1u32);
            for (n, (took, random)) in failures.into_iter().enumerate() {
                now += Duration::from_millis(took);
                let Some(pause) = backoff.pause(now, random) else { break };
                let longest = (u128::from(base) << n.min(64)).min(u128::from(cap)) as u64;
                prop_assert!(pause <= Duration::from_millis(longest));
                now += pause;
                made += 1;
                prop_assert!(now <= start + Duration::from_millis(within));
                prop_assert!(made <= attempts);
            }
        }
    }

    #[test]
    fn eight_attempts_that_double_up_to_the_cap() {
        let start = Instant::now();
        let mut backoff = Backoff::new(RetryPolicy::default(), start);
        let pauses: Vec<_> = std::iter::from_fn(|| backoff.pause(start, 1.0)).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 15000, 15000].map(Duration::from_millis));
    }

    #[test]
    fn nothing_begins_after_the_deadline_not_even_at_once() {
        let start = Instant::now();
        let policy = RetryPolicy::default().within(Duration::ZERO).pauses(Duration::ZERO, Duration::ZERO);
        let mut backoff = Backoff::new(policy, start);
        assert_eq!(backoff.pause(start, 0.0), Some(Duration::ZERO));
        assert_eq!(backoff.pause(start + Duration::from_millis(1), 0.0), None);
    }

    #[test]
    fn endless_patience_is_cut_to_a_day() {
        let start = Instant::now();
        let endless = RetryPolicy::default().within(Duration::MAX).pauses(Duration::MAX, Duration::MAX);
        let day = Duration::from_secs(86_400);
        assert_eq!(Backoff::new(endless, start).pause(start, 1.0), Some(day));
    }

    #[test]
    fn a_wait_beyond_the_deadline_ends_the_call_unless_the_portal_named_its_end() {
        let start = Instant::now();
        let long = Duration::from_secs(180);
        let policy = RetryPolicy::default().pauses(long, long).within(long);
        assert_eq!(Backoff::new(policy, start).pause(start, 1.0), Some(long));
        let later = start + Duration::from_secs(1);
        assert_eq!(Backoff::new(policy, start).pause(later, 1.0), None);
        let mut backoff = Backoff::new(policy, start);
        backoff.go_on_until(later);
        assert_eq!(backoff.pause(later, 1.0), Some(long));
    }
}
