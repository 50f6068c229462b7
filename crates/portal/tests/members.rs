//! Who comes, goes and types, and how messages vanish.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

mod support;

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

#[tokio::test]
async fn people_bring_bots_into_chats_and_send_them_away() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "guest", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let chat = call.control("chats", json!({"title": "New", "users": [27, 42]})).await.1["chat_id"].clone();
    let members = format!("chats/{chat}/members");
    let text = format!("[USER={id}]Echo[/USER] hi");
    let dialog = format!("chat{chat}");
    call.say(27, &dialog, &text).await;
    assert_eq!(call.control(&members, json!({"user": id, "by": 42})).await, (200, json!({"result": true})));
    let joined = bot.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(
        (joined.get("data[PARAMS][DIALOG_ID]"), joined.get("data[PARAMS][USER_ID]")),
        (dialog.clone(), "42".into())
    );
    let heard = call.say(27, &dialog, &text).await;
    assert_eq!(bot.expect("ONIMBOTMESSAGEADD").await.get("data[PARAMS][MESSAGE_ID]"), heard.to_string());
    let (_, list) = call.get(&format!("/control/dialogs/{dialog}/messages")).await;
    assert_eq!((&list[1]["system"], &list[1]["author"]), (&json!(true), &json!(0)));

    assert_eq!(call.delete(&format!("{members}/{id}")).await.0, 200);
    call.say(27, &dialog, &text).await;
    for (answer, expected) in [
        (call.delete(&format!("{members}/{id}")).await, (400, "WITHOUT_CHANGES")),
        (call.control(&members, json!({"user": 27})).await, (400, "WITHOUT_CHANGES")),
        (call.control(&members, json!({"user": id, "by": 1})).await, (403, "ACCESS_DENIED")),
        (call.control(&members, json!({"user": 5})).await, (400, "USER_NOT_FOUND")),
        (call.control("chats/99/members", json!({"user": id})).await, (404, "NOT_FOUND")),
    ] {
        assert_eq!((answer.0, answer.1["error"].as_str().unwrap()), expected);
    }
    call.say(27, &id.to_string(), "the end").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(bot.expect("ONIMBOTMESSAGEADD").await.get("data[PARAMS][MESSAGE]"), "the end");
}

#[tokio::test]
async fn a_bot_can_be_had_without_a_program() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let (status, made) = call.control("bots", json!({"name": "Silent", "type": "supervisor"})).await;
    assert_eq!((status, &made), (200, &json!({"bot_id": 1001})));
    let (_, state) = call.get("/control/state").await;
    let bot = &state["bots"][0];
    assert_eq!(
        (&bot["code"], &bot["name"], &bot["mode"]),
        (&json!("bot1"), &json!("Silent"), &json!("fetch"))
    );
    assert!(state["chats"][0]["members"].as_array().unwrap().contains(&json!(1001)));
    for (wanted, code) in
        [(json!({"code": "bot1"}), "BOT_CODE_ALREADY_TAKEN"), (json!({"type": "x"}), "BOT_INVALID_TYPE")]
    {
        assert_eq!(call.control("bots", wanted).await.1["error"], code);
    }
    assert_eq!(call.control("bots", json!({"code": "bot2"})).await.1["bot_id"], 1002);
    assert_eq!(call.control("bots", json!({})).await.1["bot_id"], 1003, "a free code is found");
}

/// What the stream of events tells until one of these kinds has come as often as there are names.
async fn told(portal: &b24bot_portal::Portal, kinds: &[&str], act: impl AsyncFnOnce()) -> Vec<Value> {
    let url = format!("{}/control/events", portal.url());
    let mut stream = Caller::new(portal).try_get(&url).await;
    stream.chunk().await.unwrap();
    act().await;
    let (mut text, mut found) = (String::new(), Vec::new());
    while found.len() < kinds.len() {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(10), stream.chunk()).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk.unwrap().unwrap()));
        let news = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let news = news.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        found = news.filter(|news| kinds.contains(&news["kind"].as_str().unwrap())).collect();
    }
    found
}

