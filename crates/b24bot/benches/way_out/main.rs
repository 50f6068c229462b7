//! How much of what a portal's limit allows is used, from a like that is wanted to its arrival, against a portal in a
//! process of its own that keeps its leaky bucket as the platform does. Beside each figure stands the least possible.
//!
//! - `burst`: thousands of likes at once
//! - `slow`: the same, at a portal that takes its time for each call
//! - `trickle`: likes that events ask for one by one, through the program itself
//! - `alone`: one like, nothing else to do
//! - `memory`: what a portal costs that has nothing to do
//! - `stuck`: portals beside one that does not answer
//! - `flood`: the same through the program itself, where events of that portal keep coming
//!
//! `cargo bench -p b24bot --bench way_out`; with `-- burst` only that, with `-- --quick` a tenth of everything, to see
//! whether it runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench has nobody else to tell"
)]

mod alone;
mod bucket;
mod burst;
mod figures;
mod flood;
mod memory;
mod portal;
mod program;
mod server;
mod stuck;
mod trickle;

use std::time::Duration;

use b24bot::actions::Limits;

const CASES: [&str; 7] = ["burst", "slow", "trickle", "alone", "memory", "stuck", "flood"];

/// What one batch holds.
const BATCH: usize = 50;

const PER_SECOND: f64 = 40.0;

fn main() {
    // `--bench` is from cargo.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => return server::serve(&arguments[1..]),
        Some("idle") => return memory::like_and_idle(&arguments[1..]),
        _ => {}
    }
    let (options, names): (Vec<_>, Vec<_>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    assert!(options.iter().all(|option| *option == "--quick"), "of options there is --quick");
    assert!(names.iter().all(|name| CASES.contains(name)), "of cases there are {}", CASES.join(", "));
    let part = if options.is_empty() { 1 } else { 10 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for case in CASES.into_iter().filter(|case| names.is_empty() || names.contains(case)) {
        runtime.block_on(measure(case, part));
    }
}

async fn measure(case: &str, part: u32) {
    let limits = limits(50 / part, PER_SECOND);
    let many = u64::from(1000 / part);
    match case {
        "burst" => burst::measure(16 * many, limits, Duration::ZERO, 1.05).await,
        "slow" => burst::measure(8 * many, limits, Duration::from_millis(1), 1.1).await,
        "trickle" => {
            trickle::measure(5 * many, u64::from(200 / part), limits).await;
            trickle::measure(5 * many, 1, limits).await;
        }
        "alone" => alone::measure(many).await,
        "memory" => memory::measure(many),
        "stuck" => stuck::measure(many).await,
        _ => flood::measure(many).await,
    }
}

fn limits(burst: u32, per_second: f64) -> Limits {
    let mut limits = Limits::default();
    (limits.burst, limits.per_second) = (burst, per_second);
    limits
}
