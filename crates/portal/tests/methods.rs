//! Every method of the platform is answered, in the documented shape.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed test panics, a skipped one says so")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use b24bot_portal::{Application, Portal};
use serde_json::{Map, Value, json};
use support::{Caller, portal};

/// The documented methods, or `None` where the folder is missing.
fn documented() -> Option<BTreeMap<String, Value>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24/methods");
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
        eprintln!("skipped: {} is missing", folder.display());
        return None;
    }
    let read = |path: PathBuf| {
        let method: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        (method["method"].as_str().unwrap().to_owned(), method)
    };
    Some(std::fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap().path())).collect())
}

/// A value of each required parameter.
fn required(method: &Value) -> Value {
    fill(method, method["params"].as_array().unwrap_or(&Vec::new()))
}

fn fill(method: &Value, params: &[Value]) -> Value {
    let required = params.iter().filter(|param| param["required"] == true);
    let values = required.map(|param| {
        let below = param["ref"].as_str().and_then(|path| path.strip_prefix('#'));
        let value = match (below.and_then(|path| method.pointer(path)), param["type"].as_str().unwrap()) {
            (Some(fields), _) => match fill(method, fields.as_array().unwrap()) {
                Value::Object(map) if map.is_empty() => json!({"x": "y"}),
                filled => filled,
            },
            (None, "integer") => json!(1),
            (None, "array" | "integer[]") => json!([1]),
            (None, "object") => json!({"x": "y"}),
            (None, _) => json!("x"),
        };
        (param["name"].as_str().unwrap().to_owned(), value)
    });
    Value::Object(values.collect())
}

/// Names of all keys, however deep; entries of lists count as one, ids as keys are all called `ID`.
fn keys(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let digits = key.trim_start_matches("upload");
                let key = if digits.parse::<u64>().is_ok() { "ID" } else { key };
                let path = format!("{path}.{key}");
                keys(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| keys(entry, &format!("{path}[]"), into)),
        _ => {}
    }
}

fn keys_of(answer: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut answer: Map<String, Value> = answer.as_object().unwrap().clone();
    answer.remove("time");
    keys(&Value::Object(answer), "", &mut found);
    found
}

/// A portal with all that the methods which do something are about.
async fn fresh() -> (Portal, Caller, Application) {
    let portal = portal().await;
    let app = portal.install_application(&["basic", "im", "imbot", "imopenlines", "user"]);
    let call = Caller::new(&portal);
    prepare(&call, &app).await;
    (portal, call, app)
}

async fn prepare(call: &Caller, app: &Application) {
    let result = async |method: &str, params: Value| {
        let (status, answer) = call.oauth(&app.access_token, method, params).await;
        assert_eq!(status, 200, "{method}: {answer}");
    };
    let bot = json!({"CODE": "one", "TYPE": "S", "EVENT_HANDLER": HANDLER, "PROPERTIES": {"NAME": "One"}});
    result("imbot.register", bot).await;
    let fields = json!({"code": "two", "type": "supervisor", "properties": {"name": "Two"}});
    result("imbot.v2.Bot.register", json!({"fields": fields})).await;
    let command = json!({"BOT_ID": ONE, "COMMAND": "echo", "EVENT_COMMAND_ADD": HANDLER,
        "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Echo"}]});
    result("imbot.command.register", command).await;
    let command = json!({"command": "say", "title": {"en": "Say"}});
    result("imbot.v2.Command.register", json!({"botId": TWO, "fields": command})).await;
    call.say(27, "chat1", "hello").await;
    result("imbot.message.add", json!({"BOT_ID": ONE, "DIALOG_ID": "chat1", "MESSAGE": "hi"})).await;
    let message = json!({"botId": TWO, "dialogId": "chat1", "fields": {"message": "hi"}});
    result("imbot.v2.Chat.Message.send", message).await;
    let reaction = json!({"botId": TWO, "messageId": SAID, "reaction": "fire"});
    result("imbot.v2.Chat.Message.Reaction.add", reaction).await;
    let bot = json!({"CODE": "three", "EVENT_HANDLER": HANDLER, "PROPERTIES": {"NAME": "Three"}});
    result("imbot.register", bot).await;
    result("imbot.chat.leave", json!({"BOT_ID": OUTSIDE, "CHAT_ID": 1})).await;
    let fields = json!({"title": "Of two", "userIds": [27, 42]});
    result("imbot.v2.Chat.add", json!({"botId": TWO, "fields": fields})).await;
    result("imbot.chat.add", json!({"BOT_ID": ONE, "TITLE": "Of one", "USERS": [1, 27]})).await;
    let file = json!({"name": "dot.png", "content": DOT});
    result("im.v2.File.upload", json!({"dialogId": "chat1", "fields": file})).await;
}

