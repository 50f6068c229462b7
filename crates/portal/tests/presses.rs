//! Keyboards and menus: what a message shows, and what a press tells the bot.

mod support;

use serde_json::{Value, json};
use support::{Bot, Caller, Received, portal};

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"].as_str().unwrap_or_default())
}

fn command_entry(event: &Received, command: u64, field: &str) -> String {
    event.get(&format!("data[COMMAND][{command}][{field}]"))
}

#[tokio::test]
async fn a_button_of_generation_one_raises_a_command() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v1_bot(&app, &bot, "poll", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;
    let command = json!({"BOT_ID": id, "COMMAND": "vote", "EVENT_COMMAND_ADD": bot.url, "HIDDEN": "Y",
        "LANG": [{"LANGUAGE_ID": "en", "TITLE": "Vote"}]});
    let command =
        call.oauth(&app.access_token, "imbot.command.register", command).await.1["result"].as_u64().unwrap();

    let keyboard = json!({"BUTTONS": [{"TEXT": "Yes", "COMMAND": "vote", "COMMAND_PARAMS": "yes", "BLOCK": "Y"},
        {"TYPE": "NEWLINE"}, {"TEXT": "Help", "LINK": "https://example.test/"}]});
    let menu = json!([{"TEXT": "Forget it", "COMMAND": "vote", "COMMAND_PARAMS": "never"}]);
    let message =
        json!({"BOT_ID": id, "DIALOG_ID": "chat1", "MESSAGE": "Well?", "KEYBOARD": keyboard, "MENU": menu});
    let message =
        call.oauth(&app.access_token, "imbot.message.add", message).await.1["result"].as_u64().unwrap();
    let shown = call.get(&format!("/control/messages/{message}")).await.1;
    assert_eq!((&shown["keyboard"][0]["text"], &shown["menu"][0]["bot_id"]), (&json!("Yes"), &json!(id)));
    assert_eq!((&shown["attach"], &shown["files"]), (&Value::Null, &json!([])));

    let press = async |what: Value| call.control("presses", what).await;
    let pressed = press(json!({"message": message, "user": 42, "menu": 0})).await;
    assert_eq!(pressed, (200, json!({"result": true, "kind": "command"})));
    let event = bot.expect("ONIMCOMMANDADD").await;
    assert_eq!(command_entry(&event, command, "COMMAND_CONTEXT"), "MENU");
    assert_eq!(command_entry(&event, command, "COMMAND_PARAMS"), "never");
    press(json!({"message": message, "user": 27, "button": 0})).await;
    let event = bot.expect("ONIMCOMMANDADD").await;
    assert_eq!(command_entry(&event, command, "COMMAND_CONTEXT"), "KEYBOARD");
    assert_eq!(command_entry(&event, command, "COMMAND_PARAMS"), "yes");
    assert_eq!(command_entry(&event, command, "MESSAGE_ID"), message.to_string());
    for (key, value) in [
        ("data[USER][ID]", "27"),
        ("data[PARAMS][FROM_USER_ID]", "27"),
        ("data[PARAMS][AUTHOR_ID]", &id.to_string()),
        ("data[PARAMS][DIALOG_ID]", "chat1"),
        ("auth[user_id]", "27"),
    ] {
        assert_eq!(event.get(key), value, "{key}");
    }

    let link = press(json!({"message": message, "user": 27, "button": 2})).await;
    assert_eq!(code(&link), (400, "BUTTON_DISABLED"), "the whole keyboard is blocked");
    let again = json!({"BOT_ID": id, "MESSAGE_ID": message, "MESSAGE": "Thanks"});
    assert_eq!(call.oauth(&app.access_token, "imbot.message.update", again).await.0, 200);
    let link = press(json!({"message": message, "user": 27, "button": 2})).await;
    assert_eq!(link, (200, json!({"result": true, "kind": "link", "link": "https://example.test/"})));
    let none = json!({"BOT_ID": id, "MESSAGE_ID": message, "KEYBOARD": "N", "MENU": "N"});
    assert_eq!(call.oauth(&app.access_token, "imbot.message.update", none).await.0, 200);
    let shown = call.get(&format!("/control/messages/{message}")).await.1;
    assert_eq!(
        (&shown["keyboard"], &shown["menu"], &shown["text"]),
        (&Value::Null, &Value::Null, &json!("Thanks"))
    );
    for (wanted, expected) in [
        (json!({"message": message, "user": 27, "button": 0}), (404, "NOT_FOUND")),
        (json!({"message": message, "user": 27}), (400, "INVALID_REQUEST")),
        (json!({"message": message, "user": 27, "button": 0, "menu": 0}), (400, "INVALID_REQUEST")),
        (json!({"message": 999, "user": 27, "button": 0}), (403, "ACCESS_DENIED")),
        (json!({"message": message, "user": 5, "button": 0}), (400, "USER_NOT_FOUND")),
    ] {
        assert_eq!(code(&press(wanted.clone()).await), expected, "{wanted}");
    }
    assert!(bot.is_silent(&portal).await);
}

