//! What portals do to each other, and that one can be paused.

use std::time::Duration;

use b24bot_core::{Depth, Inbox, Lane};

use crate::setup::{Setup, message_of};

#[tokio::test(start_paused = true)]
async fn a_portal_whose_dialogs_are_all_stuck_keeps_no_other_waiting() {
    for lanes in [false, true] {
        let mut setup = Setup::new().with("h").change(|dispatcher| dispatcher.concurrency(8));
        if lanes {
            // They say nothing of the portal.
            let by_dialog = |event: &b24bot_core::Event| Lane::from(format!("{:?}", event.dialog()));
            setup = setup.change(|dispatcher| dispatcher.lanes(by_dialog));
        }
        for id in 1..=20 {
            setup.shelf.add(message_of("stuck", id, &format!("{id} sleep")), None);
        }
        for id in 21..=40 {
            setup.shelf.add(message_of("well", id, &format!("{id} fine")), None);
        }
        setup.shelf.close();
        let ran = setup.go().await;
        let messages = ran.messages();
        assert!(messages[..20].iter().all(|message| message.ends_with("fine")), "{messages:?}");
        // Four places at a time, for an hour each: the portals that are well need none of the others.
        assert_eq!((messages.len(), ran.took), (40, Duration::from_secs(5 * 3600)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_portal_waits_in_the_store_and_goes_on_in_order() {
    let setup = Setup::new().with("h").durable();
    let pauses = setup.dispatcher.pauses();
    pauses.pause("m");
    for (id, text) in [(1, "1 a"), (2, "1 b"), (3, "2 c")] {
        setup.shelf.add(message_of("m", id, text), None);
    }
    setup.shelf.add(message_of("n", 4, "1 sleep"), None);
    setup.shelf.close();
    let going_on = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        pauses.resume("m");
    });
    let ran = setup.go().await;
    going_on.await.unwrap();
    assert_eq!(ran.messages(), ["1 a", "2 c", "1 b", "1 sleep"]);
    assert!(ran.times[..3].iter().all(|time| *time == Duration::from_secs(60)), "{:?}", ran.times);
}

#[tokio::test(start_paused = true)]
async fn what_a_pause_keeps_is_left_to_the_next_start() {
    for durable in [true, false] {
        let mut setup = Setup::new().with("h");
        setup.shelf.durable = durable;
        setup.dispatcher.pauses().pause("m");
        setup.shelf.add(message_of("m", 1, "1 a"), None);
        setup.shelf.add(message_of("n", 2, "1 b"), None);
        setup.shelf.close();
        let ran = setup.go().await;
        assert_eq!((ran.messages(), ran.depth()), (vec!["1 b"], Depth::new(1, 0)));
        assert_eq!(ran.drained.unwrap().left, 1);
    }
}
