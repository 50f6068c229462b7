//! The request limit: one leaky bucket per caller.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::clock::Moment;

/// Each request adds 1; what would rise above `burst` is refused; `per_second` drains away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) burst: f64,
    pub(crate) per_second: f64,
}

/// What sums of fractions may be off.
const ROUNDING: f64 = 1e-6;

impl Limit {
    /// What all plans have but the largest.
    pub(crate) const PLATFORM: Self = Self { burst: 50.0, per_second: 2.0 };
}

/// The buckets of all callers. `None` as limit lets everything pass.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    pub(crate) limit: Option<Limit>,
    levels: HashMap<IpAddr, (f64, Moment)>,
}

impl Buckets {
    pub(crate) fn new(limit: Option<Limit>) -> Self {
        Self { limit, levels: HashMap::new() }
    }

    /// Counts one request; false when it has to be refused. A refused request adds nothing.
    pub(crate) fn admit(&mut self, caller: IpAddr, now: Moment) -> bool {
        let Some(limit) = self.limit else { return true };
        let (level, at) = self.levels.entry(caller).or_insert((0.0, now));
        *level = (*level - now.since(*at).as_secs_f64() * limit.per_second).max(0.0);
        *at = now.max(*at);
        let admitted = *level + 1.0 <= limit.burst + ROUNDING;
        if admitted {
            *level += 1.0;
        }
        admitted
    }

    pub(crate) fn empty(&mut self) {
        self.levels.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;
    use std::time::{Duration, UNIX_EPOCH};

    const CALLER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn platform() -> Buckets {
        Buckets::new(Some(Limit::PLATFORM))
    }

    #[test]
    fn fifty_at_once_then_two_a_second() {
        let mut buckets = platform();
        let start = Moment::from_seconds(1000);
        assert_eq!((0..60).filter(|_| buckets.admit(CALLER, start)).count(), 50);
        assert_eq!((0..60).filter(|_| buckets.admit(CALLER, start.plus_seconds(1))).count(), 2);
        assert_eq!((0..60).filter(|_| buckets.admit(CALLER, start.plus_seconds(100))).count(), 50);
    }

    #[test]
    fn the_next_place_is_free_after_exactly_half_a_second() {
        let mut buckets = platform();
        let at = |milliseconds| Moment::of(UNIX_EPOCH + Duration::from_millis(milliseconds));
        while buckets.admit(CALLER, at(0)) {}
        // Each refusal is a chance to lose a fraction.
        for milliseconds in 1..500 {
            assert!(!buckets.admit(CALLER, at(milliseconds)), "after {milliseconds} ms");
        }
        assert!(buckets.admit(CALLER, at(500)));
        assert!(!buckets.admit(CALLER, at(999)) && buckets.admit(CALLER, at(1000)));
    }

    #[test]
    fn callers_do_not_share_a_bucket() {
        let mut buckets = platform();
        let now = Moment::from_seconds(1000);
        while buckets.admit(CALLER, now) {}
        assert!(buckets.admit(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), now));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_drain(waits in proptest::collection::vec(0_u64..5, 1..200)) {
            let mut buckets = platform();
            let (mut seconds, mut admitted) = (0, 0_u64);
            for wait in waits {
                seconds += wait;
                admitted += u64::from(buckets.admit(CALLER, Moment::from_seconds(seconds)));
                prop_assert!(admitted <= 50 + 2 * seconds);
            }
        }
    }
}
