//! Sessions that are recorded, and posted again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use b24bot_portal::replay::{Pace, Replay};
use b24bot_portal::{ErrorKind, Portal, PortalBuilder};
use serde_json::{Value, json};
use support::{Bot, Caller};
use tempfile::TempDir;
use tokio::net::TcpListener;

fn recorded(folder: &TempDir) -> (PortalBuilder, PathBuf) {
    let path = folder.path().join("session.jsonl");
    (Portal::builder().listen("127.0.0.1:0".parse().unwrap()).unlimited().record(&path), path)
}

/// A bot that likes every message, or the one after it; its address.
async fn liker(off_by: u64) -> String {
    let take = async move |State(client): State<reqwest::Client>, body: String| {
        let address = reqwest::Url::parse(&format!("http://x/?{body}")).unwrap();
        let field = |name: &str| {
            address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if let Some(id) = field("data[PARAMS][MESSAGE_ID]").and_then(|id| id.parse::<u64>().ok()) {
            let url = format!("{}im.message.like", field("auth[client_endpoint]").unwrap());
            let token = field("auth[access_token]").unwrap();
            let params = json!({"auth": token, "MESSAGE_ID": id + off_by, "ACTION": "plus"});
            client
                .post(url)
                .header("content-type", "application/json")
                .body(params.to_string())
                .send()
                .await
                .unwrap();
        }
        "noted"
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let app = Router::new().route("/events", post(take)).with_state(client);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// A session with a bot that likes; the recording.
async fn session(folder: &TempDir) -> PathBuf {
    let (portal, path) = recorded(folder);
    let portal = portal.start().await.unwrap();
    let (caller, application) = (Caller::new(&portal), portal.install_application(&["im", "imbot"]));
    let params = json!({"CODE": "liker", "TYPE": "S", "EVENT_HANDLER": liker(0).await, "PROPERTIES": {"NAME": "Liker"}});
    let (status, answer) = caller.oauth(&application.access_token, "imbot.register", params).await;
    assert_eq!(status, 200, "{answer}");
    for text in ["one", "two & three"] {
        let message = caller.say(27, "chat1", text).await;
        portal.delivered().await;
        assert_ne!(caller.likes(message).await, json!([]));
    }
    portal.shutdown().await;
    path
}

/// A replay that waits no longer than it takes to see that nothing more comes.
fn replay(path: &Path, to: String) -> Replay {
    let short = Duration::from_millis(50);
    Replay::read(path).unwrap().to(to).pace(Pace::FAST).patience(short)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_recording_holds_events_and_calls_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let lines = lines(&session(&folder).await);
    assert_eq!((&lines[0]["format"], &lines[0]["version"]), (&json!("b24bot-recording"), &json!(1)));
    let events: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "event").collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["ONIMBOTJOINCHAT", "ONIMBOTMESSAGEADD", "ONIMBOTMESSAGEADD"]);
    assert_eq!((&events[2]["status"], &events[2]["answer"]), (&json!(200), &json!("noted")));
    let body = events[2]["body"].as_str().unwrap();
    assert!(body.contains("data%5BPARAMS%5D%5BMESSAGE%5D=two+%26+three"), "{body}");
    let likes = lines.iter().filter(|line| line["method"] == "im.message.like");
    let likes: Vec<_> =
        likes.map(|like| (&like["params"]["MESSAGE_ID"], &like["answer"]["result"])).collect();
    assert_eq!(likes, [(&json!(101), &json!(true)), (&json!(102), &json!(true))]);
}

#[tokio::test]
async fn a_bot_that_does_the_same_shows_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = session(&folder).await;
    for pace in [Pace::FAST, Pace::times(1000.0).unwrap()] {
        let report = replay(&path, liker(0).await).pace(pace).run().await.unwrap();
        assert!(report.is_same(), "{report}");
        assert!(report.to_string().contains("3 of 3 events were answered as expected"), "{report}");
        assert!(report.to_string().contains("calls: 2 as recorded, 0 with"), "{report}");
    }
}

