//! `b24bot portal --record` and `--replay`: a session with one bot, posted to others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::process::{Command, Output};

use b24bot_tests::{APP, Control, Program, program};
use serde_json::json;
use tempfile::TempDir;

async fn bot(token: &str, text: &str) -> (Program, String) {
    let config = format!(
        "[bot]\ncode = \"liker\"\nname = \"Liker\"\ntype = \"supervisor\"\n{APP}\n\
         [security]\napplication_token = \"{token}\"\n[server]\nlisten = \"127.0.0.1:0\"\n\
         [[rule]]\ntext = \"{text}\"\nlike = true\n"
    );
    let bot = Program::run(&config).await;
    let endpoint = format!("http://{}/bitrix24/events", bot.word_after("address=").await);
    (bot, endpoint)
}

/// `wait` is for calls that were recorded: long where they come, short where they do not.
fn replay(file: &str, endpoint: &str, token: &str, wait: &str) -> (Option<i32>, String) {
    let mut command = Command::new(program());
    command.args([
        "portal",
        "--listen",
        "127.0.0.1:0",
        "--replay",
        file,
        "--fast",
        "--wait",
        wait,
        "--to",
        endpoint,
    ]);
    let Output { status, stdout, stderr } = command.env("B24_APPLICATION_TOKEN", token).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_session_is_posted_to_a_bot_again_and_differences_are_told() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("session.jsonl");
    let file = file.to_str().unwrap();
    let mut portal = Program::start(&["portal", "--listen", "127.0.0.1:0", "--record", file], None);
    let control = Control::at(&portal.word_after("chat page        ").await);
    portal.word_after("Ctrl-C").await;
    let application = control.post("/control/applications", &json!({})).await;
    let token = application["application_token"].as_str().unwrap();
    let (_first, endpoint) = bot(token, "thanks").await;
    let params = json!({
        "auth": application["access_token"], "CODE": "liker", "TYPE": "S", "EVENT_HANDLER": endpoint,
        "PROPERTIES": {"NAME": "Liker"},
    });
    control.post("/rest/imbot.register", &params).await;
    let message = control.say("chat1", 27, "thanks").await;
    control.liked(message).await;
    portal.signal("TERM");
    assert_eq!(portal.ended().await, Some(0));
    assert!(!std::fs::read_to_string(file).unwrap().contains(token));

    let (_same, endpoint) = bot(token, "thanks").await;
    let (code, said) = replay(file, &endpoint, token, "30");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("calls: 1 as recorded"), "{said}");
    let (_other, endpoint) = bot(token, "tea").await;
    let (code, said) = replay(file, &endpoint, token, "1");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 missing") && said.contains("- im.message.like"), "{said}");
    let (code, said) = replay(file, &endpoint, "wrong", "1");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(", recorded: 200") && said.contains("another application token"), "{said}");
}
