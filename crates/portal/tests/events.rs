//! What bots are sent, and which bots are.

mod support;

use b24bot_portal::Portal;
use serde_json::{Value, json};
use support::{Bot, Caller, portal};

#[tokio::test]
async fn a_mention_in_a_group_arrives_stripped_and_complete() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im", "imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "echo", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let text = format!("[USER={id}]Echo[/USER] , как дела? [USER=42]Тимур[/USER] & co");
    let message = call.say(27, "chat1", &text).await;
    let event = bot.expect("ONIMBOTMESSAGEADD").await;

    assert_eq!(event.content_type, "application/x-www-form-urlencoded");
    assert!(event.body.contains("&data%5BPARAMS%5D%5BMESSAGE%5D=%2C+%D0%BA%D0%B0%D0%BA+"), "{}", event.body);
    let bot_key = format!("data[BOT][{id}]");
    let mentioned = format!("data[PARAMS][MENTIONED_LIST][{id}]");
    let domain = portal.address().to_string();
    let endpoint = format!("{}/rest/", portal.url());
    for (key, value) in [
        ("data[PARAMS][MESSAGE]", ", как дела?  & co"),
        ("data[PARAMS][MESSAGE_ORIGINAL]", text.as_str()),
        (mentioned.as_str(), &id.to_string()),
        ("data[PARAMS][MENTIONED_LIST][42]", "42"),
        ("data[PARAMS][TO_USER_ID]", &id.to_string()),
        ("data[PARAMS][DIALOG_ID]", "chat1"),
        ("data[PARAMS][CHAT_ID]", "1"),
        ("data[PARAMS][CHAT_TYPE]", "C"),
        ("data[PARAMS][MESSAGE_ID]", &message.to_string()),
        ("data[PARAMS][FROM_USER_ID]", "27"),
        ("data[PARAMS][SYSTEM]", "N"),
        ("data[USER][ID]", "27"),
        ("data[USER][IS_BOT]", "N"),
        (&format!("{bot_key}[BOT_CODE]"), "echo"),
        (&format!("{bot_key}[user_id]"), &id.to_string()),
        (&format!("{bot_key}[scope]"), "im,imbot"),
        (&format!("{bot_key}[AUTH][client_id]"), &app.client_id),
        ("auth[user_id]", "27"),
        ("auth[application_token]", &app.application_token),
        ("auth[member_id]", &app.member_id),
        ("auth[domain]", &domain),
        ("auth[client_endpoint]", &endpoint),
        ("auth[server_endpoint]", &endpoint),
    ] {
        assert_eq!(event.get(key), value, "{key}");
    }
}

#[tokio::test]
async fn a_private_chat_is_heard_without_a_mention_after_its_opening() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "echo", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    call.say(27, &id.to_string(), "hello").await;
    let joined = bot.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(
        (joined.get("data[PARAMS][CHAT_TYPE]"), joined.get("data[PARAMS][USER_ID]")),
        ("P".into(), "27".into())
    );
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    let pairs = event.pairs();
    assert_eq!(
        (pairs["data[PARAMS][DIALOG_ID]"].as_str(), pairs["data[PARAMS][TO_CHAT_ID]"].as_str()),
        ("27", "2")
    );
    assert!(
        !pairs.contains_key("data[PARAMS][CHAT_ID]") && !pairs.contains_key("data[PARAMS][MESSAGE_ORIGINAL]")
    );
    // A user's own id stands for the chat with the only bot.
    let again = call.say(27, "27", "still there?").await;
    assert_eq!(bot.expect("ONIMBOTMESSAGEADD").await.get("data[PARAMS][MESSAGE_ID]"), again.to_string());
}

