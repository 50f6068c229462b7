//! Portals that have moved.

use b24bot_actions::{ErrorKind, LikeAction, Repeat};
use serde_json::json;

use crate::portal::{BOT_TOKEN, Portal, Reply, SECRET, error, ok, tokens};

#[tokio::test]
async fn the_post_arrives_again_and_the_next_goes_there_at_once() {
    for status in [301, 302, 303, 307, 308] {
        let new = Portal::start([ok(true), ok(true)]).await;
        let path = format!("/rest/7/{SECRET}/im.message.like");
        let old = Portal::start([Reply::To(status, new.url(&path))]).await;
        let client = old.client();
        for _ in 0..2 {
            assert!(client.like(5.into(), LikeAction::Auto).await.unwrap().result);
        }
        assert_eq!(old.asked().len(), 1);
        let asked = new.asked();
        assert_eq!(asked.len(), 2);
        for asked in asked {
            assert_eq!(asked.path, path);
            assert_eq!(asked.body, json!({ "MESSAGE_ID": 5, "ACTION": "auto" }));
        }
    }
}

#[tokio::test]
async fn every_context_of_a_portal_knows_and_other_portals_do_not() {
    let new = Portal::start([error(400, "WITHOUT_CHANGES"), ok(true)]).await;
    let old = Portal::start([Reply::To(302, new.url("/"))]).await;
    let portals = tokens();
    for _ in 0..2 {
        old.event(&portals, "v1", true).like(5).await.unwrap();
    }
    assert_eq!(old.methods(), ["im.message.like"]);
    let asked = new.asked();
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|asked| asked.path == "/rest/im.message.like" && asked.body["auth"] == BOT_TOKEN)
    );

    // Other portals keep their own state: another process sees the old address first.
    old.prepare([ok(true)]);
    old.event(&tokens(), "v1", true).like(5).await.unwrap();
    assert_eq!(old.methods(), ["im.message.like"]);
}

#[tokio::test]
async fn a_dead_new_address_is_forgotten() {
    let new = Portal::start([ok(1)]).await;
    let old = Portal::start([Reply::To(302, new.url("")), ok(2)]).await;
    let client = old.client();
    assert_eq!(client.call::<u8>("profile", &()).await.unwrap(), 1);
    let address = new.address;
    drop(new);
    // Its socket is closed once nothing can be connected any more.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.call::<u8>("profile", &()).await.unwrap(), 2);
    assert_eq!(old.methods().len(), 2);
}

#[tokio::test]
async fn three_redirections_are_enough() {
    let portal = Portal::start([]).await;
    let to = |path: &str| Reply::To(302, portal.url(path));
    portal.prepare([to("/a"), to("/b"), to("/c"), ok(true)]);
    assert!(portal.client().call::<bool>("profile", &()).await.unwrap());
    assert_eq!(portal.asked().len(), 4);

    portal.prepare([to("/a"), to("/b"), to("/a"), to("/b")]);
    let failed = portal.client().call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.repeat()), (&ErrorKind::Redirect, Repeat::Never));
    assert_eq!(portal.asked().len(), 4);
}

#[tokio::test]
async fn credentials_never_go_over_plain_http_to_another_machine() {
    let portal =
        Portal::start([Reply::To(302, format!("http://portal.example/rest/7/{SECRET}/profile"))]).await;
    let failed = portal.client().call::<bool>("profile", &()).await.unwrap_err();
    assert_eq!((failed.kind(), failed.status()), (&ErrorKind::Redirect, Some(302)));
    assert!(!format!("{failed} {failed:?}").contains(SECRET));
    assert_eq!(portal.methods(), ["profile"]);
}
