//! Stopping in good order and in a hurry: what is left is stored, and the next start goes on with it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are worth knowing")]

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use b24bot_tests::{
    Durable, Habits, Kind, Load, Mood, Program, Recorder, Tally, Terms, event, eventually, seed,
};

const DRAIN: &str = "drain = \"1s\"";

/// The id of a dialog's message.
fn id(dialog: u64, nth: u64) -> u64 {
    dialog * 1_000_000 + nth
}

/// Posts three messages in each of four dialogs, first a wish for tea.
async fn post_some(program: &Program) {
    for dialog in 1..=4 {
        for (nth, kind) in (1..).zip([Kind::Tea, Kind::Thanks, Kind::Tea]) {
            assert_eq!(program.post(event(id(dialog, nth), kind)).await.status(), 200);
        }
    }
}

#[tokio::test]
async fn while_the_portal_hangs_a_bot_stops_in_time_and_its_next_start_does_the_rest() {
    for second in [false, true] {
        let portal = Recorder::start().await;
        let bot = Durable::new(&portal, Terms { server: DRAIN, ..Terms::default() });
        portal.is(Mood::Hanging);
        let mut program = bot.run().await;
        post_some(&program).await;
        eventually("a request of each dialog", || async { (portal.arrived() == 4).then_some(()) }).await;

        let told = Instant::now();
        program.signal("TERM");
        if second {
            eventually("it stops", || async { program.output().contains("stopping").then_some(()) }).await;
            program.signal("TERM");
        }
        assert_eq!(program.ended().await, Some(if second { 130 } else { 0 }), "{program:?}");
        let took = told.elapsed();
        assert!(took < Duration::from_secs(5), "it took {took:?} to stop: {program:?}");
        assert!(second || took > Duration::from_millis(900), "it did not wait for the portal: {took:?}");
        let done = portal.done();
        assert_eq!((done.likes.len(), done.replies.len(), portal.arrived()), (0, 0, 4), "{done:?}");

        portal.is(Mood::Well);
        let program = bot.run().await;
        program.drained(Duration::from_secs(20)).await;
        let done = portal.done();
        println!("stops: second signal {second}: stopped after {took:?}; then {done:?}");
        let (liked, replied): (HashSet<u64>, HashSet<u64>) =
            (done.likes.keys().copied().collect(), done.replies.keys().copied().collect());
        assert_eq!(liked, (1..=4).map(|dialog| id(dialog, 2)).collect());
        assert_eq!(replied, (1..=4).map(|dialog| id(dialog, 3)).collect());
        // The first wish of each dialog was on its way when the bot stopped.
        let aside: HashSet<u64> = bot.aside().await.into_keys().collect();
        assert_eq!(aside, (1..=4).map(|dialog| id(dialog, 1)).collect());
        assert!(done.replies.values().all(|times| *times == 1), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_and_starting_under_load_loses_nothing_and_leaves_nothing_in_doubt() {
    let seed = seed("stops");
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms::default());
    let load = Load::start(Habits { people: 8, ..Habits::default() }, seed);
    for _ in 0..8 {
        let mut program = bot.run().await;
        load.doors(&[program.door().await]);
        tokio::time::sleep(Duration::from_millis(250)).await;
        program.signal("TERM");
        assert_eq!(program.ended().await, Some(0), "{program:?}");
    }
    let program = bot.run().await;
    load.doors(&[program.door().await]);
    let ledger = load.stop().await;
    program.drained(Duration::from_secs(30)).await;
    let tally = Tally::of(&ledger, &portal.done(), &bot.aside().await);
    tally.demand("stops");
    assert_eq!((tally.replies_aside, tally.liked_again), (0, 0), "a stop in good order is no crash: {tally}");
}

#[tokio::test]
async fn a_store_is_one_process_s() {
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms::default());
    let mut first = bot.run().await;
    let second = Program::to_end(&["run"], Some(bot.config()), &[]).await;
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another process (pid ") && said.contains("[store]"), "{said}");
    // The first one goes on.
    assert_eq!(first.post(event(id(1, 1), Kind::Thanks)).await.status(), 200);
    first.drained(Duration::from_secs(20)).await;
    assert_eq!(portal.done().likes.len(), 1);

    first.kill().await;
    let after = bot.run().await;
    assert_eq!(after.post(event(id(1, 1), Kind::Thanks)).await.status(), 200, "the lock died with its owner");
    after.drained(Duration::from_secs(20)).await;
    assert_eq!(portal.done().likes[&id(1, 1)], 1, "and the repeat is recognised");
}
