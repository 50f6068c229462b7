//! `/control/trace`: what a message set in motion.

#![allow(clippy::unwrap_used, reason = "a test says no more politely that it failed")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

/// Once the portal has recorded that many deliveries about the message.
async fn trace(call: &Caller, message: u64, deliveries: usize) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        assert!(Instant::now() < deadline, "not delivered");
        let (status, trace) = call.get(&format!("/control/trace/{message}")).await;
        assert_eq!(status, 200, "{trace}");
        if trace["deliveries"].as_array().unwrap().len() >= deliveries {
            return trace;
        }
    }
}

#[tokio::test]
async fn shows_what_was_posted_and_what_followed() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut bot = Bot::start().await;
    let application = portal.install_application(&["im", "imbot"]);
    let id = call.v1_bot(&application, &bot, "echo", "S").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let other = call.say(42, "chat1", "something else").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    let message = call.say(27, "chat1", "thanks & more").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    trace(&call, message, 1).await;
    let oauth = async |method, params| call.oauth(&application.access_token, method, params).await;
    oauth("imbot.message.like", json!({"BOT_ID": id, "MESSAGE_ID": message})).await;
    oauth("imbot.message.like", json!({"BOT_ID": id, "MESSAGE_ID": message, "ACTION": "plus"})).await;
    let commands = json!({
        "like": format!("imbot.message.like?BOT_ID={id}&MESSAGE_ID={other}&ACTION=plus"),
        "say": format!("imbot.message.add?BOT_ID={id}&DIALOG_ID=chat1&MESSAGE=welcome"),
        "who": "user.current",
    });
    let (_, answer) = oauth("batch", json!({"cmd": commands})).await;
    let made = answer["result"]["result"]["say"].as_u64().unwrap();

    let shown = trace(&call, message, 1).await;
    let delivery = &shown["deliveries"][0];
    assert_eq!((&delivery["event"], &delivery["status"]), (&json!("ONIMBOTMESSAGEADD"), &json!(200)));
    assert_eq!(delivery["fields"]["data"]["PARAMS"]["MESSAGE"], "thanks & more");
    assert_eq!(delivery["answer"], "");
    let body = delivery["body"].as_str().unwrap();
    assert!(body.contains("MESSAGE%5D=thanks+%26+more"), "{body}");
    assert!(body.contains("auth%5Bapplication_token%5D=%2A%2A%2A"), "{body}");

    let requests = shown["requests"].as_array().unwrap();
    let ways: Vec<_> = requests.iter().map(|one| (&one["method"], &one["by"], &one["error"])).collect();
    let like = json!("imbot.message.like");
    assert_eq!(
        ways,
        [
            (&like, &json!("message"), &Value::Null),
            (&like, &json!("message"), &json!("WITHOUT_CHANGES")),
            (&json!("batch"), &json!("dialog"), &Value::Null),
        ]
    );
    assert!(requests[0]["answer"].as_str().unwrap().starts_with(r#"{"result":true"#), "{shown}");
    assert_eq!(
        (&requests[0]["path"], &requests[0]["params"]["auth"]),
        (&json!("/rest/imbot.message.like"), &json!("***"))
    );
    let calls = requests[2]["calls"].as_array().unwrap();
    let calls: Vec<_> = calls.iter().map(|one| (one["name"].as_str().unwrap(), one["by"].as_str())).collect();
    assert_eq!(calls, [("like", None), ("say", Some("dialog")), ("who", Some("time"))]);
    let made = trace(&call, made, 0).await;
    assert_eq!(made["requests"][0]["calls"][1]["by"], "made", "{made}");
    assert_eq!(trace(&call, other, 1).await["requests"][0]["calls"][0]["by"], "message");

    for secret in [&application.access_token, &application.application_token, &application.client_id] {
        assert!(!shown.to_string().contains(secret.as_str()), "{shown}");
    }
    assert_eq!(call.get("/control/trace/99999").await.0, 404);
}

#[tokio::test]
async fn a_bot_that_cannot_be_reached_is_shown_too() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let fields = json!({"code": "gone", "type": "supervisor", "eventMode": "webhook", "botToken": "s3cret-bot-token",
        "webhookUrl": "http://127.0.0.1:9/", "properties": {"name": "Gone"}});
    call.result("imbot.v2.Bot.register", json!({"fields": fields, "botToken": "s3cret-bot-token"})).await;
    let message = call.say(27, "chat1", "anybody?").await;
    let shown = trace(&call, message, 1).await;
    let delivery = &shown["deliveries"][0];
    assert_eq!((&delivery["status"], &delivery["answer"]), (&Value::Null, &Value::Null));
    assert!(!delivery["error"].as_str().unwrap().is_empty());
    assert_eq!(delivery["fields"]["data"]["message"]["text"], "anybody?");
    assert!(!shown.to_string().contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn what_a_bot_answers_is_shown_without_its_secrets() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = json!({"said": "hello", "access_token": "s3cret"});
    let app =
        axum::Router::new().fallback(async move || (axum::http::StatusCode::ACCEPTED, axum::Json(answer)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let fields = json!({"code": "chatty", "type": "supervisor", "eventMode": "webhook", "botToken": "invented",
        "webhookUrl": url, "properties": {"name": "Chatty"}});
    call.result("imbot.v2.Bot.register", json!({"fields": fields, "botToken": "invented"})).await;
    let message = call.say(27, "chat1", "hello?").await;
    let delivery = &trace(&call, message, 1).await["deliveries"][0];
    assert_eq!(delivery["status"], 202);
    assert_eq!(delivery["answer"], r#"{"access_token":"***","said":"hello"}"#);
}
