//! What is counted. The names are promises to whoever reads the metrics.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const REQUESTS: &str = "b24bot_rest_requests_total";
const CALLS: &str = "b24bot_rest_calls_total";
const QUEUED: &str = "b24bot_actions_queued";
const HELD: &str = "b24bot_rest_held_total";

/// Says once what the numbers mean.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "HTTP requests sent to portals, by method and outcome");
    describe_counter!(CALLS, Unit::Count, "REST calls, repetitions counted once, by method and outcome");
    describe_gauge!(QUEUED, Unit::Count, "Calls waiting to leave for their portal");
    describe_counter!(
        HELD,
        Unit::Count,
        "REST calls that had to wait for their method's work time, by method"
    );
}

/// One HTTP request has ended.
pub(crate) fn request(method: &str, outcome: &'static str) {
    counter!(REQUESTS, "method" => method.to_owned(), "outcome" => outcome).increment(1);
}

/// One call has ended, whatever its number of requests.
pub(crate) fn call(method: &str, outcome: &'static str) {
    counter!(CALLS, "method" => method.to_owned(), "outcome" => outcome).increment(1);
}

/// A call has to wait since its method's work time is used up, or nearly.
pub(crate) fn held(method: &str) {
    counter!(HELD, "method" => method.to_owned()).increment(1);
}

/// A call that waits, counted until the value is dropped.
#[derive(Debug)]
pub(crate) struct Queued(());

impl Queued {
    pub(crate) fn new() -> Self {
        gauge!(QUEUED).increment(1.0);
        Self(())
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        gauge!(QUEUED).decrement(1.0);
    }
}
