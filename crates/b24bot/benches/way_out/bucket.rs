//! The platform's leaky bucket: each request adds 1, above `burst` it is refused, `per_second` drain away all the time.

use std::{
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use b24bot::actions::Limits;

/// Its level is the moment at which it will have drained.
#[derive(Debug)]
pub(crate) struct Bucket {
    one: u64,
    full: u64,
    empty_at: u64,
}

impl Bucket {
    pub(crate) fn new(limits: Limits) -> Self {
        let one = (1e9 / limits.per_second) as u64;
        Self { one, full: one * u64::from(limits.burst), empty_at: 0 }
    }

    /// From when on one more request fits.
    pub(crate) fn room_at(&self) -> u64 {
        self.empty_at.saturating_sub(self.full - self.one)
    }

    /// Adds a request that fits.
    pub(crate) fn add(&mut self, now: u64) {
        self.empty_at = self.empty_at.max(now) + self.one;
    }
}

/// Nanoseconds by a clock that all processes share. It is read once: a step of it later moves nothing.
pub(crate) fn moment() -> u64 {
    static START: LazyLock<(Instant, Duration)> =
        LazyLock::new(|| (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap()));
    u64::try_from((START.1 + START.0.elapsed()).as_nanos()).unwrap()
}