#[tokio::test]
async fn what_a_bot_does_otherwise_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = session(&folder).await;
    let report = replay(&path, liker(1).await).run().await.unwrap();
    assert!(!report.is_same());
    let text = report.to_string();
    // It likes 102 and 103: one of them was recorded, for the other event.
    assert!(text.contains("calls: 1 as recorded, 1 with other parameters, 0 missing, 0 further"), "{text}");
    assert!(
        text.contains(r#""MESSAGE_ID":"103"#)
            && text.contains(r#"recorded: {"ACTION":"plus","MESSAGE_ID":"101"}"#),
        "{text}"
    );
    let silent = Bot::start().await;
    let report = replay(&path, silent.url.clone()).run().await.unwrap();
    assert!(report.to_string().contains("2 missing"), "{report}");
    let nobody = replay(&path, "http://127.0.0.1:9/".to_owned()).run().await.unwrap();
    assert!(!nobody.is_same() && nobody.to_string().contains("nobody answers"), "{nobody}");
}

/// Whether a field, `a[b]`, is one of those that nobody may see.
fn is_secret(name: &str) -> bool {
    ["access_token]", "refresh_token]", "application_token]", "CLIENT_ID]", "client_id]"]
        .iter()
        .any(|secret| name.ends_with(secret))
}

/// The same in an answer.
fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::Object(map) => {
            for (name, value) in map {
                match value.as_str() {
                    Some(text) if is_secret(&format!("{name}]")) => secrets.push(text.to_owned()),
                    _ => collect(value, secrets),
                }
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_recording_has_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let (portal, path) = recorded(&folder);
    let portal = portal.start().await.unwrap();
    let (caller, mut bot) = (Caller::new(&portal), Bot::start().await);
    let application = portal.install_application(&["im", "imbot"]);
    caller.v1_bot(&application, &bot, "one", "S").await;
    caller.v2_bot(&application, &bot, "two", "supervisor").await;
    let fields = json!({"code": "three", "type": "supervisor", "eventMode": "fetch", "botToken": "s3cretB0tToken",
        "properties": {"name": "Three"}});
    let three = caller.result("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].clone();
    let params = json!({"CODE": "four", "TYPE": "S", "CLIENT_ID": "s3cretCl1ent", "EVENT_HANDLER": bot.url,
        "PROPERTIES": {"NAME": "Four"}});
    caller.result("imbot.register", params).await;
    caller.say(27, "chat1", "hello").await;
    let sent = portal.delivered().await;
    let fetch = json!({"botId": three, "botToken": "s3cretB0tToken"});
    let mut secrets = Vec::new();
    collect(&caller.result("imbot.v2.Event.get", fetch).await, &mut secrets);
    let command = format!("imbot.v2.Event.get?botId={three}&botToken=s3cretB0tToken");
    caller.result("batch", json!({"cmd": {"a": command}})).await;
    let file = json!({"dialog": "chat1", "user": 1, "name": "a.txt", "content": "dGVh"});
    let id = caller.control("files", file).await.1["file_id"].clone();
    let made = caller.result("im.disk.file.commit", json!({"CHAT_ID": 1, "FILE_ID": [id]})).await;
    let url = made["FILE_MODELS"][format!("upload{id}")]["links"]["download"].as_str().unwrap().to_owned();
    let key = url.split("%7C").nth(1).unwrap();
    secrets.extend([key, &key[..20], &key[20..]].map(str::to_owned));
    caller.say(27, "chat1", &format!("see {url} there")).await;
    let nested = format!("batch?cmd[b]=profile%3Fauth%3D{}", application.access_token);
    caller.result("batch", json!({"cmd": {"a": nested}, "note": format!("see {url}")})).await;
    let later = portal.delivered().await - sent;
    portal.shutdown().await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("ONIMBOTMESSAGEADD") && text.contains("ONIMBOTV2MESSAGEADD"), "{text}");
    for _ in 0..sent + later {
        let pairs = bot.next().await.pairs().into_iter();
        secrets.extend(pairs.filter(|(name, _)| is_secret(name)).map(|(_, value)| value));
    }
    // Each event brings the tokens of its author and of the bot, and the application's.
    assert!(secrets.len() > 20, "{secrets:?}");
    assert!(text.matches("imbot.v2.Event.get").count() >= 2, "{text}");
    secrets.extend([application.client_secret, application.access_token, application.refresh_token]);
    secrets.extend([application.application_token, "s3cretB0tToken".to_owned(), "s3cretCl1ent".to_owned()]);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[tokio::test]
async fn a_slow_request_is_dated_when_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let (portal, path) = recorded(&folder);
    let portal = portal.start().await.unwrap();
    let caller = Caller::new(&portal);
    caller.control("faults", json!({"kind": "slow", "method": "scope", "milliseconds": 500})).await;
    caller.result("profile", json!({})).await;
    caller.result("scope", json!({})).await;
    portal.shutdown().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let calls: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&calls[0]["method"], &calls[1]["method"]), (&json!("profile"), &json!("scope")));
    assert!(calls[1]["at"].as_f64() >= calls[0]["at"].as_f64(), "{text}");
    assert!(calls[1]["milliseconds"].as_u64() >= Some(500), "{text}");
}

#[tokio::test]
async fn a_captured_body_is_posted_byte_for_byte() {
    let forms: [&[u8]; 3] = [
        b"event=ONIMBOTMESSAGEADD&data[x]=%e4%BD%a0+~%20&&auth[application_token]=abc&=\xff\n",
        b" {\"event\": \"ONIMBOTMESSAGEADD\",\n \"auth\": {\"application_token\":\"abc\"}}",
        b"",
    ];
    let kinds =
        ["application/x-www-form-urlencoded", "application/json", "application/x-www-form-urlencoded"];
    for (body, kind) in forms.into_iter().zip(kinds) {
        let (url, mut received) = raw().await;
        let report = Replay::of(body.to_vec()).unwrap().to(url).patience(Duration::ZERO).run().await.unwrap();
        assert!(report.is_same(), "{report}");
        assert_eq!(received.recv().await.unwrap(), (kind.to_owned(), body.to_vec()));
    }
    let (url, mut received) = raw().await;
    let replay =
        Replay::of(forms[0].to_vec()).unwrap().to(url).application_token("t&").patience(Duration::ZERO);
    replay.run().await.unwrap();
    let expected = b"event=ONIMBOTMESSAGEADD&data[x]=%e4%BD%a0+~%20&&auth[application_token]=t%26&=\xff\n";
    assert_eq!(received.recv().await.unwrap().1, expected);
}

/// A server that passes on what it gets: content type and bytes.
async fn raw() -> (String, tokio::sync::mpsc::UnboundedReceiver<(String, Vec<u8>)>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let take = async move |headers: axum::http::HeaderMap, body: axum::body::Bytes| {
        let kind = headers["content-type"].to_str().unwrap().to_owned();
        sender.send((kind, body.to_vec())).unwrap();
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(take))).await });
    (url, receiver)
}

#[tokio::test]
async fn a_recording_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (portal, path) = recorded(&folder);
    std::fs::write(&path, "precious").unwrap();
    assert_eq!(portal.start().await.unwrap_err().kind(), ErrorKind::Recording);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(Replay::read(folder.path().join("none")).unwrap_err().kind(), ErrorKind::Recording);
    let newer = br#"{"format":"b24bot-recording","version":2}"#;
    assert!(Replay::of(newer.to_vec()).is_err());
}