/// What a bot of this type hears when things are said in the group.
async fn heard(portal: &Portal, generation: u8, kind: &str) -> Vec<&'static str> {
    const SAID: [&str; 6] = ["plain", "for another", "mentioned", "by webhook", "by a bot", "last"];
    let call = Caller::new(portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = match generation {
        1 => call.v1_bot(&app, &bot, "b", kind).await,
        _ => call.v2_bot(&app, &bot, "b", kind).await,
    };
    call.say(27, "chat1", "plain").await;
    call.say(27, "chat1", "[USER=42]T[/USER] for another").await;
    call.say(27, "chat1", &format!("[USER={id}]B[/USER] mentioned")).await;
    call.result("im.message.add", json!({"DIALOG_ID": "chat1", "MESSAGE": "by webhook"})).await;
    let by_bot = json!({"BOT_ID": id, "DIALOG_ID": "chat1", "MESSAGE": "by a bot"});
    assert_eq!(call.oauth(&app.access_token, "imbot.message.add", by_bot).await.0, 200);
    // In private every bot hears everything, so this ends the list for all.
    call.say(27, &id.to_string(), "last").await;
    let mut heard = Vec::new();
    while heard.last() != Some(&"last") {
        let event = bot.next().await;
        let is_text = |key: &&String| key.ends_with("[text]") || key.ends_with("[MESSAGE]");
        let pairs = event.pairs();
        // Joins carry no text.
        if let Some(key) = pairs.keys().find(is_text) {
            heard.extend(SAID.iter().find(|said| pairs[key].ends_with(**said)));
        }
    }
    heard.pop();
    heard
}

#[tokio::test]
async fn each_type_sees_what_it_may() {
    const SOME: &[&str] = &["mentioned"];
    const ALL: &[&str] = &["plain", "for another", "mentioned", "by webhook"];
    for (generation, kind, expected) in [
        (1, "B", SOME),
        (1, "H", SOME),
        (1, "O", SOME),
        (1, "S", ALL),
        (2, "bot", SOME),
        (2, "openline", SOME),
        (2, "supervisor", ALL),
        (2, "personal", ALL),
    ] {
        let portal = portal().await;
        assert_eq!(heard(&portal, generation, kind).await, expected, "{kind}");
    }
}

#[tokio::test]
async fn generation_two_has_its_own_shape() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im", "imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v2_bot(&app, &bot, "two", "supervisor").await;
    let joined = bot.expect("ONIMBOTV2JOINCHAT").await;
    assert_eq!((joined.get("data[dialogId]"), joined.get("data[user][id]")), ("chat1".into(), "1".into()));
    let first = call.say(27, "chat1", "[USER=42]Тимур[/USER] hi").await;
    bot.expect("ONIMBOTV2MESSAGEADD").await;
    let body = json!({"dialog": "chat1", "user": 27, "text": "and [USER=1]Robin[/USER]", "reply_to": first});
    let id_of_reply = call.control("messages", body).await.1["message_id"].as_u64().unwrap();
    let event = bot.expect("ONIMBOTV2MESSAGEADD").await;
    for (key, value) in [
        ("data[message][text]", "and [USER=1]Robin[/USER]"),
        ("data[message][id]", &id_of_reply.to_string()),
        ("data[message][isSystem]", "0"),
        ("data[message][forward]", ""),
        ("data[message][params][REPLY_ID]", &first.to_string()),
        ("data[user][active]", "1"),
        ("data[user][bot]", "0"),
        ("data[user][departments][0]", "1"),
        ("data[chat][dialogId]", "chat1"),
        ("data[bot][id]", &id.to_string()),
        ("data[bot][code]", "two"),
        ("data[bot][auth][user_id]", &id.to_string()),
        ("auth[user_id]", "27"),
        ("auth[application_token]", &app.application_token),
    ] {
        assert_eq!(event.get(key), value, "{key}");
    }

    let send = json!({"botId": id, "dialogId": "chat1", "fields": {"message": "mine"}});
    let own =
        call.oauth(&app.access_token, "imbot.v2.Chat.Message.send", send).await.1["result"]["id"].clone();
    call.control("likes", json!({"message": own, "user": 42})).await;
    let liked = bot.expect("ONIMBOTV2REACTIONCHANGE").await;
    assert_eq!((liked.get("data[reaction]"), liked.get("data[action]")), ("like".into(), "add".into()));
    assert_eq!((liked.get("data[user][id]"), liked.get("data[message][id]")), ("42".into(), own.to_string()));
    call.control("likes", json!({"message": own, "user": 42, "action": "minus"})).await;
    assert_eq!(bot.expect("ONIMBOTV2REACTIONCHANGE").await.get("data[action]"), "delete");

    call.patch(&format!("messages/{first}"), json!({"text": "changed"})).await;
    assert_eq!(bot.expect("ONIMBOTV2MESSAGEUPDATE").await.get("data[message][text]"), "changed");
    call.delete(&format!("messages/{first}")).await;
    assert_eq!(bot.expect("ONIMBOTV2MESSAGEDELETE").await.get("data[messageId]"), first.to_string());
    call.oauth(&app.access_token, "imbot.v2.Bot.unregister", json!({"botId": id})).await;
    assert_eq!(bot.expect("ONIMBOTV2DELETE").await.get("data[bot][id]"), id.to_string());
}

