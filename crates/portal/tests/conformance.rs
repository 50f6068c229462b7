//! Events against the vendor's documented examples, where these are at hand.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed test panics, a skipped one says so")]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use support::{Bot, Caller, Received, portal};

/// The documented event, or `None` where the folder of examples is missing.
fn example(name: &str) -> Option<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24");
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
        eprintln!("skipped: {} is missing", folder.display());
        return None;
    }
    let text = std::fs::read_to_string(folder.join("events").join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Keys as PHP would write them in a form; ids that serve as keys are all called `ID`.
fn keys(value: &Value, name: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = generic(key);
                let name = if name.is_empty() { key } else { format!("{name}[{key}]") };
                keys(value, &name, into);
            }
        }
        _ => {
            into.insert(name.to_owned());
        }
    }
}

fn generic(key: &str) -> String {
    if key.parse::<u64>().is_ok() { "ID".to_owned() } else { key.to_owned() }
}

fn keys_of(received: &Received) -> BTreeSet<String> {
    let generic_pair = |key: &String| {
        let parts: Vec<String> = key.split('[').map(|part| part.trim_end_matches(']')).map(generic).collect();
        let (base, rest) = parts.split_first().unwrap();
        rest.iter().fold(base.clone(), |name, part| format!("{name}[{part}]"))
    };
    received.pairs().keys().map(generic_pair).collect()
}

fn compare(name: &str, received: &Received) {
    let Some(example) = example(name) else { return };
    let mut expected = BTreeSet::new();
    keys(&example, "", &mut expected);
    let sent = keys_of(received);
    let missing: Vec<_> = expected.difference(&sent).collect();
    let added: Vec<_> = sent.difference(&expected).collect();
    assert!(missing.is_empty() && added.is_empty(), "{name}: missing {missing:#?}, added {added:#?}");
}

#[tokio::test]
async fn messages_carry_the_documented_keys() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "one", "S").await;
    compare("onimbotjoinchat-group.json", &bot.expect("ONIMBOTJOINCHAT").await);

    let group = call.say(27, "chat1", &format!("[USER={id}]One[/USER], hello")).await;
    compare("onimbotmessageadd-group.json", &bot.expect("ONIMBOTMESSAGEADD").await);
    call.patch(
        &format!("messages/{group}"),
        serde_json::json!({"text": format!("[USER={id}]One[/USER] hi")}),
    )
    .await;
    compare("onimbotmessageupdate-group.json", &bot.expect("ONIMBOTMESSAGEUPDATE").await);
    call.delete(&format!("messages/{group}")).await;
    compare("onimbotmessagedelete-group.json", &bot.expect("ONIMBOTMESSAGEDELETE").await);

    let private = call.say(27, &id.to_string(), "hello").await;
    compare("onimbotjoinchat-private.json", &bot.expect("ONIMBOTJOINCHAT").await);
    compare("onimbotmessageadd-private.json", &bot.expect("ONIMBOTMESSAGEADD").await);
    call.patch(&format!("messages/{private}"), serde_json::json!({"text": "hi"})).await;
    compare("onimbotmessageupdate-private.json", &bot.expect("ONIMBOTMESSAGEUPDATE").await);
    call.delete(&format!("messages/{private}")).await;
    compare("onimbotmessagedelete-private.json", &bot.expect("ONIMBOTMESSAGEDELETE").await);

    let command = serde_json::json!({"BOT_ID": id, "COMMAND": "echo", "EVENT_COMMAND_ADD": bot.url,
        "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Echo"}]});
    call.oauth(&app.access_token, "imbot.command.register", command).await;
    call.say(27, "chat1", "/echo x").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    compare("onimcommandadd-group.json", &bot.expect("ONIMCOMMANDADD").await);
    call.say(27, &id.to_string(), "/echo x").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    compare("onimcommandadd-private.json", &bot.expect("ONIMCOMMANDADD").await);

    call.oauth(&app.access_token, "imbot.unregister", serde_json::json!({"BOT_ID": id})).await;
    compare("onimbotdelete.json", &bot.expect("ONIMBOTDELETE").await);
}

#[tokio::test]
async fn generation_two_carries_the_documented_data() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    call.v2_bot(&app, &bot, "two", "supervisor").await;
    compare_data("onimbotv2joinchat-data.json", &bot.expect("ONIMBOTV2JOINCHAT").await);
    let context = serde_json::json!({"entityId": 164, "entityType": "task", "source": "link"});
    let given = serde_json::json!({"dialog": "chat1", "user": 27, "context": context});
    call.control("contexts", given).await;
    compare_data("onimbotv2contextget-data.json", &bot.expect("ONIMBOTV2CONTEXTGET").await);
    let id = call.say(27, "chat1", "hello").await;
    compare_data("onimbotv2messageadd-data.json", &bot.expect("ONIMBOTV2MESSAGEADD").await);
    call.patch(&format!("messages/{id}"), serde_json::json!({"text": "hello all"})).await;
    compare_data("onimbotv2messageupdate-data.json", &bot.expect("ONIMBOTV2MESSAGEUPDATE").await);
    call.delete(&format!("messages/{id}")).await;
    compare_data("onimbotv2messagedelete-data.json", &bot.expect("ONIMBOTV2MESSAGEDELETE").await);
}

/// Everything but `bot`, which webhooks carry in a short form, and what is empty and so not written.
fn compare_data(name: &str, received: &Received) {
    let Some(example) = example(name) else { return };
    let mut expected = BTreeSet::new();
    keys(&serde_json::json!({"data": example}), "", &mut expected);
    expected.retain(|key| !key.starts_with("data[bot]") && key != "data[message][params]");
    // A list of departments is one key with an index in a form.
    if expected.remove("data[user][departments]") {
        expected.insert("data[user][departments][ID]".to_owned());
    }
    let mut sent = keys_of(received);
    sent.retain(|key| key.starts_with("data[") && !key.starts_with("data[bot]"));
    assert_eq!(sent, expected, "{name}");
}
