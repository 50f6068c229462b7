//! Senders and proxies write the same event in many ways: every event means the same in each of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, path::Path};

use b24bot_core::decode;
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies");
    let mut events = 0;
    for path in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let body = fs::read(&path).unwrap();
        let expected = meaning(&body);
        for (name, distort) in DISTORTIONS {
            let distorted = distort(tree(&body));
            assert_eq!(meaning(&distorted), expected, "{} as {name}", path.display());
        }
        events += 1;
    }
    assert!(events > 30, "only {events} events");
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
