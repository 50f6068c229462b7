//! Order, concurrency, and what errors do to others.

use std::time::Duration;

use b24bot_actions::Portals;
use b24bot_core::{Depth, Lane};
use b24bot_dispatcher::Retries;

use crate::setup::Setup;

#[tokio::test(start_paused = true)]
async fn a_dialog_keeps_its_order_and_a_slow_one_stalls_no_other() {
    let ran = Setup::new().with("h").run(&["1 sleep", "1 next", "2 a", "2 b"]).await;
    assert_eq!(ran.messages(), ["2 a", "2 b", "1 sleep", "1 next"]);
    assert_eq!(ran.depth(), Depth::new(0, 0));
}

#[tokio::test(start_paused = true)]
async fn dialogs_are_handled_at_the_same_time_up_to_the_bound() {
    let together = Setup::new().with("h").run(&["1 meet", "2 meet"]).await;
    assert_eq!(together.messages().len(), 2, "two that wait for each other finish");

    let alone = Setup::new().with("h").change(|dispatcher| dispatcher.concurrency(1));
    let stuck = tokio::time::timeout(Duration::from_secs(3600), alone.run(&["1 meet", "2 meet"])).await;
    assert!(stuck.is_err(), "with one place, neither can");
}

#[tokio::test]
async fn an_error_and_a_panic_are_reported_and_harm_nobody_else() {
    let ran = Setup::new().with("a").with("b").run(&["1 fail", "1 panic", "1 fine"]).await;
    assert_eq!(ran.failures, ["1: as told", "1: as told", "1: panicked: as told", "1: panicked: as told"]);
    let fine: Vec<_> = ran.log.iter().filter(|line| line.ends_with("fine")).collect();
    assert_eq!(fine, ["a: 1 fine", "b: 1 fine"]);
    assert_eq!(ran.depth(), Depth::new(0, 2));
}

#[tokio::test]
async fn a_panicking_error_hook_harms_nobody() {
    let setup = Setup::new().with("a").change(|dispatcher| dispatcher.on_error(|_| panic!("the hook too")));
    let ran = setup.run(&["1 fail", "1 unspeakable", "1 fine"]).await;
    assert_eq!(ran.log.last().unwrap(), "a: 1 fine");
    assert_eq!(ran.depth(), Depth::new(0, 2));
}

#[tokio::test]
async fn every_event_comes_to_all_handlers_in_turn() {
    let ran = Setup::new().with("a").with("b").run(&["1 x"]).await;
    assert_eq!(ran.log, ["a: ONIMBOTMESSAGEADD", "a: 1 x", "b: ONIMBOTMESSAGEADD", "b: 1 x"]);
}

#[tokio::test(start_paused = true)]
async fn the_user_decides_what_belongs_together() {
    for durable in [false, true] {
        let mut setup = Setup::new().with("h");
        setup.shelf.durable = durable;
        setup.shelf.loads_to_fail = u32::from(durable).into();
        let setup = setup.change(|dispatcher| dispatcher.lanes(|_| Lane::from("one".to_owned())));
        let ran = setup.run(&["1 sleep", "2 a"]).await;
        assert_eq!(ran.messages(), ["1 sleep", "2 a"]);
        let lanes: Vec<_> = ran.shelf.settled_entries().into_iter().map(|entry| entry.lane).collect();
        let known = ["m/5/1", "m/5/2"].map(|lane| Lane::from(lane.to_owned()));
        assert_eq!(lanes, known, "the store hears of the lane it knows");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_ours_is_skipped_and_not_settled() {
    for lanes in [None, Some(|_: &b24bot_core::Event| Lane::from("one".to_owned()))] {
        let mut setup = Setup::new().with("h").durable();
        if let Some(lanes) = lanes {
            setup = setup.change(|dispatcher| dispatcher.lanes(lanes));
        }
        for id in 1..=2 {
            setup.shelf.add(crate::setup::message(id, "1 a"), None);
        }
        setup.shelf.forget(1);
        let ran = setup.run(&[]).await;
        let settled: Vec<_> = ran.settled().into_iter().map(|(id, _)| id).collect();
        assert_eq!((settled, ran.messages().len()), (vec![2], 1));
        assert_eq!(ran.drained.unwrap().left, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_now_is_read_later_and_keeps_its_lane_waiting() {
    let mut setup = Setup::new().with("h").durable();
    setup.shelf.loads_to_fail = 1.into();
    // Held by another event, so that it does not come to its end before.
    let ran = setup.run(&["1 a", "1 b", "2 sleep"]).await;
    assert_eq!(ran.messages(), ["1 a", "1 b", "2 sleep"]);
    assert_eq!(ran.times[0], Duration::from_secs(30));
}

#[tokio::test]
async fn an_outcome_that_cannot_be_recorded_stops_nothing() {
    let mut setup = Setup::new().with("h");
    setup.shelf.settles_to_fail = 1.into();
    let ran = setup.run(&["1 a", "1 b"]).await;
    assert_eq!(ran.messages(), ["1 a", "1 b"]);
    assert_eq!(ran.settled().len(), 1);
}

/// Calls through it find nobody.
fn nobody() -> Portals {
    let webhook = "http://127.0.0.1:9/rest/1/invented/".parse().unwrap();
    Portals::builder().webhook(webhook).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_lets_others_pass_keeps_nobody_waiting() {
    let ran = Setup::on(nobody()).with("h").run(&["1 like", "1 a", "1 b"]).await;
    assert_eq!(ran.messages(), ["1 a", "1 b", "1 like"]);
    assert_eq!(ran.settled().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_passes_before_the_last_handler_is_at_work() {
    let ran = Setup::on(nobody()).with("a").with("b").run(&["1 like", "1 next"]).await;
    let handled: Vec<_> = ran.log.iter().filter(|line| !line.contains("ONIM")).collect();
    assert_eq!(handled, ["a: 1 like", "a: 1 next", "b: 1 next", "b: 1 like"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_let_others_pass_is_tried_again_beside_them() {
    let retries = Retries::default();
    let ran = Setup::on(nobody()).retries(retries).with("h").run(&["1 like_and_fail", "1 a"]).await;
    assert_eq!(ran.messages(), ["1 a", "1 like_and_fail"]);
}
