//! What is counted, under the promised names.

use std::collections::BTreeMap;

use b24bot_actions::Limits;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::portal::{Portal, Reply, error, ok, quick};

fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let entries = snapshotter.snapshot().into_vec().into_iter();
    let named = entries.map(|(key, _, _, value)| {
        let labels: Vec<_> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(level) => level.into_inner(),
            DebugValue::Histogram(_) => f64::NAN,
        };
        (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
    });
    named.collect()
}

#[tokio::test]
async fn requests_calls_and_the_queue() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let portal = Portal::start([]).await;
    portal.prepare([
        error(503, "QUERY_LIMIT_EXCEEDED"),
        Reply::To(302, portal.url("/profile")),
        ok(true),
        error(400, "MADE_UP_BY_THE_OTHER_SIDE"),
        Reply::Text(200, "<html>".to_owned()),
    ]);
    let client = portal.client();
    client.call::<bool>("profile", &()).await.unwrap();
    client.call::<bool>("im.message.add", &()).await.unwrap_err();
    client.call::<bool>("im.message.add", &()).await.unwrap_err();
    let counted = counted(&snapshotter);
    let expected = [
        ("b24bot_actions_queued{}", 0.0),
        ("b24bot_rest_calls_total{method=im.message.add,outcome=answer}", 1.0),
        ("b24bot_rest_calls_total{method=im.message.add,outcome=other}", 1.0),
        ("b24bot_rest_calls_total{method=profile,outcome=ok}", 1.0),
        ("b24bot_rest_requests_total{method=im.message.add,outcome=answer}", 1.0),
        ("b24bot_rest_requests_total{method=im.message.add,outcome=other}", 1.0),
        ("b24bot_rest_requests_total{method=profile,outcome=QUERY_LIMIT_EXCEEDED}", 1.0),
        ("b24bot_rest_requests_total{method=profile,outcome=ok}", 1.0),
        ("b24bot_rest_requests_total{method=profile,outcome=redirect}", 1.0),
    ];
    assert_eq!(counted, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[tokio::test]
async fn those_who_wait_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let portal = Portal::start([ok(1)]).await;
    let limits = Limits::default().burst(1).per_second(0.001);
    let client = quick().limits(limits).webhook(portal.webhook()).build().unwrap().webhook_client().unwrap();
    client.call::<u8>("profile", &()).await.unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call::<u8>("profile", &()).await })
        })
        .collect();
    let mut queued = 0.0;
    while queued < 3.0 {
        tokio::task::yield_now().await;
        // Each look starts the gauge anew.
        queued += counted(&snapshotter)["b24bot_actions_queued{}"];
    }
    for call in waiting {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    assert_eq!(queued + counted(&snapshotter)["b24bot_actions_queued{}"], 0.0);
}
