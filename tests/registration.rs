//! `b24bot register`, `unregister` and `bots`: on a local portal, again and again, with anything changed between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Control, Program};
use serde_json::{Value, json};

/// A local portal, and commands that are run against it.
struct Place {
    _portal: Program,
    control: Control,
    webhook: String,
}

impl Place {
    async fn start() -> Self {
        let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
        let control = Control::at(&portal.word_after("chat page        ").await);
        let webhook = portal.word_after("inbound webhook  ").await;
        Self { _portal: portal, control, webhook }
    }

    fn toml(&self, bot: &str, portal: &str, rest: &str) -> String {
        let webhook = &self.webhook;
        format!("[bot]\ncode = \"tea\"\n{bot}\n[portal]\nwebhook = \"{webhook}\"\n{portal}\n{rest}")
    }

    async fn bots(&self) -> Vec<Value> {
        self.control.get("/control/state").await["bots"].as_array().unwrap().clone()
    }

    async fn calls(&self) -> Vec<String> {
        let requests = self.control.get("/control/requests").await;
        requests.as_array().unwrap().iter().map(|one| one["method"].as_str().unwrap().to_owned()).collect()
    }
}

async fn run(arguments: &[&str], toml: &str) -> (Option<i32>, String, String) {
    let output = Program::to_end(arguments, Some(toml), &[("RUST_LOG", "warn")]).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const SERVER: &str = "[server]\npublic_url = \"https://bot.example.com\"\n";
const COMMANDS: &str = "[[command]]\nname = \"help\"\ntitle = { en = \"Help\", de = \"Hilfe\" }\n\
                        [[command]]\nname = \"secret\"\nhidden = true\n";

#[tokio::test]
async fn a_bot_is_registered_with_its_commands_and_once_more_changes_nothing() {
    for (api, key) in [("v1", "client_id"), ("v2", "bot_token")] {
        let place = Place::start().await;
        let bot = format!("name = \"Tea\"\ntype = \"supervisor\"\napi = \"{api}\"");
        let key = format!("{key} = \"k3yk3yk3y\"");
        let toml = place.toml(&bot, &key, &format!("{SERVER}{COMMANDS}"));
        let (code, said, complained) = run(&["register"], &toml).await;
        assert_eq!(code, Some(0), "{complained}");
        assert!(said.contains("bot 1001 (`tea`) is registered") && !said.contains("k3yk3yk3y"), "{said}");
        let bots = place.bots().await;
        assert_eq!((bots.len(), &bots[0]["code"]), (1, &json!("tea")), "{api}");

        for _ in 0..2 {
            let (code, said, _) = run(&["register"], &toml).await;
            assert_eq!(code, Some(0));
            assert!(said.contains("nothing is changed"), "{api}: {said}");
        }
        let commands = place.control.get("/control/state").await["bots"][0]["commands"].clone();
        let names: Vec<&str> =
            commands.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["help", "secret"], "{commands}");
        assert_eq!(commands[0]["titles"]["de"], "Hilfe");

        let renamed = toml.replace("\"Tea\"", "\"Green tea\"");
        let renamed = renamed
            .replace("name = \"secret\"", "name = \"brew\"")
            .replace("en = \"Help\"", "en = \"What I do\"");
        let (code, said, _) = run(&["register"], &renamed).await;
        assert_eq!(code, Some(0));
        for part in ["name", "command /brew", "command /help", "command /secret removed"] {
            assert!(said.contains(part), "{api}: no {part} in {said}");
        }
        assert_eq!(place.control.name_of(1001).await, "Green tea");
        let (_, said, _) = run(&["register"], &renamed).await;
        assert!(said.contains("nothing is changed"), "{said}");
    }
}

