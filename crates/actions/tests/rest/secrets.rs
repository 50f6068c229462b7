//! Nothing that can be printed holds a secret.

use std::{error::Error as _, time::Duration};

use b24bot_actions::{Call, RegisteredBot, RetryPolicy};
use serde_json::json;
use tokio::net::TcpListener;

use crate::portal::{AUTHOR_TOKEN, BOT_TOKEN, Portal, Reply, SECRET, error, quick, tokens};

fn assert_hidden(text: &str) {
    for secret in [SECRET, BOT_TOKEN, AUTHOR_TOKEN, "cl1ent", "t0ken"] {
        assert!(!text.contains(secret), "{text}");
    }
}

fn printed(error: &b24bot_actions::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    text
}

#[tokio::test]
async fn values() {
    let portal = Portal::start([]).await;
    let bot = RegisteredBot::default().client_id("cl1ent").token("t0ken");
    let builder = quick().webhook(portal.webhook()).bot(bot.clone());
    assert_hidden(&format!("{builder:?} {bot:?}"));
    let portals = builder.build().unwrap();
    let ctx = portal.event(&portals, "v1", true);
    let own = portal.event(&tokens(), "v2", true);
    let call = Call::new("profile").params(&json!({ "CLIENT_ID": "cl1ent", "botToken": "t0ken" })).unwrap();
    let clients = (portals.webhook_client(), ctx.client().unwrap(), own.client().unwrap());
    assert_hidden(&format!("{portals:?} {portals:#?} {ctx:?} {own:?} {clients:?} {call:?}"));
    assert_hidden(&format!("{} {:?}", portal.webhook(), portal.webhook()));
}

#[tokio::test]
async fn errors_of_every_kind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/rest/1/{SECRET}/", listener.local_addr().unwrap());
    drop(listener);
    let quick = || quick().retry(RetryPolicy::never()).timeout(Duration::from_millis(100));
    let nobody = quick().webhook(closed.parse().unwrap()).build().unwrap().webhook_client().unwrap();
    assert_hidden(&printed(&nobody.call::<bool>("profile", &()).await.unwrap_err()));

    let long = Reply::Text(200, format!("{{\"result\":\"{SECRET}\"}}"));
    let location = format!("http://portal.example/rest/7/{SECRET}/profile");
    for reply in
        [Reply::Hang, error(400, "X"), Reply::Text(200, "<".to_owned()), long, Reply::To(302, location)]
    {
        let portal = Portal::start([reply]).await;
        let client = quick().webhook(portal.webhook()).build().unwrap().webhook_client().unwrap();
        assert_hidden(&printed(&client.call::<bool>("profile", &()).await.unwrap_err()));
    }
}
