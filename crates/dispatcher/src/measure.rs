//! What is counted. The names are promises to whoever reads the metrics.

use std::time::Duration;

use metrics::{Counter, Histogram, Unit, counter, describe_counter, histogram};

const SECONDS: &str = "b24bot_handler_seconds";
const RETRIES: &str = "b24bot_handler_retries_total";

/// Kept, since to find one by its name takes longer than to count.
pub(crate) struct Measures {
    seconds: Histogram,
    retries: Counter,
}

impl Measures {
    /// Those of the recorder that is installed by now.
    pub(crate) fn new() -> Self {
        describe_counter!(RETRIES, Unit::Count, "Attempts to handle an event, the first of each not counted");
        Self { seconds: histogram!(SECONDS), retries: counter!(RETRIES) }
    }

    /// All handlers have been called in one attempt.
    pub(crate) fn handled(&self, took: Duration) {
        self.seconds.record(took);
    }

    /// An event is tried again.
    pub(crate) fn retry(&self) {
        self.retries.increment(1);
    }
}
