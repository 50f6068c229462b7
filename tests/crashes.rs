//! `kill -9` at any moment, again and again under load: what was acknowledged takes effect, and messages are sent once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are worth knowing")]

use std::time::{Duration, Instant};

use b24bot_tests::{Durable, Habits, Load, Recorder, Tally, Terms, seed};

/// `B24BOT_CRASH_ROUNDS=500` makes it a longer one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_any_number_of_crashes() {
    let rounds: u32 = std::env::var("B24BOT_CRASH_ROUNDS").map_or(50, |rounds| rounds.parse().unwrap());
    let seed = seed("crashes");
    let mut chance = fastrand::Rng::with_seed(seed);
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms::default());
    let begun = Instant::now();

    let load = Load::start(Habits::default(), seed);
    let (mut early, mut slowest) = (0, Duration::ZERO);
    for _ in 0..rounds {
        let started = Instant::now();
        let mut program = bot.start();
        if chance.u8(..5) == 0 {
            tokio::time::sleep(Duration::from_millis(chance.u64(..80))).await;
            program.kill().await;
            early += 1;
            continue;
        }
        load.doors(&[program.door().await]);
        slowest = slowest.max(started.elapsed());
        tokio::time::sleep(Duration::from_millis(chance.u64(50..600))).await;
        program.kill().await;
    }
    let program = bot.run().await;
    load.doors(&[program.door().await]);
    let ledger = load.stop().await;
    let drained = program.drained(Duration::from_secs(60)).await;

    println!(
        "crashes: {rounds} rounds, {early} of them killed while starting, in {:?}; slowest start {slowest:?}; \
         nothing waited {drained:?} after the last message",
        begun.elapsed()
    );
    let tally = Tally::of(&ledger, &portal.done(), &bot.aside().await);
    tally.demand("crashes");
    assert!(tally.acknowledged > 10 * rounds as usize, "too little was tried: {tally}");
}
