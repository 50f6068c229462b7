//! How a dispatcher comes to its end.

use std::time::Duration;

use b24bot_core::{Depth, InboxErrorKind};
use b24bot_dispatcher::Retries;

use crate::setup::{Setup, message};

#[tokio::test(start_paused = true)]
async fn what_a_durable_store_keeps_is_not_waited_for() {
    let ran =
        Setup::new().retries(Retries::default()).durable().with("h").run(&["1 fail", "1 next", "2 a"]).await;
    assert_eq!(ran.messages(), ["2 a"]);
    assert_eq!((ran.took, ran.drained.unwrap().left), (Duration::ZERO, 2));
}

#[tokio::test(start_paused = true)]
async fn what_would_be_lost_is_waited_for() {
    let ran = Setup::new().retries(Retries::default()).with("h").run(&["1 fail_once", "1 next", "2 a"]).await;
    assert_eq!(ran.messages(), ["2 a", "1 fail_once", "1 next"]);
    assert_eq!(ran.drained.unwrap().left, 0);
}

#[tokio::test(start_paused = true)]
async fn the_limit_breaks_off_what_runs_and_begins_nothing() {
    let setup = Setup::new().retries(Retries::default()).with("h").durable();
    let drain = setup.dispatcher.drain();
    drain.within(Duration::from_secs(25));
    let ran = setup.run(&["1 sleep", "1 next", "2 a", "3 fail"]).await;
    assert_eq!(ran.took, Duration::from_secs(25));
    assert_eq!(ran.messages(), ["2 a"]);
    assert_eq!(ran.depth(), Depth::new(3, 0), "the rest stays stored");
    assert_eq!(ran.drained.unwrap().left, 3);
}

#[tokio::test(start_paused = true)]
async fn within_the_limit_a_stop_waits_for_handlers_and_no_longer() {
    let setup = Setup::new().with("h");
    let drain = setup.dispatcher.drain();
    drain.within(Duration::from_secs(2 * 3600));
    let ran = setup.run(&["1 sleep", "1 next"]).await;
    assert_eq!(ran.messages(), ["1 sleep", "1 next"]);
    assert_eq!((ran.took, ran.drained.unwrap().left), (Duration::from_secs(3600), 0));
}

#[tokio::test(start_paused = true)]
async fn the_limit_ends_it_though_the_store_was_not_closed() {
    let setup = Setup::new().with("h");
    setup.shelf.add(message(1, "1 a"), None);
    setup.dispatcher.drain().within(Duration::from_secs(1));
    let ran = setup.go().await;
    assert_eq!((ran.messages(), ran.took), (vec!["1 a"], Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn what_was_given_out_is_handled_before_a_broken_store_is_reported() {
    let mut setup = Setup::new().with("h");
    setup.shelf.broken = true;
    let ran = setup.run(&["1 sleep", "1 next"]).await;
    assert_eq!(ran.messages(), ["1 sleep", "1 next"]);
    assert_eq!(ran.drained.unwrap_err().kind(), InboxErrorKind::Storage);
}
