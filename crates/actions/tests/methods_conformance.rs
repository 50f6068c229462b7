//! Holds every typed call against the platform's own list of methods, where that is at hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test says no more politely that it failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use b24bot_actions::{
    ErrorCode,
    methods::{self, Effect, MethodInfo, ParamInfo},
};
use serde_json::Value;

/// Parameters that a method's page has and its specification lacks.
const ON_THE_PAGE_ONLY: &[(&str, &[&str])] = &[
    ("event.offline.get", &["clear", "process_id", "auth_connector", "error"]),
    (
        "imbot.command.update",
        &[
            "FIELDS.COMMAND",
            "FIELDS.EVENT_COMMAND_ADD",
            "FIELDS.HIDDEN",
            "FIELDS.EXTRANET_SUPPORT",
            "FIELDS.LANG",
        ],
    ),
];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24/methods");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
    eprintln!("skipped: {} is missing", folder.display());
    None
}

/// What the platform says of its methods, by name.
fn documented() -> Option<BTreeMap<String, Value>> {
    let read = |path: PathBuf| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    let files = std::fs::read_dir(folder()?).unwrap().map(|file| read(file.unwrap().path()));
    let methods: BTreeMap<_, _> =
        files.map(|file| (file["method"].as_str().unwrap().to_owned(), file)).collect();
    assert!(methods.len() >= 190);
    Some(methods)
}

/// Required or not, by path.
type Params = BTreeMap<String, bool>;

fn documented_params(method: &Value) -> Params {
    let list = method["params"].as_array().unwrap();
    // Some pages without parameters have the table of what is returned in their place.
    if list.iter().any(|param| param["name"] == "result") {
        return Params::new();
    }
    let mut params = Params::new();
    for param in list {
        let name = param["name"].as_str().unwrap();
        let required = param["required"] == true;
        if let Some((field, object)) = name.strip_suffix(')').and_then(|name| name.split_once(" (")) {
            params.insert(format!("{object}.{field}"), false);
            continue;
        }
        params.insert(name.to_owned(), required);
        if let Some(reference) = param["ref"].as_str() {
            for field in method["defs"][reference.rsplit('/').next().unwrap()].as_array().unwrap() {
                params
                    .insert(format!("{name}.{}", field["name"].as_str().unwrap()), field["required"] == true);
            }
        }
    }
    params
}

/// A typed call's parameters by path, with the objects that the paths lead through. An object is required if something
/// in it is.
fn typed_params(info: &MethodInfo) -> Params {
    fn gather(params: &[ParamInfo], within: &str, into: &mut Params) {
        for param in params {
            let path = format!("{within}{}", param.name);
            for (dot, _) in path.match_indices('.').filter(|_| within.is_empty()) {
                *into.entry(path[..dot].to_owned()).or_default() |= param.required;
            }
            gather(param.fields, &format!("{path}."), into);
            assert_eq!(into.insert(path.clone(), param.required), None, "{path} twice");
        }
    }
    let mut params = Params::new();
    gather(info.params, "", &mut params);
    params
}

#[test]
fn every_method_is_typed_and_no_other() {
    let Some(documented) = documented() else { return };
    let typed: Vec<_> = methods::all().map(|info| info.name).collect();
    let once: BTreeSet<_> = typed.iter().copied().collect();
    assert_eq!(typed.len(), once.len(), "a method is in the table twice");
    assert_eq!(once, documented.keys().map(String::as_str).collect());
}

#[test]
fn parameters_are_those_of_the_platform() {
    let Some(documented) = documented() else { return };
    for info in methods::all() {
        let (wanted, typed) = (documented_params(&documented[info.name]), typed_params(info));
        let extra =
            ON_THE_PAGE_ONLY.iter().find(|(name, _)| *name == info.name).map_or(&[][..], |(_, extra)| extra);
        for (path, required) in &wanted {
            // The specification has these one level too high.
            let path = match info.name {
                "imbot.command.update" => path.replace("FIELDS.", "FIELDS.LANG."),
                _ => path.clone(),
            };
            let Some(has) = typed.get(&path) else { panic!("{}: no `{path}`", info.name) };
            // An object whose fields are all optional is written with the first of them.
            let is_object = typed.keys().any(|other| other.starts_with(&format!("{path}.")));
            assert!(*has || !required || is_object, "{}: `{path}` is required", info.name);
        }
        for path in typed.keys().filter(|path| !wanted.contains_key(*path)) {
            let known = |known: &&str| path == known || path.starts_with(&format!("{known}."));
            // The specification does not say what is in these objects.
            let opaque = path.split_once('.').is_some_and(|(object, _)| {
                let within = |other: &String| other.starts_with(&format!("{object}."));
                wanted.contains_key(object) && !wanted.keys().any(within)
            }) || path.starts_with("fields.properties.")
                || path.starts_with("PARAMS.QUEUE.");
            assert!(opaque || extra.iter().any(known), "{}: the platform knows no `{path}`", info.name);
        }
    }
}