#[tokio::test]
async fn edits_and_deletions_reach_supervisors() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    call.v1_bot(&app, &bot, "s", "S").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let id = call.say(27, "chat1", "teh text").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    call.patch(&format!("messages/{id}"), json!({"text": "the text"})).await;
    let update = bot.expect("ONIMBOTMESSAGEUPDATE").await;
    assert_eq!(
        (update.get("data[PARAMS][MESSAGE]"), update.get("data[PARAMS][ID]")),
        ("the text".into(), id.to_string())
    );
    assert!(!update.pairs().contains_key("data[USER][ID]"), "an edit in a group names no user");
    call.delete(&format!("messages/{id}")).await;
    let deletion = bot.expect("ONIMBOTMESSAGEDELETE").await;
    assert!(deletion.get("data[PARAMS][MESSAGE]").ends_with("has been deleted"));
    call.oauth(&app.access_token, "imbot.unregister", json!({"BOT_ID": 1001})).await;
    assert_eq!(bot.expect("ONIMBOTDELETE").await.get("data[BOT_CODE]"), "s");
}

#[tokio::test]
async fn bots_of_webhooks_get_no_tokens() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let mut bot = Bot::start().await;
    let key = "k".repeat(60);
    let url = format!("{}?page=1", bot.url);
    let register = json!({"CODE": "w1", "EVENT_HANDLER": url, "PROPERTIES": {"NAME": "W"}, "CLIENT_ID": key});
    let v1 = call.result("imbot.register", register).await;
    let joined = bot.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(joined.uri.query(), Some(format!("page=1&CLIENT_ID={key}").as_str()));
    let expected = format!("custom{}", "k".repeat(44));
    assert_eq!(joined.get("auth[application_token]"), expected, "cut to 50 characters");

    let fields = json!({"code": "w2", "botToken": "short", "properties": {"name": "W"},
        "eventMode": "webhook", "webhookUrl": bot.url});
    let v2 = call.result("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].clone();
    let joined = bot.expect("ONIMBOTV2JOINCHAT").await;
    assert_eq!(joined.get("auth[application_token]"), "customshort");
    assert_eq!(joined.uri.query(), None);

    call.say(27, "chat1", &format!("[USER={v1}]W[/USER] [USER={v2}]W[/USER] hi")).await;
    for _ in 0..2 {
        let event = bot.next().await;
        assert!(
            !event.body.contains("access_token") && !event.body.contains("refresh_token"),
            "{}",
            event.body
        );
        assert_eq!(event.get("auth[member_id]").len(), 32);
    }
}

