//! `b24bot run` with `mode = "fetch"`: no address of its own, and the same bot.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Control, Program, bot_toml, eventually};
use serde_json::json;

const TOKEN: &str = "hushhushhush";

/// A local portal with a bot that fetches its events; the bot's id and its `bot.toml`.
async fn portal() -> (Program, Control, u64, String) {
    let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
    let page = portal.word_after("chat page        ").await;
    let control = Control::at(&page);
    let fields = json!({
        "code": "like_bot", "type": "supervisor", "eventMode": "fetch", "botToken": TOKEN,
        "properties": {"name": "Like bot"},
    });
    let registered = control.post("/rest/1/local/imbot.v2.Bot.register", &json!({ "fields": fields })).await;
    let id = registered["result"]["bot"]["id"].as_u64().unwrap_or_else(|| panic!("{registered}"));
    let webhook = format!("{}/rest/1/local/", page.trim_end_matches('/'));
    let credentials = format!("[portal]\nwebhook = \"{webhook}\"\nbot_id = {id}\nbot_token = \"{TOKEN}\"");
    (portal, control, id, fetching(&credentials))
}

fn fetching(credentials: &str) -> String {
    bot_toml(credentials).replace("api  = \"v1\"", "api  = \"v2\"\nmode = \"fetch\"")
}

async fn start(config: &str) -> Program {
    let bot = Program::start(&["run"], Some(config));
    eventually("a bot that fetches", || async { bot.output().contains("fetching events").then_some(()) })
        .await;
    bot
}

/// How often the bot has said something in the group.
async fn times_said(control: &Control, bot: u64, text: &str) -> usize {
    let messages = control.get("/control/dialogs/chat1/messages").await;
    let by_bot = |message: &&serde_json::Value| message["author"] == bot && message["text"] == text;
    messages.as_array().unwrap().iter().filter(by_bot).count()
}

#[tokio::test]
async fn a_bot_without_an_address_likes_and_answers() {
    let (_portal, control, id, config) = portal().await;
    let before = control.say("chat1", 27, "Thanks for the tea!").await;
    let bot = start(&config).await;
    assert_eq!(control.liked(before).await, [1], "the webhook's user likes");
    control.say("chat1", 42, "tea, please").await;
    let reply = format!("Here you are, {}", control.name_of(42).await);
    assert_eq!(control.said("chat1", &reply).await, id, "the bot answers");
    assert_eq!(bot.admin("/readyz").await.0, 200);
    let metrics = bot.admin("/metrics").await.1;
    let accepted = r#"b24bot_events_total{event="ONIMBOTV2MESSAGEADD",outcome="accepted"}"#;
    assert!(metrics.contains(accepted), "{metrics}");
    let log = bot.output();
    assert!(!log.contains("address=") && !log.contains(TOKEN) && !log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn a_bot_that_restarts_answers_nothing_twice_and_loses_nothing() {
    let (_portal, control, id, config) = portal().await;
    control.say("chat1", 42, "tea, please").await;
    let reply = format!("Here you are, {}", control.name_of(42).await);
    let mut bot = start(&config).await;
    control.said("chat1", &reply).await;
    bot.signal("TERM");
    assert_eq!(bot.ended().await, Some(0), "{bot:?}");

    let thanks = control.say("chat1", 27, "thanks").await;
    let mut bot = start(&config).await;
    assert_eq!(control.liked(thanks).await, [1], "what came in the meantime is handled");
    bot.signal("TERM");
    assert_eq!(bot.ended().await, Some(0), "{bot:?}");
    assert_eq!(times_said(&control, id, &reply).await, 1);
    assert_eq!(control.count("im.message.like").await, 1);
    let log = control.get("/control/requests").await;
    let fetched = log.as_array().unwrap().iter().filter(|request| request["method"] == "imbot.v2.Event.get");
    assert!(fetched.count() >= 4, "each start asks, and each end confirms: {log}");
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let webhook = "[portal]\nwebhook = \"http://127.0.0.1:9/rest/1/local/\"";
    for command in ["check", "run"] {
        let said = Program::to_end(&[command], Some(&fetching(webhook)), &[]).await;
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(text.contains("`bot_id` and `bot_token` in [portal]"), "{text}");
    }
    let said = Program::to_end(&["dev"], Some(&fetching(webhook)), &[]).await;
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(text.contains("`b24bot portal`"), "{text}");
}
