//! Replies, reactions and other calls as the bot.

use b24bot_actions::{ErrorCode, ErrorKind, Mark, RegisteredBot};
use b24bot_core::MessageId;
use serde_json::json;

use crate::portal::{BOT_TOKEN, Portal, SECRET, error, ok, quick, tokens};

#[tokio::test]
async fn a_reply_goes_to_the_events_dialog_in_the_bots_generation() {
    let portal = Portal::start([ok(900), ok(json!({ "id": "901", "uuidMap": [] })), ok("902")]).await;
    let portals = tokens();
    assert_eq!(portal.event(&portals, "v1", true).reply("one").await.unwrap(), MessageId::from(900));
    assert_eq!(portal.event(&portals, "v2", true).reply("two").await.unwrap(), MessageId::from(901));
    assert_eq!(portal.event(&portals, "v1", true).say("chat4", "three").await.unwrap(), MessageId::from(902));
    let asked = portal.asked();
    assert_eq!(asked[0].path, "/rest/imbot.message.add");
    assert_eq!(
        asked[0].body,
        json!({ "BOT_ID": 1001, "DIALOG_ID": "27", "MESSAGE": "one", "auth": BOT_TOKEN })
    );
    assert_eq!(asked[1].path, "/rest/imbot.v2.Chat.Message.send");
    let body = json!({ "botId": 1001, "dialogId": "27", "fields": { "message": "two" }, "auth": BOT_TOKEN });
    assert_eq!(asked[1].body, body);
    assert_eq!(asked[2].body["DIALOG_ID"], "chat4");
}

#[tokio::test]
async fn through_a_webhook_a_bot_signs_with_what_it_was_registered_with() {
    let portal = Portal::start([ok(900), ok(json!({ "id": 901 })), ok(json!({ "result": true }))]).await;
    let bot = RegisteredBot::default().id(4).client_id("cl1ent").token("t0ken");
    let portals = quick().webhook(portal.webhook()).bot(bot).build().unwrap();
    portal.event(&portals, "v1", false).reply("one").await.unwrap();
    portal.event(&portals, "v2", false).reply("two").await.unwrap();
    assert_eq!(portal.event(&portals, "v2", false).react(5, "fire").await.unwrap(), Mark::Changed);
    let asked = portal.asked();
    assert_eq!(asked[0].path, format!("/rest/7/{SECRET}/imbot.message.add"));
    // The event's bot, not the configured one.
    assert_eq!(
        asked[0].body,
        json!({ "BOT_ID": 1001, "DIALOG_ID": "27", "MESSAGE": "one", "CLIENT_ID": "cl1ent" })
    );
    let body =
        json!({ "botId": 1001, "dialogId": "27", "fields": { "message": "two" }, "botToken": "t0ken" });
    assert_eq!(asked[1].body, body);
    let body = json!({ "botId": 1001, "messageId": 5, "reaction": "fire", "botToken": "t0ken" });
    assert_eq!(asked[2].body, body);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let portal = Portal::start([error(403, "ACCESS_DENIED")]).await;
    let portals = quick().webhook(portal.webhook()).build().unwrap();
    let refused = portal.event(&portals, "v1", false).reply("x").await.unwrap_err();
    assert_eq!(
        refused.code(),
        Some(&ErrorCode::AccessDenied),
        "without its key, the portal has the last word"
    );
    assert_eq!(portal.asked()[0].body, json!({ "BOT_ID": 1001, "DIALOG_ID": "27", "MESSAGE": "x" }));
    let install = br#"{"event":"ONAPPINSTALL","data":{},"auth":{"member_id":"m1"}}"#;
    let event = b24bot_core::decode(install).unwrap().remove(0);
    let ctx = portals.context(event.into());
    assert_eq!(ctx.reply("x").await.unwrap_err().kind(), &ErrorKind::Unsupported);
    let failed = ctx.say("27", "x").await.unwrap_err();
    assert!(failed.to_string().contains("bot_id"), "{failed}");
    assert_eq!(portal.methods().len(), 0);
}

#[tokio::test]
async fn a_reaction_that_stood_is_no_error_and_an_unknown_one_is() {
    let portal = Portal::start([error(400, "REACTION_ALREADY_SET"), error(400, "REACTION_NOT_FOUND")]).await;
    let ctx = portal.event(&tokens(), "v1", true);
    assert_eq!(ctx.react(5, "fire").await.unwrap(), Mark::Stood);
    assert_eq!(*ctx.react(5, "firre").await.unwrap_err().code().unwrap(), "REACTION_NOT_FOUND");
    assert_eq!(portal.asked().len(), 2);
}

#[tokio::test]
async fn any_method_with_its_case_kept() {
    let portal = Portal::start([ok(json!({ "botId": 1 })), ok("text")]).await;
    let ctx = portal.event(&tokens(), "v2", true);
    let bot: serde_json::Value = ctx.call("imbot.v2.Bot.get", json!({ "botId": 1 })).await.unwrap();
    assert_eq!(bot["botId"], 1);
    let failed = ctx.call::<u64>("profile", ()).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::Answer);
    assert_eq!(portal.methods(), ["imbot.v2.Bot.get", "profile"]);
    for method in ["../1/secret/profile", "profile?x=1", ""] {
        assert_eq!(ctx.call::<u64>(method, ()).await.unwrap_err().kind(), &ErrorKind::Params);
    }
    assert_eq!(portal.asked(), []);
}

#[tokio::test]
async fn an_event_cannot_name_an_unprotected_address() {
    let body = json!({
        "event": "ONIMBOTMESSAGEADD",
        "data": {
            "BOT": { "1001": {
                "BOT_ID": "1001", "BOT_CODE": "b", "access_token": BOT_TOKEN, "client_endpoint": "http://portal.example/rest/",
            } },
            "PARAMS": { "MESSAGE": "x", "MESSAGE_ID": "5", "DIALOG_ID": "27", "FROM_USER_ID": "27" },
        },
        "auth": { "member_id": "m1" },
    });
    let event = b24bot_core::decode(body.to_string().as_bytes()).unwrap().remove(0);
    let failed = tokens().context(event.into()).like(5).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::Address);
}
