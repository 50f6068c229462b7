//! The portal's leaky bucket, seen from this side.

use std::time::{Duration, Instant};

/// How fast one portal may be asked: its leaky bucket, counted by portal and caller's IP, and the work time that it
/// grants each method.
///
/// Each request adds 1, `per_second` drain away, above `burst` the portal refuses. The default is what most plans
/// allow; Enterprise portals allow 250 and 5. That other programs share the bucket shows in refusals: then calls go
/// out more slowly for a while.
///
/// ```
/// use b24bot_actions::Limits;
///
/// let enterprise = Limits::default().burst(250).per_second(5.0);
/// assert_eq!(enterprise.work_time, 480.0);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How many requests fit at once; at least 1.
    pub burst: u32,
    /// How many drain away in a second; from 0.001 to 1,000,000.
    pub per_second: f64,
    /// How many seconds of work a method may take of the portal within ten minutes; from 1 to 600. Portals on own
    /// servers grant 420.
    pub work_time: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { burst: 50, per_second: 2.0, work_time: 480.0 }
    }
}

impl Limits {
    /// How many requests fit at once.
    #[must_use]
    pub const fn burst(mut self, requests: u32) -> Self {
        self.burst = requests;
        self
    }

    /// How many requests drain away in a second.
    #[must_use]
    pub const fn per_second(mut self, requests: f64) -> Self {
        self.per_second = requests;
        self
    }

    /// How many seconds of work a method may take of the portal within ten minutes.
    #[must_use]
    pub const fn work_time(mut self, seconds: f64) -> Self {
        self.work_time = seconds;
        self
    }

    /// True when a bucket can be made of them.
    pub(crate) fn are_sound(&self) -> bool {
        self.burst >= 1 && (0.001..=1e6).contains(&self.per_second) && (1.0..=600.0).contains(&self.work_time)
    }
}

/// The bucket drains in eighths of its speed.
const EIGHTHS: u32 = 8;

/// After a refusal the bucket gets back an eighth of its speed each time so much has passed without another one.
const RECOVERY: Duration = Duration::from_secs(15);

/// What the bucket says to one more request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Now,
    /// Not before so much time has passed.
    In(Duration),
    /// Not before a request that is under way has been answered.
    AfterAnswer,
}

/// The bucket as a state machine: no clock, no waiting.
///
/// When a request reaches the portal is known only to lie between its departure and its answer. So it weighs from its
/// departure on and drains from its answer on: the level here is never below the portal's own, however long requests
/// are under way, and nobody is refused as long as nobody else calls.
///
/// A refusal says that others call. The level is full then, whatever was counted; and since the others go on, half the
/// speed is left to them. It comes back by and by.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// What one request adds: the eighths of nanoseconds that it takes to drain at full speed.
    one: u128,
    full: u128,
    under_way: u32,
    /// Of answered requests, at `as_of`.
    level: u128,
    as_of: Option<Instant>,
    speed: u32,
    slowed_at: Option<Instant>,
    /// When the next eighth comes back.
    faster_at: Option<Instant>,
}

impl Bucket {
    /// An empty bucket. The limits are taken as sound.
    pub(crate) fn new(limits: Limits) -> Self {
        // Rounded up, so that the rate is never exceeded.
        let one = (1e9 / limits.per_second).ceil() as u128 * u128::from(EIGHTHS);
        let full = one * u128::from(limits.burst);
        Self {
            one,
            full,
            under_way: 0,
            level: 0,
            as_of: None,
            speed: EIGHTHS,
            slowed_at: None,
            faster_at: None,
        }
    }

    /// Whether a request may go out.
    pub(crate) fn room(&mut self, now: Instant) -> Room {
        self.drain(now);
        let over = (self.weight() + self.one).saturating_sub(self.full);
        if over == 0 {
            Room::Now
        } else if over > self.level {
            Room::AfterAnswer
        } else {
            Room::In(self.time_to_drain(over, now))
        }
    }

    /// How many requests may go out at once.
    pub(crate) fn free(&mut self, now: Instant) -> u32 {
        self.drain(now);
        let free = self.full.saturating_sub(self.weight()) / self.one;
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// Whether so little of it is taken that calls need not share requests.
    pub(crate) fn is_nearly_empty(&mut self, now: Instant) -> bool {
        self.drain(now);
        self.weight() * 16 < self.full
    }

    /// How many requests have departed and are not answered.
    pub(crate) const fn under_way(&self) -> u32 {
        self.under_way
    }

    /// A request goes out.
    pub(crate) const fn depart(&mut self) {
        self.under_way += 1;
    }

    /// A request that was to go out stayed here.
    pub(crate) const fn stay(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// A request was answered, or given up.
    pub(crate) fn answered(&mut self, now: Instant) {
        self.drain(now);
        self.under_way = self.under_way.saturating_sub(1);
        self.level += self.one;
    }

    /// A request that departed at `sent` was refused: the portal's bucket is full, whatever was counted here. Those
    /// that were refused together slow the bucket once.
    pub(crate) fn refused(&mut self, sent: Instant, now: Instant) {
        self.drain(now);
        self.under_way = self.under_way.saturating_sub(1);
        self.level = self.level.max(self.full.saturating_sub(self.one * u128::from(self.under_way)));
        if self.slowed_at.is_none_or(|slowed| sent > slowed) {
            self.speed = (self.speed / 2).max(1);
            self.slowed_at = Some(now);
        }
        self.faster_at = (self.speed < EIGHTHS).then(|| now + RECOVERY);
    }

    fn weight(&self) -> u128 {
        self.level + self.one * u128::from(self.under_way)
    }

    fn drain(&mut self, now: Instant) {
        let Some(mut from) = self.as_of.replace(now) else { return };
        // Clocks of several threads are compared: none may run backwards here.
        if now < from {
            self.as_of = Some(from);
            return;
        }
        while let Some(faster_at) = self.faster_at.filter(|at| *at <= now) {
            self.drain_evenly(from, faster_at.max(from));
            from = faster_at.max(from);
            self.speed += 1;
            self.faster_at = (self.speed < EIGHTHS).then(|| faster_at + RECOVERY);
        }
        self.drain_evenly(from, now);
    }

    fn drain_evenly(&mut self, from: Instant, to: Instant) {
        let drained = to.saturating_duration_since(from).as_nanos() * u128::from(self.speed);
        self.level = self.level.saturating_sub(drained);
    }

    /// How long it takes from `now`, the moment it was drained to.
    fn time_to_drain(&self, mut over: u128, now: Instant) -> Duration {
        let (mut speed, mut faster_at, mut from) = (self.speed, self.faster_at, now);
        while let Some(until) = faster_at {
            let drained = until.saturating_duration_since(from).as_nanos() * u128::from(speed);
            if drained >= over {
                break;
            }
            over -= drained;
            from = until;
            speed += 1;
            faster_at = (speed < EIGHTHS).then(|| until + RECOVERY);
        }
        let nanos = over.div_ceil(u128::from(speed));
        from.saturating_duration_since(now) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
