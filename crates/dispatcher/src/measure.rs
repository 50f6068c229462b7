//! What is counted. The names are promises to whoever reads the metrics.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, histogram};

const SECONDS: &str = "b24bot_handler_seconds";
const RETRIES: &str = "b24bot_handler_retries_total";

/// Says once what the numbers mean.
pub(crate) fn describe() {
    describe_counter!(RETRIES, Unit::Count, "Attempts to handle an event, the first of each not counted");
    counter!(RETRIES).increment(0);
}

/// All handlers have been called in one attempt.
pub(crate) fn handled(took: Duration) {
    histogram!(SECONDS).record(took);
}

/// An event is tried again.
pub(crate) fn retry() {
    counter!(RETRIES).increment(1);
}
