//! What is logged: the missing scope once, and no secret at any level.

use std::{
    io,
    sync::{Arc, Mutex},
};

use b24bot_actions::{RetryPolicy, SealingKey};
use serde_json::json;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};

use crate::{
    portal::{AUTHOR_TOKEN, BOT_TOKEN, Portal, Reply, SECRET, error, ok, quick, tokens},
    vendor::{CLIENT_SECRET, Mood, TOKEN, Vendor, member},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs everything on this thread as long as what is returned lives.
fn logging(log: &Log) -> (tracing::Dispatch, DefaultGuard) {
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
    let subscriber = subscriber.with_ansi(false).with_writer(move || writer.clone()).finish();
    // While there is one subscriber only, what other tests meet first on threads without it counts as never wanted.
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    (second, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn renewals_without_the_tokens_and_the_applications_key() {
    let log = Log::default();
    let _logging = logging(&log);
    let vendor = Vendor::start().await;
    let builder = quick().retry(RetryPolicy::never());
    let portals = vendor.machine_with(&Arc::default(), &SealingKey::generate().unwrap(), builder).await;
    let client = portals.installation_client(&member()).unwrap();
    for mood in [Mood::Good, Mood::Garbled] {
        vendor.expire();
        vendor.with(|told| told.mood = mood);
        let _ = client.call::<bool>("profile", &()).await;
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in ["the access token was renewed", "the access token cannot be renewed now"] {
        assert_eq!(log.matches(told).count(), 1, "{log}");
    }
    for secret in [TOKEN, CLIENT_SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn the_missing_scope_once_and_no_secret() {
    let log = Log::default();
    let _logging = logging(&log);

    let portal = Portal::start([]).await;
    portal.prepare([
        error(403, "insufficient_scope"),
        ok(true),
        ok(true),
        ok(900),
        Reply::To(302, portal.url(&format!("/rest/7/{SECRET}/profile"))),
        error(503, "QUERY_LIMIT_EXCEEDED"),
        ok(json!({ "ID": "7" })),
    ]);
    let portals = tokens();
    let ctx = portal.event(&portals, "v1", true);
    ctx.like(5).await.unwrap();
    ctx.like(6).await.unwrap();
    ctx.reply("thanks").await.unwrap();
    portal.client().call::<serde_json::Value>("profile", &()).await.unwrap();
    assert_eq!(portal.asked().len(), 7);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("the scope `im` is missing").count(), 1, "{log}");
    assert!(
        log.contains("DEBUG") && log.contains("QUERY_LIMIT_EXCEEDED") && log.contains("the portal has moved")
    );
    for secret in [SECRET, BOT_TOKEN, AUTHOR_TOKEN] {
        assert!(!log.contains(secret), "{log}");
    }
}
