//! A portal that goes on where it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use b24bot_portal::{ErrorKind, Portal};
use serde_json::{Value, json};
use support::{Bot, Caller};

async fn start(file: &Path) -> Portal {
    let listen = "127.0.0.1:0".parse().unwrap();
    Portal::builder().listen(listen).unlimited().state(file).start().await.unwrap()
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let mut bot = Bot::start().await;
    let portal = start(&file).await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot", "im"]);
    let id = call.v1_bot(&app, &bot, "echo", "S").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let said = call.say(27, "chat1", "thanks").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    call.control("reactions", json!({"message": said, "user": 42, "reaction": "fire"})).await;
    let private = call.say(27, "42", "psst").await;
    let fields = json!({"code": "slow", "botToken": "t", "eventMode": "fetch", "type": "supervisor", "properties": {"name": "Slow"}});
    call.result("imbot.v2.Bot.register", json!({"fields": fields, "botToken": "t"})).await;
    call.control("clock", json!({"advance_seconds": 3000})).await;
    let before = call.get(&format!("/control/messages/{said}")).await.1;
    let (_, state) = call.get("/control/state").await;
    portal.shutdown().await;

    let portal = start(&file).await;
    let call = Caller::new(&portal);
    assert_eq!(call.get(&format!("/control/messages/{said}")).await.1, before);
    let without_url = |mut state: Value| {
        state["url"] = Value::Null;
        state
    };
    assert_eq!(without_url(call.get("/control/state").await.1), without_url(state));
    assert_eq!(call.oauth(&app.access_token, "profile", json!({})).await.0, 200);
    call.control("clock", json!({"advance_seconds": 601})).await;
    let (_, late) = call.oauth(&app.access_token, "profile", json!({})).await;
    assert_eq!(late["error"], "expired_token", "an hour, both runs together");
    assert_eq!(portal.install_application(&[]).member_id, app.member_id);

    let next = call.say(27, "chat1", "again").await;
    assert_eq!(next, private + 1);
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    assert_eq!(event.get("auth[application_token]"), app.application_token);
    assert_eq!(event.get("auth[client_endpoint]"), format!("{}/rest/", portal.url()), "where it is now");
    assert_eq!(event.get(&format!("data[BOT][{id}][BOT_CODE]")), "echo");
    let bots = state_of(&file)["state"]["bots"].as_object().unwrap().len();
    assert_eq!(bots, 2);
}

fn state_of(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[tokio::test]
async fn what_changes_is_written_soon_and_only_for_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let portal = start(&file).await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "kept").await;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !file.exists() || state_of(&file)["state"]["messages"][id.to_string()]["text"] != "kept" {
        assert!(Instant::now() < deadline, "not written");
        tokio::task::yield_now().await;
    }
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["portal.json"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn what_is_nested_too_deeply_is_refused_and_never_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let portal = start(&file).await;
    let call = Caller::new(&portal);
    let attach = |levels: usize| {
        format!(
            "[{{\"MESSAGE\":\"m\"}},{{\"GRID\":[{}1{}]}}]",
            "{\"NAME\":".repeat(levels),
            "}".repeat(levels)
        )
    };
    let add = async |attach: Value| {
        let params = json!({"DIALOG_ID": "chat1", "MESSAGE": "deep", "ATTACH": attach});
        call.webhook("im.message.add", params).await
    };
    for levels in [30, 60, 90, 110] {
        assert_eq!(add(json!(attach(levels))).await.1["error"], "ATTACH_ERROR", "{levels}");
        let tree: Value = serde_json::from_str(&attach(levels)).unwrap();
        assert_eq!(add(tree).await.0, 400, "{levels}");
    }
    let mut context = json!("x");
    for _ in 0..100 {
        context = json!({"x": context});
    }
    let given = call.control("contexts", json!({"dialog": "chat1", "user": 27, "context": context})).await;
    assert_eq!(given.0, 400, "{given:?}");
    portal.shutdown().await;
    start(&file).await.shutdown().await;
}

#[tokio::test]
async fn a_file_that_is_no_state_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let recording = folder.path().join("session.jsonl");
    let fails = async |file: &Path, why: &str| {
        let builder = Portal::builder().listen("127.0.0.1:0".parse().unwrap()).state(file).record(&recording);
        let error = builder.start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(why) && cause.contains(&file.display().to_string()), "{cause}");
    };
    for (text, why) in [
        ("", "EOF"),
        ("{\"version\": 1, \"state\": {}}", "missing field"),
        ("{\"version\": 99}", "version 99"),
        ("[bot]\ncode = \"x\"", "line 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        fails(&file, why).await;
        assert!(!recording.exists(), "nothing was begun");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    fails(&folder.path().join("nowhere/portal.json"), "No such file").await;
}
