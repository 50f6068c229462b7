//! How long the authorization server is left alone about one portal.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Grows with every failure in a row, from a second to a minute; so it does with renewals in quick succession: a portal
/// that refuses what was renewed just now will not be content with the next pair either.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    failures: u32,
    /// How many renewals in a row came within a minute of the one before.
    hasty: u32,
    renewed: Option<Instant>,
    until: Option<Instant>,
}

impl Pauses {
    /// When it may be asked again, if not now.
    pub(crate) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// There is no new pair.
    pub(crate) fn failed(&mut self, now: Instant) -> Instant {
        self.failures = self.failures.saturating_add(1);
        self.rest(self.failures, now)
    }

    /// There is a new pair.
    pub(crate) fn renewed(&mut self, now: Instant) {
        let is_hasty = self.renewed.is_some_and(|before| now.saturating_duration_since(before) < LONGEST);
        self.hasty = if is_hasty { self.hasty.saturating_add(1) } else { 0 };
        (self.failures, self.until, self.renewed) = (0, None, Some(now));
        if self.hasty > 0 {
            self.rest(self.hasty, now);
        }
    }

    fn rest(&mut self, times: u32, now: Instant) -> Instant {
        let doubled = 1u32.checked_shl(times - 1).unwrap_or(u32::MAX);
        let until = now + FIRST.saturating_mul(doubled).min(LONGEST);
        self.until = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks as soon as it may, and says how long each pause was.
    fn pauses(mut step: impl FnMut(&mut Pauses, Instant), times: usize) -> Vec<u64> {
        let (mut pauses, mut now) = (Pauses::default(), Instant::now());
        let mut seen = Vec::new();
        for _ in 0..times {
            step(&mut pauses, now);
            let until = pauses.until(now).unwrap_or(now);
            seen.push((until - now).as_secs());
            now = until;
            assert_eq!(pauses.until(now), None);
        }
        seen
    }

    #[test]
    fn failures_are_followed_by_growing_pauses() {
        let failed = pauses(|pauses, now| _ = pauses.failed(now), 9);
        assert_eq!(failed, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn renewals_in_quick_succession_too_but_not_one_an_hour() {
        let hasty = pauses(Pauses::renewed, 9);
        assert_eq!(hasty, [0, 1, 2, 4, 8, 16, 32, 60, 0]);
        let (mut pauses, start) = (Pauses::default(), Instant::now());
        for hour in 0..50 {
            let now = start + Duration::from_secs(3600) * hour;
            pauses.renewed(now);
            assert_eq!(pauses.until(now), None);
        }
    }

    #[test]
    fn a_renewal_ends_the_pauses_of_failures() {
        let (mut pauses, start) = (Pauses::default(), Instant::now());
        for _ in 0..40 {
            pauses.failed(start);
        }
        pauses.renewed(start);
        assert_eq!(pauses.until(start), None);
        assert_eq!(pauses.failed(start), start + FIRST);
    }
}
