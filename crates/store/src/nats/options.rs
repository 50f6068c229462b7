//! What a store on NATS may hold, and for how long.

use std::time::Duration;

/// What a store on NATS may hold, and for how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NatsOptions {
    /// Starts the names of its streams (`PREFIX_events` …) and subjects (`PREFIX.>`), so that several bots can share a
    /// server: letters, digits, `-` and `_`. `b24bot` unless told.
    pub prefix: String,
    /// Entries that wait or were set aside; beyond, nothing new is taken. Counted about once a second across all
    /// machines, so a little more can come in. 1,000,000 unless told.
    pub max_events: u64,
    /// Bytes of the stream of events, which holds what waits and, for `remember`, what was handled. When it is three
    /// quarters full, what was handled goes early; when it is full, nothing new is taken. 4 GB unless told.
    pub max_size: u64,
    /// How long repeats of an event are recognised: 3 days unless told. The server holds a key for each event of that
    /// time in memory, about 150 bytes.
    pub remember: Duration,
    /// The longest that an entry waits, for the backstop that clears away what belonged to it: 7 days unless told.
    pub max_age: Duration,
    /// How long an entry that was set aside is kept: 30 days unless told.
    pub keep_dead: Duration,
    /// On how many servers of a cluster everything is kept: 1, 3 or 5; 1 unless told.
    pub replicas: usize,
    /// How long after its last sign of life a machine's work is taken over by others: 5 seconds unless told, at least
    /// half a second and at most an hour. All machines must say the same.
    pub lease: Duration,
}

/// The longest that anything is kept: longer times cannot be told to the server.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl NatsOptions {
    /// With times that can be reckoned with.
    pub(crate) fn bounded(mut self) -> Self {
        for time in [&mut self.remember, &mut self.max_age, &mut self.keep_dead] {
            *time = LONGEST.min(*time);
        }
        self.lease = self.lease.clamp(Duration::from_millis(500), Duration::from_secs(3_600));
        self
    }
}

impl Default for NatsOptions {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            prefix: "b24bot".into(),
            max_events: 1_000_000,
            max_size: 4_000_000_000,
            remember: 3 * day,
            max_age: 7 * day,
            keep_dead: 30 * day,
            replicas: 1,
            lease: Duration::from_secs(5),
        }
    }
}
