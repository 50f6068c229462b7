//! `b24bot doctor`: what it finds on a local portal, and on portals that refuse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Control, Program, Scripted};
use serde_json::{Value, json};

async fn run(arguments: &[&str], toml: &str) -> (Option<i32>, String) {
    let output = Program::to_end(arguments, Some(toml), &[("RUST_LOG", "warn")]).await;
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// What was found in a section that is not good, or `null`.
fn finding(parts: &Value, section: &str) -> Value {
    let all = parts.as_array().unwrap().iter().flat_map(|part| part["findings"].as_array().unwrap());
    let mut ill = all.filter(|one| one["section"] == section && one["grade"] != "good");
    ill.next().cloned().unwrap_or(Value::Null)
}

async fn examined(toml: &str) -> (Option<i32>, Value) {
    let (code, said) = run(&["doctor", "--json"], toml).await;
    (code, serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}")))
}

#[tokio::test]
async fn a_bot_that_fetches_is_well_once_it_is_registered() {
    let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
    let control = Control::at(&portal.word_after("chat page        ").await);
    let webhook = portal.word_after("inbound webhook  ").await;
    let toml = format!(
        "[bot]\ncode = \"tea\"\nname = \"Tea\"\nmode = \"fetch\"\n[portal]\nwebhook = \"{webhook}\"\n\
         bot_id = 1001\nbot_token = \"k3yk3yk3y\"\n[[command]]\nname = \"help\"\ntitle = \"Help\"\n"
    );
    let (code, parts) = examined(&toml).await;
    assert_eq!(code, Some(1));
    assert_eq!(finding(&parts, "bot")["todo"], "run `b24bot register`", "{parts}");
    assert_eq!(run(&["register"], &toml).await.0, Some(0));
    let (code, said) = run(&["doctor"], &toml).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing keeps the bot from working") && !said.contains("k3yk3yk3y"), "{said}");
    for part in
        ["the inbound webhook works", "im, imbot", "REST revision 33", "`tea` is bot 1001", "are fetched"]
    {
        assert!(said.contains(part), "no {part} in\n{said}");
    }

    for (from, to, section, found) in [
        ("name = \"Tea\"", "name = \"Mate\"", "bot", "the name is `Tea`"),
        ("bot_id = 1001", "bot_id = 1002", "bot", "`bot_id` in [portal] is 1002"),
        ("k3yk3yk3y", "another", "bot", "belongs to another"),
        ("title = \"Help\"", "title = \"Aid\"", "commands", "command /help"),
        ("code = \"tea\"", "code = \"coffee\"", "leftovers", "bot 1001 with the code `tea`"),
        ("/rest/1/local/", "/rest/1/l0st/", "credentials", "INVALID_CREDENTIALS"),
        ("mode = \"fetch\"", "mode = \"fetch\"\nnmae = \"x\"", "configuration", "unknown key"),
    ] {
        let (code, parts) = examined(&toml.replace(from, to)).await;
        assert_eq!(code, Some(1), "{to}");
        let found_there = finding(&parts, section)["found"].clone();
        assert!(found_there.as_str().is_some_and(|text| text.contains(found)), "{to}: {parts}");
        assert!(!parts.to_string().contains("l0st"), "{parts}");
    }

    control.post("/control/clock", &json!({"advance_seconds": 600})).await;
    let (code, parts) = examined(&toml).await;
    assert_eq!(code, Some(1));
    assert!(finding(&parts, "clock")["found"].as_str().unwrap().contains("behind"), "{parts}");
}

#[tokio::test]
async fn the_address_of_a_bot_that_runs_is_good_and_of_one_that_does_not_is_not() {
    let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
    let webhook = portal.word_after("inbound webhook  ").await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let toml = format!(
        "[bot]\ncode = \"tea\"\n[portal]\nwebhook = \"{webhook}\"\nbot_token = \"k3y\"\n[server]\n\
         listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n"
    );
    assert_eq!(run(&["register"], &toml).await.0, Some(0));
    let (code, parts) = examined(&toml).await;
    assert_eq!(code, Some(1));
    let address = finding(&parts, "address");
    assert!(address["found"].as_str().unwrap().starts_with("no connection"), "{address}");
    assert!(address["todo"].as_str().unwrap().contains("b24bot run"), "{address}");

    let _bot = Program::run(&toml).await;
    let (code, parts) = examined(&toml).await;
    assert_eq!(code, Some(0), "{parts}");
    // The portal does not show a webhook's bot where its events go.
    assert_eq!(finding(&parts, "events")["grade"], "note");

    let elsewhere = Scripted::start().await;
    let (_, parts) = examined(&toml.replace(
        &format!("public_url = \"http://127.0.0.1:{port}\""),
        &format!("public_url = \"{}\"", elsewhere.url()),
    ))
    .await;
    assert!(
        finding(&parts, "address")["found"].as_str().unwrap().contains("not as this bot's endpoint does"),
        "{parts}"
    );
}

#[tokio::test]
async fn a_missing_scope_says_what_stops_and_nothing_that_needs_it_is_asked() {
    let portal = Scripted::start().await;
    portal.then(200, &json!({"result": ["im"]}).to_string());
    let toml = format!(
        "[bot]\ncode = \"tea\"\napi = \"v1\"\n{}\n[server]\npublic_url = \"https://bot.invalid\"\n",
        portal.webhook()
    );
    let (code, parts) = examined(&toml).await;
    assert_eq!(code, Some(1));
    assert!(finding(&parts, "scopes")["found"].as_str().unwrap().contains("no registration"), "{parts}");
    assert!(finding(&parts, "address")["found"].as_str().unwrap().contains("(DNS)"), "{parts}");
    assert_eq!(portal.calls().len(), 1);

    portal.then_error(403, "insufficient_scope");
    let output = Program::to_end(&["register"], Some(&toml), &[]).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("lacks a scope"), "{said}");
}
