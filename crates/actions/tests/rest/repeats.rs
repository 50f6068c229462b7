//! What is repeated, and what never.

use std::time::Duration;

use b24bot_actions::{Call, ErrorCode, ErrorKind, LikeAction, Limits, Repeat, RetryPolicy};
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener, time::Instant};

use crate::portal::{Portal, Reply, SECRET, error, ok, quick};

#[tokio::test]
async fn a_refused_call_goes_out_again_whatever_it_is() {
    let portal =
        Portal::start([error(503, "QUERY_LIMIT_EXCEEDED"), error(429, "QUERY_LIMIT_EXCEEDED"), ok(true)])
            .await;
    let answer = portal.client().like(5.into(), LikeAction::Auto).await.unwrap();
    assert!(answer.result);
    assert_eq!(answer.time.finish, 1_772_625_908.5);
    let asked = portal.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.body == json!({ "MESSAGE_ID": 5, "ACTION": "auto" })));
}

#[tokio::test]
async fn a_refusal_fills_the_bucket() {
    let portal = Portal::start([error(503, "QUERY_LIMIT_EXCEEDED"), ok(1), ok(2)]).await;
    let portals = quick()
        .limits(Limits::default().burst(3).per_second(20.0))
        .webhook(portal.webhook())
        .build()
        .unwrap();
    let start = Instant::now();
    let client = portals.webhook_client().unwrap();
    client.call::<u8>("profile", &()).await.unwrap();
    // Of three slots one is taken, and yet the next request waits for one to drain.
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    client.call::<u8>("profile", &()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!(portal.methods().len(), 3);
}

#[tokio::test]
async fn work_time_is_waited_for_if_its_end_is_known() {
    let limited =
        |time| Reply::Text(429, json!({ "error": "OPERATION_TIME_LIMIT", "time": time }).to_string());
    let soon = json!({ "finish": 999.95, "operating_reset_at": 1000 });
    let portal = Portal::start([limited(soon), ok(true)]).await;
    let start = Instant::now();
    assert!(portal.client().call::<bool>("im.message.add", &()).await.unwrap());
    assert!(start.elapsed() >= Duration::from_millis(49), "{:?}", start.elapsed());
    assert_eq!(portal.methods().len(), 2);
}

#[tokio::test]
async fn without_work_time_a_method_waits_and_others_go_on() {
    let time = json!({ "finish": 1000, "operating": 480, "operating_reset_at": 1500 });
    let limited = Reply::Text(429, json!({ "error": "OPERATION_TIME_LIMIT", "time": time }).to_string());
    let portal = Portal::start([limited, ok(2), ok(3)]).await;
    let client = portal.client();
    let held = tokio::spawn({
        let client = client.clone();
        async move { client.call::<u8>("im.message.add", &()).await }
    });
    while portal.is_expecting(3) {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.call::<u8>("profile", &()).await.unwrap(), 2);
    let failed = client.within(Duration::from_millis(1)).call::<u8>("im.message.add", &()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::Expired, Repeat::Later));
    assert_eq!(client.call::<u8>("profile", &()).await.unwrap(), 3);
    assert_eq!(portal.methods(), ["im.message.add", "profile", "profile"]);
    assert!(!held.is_finished());
    held.abort();
}

#[tokio::test]
async fn a_call_without_an_answer_is_repeated_only_if_that_does_no_harm() {
    for (action, requests) in [(LikeAction::Plus, 2), (LikeAction::Minus, 2), (LikeAction::Auto, 1)] {
        let portal = Portal::start([Reply::Hang].into_iter().chain((requests == 2).then(|| ok(true)))).await;
        let portals = quick().timeout(Duration::from_millis(800)).webhook(portal.webhook()).build().unwrap();
        let result = portals.webhook_client().unwrap().like(5.into(), action).await;
        match result {
            Ok(answer) => assert!(answer.result && requests == 2),
            Err(failed) => {
                assert_eq!(failed.kind(), &ErrorKind::TimedOut);
                assert_eq!((failed.repeat(), requests), (Repeat::IfIdempotent, 1));
            }
        }
        assert_eq!(portal.methods().len(), requests);
    }
}

#[tokio::test]
async fn a_broken_connection_is_in_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/rest/1/{SECRET}/", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move {
        let mut accepted = 0;
        // Reads something of each request and hangs up.
        for _ in 0..4 {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.read_u8().await.unwrap();
            accepted += 1;
        }
        accepted
    });
    let client = quick().webhook(webhook.parse().unwrap()).build().unwrap().webhook_client().unwrap();
    // One request for what must not be done twice, three for what may.
    for call in [Call::new("im.message.add"), Call::new("profile")] {
        let failed = client.send::<bool>(call).await.unwrap_err();
        assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::Transport, Repeat::IfIdempotent));
    }
    assert_eq!(accepted.await.unwrap(), 4);
}

#[tokio::test]
async fn without_a_connection_nothing_is_in_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let webhook = format!("http://{address}/rest/1/{SECRET}/").parse().unwrap();
    let client = quick().webhook(webhook).build().unwrap().webhook_client().unwrap();
    let failed = client.call::<bool>("im.message.add", &()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::Connect, Repeat::Later));
}

#[tokio::test]
async fn patience_ends_with_the_attempts() {
    let portal = Portal::start(vec![error(503, "QUERY_LIMIT_EXCEEDED"); 1]).await;
    let portals = quick().retry(RetryPolicy::never()).webhook(portal.webhook()).build().unwrap();
    let failed = portals.webhook_client().unwrap().call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::QueryLimitExceeded));
    assert_eq!(portal.methods().len(), 1);
}

#[tokio::test]
async fn no_request_begins_after_the_deadline() {
    let portal = Portal::start([error(503, "QUERY_LIMIT_EXCEEDED")]).await;
    let retry =
        RetryPolicy::default().pauses(Duration::ZERO, Duration::ZERO).within(Duration::from_millis(50));
    // The refusal fills a bucket that takes seconds to drain.
    let limits = Limits::default().burst(1).per_second(0.1);
    let portals = quick().retry(retry).limits(limits).webhook(portal.webhook()).build().unwrap();
    let start = Instant::now();
    let failed = portals.webhook_client().unwrap().call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::QueryLimitExceeded));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(portal.methods().len(), 1);
}
