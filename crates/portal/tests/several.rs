//! Several portals in one process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod support;

use b24bot_portal::{ErrorKind, Portal, PortalBuilder};
use serde_json::{Value, json};
use support::Caller;

fn builder() -> PortalBuilder {
    Portal::builder().listen("127.0.0.1:0".parse().unwrap()).unlimited()
}

#[tokio::test]
async fn several_portals_know_each_other_and_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let portals = builder().seed(7).state(&file).start_several(3).await.unwrap();
    let mut members = Vec::new();
    for (n, portal) in portals.iter().enumerate() {
        let call = Caller::new(portal);
        call.say(27, "chat1", &format!("at {n}")).await;
        let known = call.get("/control/state").await.1["portals"].clone();
        let expected: Vec<Value> =
            portals.iter().map(|one| json!({"url": one.url(), "own": one.url() == portal.url()})).collect();
        assert_eq!(known, json!(expected));
        let app = portal.install_application(&["im"]);
        assert_eq!(app.client_endpoint, format!("{}/rest/", portal.url()));
        let elsewhere = Caller::new(&portals[(n + 1) % 3]);
        let (_, refused) = elsewhere.oauth(&app.access_token, "app.info", json!({})).await;
        assert_eq!(refused["error"], "invalid_token");
        assert!(!members.contains(&app.member_id));
        members.push(app.member_id);
    }
    for portal in portals {
        portal.shutdown().await;
    }
    for (n, member) in members.iter().enumerate() {
        let file = if n == 0 { file.clone() } else { folder.path().join(format!("portal.json.{}", n + 1)) };
        let again = builder().state(file).start().await.unwrap();
        assert_eq!(again.install_application(&[]).member_id, *member);
        let call = Caller::new(&again);
        assert_eq!(call.get("/control/messages/101").await.1["text"], format!("at {n}"));
        assert_eq!(call.get("/control/state").await.1["portals"], json!([]));
    }
}

#[tokio::test]
async fn what_several_portals_cannot_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = builder().record(folder.path().join("session.jsonl")).start_several(2).await;
    assert_eq!(recorded.unwrap_err().kind(), ErrorKind::Recording);
    let beyond = Portal::builder().listen("127.0.0.1:65535".parse().unwrap()).start_several(2).await;
    assert_eq!(beyond.unwrap_err().kind(), ErrorKind::Listen);
}