#[tokio::test]
async fn bots_of_one_application_share_an_event_of_generation_one() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let one = call.v1_bot(&app, &bot, "one", "B").await;
    let two = call.v1_bot(&app, &bot, "two", "B").await;
    bot.next().await;
    bot.next().await;
    call.say(27, "chat1", &format!("[USER={one}]1[/USER] and [USER={two}]2[/USER]")).await;
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    for id in [one, two] {
        assert_eq!(event.get(&format!("data[BOT][{id}][BOT_ID]")), id.to_string());
        assert_eq!(event.get(&format!("data[BOT][{id}][user_id]")), id.to_string());
    }
    call.say(27, &one.to_string(), "only one").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    assert!(!event.pairs().contains_key(&format!("data[BOT][{two}][BOT_ID]")));
}

#[tokio::test]
async fn a_typed_command_raises_its_event() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "echo", "B").await;
    bot.next().await;
    let command = json!({"BOT_ID": id, "COMMAND": "echo", "EVENT_COMMAND_ADD": bot.url,
        "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Echo", "PARAMS": "text"}]});
    let (_, answer) = call.oauth(&app.access_token, "imbot.command.register", command).await;
    let command = answer["result"].as_u64().unwrap();
    let message = call.say(27, &id.to_string(), "/echo one two\n/echo three").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    bot.expect("ONIMBOTMESSAGEADD").await;
    for params in ["one two", "three"] {
        let event = bot.expect("ONIMCOMMANDADD").await;
        let key = format!("data[COMMAND][{command}]");
        assert_eq!(event.get(&format!("{key}[COMMAND]")), "echo");
        assert_eq!(event.get(&format!("{key}[COMMAND_PARAMS]")), params);
        assert_eq!(event.get(&format!("{key}[MESSAGE_ID]")), message.to_string());
        assert_eq!(event.get(&format!("{key}[user_id]")), id.to_string());
    }
    let answer = json!({"COMMAND_ID": command, "MESSAGE_ID": message, "MESSAGE": "one two"});
    assert_eq!(call.oauth(&app.access_token, "imbot.command.answer", answer).await.0, 200);
    let (_, list) = call.get(&format!("/control/dialogs/{id}/messages?user=27")).await;
    assert_eq!(list[1]["text"], "one two");
    assert_eq!(list[1]["author"], id);
}

#[tokio::test]
async fn joins_are_announced_by_the_platform() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let (mut supervisor, mut guest) = (Bot::start().await, Bot::start().await);
    call.v1_bot(&app, &supervisor, "s", "S").await;
    supervisor.next().await;
    let id = call.v1_bot(&app, &guest, "g", "B").await;
    guest.next().await;
    call.oauth(&app.access_token, "imbot.chat.leave", json!({"BOT_ID": id, "CHAT_ID": 1})).await;
    let left = supervisor.expect("ONIMBOTMESSAGEADD").await;
    assert_eq!(
        (left.get("data[PARAMS][SYSTEM]"), left.get("data[PARAMS][AUTHOR_ID]")),
        ("Y".into(), "0".into())
    );
    assert!(!left.pairs().contains_key("data[USER][ID]") && !left.pairs().contains_key("auth[access_token]"));
    call.result("im.chat.user.add", json!({"CHAT_ID": 1, "USERS": [id]})).await;
    assert_eq!(supervisor.next().await.get("data[PARAMS][SYSTEM]"), "Y");
    let joined = guest.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(
        (joined.get("data[PARAMS][DIALOG_ID]"), joined.get("data[PARAMS][USER_ID]")),
        ("chat1".into(), "1".into())
    );
    assert!(guest.is_silent(&portal).await);
}

#[tokio::test]
async fn events_keep_their_order_and_failures_are_written_down() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::answering(axum::http::StatusCode::INTERNAL_SERVER_ERROR).await;
    call.v1_bot(&app, &bot, "s", "S").await;
    bot.next().await;
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(call.say(27, "chat1", &format!("message {number}")).await.to_string());
    }
    for id in ids {
        assert_eq!(bot.next().await.get("data[PARAMS][MESSAGE_ID]"), id);
    }
    let (_, deliveries) = call.get("/control/deliveries").await;
    let first: &Value = &deliveries[0];
    assert_eq!(
        (&first["event"], &first["status"], &first["bot"]),
        (&json!("ONIMBOTJOINCHAT"), &json!(500), &json!(1001))
    );
    assert!(first["milliseconds"].is_u64() && first["error"].is_null());
    assert!(bot.is_silent(&portal).await, "nothing is sent twice");
}

