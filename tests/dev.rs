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

#[tokio::test]
async fn the_examples_do_what_they_say() {
    for (name, text, reply) in [
        ("like_thanks", "thank you", None),
        ("echo", "ping", Some("ping")),
        ("rules_only", "we deployed", None),
    ] {
        let mut program = Program::start_file(&b24bot_tests::example(name), &["127.0.0.1:0"], None, "info");
        let control = Control::at(&program.word_after("open ").await);
        let message = control.say("chat1", 27, text).await;
        match (name, reply) {
            ("like_thanks", _) => assert_eq!(control.liked(message).await.len(), 1),
            (_, Some(reply)) => assert!(control.said_by_others("chat1", 27, reply).await > 1000),
            _ => {
                let user = control.name_of(27).await;
                assert!(control.said("chat1", &format!("Congratulations, {user}!")).await > 1000);
            }
        }
        program.signal("TERM");
        assert_eq!(program.ended().await, Some(0));
    }
}

/// An example with commands, once it has registered them, and its portal.
async fn example_with_commands(name: &str) -> (Program, Control) {
    let program = Program::start_file(&b24bot_tests::example(name), &["127.0.0.1:0"], None, "info");
    let control = Control::at(&program.word_after("open ").await);
    b24bot_tests::eventually("the command", || async {
        (control.count("imbot.v2.Command.register").await > 0).then_some(())
    })
    .await;
    (program, control)
}

#[tokio::test]
async fn the_example_of_a_command_answers_it() {
    let (_program, control) = example_with_commands("slash_command").await;
    control.say("chat1", 27, "/reverse tea").await;
    assert!(control.said("chat1", "aet").await > 1000);
    control.say("chat1", 27, "/reverse").await;
    assert!(control.said("chat1", "Say what: /reverse tea").await > 1000);
    assert_eq!(control.count("imbot.v2.Command.answer").await, 2);
}

#[tokio::test]
async fn the_example_with_buttons_counts_in_its_question() {
    let (_program, control) = example_with_commands("keyboard").await;
    control.say("chat1", 27, "Lunch").await;
    control.said("chat1", "Who comes to lunch? So far 0.").await;
    let requests = control.get("/control/requests").await;
    let mut sent = requests.as_array().unwrap().iter();
    let sent = sent.find(|request| request["method"] == "imbot.v2.Chat.Message.send").unwrap();
    let buttons = &sent["params"]["fields"]["keyboard"];
    assert_eq!((&buttons[0]["COMMAND"], &buttons[0]["COMMAND_PARAMS"]), (&json!("lunch"), &json!("yes")));
    assert_eq!((&buttons[1]["COMMAND"], &buttons[1]["COMMAND_PARAMS"]), (&json!("lunch"), &json!("no")));
    for (user, word, coming) in [(27, "yes", 1), (42, "yes", 2), (27, "yes", 2), (27, "no", 1)] {
        control.say("chat1", user, &format!("/lunch {word}")).await;
        control.said("chat1", &format!("Who comes to lunch? So far {coming}.")).await;
    }
}

#[tokio::test]
async fn the_open_channel_example_greets_a_client_once() {
    let program =
        Program::start_file(&b24bot_tests::example("openline_greeter"), &["127.0.0.1:0"], None, "info");
    let control = Control::at(&program.word_after("open ").await);
    let state = control.get("/control/state").await;
    let bot = state["bots"][0]["id"].as_u64().unwrap();
    let chat = control.post("/control/chats", &json!({"users": [27, bot], "entity_type": "LINES"})).await;
    let dialog = chat["dialog"].as_str().unwrap_or_else(|| panic!("{chat}"));
    control.say(dialog, 27, "Is anybody there?").await;
    control.say(dialog, 27, "Hello?").await;
    let greeting = "Thank you for your message! Someone will be with you in a minute.";
    assert_eq!(control.said(dialog, greeting).await, bot);
    let messages = control.get(&format!("/control/dialogs/{dialog}/messages")).await;
    let greetings = messages.as_array().unwrap().iter().filter(|message| message["text"] == greeting).count();
    assert_eq!(greetings, 1);
}
