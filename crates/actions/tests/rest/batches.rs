//! Calls that leave together.

use std::{sync::Arc, time::Duration};

use b24bot_actions::{
    Call, Client, ErrorCode, ErrorKind, LikeAction, Limits, Overflow, Portals, Repeat, RetryPolicy,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::portal::{Asked, Portal, Reply, error, ok, quick};

/// A client whose first call has filled the bucket: what it calls next waits together.
async fn crowded(portal: &Portal, per_second: f64) -> Client {
    let limits = Limits::default().burst(1).per_second(per_second);
    let client = quick().limits(limits).webhook(portal.webhook()).build().unwrap().webhook_client().unwrap();
    client.call::<Value>("server.time", &()).await.unwrap();
    client
}

fn commands(asked: &Asked) -> Vec<String> {
    assert_eq!((asked.method.as_str(), &asked.body["halt"]), ("batch", &json!(0)));
    let commands = asked.body["cmd"].as_object().unwrap();
    (0..commands.len()).map(|at| commands[&format!("c{at}")].as_str().unwrap().to_owned()).collect()
}

/// The answer to a batch whose calls were all answered with `true`, but for those.
fn batch(calls: usize, failed: &[(usize, &str)]) -> Reply {
    let name = |at: usize| format!("c{at}");
    let failures: serde_json::Map<_, _> = failed
        .iter()
        .map(|(at, code)| (name(*at), json!({ "error": code, "error_description": "x" })))
        .collect();
    let results: serde_json::Map<_, _> = (0..calls)
        .filter(|at| !failures.contains_key(&name(*at)))
        .map(|at| (name(at), json!(true)))
        .collect();
    ok(
        json!({ "result": results, "result_error": failures, "result_total": [], "result_next": [], "result_time": [] }),
    )
}

#[tokio::test]
async fn what_queues_up_leaves_together_and_each_caller_gets_its_own_answer() {
    let portal = Portal::start([ok(1), batch(4, &[(1, "WITHOUT_CHANGES"), (2, "ACCESS_ERROR")])]).await;
    let client = crowded(&portal, 20.0).await;
    let likes = (5..9).map(|message| client.like(message.into(), LikeAction::Plus));
    let answers = join_all(likes).await;
    let codes: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().err().and_then(|error| error.code())).collect();
    assert_eq!(codes, [None, Some(&ErrorCode::WithoutChanges), Some(&ErrorCode::AccessError), None]);
    assert!(answers[0].as_ref().unwrap().result);
    let asked = portal.asked();
    assert_eq!(asked.len(), 2);
    let expected = (5..9).map(|message| format!("im.message.like?ACTION=plus&MESSAGE_ID={message}"));
    assert_eq!(commands(&asked[1]), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn of_likes_and_unlikes_of_a_message_only_the_last_goes_out() {
    let portal = Portal::start([ok(1), batch(2, &[])]).await;
    let client = crowded(&portal, 20.0).await;
    let marks = [
        (5, LikeAction::Plus),
        (6, LikeAction::Plus),
        (5, LikeAction::Minus),
        (5, LikeAction::Plus),
        (5, LikeAction::Minus),
    ];
    let answers = join_all(marks.map(|(message, action)| client.like(message.into(), action))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().result));
    let expected = ["im.message.like?ACTION=minus&MESSAGE_ID=5", "im.message.like?ACTION=plus&MESSAGE_ID=6"];
    assert_eq!(commands(&portal.asked()[1]), expected);
}

#[tokio::test]
async fn who_was_replaced_is_on_his_own_when_the_later_one_gives_up() {
    let portal = Portal::start([ok(1), ok(true)]).await;
    let client = crowded(&portal, 4.0).await;
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.like(5.into(), LikeAction::Plus).await }
    });
    tokio::task::yield_now().await;
    let later = client.within(Duration::from_millis(20)).like(5.into(), LikeAction::Minus).await.unwrap_err();
    assert_eq!(later.kind(), &ErrorKind::Expired);
    assert!(first.await.unwrap().unwrap().result);
    assert_eq!(portal.asked()[1].body, json!({ "MESSAGE_ID": 5, "ACTION": "plus" }));
}

#[tokio::test]
async fn what_batches_do_not_take_goes_alone_at_once_and_from_then_on() {
    let portal =
        Portal::start([ok(1), batch(2, &[(0, "ERROR_BATCH_METHOD_NOT_ALLOWED")]), ok(7), ok(true), ok(8)])
            .await;
    let client = crowded(&portal, 50.0).await;
    let call = |method: &'static str| client.call::<Value>(method, &());
    let (odd, other) = tokio::join!(call("odd.method"), call("profile"));
    assert_eq!((odd.unwrap(), other.unwrap()), (json!(7), json!(true)));
    let (odd, other) = tokio::join!(call("odd.method"), call("profile"));
    assert!(odd.is_ok() && other.is_ok());
    let mut methods = portal.methods();
    methods[3..].sort_unstable();
    assert_eq!(methods, ["server.time", "batch", "odd.method", "odd.method", "profile"]);
}