#[tokio::test]
async fn an_open_channel_is_heard_by_its_bots() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let (mut first, mut second, mut other) = (Bot::start().await, Bot::start().await, Bot::start().await);
    let one = call.v1_bot(&app, &first, "one", "O").await;
    let two = call.v2_bot(&app, &second, "two", "openline").await;
    let three = call.v1_bot(&app, &other, "three", "B").await;
    for bot in [&mut first, &mut second, &mut other] {
        bot.next().await;
    }
    let wanted = json!({"title": "Guest", "users": [42, 27, one, two, three, 42], "entity_type": "LINES"});
    let (status, made) = call.control("chats", wanted).await;
    assert_eq!((status, &made), (200, &json!({"chat_id": 2, "dialog": "chat2"})));
    let joined = first.expect("ONIMBOTJOINCHAT").await;
    assert_eq!(joined.get("data[PARAMS][CHAT_ENTITY_TYPE]"), "LINES");
    assert_eq!(joined.get("data[PARAMS][CHAT_TYPE]"), "L");
    second.expect("ONIMBOTV2JOINCHAT").await;
    other.expect("ONIMBOTJOINCHAT").await;

    call.say(42, "chat2", "is anybody there?").await;
    let heard = first.expect("ONIMBOTMESSAGEADD").await;
    let param = |name: &str| heard.get(&format!("data[PARAMS][{name}]"));
    assert_eq!((param("CHAT_ENTITY_ID"), param("CHAT_AUTHOR_ID")), ("livechat|1|2|42".into(), "27".into()));
    assert!(param("CHAT_ENTITY_DATA_1").starts_with("N|NONE|0|"), "{heard:?}");
    assert_eq!(heard.get("data[USER][IS_CONNECTOR]"), "Y");
    let heard = second.expect("ONIMBOTV2MESSAGEADD").await;
    assert_eq!(heard.get("data[chat][type]"), "lines");
    assert_eq!(heard.get("data[chat][entityType]"), "LINES");
    assert_eq!(heard.get("data[chat][entityId]"), "livechat|1|2|42");
    assert_eq!(heard.get("data[user][connector]"), "1");
    // The operator is not a client, and outside open channels such bots hear what mentions them.
    call.say(27, "chat2", "I am").await;
    assert_eq!(first.expect("ONIMBOTMESSAGEADD").await.get("data[USER][IS_CONNECTOR]"), "N");
    assert_eq!(second.expect("ONIMBOTV2MESSAGEADD").await.get("data[user][connector]"), "0");
    call.say(27, "chat1", "not for you").await;
    let text = format!("[USER={one}]1[/USER] [USER={two}]2[/USER] [USER={three}]3[/USER] all");
    let called = call.say(27, "chat1", &text).await.to_string();
    assert_eq!(first.expect("ONIMBOTMESSAGEADD").await.get("data[PARAMS][MESSAGE_ID]"), called);
    assert_eq!(second.expect("ONIMBOTV2MESSAGEADD").await.get("data[message][id]"), called);
    let heard = other.expect("ONIMBOTMESSAGEADD").await;
    assert_eq!(heard.get("data[PARAMS][MESSAGE_ID]"), called);
    assert_eq!(heard.get("data[PARAMS][CHAT_ENTITY_TYPE]"), "");
    let (_, state) = call.get("/control/state").await;
    assert_eq!(
        (&state["chats"][0]["entity_type"], &state["chats"][1]["entity_type"]),
        (&json!(""), &json!("LINES"))
    );
}
