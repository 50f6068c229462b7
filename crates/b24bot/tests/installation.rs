//! What an operator's own code hears of portals that install the application and remove it.

#![cfg(feature = "portal")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use b24bot::{
    Bot,
    actions::{Context, NoticeKind},
    core::{AppInstall, AppUninstall, AppUpdate, MemberId},
    dispatcher::{BoxError, Handler},
    portal::Portal,
    rules::Config,
    store::MemoryStore,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Writes down what it hears; its first attempt at a removal fails.
struct Listener {
    heard: UnboundedSender<String>,
    failed: Mutex<bool>,
}

#[async_trait]
impl Handler for Listener {
    async fn on_app_install(&self, _: &Context, install: &AppInstall) -> Result<(), BoxError> {
        assert!(install.auth.is_none(), "tokens are no matter of handlers");
        Ok(self.heard.send("installed".to_owned())?)
    }

    async fn on_app_update(&self, _: &Context, update: &AppUpdate) -> Result<(), BoxError> {
        Ok(self.heard.send(format!("version {}", update.version))?)
    }

    async fn on_app_uninstall(&self, ctx: &Context, _: &AppUninstall) -> Result<(), BoxError> {
        let first = !std::mem::replace(&mut *self.failed.lock().unwrap(), true);
        if first {
            return Err("as if it crashed here".into());
        }
        assert!(ctx.client().is_err(), "there is nothing left to call with");
        Ok(self.heard.send("removed".to_owned())?)
    }
}

async fn next(heard: &mut UnboundedReceiver<String>) -> String {
    tokio::time::timeout(std::time::Duration::from_secs(30), heard.recv()).await.unwrap().unwrap()
}

const TOML: &str = r#"
[bot]
code = "tea"
name = "Tea"

[app]
client_id = "local.invented0001"
client_secret = "invented"

[server]
listen = "127.0.0.1:0"

[retry]
first_pause = "10ms"
"#;

#[tokio::test]
async fn handlers_and_hooks_hear_each_thing_once() {
    let portal = Portal::builder().listen("127.0.0.1:0".parse().unwrap()).unlimited().start().await.unwrap();
    let (heard, mut hears) = unbounded_channel();
    let (told, mut notices) = unbounded_channel();
    let running = Bot::new(Config::parse("bot.toml", TOML, &|_| None).unwrap())
        .unwrap()
        .store(Arc::new(MemoryStore::default()))
        .handler(Listener { heard, failed: Mutex::default() })
        .on_portal(move |notice| told.send(notice.clone()).unwrap())
        .start()
        .await
        .unwrap();
    let handler = format!("http://{}/bitrix24/events", running.address().unwrap());
    let http = reqwest::Client::new();
    let control = |path: &str, body: Value| {
        let post = http.post(format!("{}/control/applications{path}", portal.url())).body(body.to_string());
        async move { post.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let application =
        json!({"client_id": "local.invented0001", "client_secret": "invented", "handler": handler});
    let installed = control("", application).await;
    let member = MemberId::from(installed["member_id"].as_str().unwrap());
    assert_eq!(next(&mut hears).await, "installed");
    let notice = notices.recv().await.unwrap();
    assert_eq!((notice.kind, &notice.member_id), (NoticeKind::Installed, &member));

    // Once its events are bound to the bot's address.
    while running.portals().list().await.unwrap()[0].bot.is_none() {
        tokio::task::yield_now().await;
    }
    control("/local.invented0001/update", json!({"version": 2})).await;
    assert_eq!(next(&mut hears).await, "version 2");
    control("/local.invented0001/uninstall", json!({})).await;
    assert_eq!(next(&mut hears).await, "removed");
    assert_eq!(notices.recv().await.unwrap().kind, NoticeKind::Removed);
    assert!(!running.tokens().knows(&member));
    while running.store().depth().pending > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.portals().list().await.unwrap(), []);
    running.stop().await.unwrap();
    assert!(hears.try_recv().is_err(), "nothing is heard twice");
    portal.shutdown().await;
}