#[tokio::test]
async fn a_button_of_generation_two_raises_a_command_in_private_too() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v2_bot(&app, &bot, "poll", "bot").await;
    bot.expect("ONIMBOTV2JOINCHAT").await;
    let oauth = async |method: &str, params: Value| {
        let (status, answer) = call.oauth(&app.access_token, method, params).await;
        assert_eq!(status, 200, "{method}: {answer}");
        answer["result"].clone()
    };
    let command = json!({"command": "vote", "hidden": true});
    let command =
        oauth("imbot.v2.Command.register", json!({"botId": id, "fields": command})).await["command"]["id"]
            .clone();
    let keyboard = json!([{"TEXT": "Yes", "COMMAND": "vote", "COMMAND_PARAMS": "yes"},
        {"TEXT": "Say hello", "ACTION": "SEND", "ACTION_VALUE": "hello"},
        {"TEXT": "Lost", "COMMAND": "unknown"}]);
    let attach = json!({"COLOR_TOKEN": "alert", "BLOCKS": [{"MESSAGE": "[B]Lunch[/B]"}, {"DELIMITER": {"SIZE": 200}}]});
    let fields = json!({"attach": attach, "keyboard": keyboard});
    let message =
        oauth("imbot.v2.Chat.Message.send", json!({"botId": id, "dialogId": "27", "fields": fields})).await;
    let message = message["id"].clone();
    let shown = call.get(&format!("/control/messages/{message}")).await.1;
    assert_eq!((&shown["text"], &shown["attach"][0]["color_token"]), (&json!(""), &json!("alert")));
    assert_eq!(shown["attach"][0]["blocks"][0], json!({"type": "message", "message": "[B]Lunch[/B]"}));

    let press = async |button: u64| {
        call.control("presses", json!({"message": message, "user": 27, "button": button})).await
    };
    assert_eq!(press(0).await.1["kind"], "command");
    let event = bot.expect("ONIMBOTV2COMMANDADD").await;
    for (key, value) in [
        ("data[command][id]", command.to_string()),
        ("data[command][context]", "keyboard".to_owned()),
        ("data[command][params]", "yes".to_owned()),
        ("data[message][id]", message.to_string()),
        ("data[message][authorId]", id.to_string()),
        ("data[message][params][KEYBOARD][0][COMMAND]", "vote".to_owned()),
        ("data[message][params][ATTACH][0][BLOCKS][0][MESSAGE]", "[B]Lunch[/B]".to_owned()),
        ("data[user][id]", "27".to_owned()),
        ("data[chat][dialogId]", "27".to_owned()),
    ] {
        assert_eq!(event.get(key), value, "{key}");
    }
    let said = press(1).await.1;
    assert_eq!(
        (&said["kind"], &said["action"], &said["value"]),
        (&json!("action"), &json!("send"), &json!("hello"))
    );
    let heard = bot.expect("ONIMBOTV2MESSAGEADD").await;
    assert_eq!(
        (heard.get("data[message][text]"), heard.get("data[user][id]")),
        ("hello".into(), "27".into())
    );
    assert_eq!(heard.get("data[message][id]"), said["message_id"].to_string());
    assert_eq!(code(&press(2).await), (400, "COMMAND_NOT_FOUND"));
    let history = call.result("im.dialog.messages.get", json!({"DIALOG_ID": id})).await;
    assert_eq!(history["messages"], json!([]), "that chat is not the administrator's");
}

#[tokio::test]
async fn a_common_command_is_answered_where_the_bot_is_not() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let mut bot = Bot::start().await;
    let id = call.v2_bot(&app, &bot, "search", "bot").await;
    bot.expect("ONIMBOTV2JOINCHAT").await;
    for (name, common) in [("find", true), ("local", false)] {
        let fields = json!({"command": name, "title": {"en": "x"}, "common": common});
        call.oauth(&app.access_token, "imbot.v2.Command.register", json!({"botId": id, "fields": fields}))
            .await;
    }
    let message = call.say(27, "42", "/local x\n/find tea").await;
    let event = bot.expect("ONIMBOTV2COMMANDADD").await;
    assert_eq!(
        (event.get("data[command][command]"), event.get("data[command][params]")),
        ("/find".into(), "tea".into())
    );
    let answer = json!({"botId": id, "commandId": event.get("data[command][id]"), "messageId": message,
        "dialogId": event.get("data[chat][dialogId]"), "fields": {"message": "Tea is on the shelf"}});
    assert_eq!(call.oauth(&app.access_token, "imbot.v2.Command.answer", answer).await.0, 200);
    let (_, list) = call.get("/control/dialogs/42/messages?user=27").await;
    assert_eq!((&list[1]["text"], &list[1]["author"]), (&json!("Tea is on the shelf"), &json!(id)));
    assert!(bot.is_silent(&portal).await, "the local command is not for that chat");
}