#[tokio::test]
async fn typing_and_vanished_messages_are_told_to_the_page() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let bot = call.v2_bot(&app, &Bot::start().await, "b", "bot").await;
    let send = json!({"botId": bot, "dialogId": "chat1", "fields": {"message": "soon gone"}});
    let id =
        call.oauth(&app.access_token, "imbot.v2.Chat.Message.send", send).await.1["result"]["id"].clone();
    let news = told(&portal, &["typing", "typing", "typing", "gone"], async || {
        assert_eq!(call.control("typing", json!({"dialog": "chat1", "user": 27})).await.0, 200);
        call.result("im.dialog.writing", json!({"DIALOG_ID": "chat1"})).await;
        let notify = json!({"botId": bot, "dialogId": "chat1"});
        call.oauth(&app.access_token, "imbot.v2.Chat.InputAction.notify", notify).await;
        let erase = json!({"botId": bot, "messageId": id, "complete": true});
        assert_eq!(call.oauth(&app.access_token, "imbot.v2.Chat.Message.delete", erase).await.0, 200);
    })
    .await;
    let typing = |user: u64| json!({"kind": "typing", "chat": 1, "user": user});
    assert_eq!(news, [typing(27), typing(1), typing(bot), json!({"kind": "gone", "message": id})]);
    assert_eq!(call.get(&format!("/control/messages/{id}")).await.0, 404);
    assert_eq!(call.control("typing", json!({"dialog": "chat9", "user": 27})).await.0, 404);
}

#[tokio::test]
async fn system_messages_belong_to_nobody() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let bot = call.v2_bot(&app, &Bot::start().await, "b", "supervisor").await;
    let oauth = async |method: &str, params: Value| call.oauth(&app.access_token, method, params).await;
    let fields = json!({"message": "Maintenance at noon", "system": true});
    let sent =
        oauth("imbot.v2.Chat.Message.send", json!({"botId": bot, "dialogId": "chat1", "fields": fields}))
            .await;
    let id = sent.1["result"]["id"].clone();
    assert_eq!(call.get(&format!("/control/messages/{id}")).await.1["author"], 0);
    let update = json!({"botId": bot, "messageId": id, "fields": {"message": "later"}});
    assert_eq!(oauth("imbot.v2.Chat.Message.update", update).await.1["error"], "ACCESS_DENIED");
    let delete = json!({"botId": bot, "messageId": id});
    assert_eq!(oauth("imbot.v2.Chat.Message.delete", delete.clone()).await.1["error"], "ACCESS_DENIED");
    let seen = oauth("imbot.v2.Chat.Message.get", delete).await.1["result"].clone();
    assert_eq!((&seen["message"]["authorId"], &seen["user"]), (&json!(0), &Value::Null));
    call.result("im.message.delete", json!({"MESSAGE_ID": id})).await;
    assert_eq!(call.get(&format!("/control/messages/{id}")).await.1["deleted"], true, "the chat's owner may");
}

#[tokio::test]
async fn a_link_to_a_bot_can_carry_something() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im", "imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v2_bot(&app, &bot, "b", "bot").await;
    bot.expect("ONIMBOTV2JOINCHAT").await;
    let given = json!({"dialog": id, "user": 27, "context": {"source": "link", "entityId": 164}});
    assert_eq!(call.control("contexts", given).await.0, 200);
    bot.expect("ONIMBOTV2JOINCHAT").await;
    let event = bot.expect("ONIMBOTV2CONTEXTGET").await;
    for (key, value) in [
        ("data[dialogId]", "27"),
        ("data[context][source]", "link"),
        ("data[context][entityId]", "164"),
        ("data[user][id]", "27"),
        ("data[chat][type]", "private"),
    ] {
        assert_eq!(event.get(key), value, "{key}");
    }
    let send = "im.v2.Chat.Bot.sendContext";
    call.result(send, json!({"dialogId": "chat1", "context": {"source": "test"}})).await;
    assert_eq!(bot.expect("ONIMBOTV2CONTEXTGET").await.get("data[dialogId]"), "chat1");
    assert_eq!(call.webhook(send, json!({"dialogId": "chat1"})).await.1["error"], "ERROR_ARGUMENT");
    let closed = json!({"dialogId": "chat9", "context": {"source": "test"}});
    assert_eq!(call.webhook(send, closed).await.1["error"], "ACCESS_DENIED");
}
