//! A portal that errs in every way for a while, under load: when it is well again everything is made up for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are worth knowing")]

use std::time::Duration;

use b24bot_tests::{Durable, Habits, Load, Mood, Recorder, Tally, Terms, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_portal_could_not_do_while_it_was_ill_is_done_when_it_is_well() {
    let seed = seed("ill");
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms { retry: "attempts = 100", ..Terms::default() });
    let program = bot.run().await;
    let load = Load::start(Habits { pause: Duration::from_millis(30), ..Habits::default() }, seed);
    load.doors(&[program.door().await]);
    let mut arrived = 0;
    for mood in [Mood::Well, Mood::Ill, Mood::Well, Mood::Hanging, Mood::Ill, Mood::Well] {
        portal.is(mood);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        println!("ill: {mood:?}: {} requests", portal.arrived() - arrived);
        arrived = portal.arrived();
    }
    let ledger = load.stop().await;
    let drained = program.drained(Duration::from_secs(90)).await;
    println!("ill: {arrived} requests; handled {drained:?} after the last message");
    let tally = Tally::of(&ledger, &portal.done(), &bot.aside().await).likes_in_any_order();
    tally.demand("ill");
    assert!(ledger.refusals().is_empty(), "an ill portal is no reason to refuse events: {tally}");
    assert!(tally.liked_again > 0 && tally.replies_aside > 0, "it was hardly ill: {tally}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_while_the_portal_is_ill_double_no_message() {
    let seed = seed("ill and crashes");
    let mut chance = fastrand::Rng::with_seed(seed);
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms { retry: "attempts = 100", ..Terms::default() });
    let load = Load::start(Habits { people: 8, pause: Duration::from_millis(30), ..Habits::default() }, seed);
    portal.is(Mood::Ill);
    for _ in 0..10 {
        let mut program = bot.run().await;
        load.doors(&[program.door().await]);
        tokio::time::sleep(Duration::from_millis(chance.u64(100..500))).await;
        program.kill().await;
    }
    portal.is(Mood::Well);
    let program = bot.run().await;
    load.doors(&[program.door().await]);
    let ledger = load.stop().await;
    program.drained(Duration::from_secs(60)).await;
    let tally = Tally::of(&ledger, &portal.done(), &bot.aside().await).likes_in_any_order();
    tally.demand("ill and crashes");
}
