//! Who likes, and everything `im.message.like` can answer.

mod support;

use serde_json::{Value, json};
use support::{Bot, Caller, portal};

const LIKE: &str = "im.message.like";

fn error(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn every_documented_error_of_im_message_like() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "thanks").await;
    let hidden = call.say(27, "42", "between us").await;
    let gone = call.say(27, "chat1", "oops").await;
    call.delete(&format!("messages/{gone}")).await;

    for params in [
        json!({}),
        json!({"MESSAGE_ID": ""}),
        json!({"MESSAGE_ID": 0}),
        json!({"MESSAGE_ID": -5}),
        json!({"MESSAGE_ID": "abc"}),
        json!({"MESSAGE_ID": [id]}),
    ] {
        let answer = call.webhook(LIKE, params.clone()).await;
        assert_eq!(error(&answer), (400, "MESSAGE_ID_ERROR"), "{params}");
        assert_eq!(answer.1["error_description"], "Message ID can't be empty");
    }
    for (params, why) in [
        (json!({"MESSAGE_ID": id, "ACTION": "minus"}), "not liked"),
        (json!({"MESSAGE_ID": 9999, "ACTION": "plus"}), "unknown"),
        (json!({"MESSAGE_ID": hidden, "ACTION": "plus"}), "not in that chat"),
        (json!({"MESSAGE_ID": gone, "ACTION": "plus"}), "deleted"),
    ] {
        let answer = call.webhook(LIKE, params).await;
        assert_eq!(error(&answer), (400, "WITHOUT_CHANGES"), "{why}");
    }
    let (status, answer) = call.webhook(LIKE, json!({"MESSAGE_ID": id, "ACTION": "plus"})).await;
    assert_eq!((status, &answer["result"]), (200, &json!(true)));
    for field in ["start", "finish", "duration", "processing", "operating", "operating_reset_at"] {
        assert!(answer["time"][field].is_number(), "time.{field} in {answer}");
    }
    assert!(answer["time"]["date_start"].as_str().unwrap().ends_with("+00:00"));
    let again = call.webhook(LIKE, json!({"MESSAGE_ID": id, "ACTION": "plus"})).await;
    assert_eq!(error(&again), (400, "WITHOUT_CHANGES"));
}

#[tokio::test]
async fn the_default_action_toggles() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let id = call.say(27, "chat1", "thanks").await;
    call.result(LIKE, json!({"MESSAGE_ID": id})).await;
    assert_eq!(call.likes(id).await, json!([1]));
    call.result(LIKE, json!({"MESSAGE_ID": id, "ACTION": "AUTO"})).await;
    assert_eq!(call.likes(id).await, json!([]));
}

#[tokio::test]
async fn the_like_is_from_whoever_the_credentials_belong_to() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["im", "imbot"]);
    let mut bot = Bot::start().await;
    let v1 = call.v1_bot(&app, &bot, "one", "B").await;
    bot.expect("ONIMBOTJOINCHAT").await;

    let id = call.say(27, "chat1", &format!("[USER={v1}]Echo[/USER] thanks")).await;
    let event = bot.expect("ONIMBOTMESSAGEADD").await;
    let bot_token = event.get(&format!("data[BOT][{v1}][access_token]"));
    let author_token = event.get("auth[access_token]");
    assert_eq!(event.get(&format!("data[BOT][{v1}][AUTH][access_token]")), bot_token);

    let plus = json!({"MESSAGE_ID": id, "ACTION": "plus"});
    call.webhook(LIKE, plus.clone()).await;
    assert_eq!(call.likes(id).await, json!([1]), "the webhook's employee");
    call.oauth(&bot_token, LIKE, plus.clone()).await;
    assert_eq!(call.likes(id).await, json!([1, v1]), "the bot, by its own token");
    call.oauth(&author_token, LIKE, plus).await;
    assert_eq!(call.likes(id).await, json!([1, v1, 27]), "the author, by the event's token");
    call.oauth(&bot_token, LIKE, json!({"MESSAGE_ID": id, "ACTION": "minus"})).await;

    let any = json!({"BOT_ID": v1, "MESSAGE_ID": id, "ACTION": "plus"});
    call.oauth(&app.access_token, "imbot.message.like", any).await;
    assert_eq!(call.likes(id).await, json!([1, 27, v1]), "the bot, by any token of its application");

    let v2 = call.v2_bot(&app, &bot, "two", "bot").await;
    let params = json!({"botId": v2, "messageId": id, "reaction": "like"});
    call.oauth(&author_token, "imbot.v2.Chat.Message.Reaction.add", params).await;
    assert_eq!(call.likes(id).await, json!([1, 27, v1, v2]), "the generation 2 bot");
    let params = json!({"botId": v2, "messageId": id, "reaction": "fire"});
    call.oauth(&author_token, "imbot.v2.Chat.Message.Reaction.add", params).await;
    let (_, message) = call.get(&format!("/control/messages/{id}")).await;
    assert_eq!(message["likes"], json!([1, 27, v1]), "a reaction replaces the one before");
    assert_eq!(message["reactions"], json!({"fire": [v2]}));
}

#[tokio::test]
async fn bots_of_webhooks_like_with_their_key() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let bot = Bot::start().await;
    let register =
        json!({"CODE": "w1", "EVENT_HANDLER": bot.url, "PROPERTIES": {"NAME": "W"}, "CLIENT_ID": "key1"});
    let v1 = call.result("imbot.register", register).await;
    let fields = json!({"code": "w2", "botToken": "key2", "properties": {"name": "W"},
        "eventMode": "webhook", "webhookUrl": bot.url});
    let v2 = call.result("imbot.v2.Bot.register", json!({"fields": fields})).await["bot"]["id"].clone();
    let id = call.say(27, "chat1", "thanks").await;

    let wrong = json!({"BOT_ID": v1, "MESSAGE_ID": id, "CLIENT_ID": "key2"});
    assert_eq!(error(&call.webhook("imbot.message.like", wrong).await), (400, "APP_ID_ERROR"));
    let none = json!({"BOT_ID": v1, "MESSAGE_ID": id});
    assert_eq!(error(&call.webhook("imbot.message.like", none).await), (403, "ACCESS_DENIED"));
    call.result("imbot.message.like", json!({"MESSAGE_ID": id, "CLIENT_ID": "key1", "ACTION": "plus"})).await;

    let reaction = "imbot.v2.Chat.Message.Reaction.add";
    let none = json!({"botId": v2, "messageId": id, "reaction": "like"});
    assert_eq!(error(&call.webhook(reaction, none).await), (400, "BOT_TOKEN_NOT_SPECIFIED"));
    let wrong = json!({"botId": v2, "messageId": id, "reaction": "like", "botToken": "key1"});
    assert_eq!(error(&call.webhook(reaction, wrong).await), (403, "BOT_OWNERSHIP_ERROR"));
    call.result(reaction, json!({"botId": v2, "messageId": id, "reaction": "like", "botToken": "key2"}))
        .await;
    assert_eq!(call.likes(id).await, json!([v1, v2]));
}

#[tokio::test]
async fn a_token_likes_only_within_its_scope_and_chats() {
    let portal = portal().await;
    let call = Caller::new(&portal);
    let app = portal.install_application(&["imbot"]);
    let id = call.say(27, "chat1", "thanks").await;
    let answer = call.oauth(&app.access_token, LIKE, json!({"MESSAGE_ID": id})).await;
    assert_eq!(error(&answer), (403, "insufficient_scope"));
    assert_eq!(call.likes(id).await, json!([]));
}
