//! What is counted. The names are promises to whoever reads the metrics.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const REQUESTS: &str = "b24bot_rest_requests_total";
const CALLS: &str = "b24bot_rest_calls_total";
const QUEUED: &str = "b24bot_actions_queued";

/// Says once what the numbers mean.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "HTTP requests sent to portals, by method and outcome");
    describe_counter!(CALLS, Unit::Count, "REST calls, repetitions counted once, by method and outcome");
    describe_gauge!(QUEUED, Unit::Count, "Calls waiting for a slot in a portal's request limit");
}

/// One HTTP request has ended.
pub(crate) fn request(method: &str, outcome: &'static str) {
    counter!(REQUESTS, "method" => method.to_owned(), "outcome" => outcome).increment(1);
}

/// One call has ended, whatever its number of requests.
pub(crate) fn call(method: &str, outcome: &'static str) {
    counter!(CALLS, "method" => method.to_owned(), "outcome" => outcome).increment(1);
}

/// Counts a call as waiting until the value is dropped.
pub(crate) fn queued() -> impl Drop {
    struct Queued;
    impl Drop for Queued {
        fn drop(&mut self) {
            gauge!(QUEUED).decrement(1.0);
        }
    }
    gauge!(QUEUED).increment(1.0);
    Queued
}