/// The head of an image with one point.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";
const FILE: u64 = 501;

const HANDLER: &str = "http://127.0.0.1:1/";
/// The bots, and messages by user 27 and each of them; ids are the same in every run.
const ONE: u64 = 1001;
const TWO: u64 = 1002;
const OUTSIDE: u64 = 1003;
const SAID: u64 = 101;
const BY_ONE: u64 = 102;
const BY_TWO: u64 = 103;
/// With the file, after the system's word that the third bot has left.
const BY_CALLER: u64 = 105;

/// Makes parameters that would only be refused for what they say mean something.
fn adapt(method: &str, params: &mut Value) {
    for (name, value) in params.as_object_mut().unwrap() {
        match (name.as_str(), method) {
            ("BOT_ID", _) => *value = json!(ONE),
            ("botId", _) => *value = json!(TWO),
            ("event", "event.bind" | "event.unbind") => *value = json!("ONAPPUPDATE"),
            ("handler", "event.bind" | "event.unbind") => *value = json!(HANDLER),
            ("COMMAND_ID", _) => *value = json!(11),
            ("commandId", _) => *value = json!(12),
            ("MESSAGE_ID", "imbot.message.update" | "imbot.message.delete") => *value = json!(BY_ONE),
            ("MESSAGE_ID", "im.message.update") => *value = json!(BY_CALLER),
            ("messageId", "imbot.v2.Chat.Message.update" | "imbot.v2.Chat.Message.delete") => {
                *value = json!(BY_TWO);
            }
            ("MESSAGE_ID" | "messageId", _) => *value = json!(SAID),
            ("dialogId", _) if runs_a_chat(method) => *value = json!("chat2"),
            ("CHAT_ID", _) if runs_a_chat(method) => *value = json!(3),
            ("DIALOG_ID" | "dialogId", _) => *value = json!("chat1"),
            (
                "FILE_ID" | "fileId",
                "im.disk.file.commit" | "im.v2.File.download" | "imbot.v2.File.download",
            ) => {
                *value = json!(FILE);
            }
            _ => {}
        }
    }
    let more = match method {
        "im.chat.user.add" | "imbot.chat.user.add" => json!({"USERS": [OUTSIDE]}),
        "imbot.message.add" => json!({"DIALOG_ID": "chat1"}),
        "imbot.register" => json!({"EVENT_MESSAGE_ADD": HANDLER, "EVENT_WELCOME_MESSAGE": HANDLER,
            "EVENT_BOT_DELETE": HANDLER}),
        "imbot.command.register" => json!({"EVENT_COMMAND_ADD": HANDLER,
            "LANG": [{"LANGUAGE_ID": "en", "TITLE": "X"}]}),
        "imbot.v2.Bot.get" => json!({"botId": TWO}),
        "imbot.v2.Bot.register" => json!({"fields": {"code": "x", "properties": {"name": "X"}}}),
        "imbot.v2.Chat.setOwner" => json!({"userId": 27}),
        "imbot.v2.Chat.update" => json!({"fields": {"title": "x"}}),
        "im.message.command" => json!({"COMMAND": "echo"}),
        "imbot.command.update" => json!({"FIELDS": {"HIDDEN": "Y"}}),
        "imbot.v2.Command.register" => json!({"fields": {"command": "x", "title": {"en": "X"}}}),
        "imbot.v2.File.upload" | "im.v2.File.upload" => {
            json!({"fields": {"name": "x.txt", "content": "eA=="}})
        }
        "imbot.v2.Chat.Message.Reaction.add" => json!({"reaction": "laugh"}),
        "imbot.v2.Chat.Message.Reaction.delete" => json!({"reaction": "fire"}),
        "imbot.v2.Chat.Message.send" | "imbot.v2.Command.answer" => json!({"fields": {"message": "x"}}),
        "im.chat.mute" | "imopenlines.session.history.get" => json!({"CHAT_ID": 1}),
        "im.notify.delete" => json!({"ID": 1}),
        "im.chat.user.delete"
        | "im.chat.setOwner"
        | "imopenlines.bot.session.transfer"
        | "imopenlines.operator.transfer" => json!({"USER_ID": 27}),
        "imopenlines.session.head.vote" => json!({"RATING": 5}),
        _ => json!({}),
    };
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

/// What only the owner of a chat may do: the second bot owns chat 2, the first one chat 3.
fn runs_a_chat(method: &str) -> bool {
    let deeds = [
        ".setManager",
        ".Manager.add",
        ".Manager.delete",
        ".setOwner",
        ".User.add",
        ".User.delete",
        "imbot.chat.user.delete",
        "imbot.chat.user.add",
        "imbot.chat.user.list",
        "imbot.chat.updateTitle",
    ];
    method.starts_with("imbot.") && deeds.iter().any(|deed| method.ends_with(deed))
}

/// Details of what is not in the messages at hand.
fn absent(method: &str, key: &str) -> bool {
    method == "im.dialog.messages.get" && key.starts_with(".result.messages[].params.")
}

/// A required parameter is missed by a code that the method's page has, or by the general one.
async fn misses(call: &Caller, app: &Application, name: &str, method: &Value, params: &Value) -> Vec<String> {
    let codes = method["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap());
    let codes: Vec<&str> = codes.chain(["ERROR_ARGUMENT"]).collect();
    let required = method["params"].as_array().unwrap().iter().filter(|param| param["required"] == true);
    let mut wrong = Vec::new();
    for left_out in required.map(|param| param["name"].as_str().unwrap()) {
        // Pairs of which the pages demand one or the other, although they mark both as required.
        if name.starts_with("im.disk.") && params.as_object().unwrap().contains_key("DIALOG_ID") {
            continue;
        }
        let mut params = params.clone();
        params.as_object_mut().unwrap().remove(left_out);
        let (status, answer) = call.oauth(&app.access_token, name, params).await;
        let code = answer["error"].as_str().unwrap_or_default();
        if status != 400 || !codes.contains(&code) {
            wrong.push(format!("{name} without {left_out}: {status} {answer}"));
        }
    }
    wrong
}

#[tokio::test]
async fn every_documented_method_is_answered() {
    let Some(documented) = documented() else { return };
    assert!(documented.len() > 150, "{}", documented.len());
    let mut wrong = Vec::new();
    let mut untouched = None;
    for (name, method) in &documented {
        let (portal, call, app) = match untouched.take() {
            Some(ready) => ready,
            None => fresh().await,
        };
        let mut params = required(method);
        adapt(name, &mut params);
        let (status, answer) = call.oauth(&app.access_token, name, params.clone()).await;
        if status != 200 {
            wrong.push(format!("{name} {params}: {status} {answer}"));
            continue;
        }
        let (_, requests) = call.get("/control/requests").await;
        let is_example = requests.as_array().unwrap().last().unwrap()["example"] == true;
        if is_example {
            wrong.extend(misses(&call, &app, name, method, &params).await);
            untouched = Some((portal, call, app));
        }
        let Some(shown) = method.get("result_example").filter(|shown| shown.is_object()) else { continue };
        let (expected, given) = (keys_of(shown), keys_of(&answer));
        let missing: Vec<_> = expected.difference(&given).filter(|key| !absent(name, key)).collect();
        // What does something may tell more.
        let added: Vec<_> = given.difference(&expected).filter(|_| is_example).collect();
        if !missing.is_empty() || !added.is_empty() {
            wrong.push(format!("{name}: missing {missing:?}, added {added:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn examples_are_marked() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let marked = async |query: &str| {
        let response = call.try_get(&format!("{}{query}", portal.webhook_url())).await;
        let header =
            response.headers().get("x-b24bot-example").map(|value| value.to_str().unwrap().to_owned());
        let (_, requests) = call.get("/control/requests").await;
        let entry = requests.as_array().unwrap().last().unwrap().clone();
        assert_eq!(header.is_some_and(|value| value == "1"), entry["example"], "{entry}");
        entry
    };
    assert_eq!(marked("im.chat.get?ENTITY_TYPE=x&ENTITY_ID=1").await["example"], true);
    assert_eq!(marked("im.chat.get").await["example"], false);
    assert_eq!(marked("profile").await["example"], false);
    assert_eq!(marked("batch?cmd[a]=profile&cmd[b]=im.nonsense").await["example"], false);
    let batch = marked("batch?cmd[a]=profile&cmd[b]=user.get").await;
    let calls: Vec<_> = batch["calls"].as_array().unwrap().iter().map(|one| &one["example"]).collect();
    assert_eq!((&batch["example"], calls), (&json!(true), vec![&json!(false), &json!(true)]));
}