#[tokio::test]
async fn a_batch_that_is_in_doubt_is_repeated_only_for_what_does_no_harm_and_in_parts() {
    let portal =
        Portal::start([ok(1), Reply::Text(502, "<html>".to_owned()), batch(2, &[]), batch(2, &[])]).await;
    let client = crowded(&portal, 50.0).await;
    let likes = join_all((1..=4).map(|message| client.like(message.into(), LikeAction::Plus)));
    let (likes, toggle) = tokio::join!(likes, client.like(9.into(), LikeAction::Auto));
    assert!(likes.into_iter().all(|like| like.unwrap().result));
    assert_eq!(toggle.unwrap_err().repeat(), Repeat::IfIdempotent);
    let asked = portal.asked();
    assert_eq!(commands(&asked[1]).len(), 5);
    let mut again: Vec<_> = asked[2..].iter().flat_map(commands).collect();
    again.sort_unstable();
    assert_eq!(
        again,
        [1, 2, 3, 4].map(|message| format!("im.message.like?ACTION=plus&MESSAGE_ID={message}"))
    );
}

#[tokio::test]
async fn a_refused_batch_goes_out_again_whatever_is_in_it() {
    let portal = Portal::start([ok(1), error(503, "QUERY_LIMIT_EXCEEDED"), batch(2, &[])]).await;
    let limits = Limits::default().burst(1).per_second(20.0);
    let at_once = RetryPolicy::default().pauses(Duration::ZERO, Duration::ZERO);
    let portals = quick().retry(at_once).limits(limits).webhook(portal.webhook()).build().unwrap();
    let client = portals.webhook_client().unwrap();
    client.call::<Value>("server.time", &()).await.unwrap();
    let write = |text: &'static str| {
        let call =
            Call::new("im.message.add").params(&json!({ "DIALOG_ID": "27", "MESSAGE": text })).unwrap();
        client.send::<bool>(call)
    };
    let (first, second) = tokio::join!(write("a"), write("b"));
    assert!(first.unwrap().result && second.unwrap().result);
    let asked = portal.asked();
    assert_eq!(commands(&asked[1]), commands(&asked[2]));
}

#[tokio::test]
async fn a_batch_that_is_refused_for_being_one_is_taken_apart() {
    let too_long = || Reply::Text(413, "<html>".to_owned());
    let portal = Portal::start([ok(1), too_long(), batch(2, &[]), batch(1, &[])]).await;
    let client = crowded(&portal, 50.0).await;
    portal.prepare([]);
    let writes = join_all((0..4).map(|dialog| {
        let to = json!({ "DIALOG_ID": dialog.to_string(), "MESSAGE": "hi" });
        client.send::<Value>(Call::new("im.message.add").params(&to).unwrap())
    }));
    let answers = tokio::time::timeout(Duration::from_secs(20), writes).await.unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3, "{answers:?}");
    let asked = portal.asked();
    assert_eq!(asked[1..].iter().map(|asked| commands(asked).len()).collect::<Vec<_>>(), [4, 2, 2]);
}

#[tokio::test]
async fn what_json_says_and_a_query_does_not_goes_alone() {
    let portal = Portal::start([ok(1), ok(2), ok(3)]).await;
    let client = crowded(&portal, 50.0).await;
    let send = |params: Value| client.send::<u8>(Call::new("im.message.update").params(&params).unwrap());
    let empty = json!({ "MESSAGE_ID": 5, "KEYBOARD": [] });
    let reference = json!({ "MESSAGE_ID": 6, "MESSAGE": "$result[c0]" });
    let (first, second) = tokio::join!(send(empty.clone()), send(reference.clone()));
    assert!(first.is_ok() && second.is_ok());
    let mut bodies: Vec<_> = portal.asked()[1..].iter().map(|asked| asked.body.clone()).collect();
    bodies.sort_by_key(|body| body["MESSAGE_ID"].as_u64());
    assert_eq!(bodies, [empty, reference]);
}

#[tokio::test]
async fn tokens_of_different_bots_share_no_request() {
    let portal = Portal::start([ok(1), batch(2, &[]), batch(2, &[])]).await;
    let limits = Limits::default().burst(1).per_second(50.0);
    let portals = quick().limits(limits).build().unwrap();
    let client = |token: &str| {
        portals
            .token_client(Some(&"m1".to_owned().into()), &portal.url("/rest/"), token.to_owned().into())
            .unwrap()
    };
    let (one, two) = (client("t1"), client("t2"));
    one.call::<Value>("server.time", &()).await.unwrap();
    let calls = [&one, &two, &one, &two].map(|client| client.call::<Value>("profile", &()));
    assert!(join_all(calls).await.into_iter().all(|answer| answer.is_ok()));
    let tokens: Vec<_> = portal.asked()[1..].iter().map(|asked| asked.body["auth"].clone()).collect();
    assert!(tokens == ["t1", "t2"] || tokens == ["t2", "t1"], "{tokens:?}");
}