#[tokio::test]
async fn a_bot_without_a_key_gets_one_that_is_shown_once_and_works() {
    let place = Place::start().await;
    let toml = place.toml("mode = \"fetch\"", "", "");
    let (code, said, complained) = run(&["register", "--json"], &toml).await;
    assert_eq!(code, Some(0), "{complained}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let lines = said["bot_toml"].clone();
    let (id, token) = (lines["bot_id"].as_u64().unwrap(), lines["bot_token"].as_str().unwrap());
    assert_eq!((id, token.len()), (1001, 32));
    assert!(!complained.contains(token));
    // Without that key the bot is another's.
    let (code, _, complained) = run(&["register"], &toml).await;
    assert_eq!(code, Some(1));
    drop(complained);

    let toml = place.toml("mode = \"fetch\"", &format!("bot_id = {id}\nbot_token = \"{token}\""), "");
    let (code, said, _) = run(&["register"], &toml).await;
    assert!(code == Some(0) && said.contains("nothing is changed") && !said.contains(token), "{said}");
    let fetched = place.calls().await;
    assert!(!fetched.contains(&"imbot.v2.Bot.update".to_owned()), "{fetched:?}");

    let (code, listed, _) = run(&["bots"], &toml).await;
    assert_eq!(code, Some(0));
    for part in ["1001", "tea", "fetch", "own"] {
        assert!(listed.contains(part), "{listed}");
    }
    let (code, said, _) = run(&["unregister"], &toml).await;
    assert!(code == Some(0) && said.contains("bot 1001 (`tea`) is gone"), "{said}");
    assert!(place.bots().await.is_empty());
    let (code, said, _) = run(&["unregister"], &toml).await;
    assert!(code == Some(0) && said.contains("there is no bot"), "{said}");
}

#[tokio::test]
async fn a_new_key_is_shown_even_if_something_failed_after_the_bot_was_registered() {
    let place = Place::start().await;
    let toml = place.toml("mode = \"fetch\"", "", COMMANDS);
    let fault = json!({"kind": "error_500", "method": "imbot.v2.Command.register", "times": 20});
    place.control.post("/control/faults", &fault).await;
    let (code, said, _) = run(&["register", "--json"], &toml).await;
    assert_eq!(code, Some(1));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["portals"][0]["failed"].as_str().unwrap().contains("refuses a command"), "{said}");
    let token = said["bot_toml"]["bot_token"].as_str().unwrap().to_owned();
    place.control.post("/control/reset", &json!({})).await;
    let toml = place.toml("mode = \"fetch\"", &format!("bot_token = \"{token}\""), COMMANDS);
    let (code, said, _) = run(&["register"], &toml).await;
    assert!(code == Some(0) && said.contains("command /help"), "{said}");
}

#[tokio::test]
async fn what_the_portal_does_not_allow_is_explained() {
    let place = Place::start().await;
    for (api, key) in [("v1", "client_id"), ("v2", "bot_token")] {
        let code_line = format!("api = \"{api}\"");
        let toml = place
            .toml(&code_line, &format!("{key} = \"mine\""), SERVER)
            .replace("\"tea\"", &format!("\"tea_{api}\""));
        assert_eq!(run(&["register"], &toml).await.0, Some(0));
        let theirs = toml.replace("\"mine\"", "\"theirs\"");
        for command in ["register", "unregister"] {
            let (code, said, _) = run(&[command], &theirs).await;
            assert_eq!(code, Some(1), "{command} {said}");
            assert!(said.contains("another"), "{command}: {said}");
        }
        let other_type = toml.replace(&code_line, &format!("{code_line}\ntype = \"supervisor\""));
        let (code, said, _) = run(&["register"], &other_type).await;
        assert!(
            code == Some(1) && said.contains("registered as `bot`") && said.contains("b24bot unregister"),
            "{said}"
        );
    }
    let (code, _, complained) = run(&["register"], &place.toml("", "", "")).await;
    assert!(code == Some(1) && complained.contains("`public_url` in [server]"), "{complained}");
    let elsewhere = place.toml("mode = \"fetch\"", "bot_token = \"k\"", "");
    let (code, _, complained) = run(&["register", "--portal", "other.example"], &elsewhere).await;
    assert!(code == Some(1) && complained.contains("--portal names none"), "{complained}");
    let wrong = elsewhere.replace("/rest/1/local/", "/rest/1/l0st/");
    let (code, said, _) = run(&["register"], &wrong).await;
    assert!(code == Some(1) && said.contains("the webhook was deleted or changed"), "{said}");
    assert!(!said.contains("l0st"), "{said}");
}

#[tokio::test]
async fn a_handler_that_has_moved_is_told_to_the_portal() {
    for (api, key) in [("v1", "client_id"), ("v2", "bot_token")] {
        let place = Place::start().await;
        let (first, second) = (b24bot_tests::Scripted::start().await, b24bot_tests::Scripted::start().await);
        let toml = |url: &str| {
            let server = format!("[server]\npublic_url = \"{url}\"\n");
            place.toml(
                &format!("type = \"supervisor\"\napi = \"{api}\""),
                &format!("{key} = \"k3y\""),
                &server,
            )
        };
        assert_eq!(run(&["register"], &toml(first.url())).await.0, Some(0));
        assert_eq!(run(&["register"], &toml(second.url())).await.0, Some(0));
        place.control.say("chat1", 27, "hello").await;
        let event = b24bot_tests::eventually("the event at the new address", || async {
            let deliveries = place.control.get("/control/deliveries").await;
            let last = deliveries
                .as_array()?
                .iter()
                .rev()
                .find(|one| one["event"].as_str().unwrap().contains("MESSAGEADD"))?;
            Some(last["url"].as_str()?.to_owned())
        })
        .await;
        assert!(event.starts_with(second.url()), "{api}: {event}");
    }
}
