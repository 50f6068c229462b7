//! Senders and proxies write the same event in many ways: every event means the same in each of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use b24bot_core::{decode, decode_fetched};
use serde_json::{Map, Value, json};

/// A way of writing the same tree.
type Distortion = fn(Value) -> Vec<u8>;

const DISTORTIONS: [(&str, Distortion); 7] = [
    ("JSON of strings", |tree| tree.to_string().into_bytes()),
    ("JSON with numbers", |tree| walk(tree, &numbers).to_string().into_bytes()),
    ("JSON with floats", |tree| walk(tree, &floats).to_string().into_bytes()),
    ("JSON with lists for maps that count from 0", |tree| walk(tree, &lists).to_string().into_bytes()),
    ("JSON with empty lists where nothing is", |mut tree| {
        for key in ["USER", "params", "CHAT"] {
            if let Some(data) = tree["data"].as_object_mut() {
                data.entry(key).or_insert(json!([]));
            }
        }
        tree.to_string().into_bytes()
    }),
    ("form with plain brackets", |tree| form(&tree, false).into_bytes()),
    ("form with encoded brackets", |tree| form(&tree, true).into_bytes()),
];

#[test]
fn every_event_means_the_same_however_it_is_written() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies"));
}

/// The platform's own examples, where the folder with them lies beside the repository.
#[test]
fn every_documented_event_means_the_same_however_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24/events");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none(), "there is no {}", folder.display());
        println!("skipped: there is no {}", folder.display());
        return;
    }
    check(&folder);
    let mut fetched = 0;
    for path in forms(&folder).filter(|path| path.to_string_lossy().ends_with("-webhook.form")) {
        let posted = decode(&fs::read(&path).unwrap()).unwrap().remove(0);
        let data = PathBuf::from(path.to_string_lossy().replace("-webhook.form", "-data.json"));
        let data: Value = serde_json::from_slice(&fs::read(data).unwrap()).unwrap();
        let item = json!({"eventId": 1, "type": posted.name, "data": data});
        let item = decode_fetched(&posted.portal, item.to_string().as_bytes()).unwrap().remove(0);
        assert_eq!(format!("{:?}", item.payload), format!("{:?}", posted.payload), "{}", path.display());
        fetched += 1;
    }
    assert!(fetched >= 8, "only {fetched} fetched events");
}

fn check(folder: &Path) {
    let mut events = 0;
    for path in forms(folder) {
        let body = fs::read(&path).unwrap();
        let expected = meaning(&body);
        for (name, distort) in DISTORTIONS {
            assert_eq!(meaning(&distort(tree(&body))), expected, "{} as {name}", path.display());
        }
        events += 1;
    }
    assert!(events > 30, "only {events} events");
}

fn forms(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "form"))
}

fn meaning(body: &[u8]) -> Vec<String> {
    let events = decode(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)));
    let shown = events.iter().map(|e| {
        format!("{} {:?} {:?} {:?} {:?} {:?}", e.name, e.generation, e.portal, e.bot, e.sent_at, e.payload)
    });
    shown.collect()
}

/// The tree of a form, read independently of the decoder.
fn tree(form: &[u8]) -> Value {
    let mut root = json!({});
    for (key, value) in form_urlencoded::parse(form) {
        let mut node = &mut root;
        for segment in key.split(['[', ']']).filter(|segment| !segment.is_empty()) {
            if !node.is_object() {
                *node = Value::Object(Map::new());
            }
            node = node.as_object_mut().unwrap().entry(segment).or_insert(Value::Null);
        }
        *node = value.into();
    }
    root
}

fn walk(node: Value, change: &dyn Fn(Value) -> Value) -> Value {
    change(match node {
        Value::Object(map) => map.into_iter().map(|(key, child)| (key, walk(child, change))).collect(),
        other => other,
    })
}

/// Digits as numbers, unless that would change them.
fn numbers(node: Value) -> Value {
    let number = node.as_str().and_then(|text| text.parse::<u32>().ok().filter(|n| n.to_string() == text));
    number.map_or(node, Value::from)
}

fn floats(node: Value) -> Value {
    match numbers(node) {
        Value::Number(number) => json!(number.as_f64()),
        other => other,
    }
}

fn lists(node: Value) -> Value {
    match node {
        Value::Object(map) if map.keys().enumerate().all(|(index, key)| *key == index.to_string()) => {
            map.into_iter().map(|(_, child)| child).collect()
        }
        other => other,
    }
}

fn form(tree: &Value, encoded: bool) -> String {
    let mut pairs = Vec::new();
    flatten(tree, String::new(), &mut pairs);
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if encoded { form } else { form.replace("%5B", "[").replace("%5D", "]") }
}

fn flatten(node: &Value, path: String, pairs: &mut Vec<(String, String)>) {
    match node {
        Value::Object(map) => {
            for (key, child) in map {
                flatten(child, if path.is_empty() { key.clone() } else { format!("{path}[{key}]") }, pairs);
            }
        }
        scalar => pairs.push((path, scalar.as_str().unwrap_or_default().to_owned())),
    }
}
