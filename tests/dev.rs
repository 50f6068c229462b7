//! `b24bot dev`: nothing set, nothing there, and it works.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Control, Program};
use serde_json::json;

async fn dev(bot_toml: Option<&str>) -> (Program, Control) {
    let program = Program::start(&["dev", "--portal", "127.0.0.1:0"], bot_toml);
    let control = Control::at(&program.word_after("chat page  ").await);
    program.word_after("Ctrl-C").await;
    (program, control)
}

#[tokio::test]
async fn in_an_empty_directory_thanks_are_liked_by_the_bot() {
    let (mut program, control) = dev(None).await;
    let bot: u64 = program.word_after("(user ").await.trim_end_matches(')').parse().unwrap();
    let message = control.say("chat1", 27, "Спасибо, друзья!").await;
    assert_eq!(control.liked(message).await, [bot]);
    let private = control.say(&bot.to_string(), 42, "thank you").await;
    assert_eq!(control.liked(private).await, [bot]);
    program.signal("INT");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test]
async fn the_shipped_bot_toml_needs_no_environment_variable_here() {
    let (_program, control) = dev(Some(include_str!("../bot.toml"))).await;
    let message = control.say("chat1", 27, "thanks").await;
    assert_eq!(control.liked(message).await.len(), 1);
}

#[tokio::test]
async fn rules_of_either_generation_reply_and_react() {
    for api in ["v1", "v2"] {
        let rules = format!(
            "[bot]\ncode = \"tea\"\nname = \"Tea\"\ntype = \"supervisor\"\napi = \"{api}\"\n\
             [[rule]]\ntext = \"tea\"\nreply = \"One tea for {{user}}\"\nreaction = \"fire\"\n"
        );
        let (program, control) = dev(Some(&rules)).await;
        let bot: u64 = program.word_after("(user ").await.trim_end_matches(')').parse().unwrap();
        let message = control.say("chat1", 27, "a tea!").await;
        let users = control.get("/control/state").await;
        let name =
            users["users"].as_array().unwrap().iter().find(|user| user["id"] == 27).unwrap()["name"].clone();
        assert_eq!(
            control.said("chat1", &format!("One tea for {}", name.as_str().unwrap())).await,
            bot,
            "{api}"
        );
        b24bot_tests::eventually("a reaction", || async {
            let message = control.get(&format!("/control/messages/{message}")).await;
            (message["reactions"]["fire"] == json!([bot])).then_some(())
        })
        .await;
    }
}

/// More than the limits allow one by one, all in one dialog.
#[tokio::test]
async fn what_queues_up_is_liked_in_batches() {
    let limited = concat!(include_str!("../bot.toml"), "\n[limits]\nburst = 2\nper_second = 4\n");
    let (_program, control) = dev(Some(limited)).await;
    let mut messages = Vec::new();
    for n in 0..60 {
        messages.push(control.say("chat1", 27, &format!("thanks {n}")).await);
    }
    for message in messages {
        assert_eq!(control.liked(message).await.len(), 1);
    }
    let requests = control.get("/control/requests").await;
    let requests: Vec<_> =
        requests.as_array().unwrap().iter().map(|request| request["method"].as_str().unwrap()).collect();
    assert!(requests.contains(&"batch"), "{requests:?}");
    assert!(requests.len() < 40, "one request a like: {requests:?}");
}

/// What they all do is tested with each of them; here one runs as a program.
#[tokio::test]
async fn an_example_runs_as_a_program() {
    let mut program = Program::start_file(&b24bot_tests::example("echo"), &["127.0.0.1:0"], None, "info");
    let control = Control::at(&program.word_after("open ").await);
    control.say("chat1", 27, "ping").await;
    assert!(control.said_by_others("chat1", 27, "ping").await > 1000);
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}
