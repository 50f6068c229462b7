//! What becomes of an event that a handler failed with.

use std::{
    any::type_name,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24bot_actions::{Portals, RetryPolicy, WebhookUrl};
use b24bot_core::{Depth, Inbox, Progress, Settled};
use b24bot_dispatcher::{Order, Retries};
use proptest::prelude::*;

use crate::setup::{Obedient, Setup, message};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// The progress in the only outcome.
fn dead(settled: &[(u64, Settled)]) -> &Progress {
    match settled {
        [(_, Settled::Dead(progress))] => progress,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_dialog_waits_for_what_failed_and_no_other_does() {
    let ran =
        Setup::new().retries(Retries::default()).with("h").run(&["1 fail_twice", "1 next", "2 other"]).await;
    assert_eq!(ran.messages(), ["2 other", "1 fail_twice", "1 next"]);
    assert_eq!(ran.times[0], Duration::ZERO);
    assert!(ran.times[1] > seconds(4.0) && ran.times[1] < seconds(5.1), "{:?}", ran.times);
    let first: Vec<_> =
        ran.settled().into_iter().filter(|(id, _)| *id == 1).map(|(_, outcome)| outcome).collect();
    let [Settled::Retry(once), Settled::Retry(twice), Settled::Done] = &first[..] else {
        panic!("{first:?}")
    };
    assert_eq!((once.attempts, twice.attempts), (1, 2));
    assert_eq!(once.error, "as told");
    assert!(once.failed_at.abs_diff(now()) < 60_000);
    assert!((800..=1000).contains(&(once.due - once.failed_at)), "{once:?}");
    assert!((3200..=4000).contains(&(twice.due - twice.failed_at)), "{twice:?}");
}

#[tokio::test(start_paused = true)]
async fn later_events_pass_what_failed_if_they_may() {
    let retries = Retries::default().order(Order::Pass);
    let ran = Setup::new().retries(retries).with("h").run(&["1 fail_once", "1 a", "1 sleep", "1 b"]).await;
    assert_eq!(
        ran.messages(),
        ["1 a", "1 sleep", "1 fail_once", "1 b"],
        "ahead of what waits when it is due"
    );
}

#[tokio::test(start_paused = true)]
async fn what_fails_always_is_set_aside_after_the_last_attempt() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&told);
    let setup = Setup::new().retries(Retries::default()).with("h").change(|dispatcher| {
        dispatcher.on_error(move |failure| {
            hook.lock()
                .unwrap()
                .push((failure.attempt, failure.again_in.map(|pause| pause.as_secs_f64().ceil())));
        })
    });
    let ran = setup.run(&["1 fail", "1 next"]).await;
    let told = told.lock().unwrap();
    let attempts: Vec<_> = told.iter().map(|(attempt, _)| *attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5]);
    assert!(told[..4].iter().all(|(_, again)| again.is_some()) && told[4].1.is_none(), "{told:?}");
    assert_eq!(ran.messages(), ["1 next"], "the dialog goes on");
    assert_eq!(ran.depth(), Depth::new(0, 1));
    let settled = ran.settled();
    let Settled::Dead(progress) = &settled[4].1 else { panic!("{settled:?}") };
    assert_eq!((progress.attempts, progress.error.as_str(), progress.due), (5, "as told", 0));
    assert!(ran.took > seconds(68.0 - 0.1) && ran.took < seconds(85.1), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_tried_again() {
    let ran = Setup::new().retries(Retries::default()).with("h").run(&["1 panic_once"]).await;
    assert_eq!(ran.messages(), ["1 panic_once"]);
    assert_eq!(ran.failures, ["1: panicked: as told"]);
}

#[tokio::test(start_paused = true)]
async fn a_final_error_sets_the_event_aside_at_once() {
    for (text, error) in
        [("1 give_up", "given up: no such order"), ("1 reply", "ONIMBOTMESSAGEADD: no credentials")]
    {
        let ran = Setup::new().retries(Retries::default()).with("h").run(&[text]).await;
        let settled = ran.settled();
        assert!(dead(&settled).error.starts_with(error), "{settled:?}");
        assert_eq!(dead(&settled).attempts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn one_final_error_is_enough_whatever_others_say() {
    let ran = Setup::new().retries(Retries::default()).with("a").with("b").run(&["1 b_gives_up"]).await;
    let settled = ran.settled();
    let progress = dead(&settled);
    assert_eq!(progress.error, "as told; given up: no such order");
    assert_eq!((progress.attempts, &progress.finished), (1, &Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn only_handlers_that_were_not_content_are_called_again() {
    let setup = Setup::new().retries(Retries::default()).with("a").with("b").with("c");
    let ran = setup.run(&["1 b_fails_once"]).await;
    let calls: Vec<_> = ran.log.iter().filter(|line| !line.contains("ONIM")).collect();
    assert_eq!(calls, ["a: 1 b_fails_once", "c: 1 b_fails_once", "b: 1 b_fails_once"]);
    let Settled::Retry(progress) = &ran.settled()[0].1 else { panic!("{:?}", ran.settled()) };
    let name = type_name::<Obedient>();
    assert_eq!(progress.finished, [name.to_owned(), format!("{name}#3")]);
}

/// The store says that both replies were sent in an earlier attempt: nothing is called, nobody listens there.
#[tokio::test]
async fn what_each_handler_does_is_recorded_for_the_event_under_its_name() {
    let webhook = WebhookUrl::parse("http://127.0.0.1:9/rest/1/abc123/").unwrap();
    let portals = Portals::builder().webhook(webhook).retry(RetryPolicy::never()).build().unwrap();
    let ran = Setup::on(portals).with("a").with("b").run(&["1 fine", "1 reply"]).await;
    assert_eq!(ran.messages(), ["1 fine", "1 fine", "1 reply", "1 reply"], "{:?}", ran.failures);
    let effects = ran.shelf.effects.lock().unwrap();
    let name = type_name::<Obedient>();
    let [(2, a), (2, b)] = &effects[..] else { panic!("{effects:?}") };
    assert!(a.starts_with(&format!("{name}/imbot.message.add/")), "{a}");
    assert!(b.starts_with(&format!("{name}#2/imbot.message.add/")), "{b}");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_an_attempt_is_waited_for_and_counted_on() {
    for order in [Order::Wait, Order::Pass] {
        let setup = Setup::new().retries(Retries::default().order(order)).with("a").with("b");
        let mut progress = Progress::default();
        progress.attempts = 4;
        progress.due = now() + 60_000;
        progress.finished = vec![type_name::<Obedient>().to_owned()];
        setup.shelf.add(message(1, "1 fail"), Some(progress));
        setup.shelf.add(message(2, "1 next"), None);
        setup.shelf.add(message(3, "2 other"), None);
        let ran = setup.run(&[]).await;
        assert!(ran.took > seconds(59.0) && ran.took < seconds(60.1), "{:?}", ran.took);
        let last = match order {
            Order::Wait => ["2 other", "2 other", "1 next", "1 next"],
            Order::Pass => ["1 next", "2 other", "1 next", "2 other"],
        };
        let (mut messages, mut expected) = (ran.messages(), last.to_vec());
        if order == Order::Pass {
            // Two dialogs side by side: in any order.
            messages.sort_unstable();
            expected.sort_unstable();
        }
        assert_eq!(messages, expected);
        assert_eq!(ran.failures, ["1: as told"], "the first handler is not called again");
        assert_eq!(ran.depth(), Depth::new(0, 1), "it was the fifth attempt");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumped_does_not_make_an_event_wait_for_ever() {
    let setup = Setup::new().retries(Retries::default()).with("h");
    let mut progress = Progress::default();
    progress.due = u64::MAX;
    setup.shelf.add(message(1, "1 a"), Some(progress));
    let ran = setup.run(&[]).await;
    assert_eq!(ran.times, [Duration::from_secs(300)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_purged_while_it_waited_is_not_tried_again() {
    let setup = Setup::new().retries(Retries::default()).with("h");
    setup.shelf.add(message(1, "1 fail"), None);
    let shelf = Arc::new(setup.shelf);
    let running = tokio::spawn(setup.dispatcher.run(Arc::<crate::shelf::Shelf>::clone(&shelf)));
    tokio::time::sleep(seconds(0.1)).await;
    shelf.forget(1);
    shelf.close();
    running.await.unwrap().unwrap();
    assert_eq!(shelf.settled().len(), 1, "the first attempt's");
}

#[tokio::test(start_paused = true)]
async fn what_is_purged_while_it_waits_for_its_turn_is_not_handled() {
    let setup = Setup::new().retries(Retries::default()).with("h");
    setup.shelf.add(message(1, "1 fail_once"), None);
    setup.shelf.add(message(2, "1 fine"), None);
    setup.shelf.add(message(3, "1 fine"), None);
    let shelf = Arc::new(setup.shelf);
    let running = tokio::spawn(setup.dispatcher.run(Arc::<crate::shelf::Shelf>::clone(&shelf)));
    tokio::time::sleep(seconds(0.1)).await;
    shelf.forget(2);
    shelf.close();
    running.await.unwrap().unwrap();
    let done: Vec<u64> = shelf
        .settled()
        .into_iter()
        .filter(|(_, outcome)| *outcome == Settled::Done)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(done, [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_age_of_what_a_person_asked_for_again_counts_from_then() {
    let setup = Setup::new().with("h").change(|dispatcher| dispatcher.max_age(Duration::from_secs(60)));
    let mut old = message(1, "1 old");
    old.received_at = now() - 61_000;
    setup.shelf.add(old, Some(Progress::default().asked_again(now() - 1_000)));
    assert_eq!(setup.run(&[]).await.messages(), ["1 old"]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_too_long_is_set_aside_unhandled() {
    let setup = Setup::new().with("h").change(|dispatcher| dispatcher.max_age(Duration::from_secs(60)));
    let mut old = message(1, "1 old");
    old.received_at = now() - 61_000;
    setup.shelf.add(old, None);
    let mut young = message(2, "1 young");
    young.received_at = now() - 30_000;
    setup.shelf.add(young, None);
    let ran = setup.run(&[]).await;
    assert_eq!(ran.messages(), ["1 young"]);
    assert_eq!(dead(&ran.settled()[..1]).error, "waited longer than 60s");
}

#[tokio::test]
async fn a_long_error_is_kept_in_one_line_of_some_length() {
    let ran = Setup::new().with("h").run(&["1 long"]).await;
    let settled = ran.settled();
    let error = &dead(&settled).error;
    assert!(error.starts_with("a bccc") && error.len() == 2000, "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever fails how often: every event is settled for good once, and dialogs keep their order.
    #[test]
    fn dialogs_keep_their_order_through_failures(
        messages in proptest::collection::vec((1..4_u8, prop_oneof![
            Just("fine"), Just("fail"), Just("fail_once"), Just("fail_twice"), Just("panic_once"), Just("give_up"),
        ]), 1..30),
    ) {
        let texts: Vec<_> = messages.iter().map(|(dialog, text)| format!("{dialog} {text}")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let ran = runtime.block_on(async { Setup::new().retries(Retries::default()).with("h").run(&texts).await });
        let ended: Vec<_> =
            ran.settled().into_iter().filter(|(_, outcome)| !matches!(outcome, Settled::Retry(_))).collect();
        prop_assert_eq!(ended.len(), messages.len());
        for dialog in 1..4 {
            let of_dialog = |id: &u64| messages[usize::try_from(*id - 1).unwrap()].0 == dialog;
            let given: Vec<u64> = (1..=messages.len() as u64).filter(of_dialog).collect();
            let settled: Vec<u64> = ended.iter().map(|(id, _)| *id).filter(of_dialog).collect();
            prop_assert_eq!(settled, given);
        }
    }
}