#[test]
fn scopes_deprecations_and_error_codes_are_those_of_the_platform() {
    let Some(documented) = documented() else { return };
    for info in methods::all() {
        let wanted = &documented[info.name];
        assert_eq!(info.scope, wanted["scope"].as_str(), "{}", info.name);
        assert_eq!(info.deprecated.is_some(), wanted["deprecated"] == true, "{}", info.name);
        let mut codes: Vec<ErrorCode> = Vec::new();
        for error in wanted["errors"].as_array().unwrap() {
            let code = ErrorCode::from(error["code"].as_str().unwrap());
            assert!(!matches!(code, ErrorCode::Other(_)), "{}: {code} has no name", info.name);
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        assert_eq!(info.errors, codes, "{}", info.name);
    }
}

#[test]
fn successors_exist() {
    for info in methods::all() {
        for name in info.deprecated.unwrap_or_default().split('`').skip(1).step_by(2) {
            let successor = methods::find(name).unwrap_or_else(|| panic!("{}: no {name}", info.name));
            assert!(successor.deprecated.is_none(), "{name}");
        }
    }
}

#[test]
fn what_reads_and_what_acts() {
    let effect = |name| methods::find(name).unwrap().effect;
    for info in methods::all() {
        let last = info.name.rsplit('.').next().unwrap();
        let reads = ["get", "list", "getContext", "search", "download", "getLastId"].contains(&last);
        if reads && !["event.offline.get"].contains(&info.name) && info.name != "im.notify.read.list" {
            assert_eq!(info.effect, Effect::Read, "{}", info.name);
        }
        if ["send", "answer", "upload"].contains(&last) && info.name != "imopenlines.operator.answer" {
            assert_eq!(info.effect, Effect::Act, "{}", info.name);
        }
    }
    assert_eq!(effect("im.message.like"), Effect::Mark);
    assert_eq!(effect("im.message.add"), Effect::Act);
    assert_eq!(effect("event.offline.get"), Effect::Act);
    assert_eq!(effect("im.chat.updateTitle"), Effect::Set);
    // Registration goes by the bot's code.
    assert_eq!(effect("imbot.v2.Bot.register"), Effect::Set);
}

/// Numbers that say yes or no.
const SWITCHES: &[&str] = &["[].offline"];

/// Keys whose values no type has: they are for the platform's own screens.
const LEFT_OUT: &[&str] = &["viewerAttrs", "mediaUrl"];

/// What the example says a second time, under another key.
const SAID_TWICE: &[&str] =
    &["im.dialog.messages.search.messages[].authorId", "im.dialog.messages.search.messages[].chatId"];

/// Gives every number and text in an example a value of its own, and notes it with its path: what is read of it can
/// come from nowhere else.
fn mark(value: &mut Value, path: &str, marks: &mut Vec<(String, String)>) {
    let number = 700_001 + marks.len();
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())) {
                mark(value, &format!("{path}.{key}"), marks);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mark(value, &format!("{path}[]"), marks)),
        Value::Number(_) if !SWITCHES.contains(&path) => {
            *value = number.into();
            marks.push((path.to_owned(), number.to_string()));
        }
        Value::String(text) if !["", "Y", "N", "{}"].contains(&text.as_str()) => {
            *text = if text.parse::<f64>().is_ok() { number.to_string() } else { format!("{text}~{number}") };
            marks.push((path.to_owned(), number.to_string()));
        }
        _ => {}
    }
}

#[test]
fn every_example_is_read_and_nothing_in_it_is_lost() {
    let Some(documented) = documented() else { return };
    let (mut read, mut lost) = (0, Vec::new());
    for info in methods::all() {
        let mut example = documented[info.name]["result_example"].clone();
        if example.is_null() {
            continue;
        }
        let answer = |example: &Value| match info.read_answer(&example.to_string()) {
            Ok(answer) => format!("{answer:?}"),
            Err(error) => panic!("{}: {error}", info.name),
        };
        answer(&example);
        let mut marks = Vec::new();
        mark(&mut example["result"], "", &mut marks);
        let shown = answer(&example);
        let unread = marks.into_iter().filter(|(_, mark)| !shown.contains(mark));
        lost.extend(unread.map(|(path, _)| format!("{}{path}", info.name)));
        read += 1;
    }
    assert!(read >= 180, "{read} examples only");
    lost.retain(|path| !SAID_TWICE.contains(&path.as_str()));
    lost.dedup();
    assert!(lost.is_empty(), "lost:\n{}", lost.join("\n"));
}

#[test]
fn examples_that_are_something_else_are_refused() {
    let refused = |name: &str, body: &str| {
        let error = methods::find(name).unwrap().read_answer(body).err().map(|error| error.to_string());
        error.unwrap_or_else(|| panic!("{name} took {body}"))
    };
    assert!(refused("im.message.add", r#"{"result":"text"}"#).contains("expected a message's id"));
    assert!(
        refused("im.dialog.messages.get", r#"{"result":{"messages":[{"id":1},{}]}}"#)
            .contains("messages.0.chat_id")
    );
    assert!(refused("im.user.get", r#"{"result":true}"#).contains("expected an object"));
    assert!(refused("profile", r#"{"error":"expired_token"}"#).contains("expired_token"));
}
