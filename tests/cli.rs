//! The commands that end by themselves: what they print, and where, and their exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::process::Output;

use b24bot_tests::{APP, Program, Scripted, bot_toml};
use serde_json::{Value, json};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn like_prints_the_portals_answer_and_its_errors_end_with_1() {
    let portal = Scripted::start().await;
    let config = bot_toml(&portal.webhook());
    let liked = Program::to_end(&["like", "84331"], Some(&config), &[]).await;
    assert_eq!(liked.status.code(), Some(0), "{}", stderr(&liked));
    assert_eq!(serde_json::from_str::<Value>(&stdout(&liked)).unwrap()["result"], true);
    for (n, (action, code)) in
        [("minus", "WITHOUT_CHANGES"), ("auto", "MESSAGE_ID_ERROR")].into_iter().enumerate()
    {
        portal.then_error(400, code);
        let refused = Program::to_end(&["like", "84331", "--action", action], Some(&config), &[]).await;
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(serde_json::from_str::<Value>(&stdout(&refused)).unwrap()["error"], code);
        assert!(stderr(&refused).contains(code));
        assert_eq!(portal.calls()[n + 1].params, json!({"MESSAGE_ID": 84331, "ACTION": action}));
    }
    assert!(portal.calls().iter().all(|call| call.path == "/rest/1/hushhush/im.message.like"));
}

#[tokio::test]
async fn call_sends_pairs_and_json() {
    let portal = Scripted::start().await;
    let config = bot_toml(&portal.webhook());
    portal.then(200, r#"{"result":{"ID":"1"},"time":{}}"#);
    let called = Program::to_end(&["call", "profile"], Some(&config), &[]).await;
    assert_eq!(stdout(&called).trim(), r#"{"result":{"ID":"1"},"time":{}}"#);
    let arguments = ["call", "imbot.v2.Chat.Message.send", "fields[message]=Hi", "--json", r#"{"botId": 5}"#];
    assert_eq!(Program::to_end(&arguments, Some(&config), &[]).await.status.code(), Some(0));
    let calls = portal.calls();
    assert_eq!(calls[1].path, "/rest/1/hushhush/imbot.v2.Chat.Message.send", "the case of the name is kept");
    assert_eq!(calls[1].params, json!({"botId": 5, "fields": {"message": "Hi"}}));
}

#[tokio::test]
async fn calls_need_only_the_portal_of_the_configuration() {
    let portal = Scripted::start().await;
    let config = format!(
        "{}\n[security]\napplication_token = \"${{B24_APPLICATION_TOKEN}}\"\n[[rule]]\nbad = 1\n",
        portal.webhook()
    );
    let liked = Program::to_end(&["like", "84331"], Some(&config), &[]).await;
    assert_eq!(liked.status.code(), Some(0), "{}", stderr(&liked));
    let nobody = config.replace(portal.url(), "http://127.0.0.1:9");
    let failed = Program::to_end(&["like", "84331"], Some(&nobody), &[]).await;
    assert_eq!((failed.status.code(), stdout(&failed).as_str()), (Some(1), ""));
    assert!(stderr(&failed).contains("refused"), "{}", stderr(&failed));
}

#[tokio::test]
async fn check_shows_every_mistake_with_its_place() {
    let good = Program::to_end(&["check"], Some(&bot_toml(APP)), &[]).await;
    assert_eq!((good.status.code(), stdout(&good).contains("2 rules")), (Some(0), true));

    let bad = bot_toml(APP)
        .replace("code = ", "cod = ")
        .replace("like = true", "likes = true")
        .replace("127.0.0.1:0", "here");
    let bad = Program::to_end(&["check"], Some(&bad), &[]).await;
    let shown = stdout(&bad);
    assert_eq!(bad.status.code(), Some(1));
    for part in ["bot.toml:3:1", "`code`", "`like`", "here"] {
        assert!(shown.contains(part), "no {part} in\n{shown}");
    }

    let shipped = include_str!("../bot.toml");
    let unset = Program::to_end(&["check"], Some(shipped), &[]).await;
    assert!(stdout(&unset).contains("B24_WEBHOOK_URL"), "{}", stdout(&unset));
    let set = [("B24_WEBHOOK_URL", "https://portal.example/rest/1/secret/")];
    let set = Program::to_end(&["check"], Some(shipped), &set).await;
    assert_eq!(set.status.code(), Some(0), "{}", stdout(&set));
}

#[tokio::test]
async fn help_teaches_and_mistakes_on_the_command_line_end_with_2() {
    let all = stdout(&Program::to_end(&["--help"], None, &[]).await);
    let (_, listed) = all.split_once("Commands:\n").unwrap();
    // What goes on in the next line stands further to the right.
    let listed =
        listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let named =
        listed.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next());
    let commands: Vec<&str> = named.collect();
    for known in ["dev", "check", "register", "doctor", "run", "inbox", "portals"] {
        assert!(commands.contains(&known), "{all}");
        assert!(all.contains(&format!("  b24bot {known} ")), "`{known}` is a way to start: {all}");
    }
    for command in commands.into_iter().filter(|command| *command != "help") {
        let help = Program::to_end(&[command, "--help"], None, &[]).await;
        assert_eq!(help.status.code(), Some(0));
        let help = stdout(&help);
        let is_shown = help.contains(&format!("  b24bot {command}")) || help.contains("  curl ");
        assert!(is_shown, "no example: {help}");
    }
    assert_eq!(Program::to_end(&["lik"], None, &[]).await.status.code(), Some(2));
    let nothing = Program::to_end(&["run"], None, &[]).await;
    assert_eq!(nothing.status.code(), Some(1));
    assert!(stderr(&nothing).contains("bot.toml"), "{}", stderr(&nothing));
}

#[tokio::test]
async fn logs_can_be_json() {
    let mut bot = Program::start(&["run", "--log-format", "json"], Some(&bot_toml(APP)));
    bot.word_after("taking").await;
    bot.signal("TERM");
    assert_eq!(bot.ended().await, Some(0));
    for line in bot.output().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}