#[tokio::test]
async fn a_full_queue_refuses_or_makes_wait() {
    let slow = |portal: &Portal, overflow| {
        let limits = Limits::default().burst(1).per_second(0.001);
        let portals: Portals =
            quick().limits(limits).queue(2, overflow).webhook(portal.webhook()).build().unwrap();
        portals.webhook_client().unwrap()
    };
    let portal = Portal::start([ok(1), ok(1)]).await;
    for (overflow, kind) in [(Overflow::Refuse, ErrorKind::QueueFull), (Overflow::Wait, ErrorKind::Expired)] {
        let client = slow(&portal, overflow);
        client.call::<Value>("profile", &()).await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.call::<Value>("profile", &()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let hurried = client.within(Duration::from_millis(20));
        let failed = hurried.call::<Value>("profile", &()).await.unwrap_err();
        assert_eq!((failed.kind(), failed.repeat()), (&kind, Repeat::Later));
        // One who leaves makes room.
        waiting.into_iter().for_each(|call| call.abort());
        tokio::task::yield_now().await;
        let failed = hurried.call::<Value>("profile", &()).await.unwrap_err();
        assert_eq!(failed.kind(), &ErrorKind::Expired);
    }
}

#[tokio::test]
async fn calls_in_bulk_leave_room_for_urgent_ones() {
    let portal = Portal::start([ok(1)]).await;
    let limits = Limits::default().burst(1).per_second(0.001);
    let portals =
        quick().limits(limits).queue(4, Overflow::Refuse).webhook(portal.webhook()).build().unwrap();
    let client = portals.webhook_client().unwrap();
    client.call::<Value>("profile", &()).await.unwrap();
    let waiting = |client: &Client| {
        let client = client.clone();
        tokio::spawn(async move { client.call::<Value>("profile", &()).await })
    };
    let bulk = client.in_bulk();
    let calls = [waiting(&bulk), waiting(&bulk), waiting(&bulk)];
    tokio::task::yield_now().await;
    assert_eq!(bulk.call::<Value>("profile", &()).await.unwrap_err().kind(), &ErrorKind::QueueFull);
    let urgent = waiting(&client);
    tokio::task::yield_now().await;
    assert!(!urgent.is_finished(), "it waits to leave");
    assert_eq!(client.call::<Value>("profile", &()).await.unwrap_err().kind(), &ErrorKind::QueueFull);
    // What is urgent may have it all.
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let urgent = waiting(&client);
        tokio::task::yield_now().await;
        assert!(!urgent.is_finished());
    }
    assert_eq!(bulk.call::<Value>("profile", &()).await.unwrap_err().kind(), &ErrorKind::QueueFull);
}

#[tokio::test]
async fn patience_ends_a_call_that_is_under_way() {
    let portal = Portal::start([Reply::Hang]).await;
    let client = portal.client().within(Duration::from_millis(50));
    let failed = client.call::<Value>("im.message.add", &()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::TimedOut, Repeat::IfIdempotent));
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_the_rest_in_doubt() {
    let some = ok(json!({ "result": { "c0": true }, "result_error": [] }));
    let portal = Portal::start([ok(1), some, ok(true)]).await;
    let client = crowded(&portal, 50.0).await;
    let (first, second) =
        tokio::join!(client.like(5.into(), LikeAction::Plus), client.like(6.into(), LikeAction::Plus));
    assert!(first.unwrap().result && second.unwrap().result);
    assert_eq!(portal.asked()[2].body, json!({ "MESSAGE_ID": 6, "ACTION": "plus" }));
}

#[tokio::test]
async fn a_portal_that_is_stuck_keeps_no_other_waiting() {
    let stuck = Portal::start(vec![Reply::Hang; 20]).await;
    let well = Portal::start(vec![ok(true); 20]).await;
    let portals = Arc::new(quick().build().unwrap());
    let client = |portal: &Portal, name: &str| {
        portals
            .token_client(Some(&name.to_owned().into()), &portal.url("/rest/"), "t".to_owned().into())
            .unwrap()
    };
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let client = client(&stuck, "stuck");
            tokio::spawn(async move { client.call::<Value>("profile", &()).await })
        })
        .collect();
    for _ in 0..20 {
        assert!(client(&well, "well").call::<bool>("profile", &()).await.unwrap());
    }
    assert!(waiting.iter().all(|call| !call.is_finished()));
    waiting.into_iter().for_each(|call| call.abort());
}
