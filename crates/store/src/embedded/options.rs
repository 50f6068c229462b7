//! What an embedded store may hold, and for how long.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What an embedded store may hold, and for how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EmbeddedOptions {
    /// Entries that wait or were set aside; beyond, nothing new is taken. 1,000,000 unless told.
    pub max_events: u64,
    /// Bytes of their bodies; beyond, nothing new is taken. 4 GB unless told. The files can be larger, in the worst case
    /// twice that: pages are not always full, and what was written last stands in the log as well.
    pub max_size: u64,
    /// Whether that room is shared between portals, as it is unless told: a portal may have at most as many events, and as
    /// many bytes, as there is room left. So one portal gets half of it, and when that is full only its own events are
    /// refused. `false` where there is only one portal, which may have it all.
    pub share_room: bool,
    /// How long repeats of an event are recognised: 3 days unless told.
    pub remember: Duration,
    /// How long an entry that was set aside is kept: 30 days unless told.
    pub keep_dead: Duration,
    /// The time, in milliseconds since 1970.
    pub(crate) now: fn() -> u64,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            max_events: 1_000_000,
            max_size: 4_000_000_000,
            share_room: true,
            remember: 3 * day,
            keep_dead: 30 * day,
            now,
        }
    }
}

fn now() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
