//! Whole messages: sent, changed, deleted, given as answers to commands.

use b24bot_actions::{
    Context, ErrorKind, Portals, RegisteredBot,
    content::{Attach, Button, ContentError, Keyboard, OutgoingMessage},
};
use b24bot_core::MessageId;
use serde_json::json;

use crate::portal::{BOT_TOKEN, Portal, ok, quick, tokens};

fn question() -> OutgoingMessage {
    OutgoingMessage::new("[b]Shall we?[/b]")
        .attach(Attach::new().message("Think!"))
        .keyboard(Keyboard::new().row([Button::command("Yes", "vote", "yes")]))
        .url_preview(false)
}

/// The answer to `/vote yes` in message 5.
pub(crate) fn command(portal: &Portal, portals: &Portals, generation: &str) -> Context {
    let auth = json!({ "access_token": BOT_TOKEN, "client_endpoint": portal.url("/rest/") });
    let body = match generation {
        "v1" => {
            let mut bot = auth;
            bot["BOT_ID"] = json!("1001");
            bot["BOT_CODE"] = json!("poll");
            bot["COMMAND"] = json!("vote");
            bot["COMMAND_ID"] = json!("11");
            bot["COMMAND_PARAMS"] = json!("yes");
            bot["MESSAGE_ID"] = json!("5");
            let params = json!({ "MESSAGE": "/vote yes", "MESSAGE_ID": "5", "DIALOG_ID": "chat4", "FROM_USER_ID": "27" });
            json!({ "event": "ONIMCOMMANDADD", "data": { "COMMAND": { "11": bot }, "PARAMS": params }, "auth": {} })
        }
        _ => json!({
            "event": "ONIMBOTV2COMMANDADD",
            "data": {
                "bot": { "id": 1001, "code": "poll", "auth": auth },
                "command": { "id": 11, "command": "/vote", "params": "yes", "context": "keyboard" },
                "message": { "id": 5, "chatId": 4, "authorId": 27, "text": "/vote yes" },
                "chat": { "id": 4, "dialogId": "chat4", "type": "chat" },
                "user": { "id": 27, "name": "Ann" },
            },
            "auth": {},
        }),
    };
    let mut events = b24bot_core::decode(body.to_string().as_bytes()).unwrap();
    portals.context(events.remove(0).into())
}

#[tokio::test]
async fn a_message_goes_out_with_all_that_belongs_to_it() {
    let portal = Portal::start([ok(900), ok(json!({ "id": "901", "uuidMap": [] })), ok(902)]).await;
    let portals = tokens();
    assert_eq!(portal.event(&portals, "v1", true).send(question()).await.unwrap(), MessageId::from(900));
    assert_eq!(portal.event(&portals, "v2", true).send(question()).await.unwrap(), MessageId::from(901));
    portal.event(&portals, "v1", true).send_to("chat4", "a [b]").await.unwrap();
    let asked = portal.asked();
    let buttons = json!([{ "TEXT": "Yes", "COMMAND": "vote", "COMMAND_PARAMS": "yes" }]);
    let blocks = json!([{ "MESSAGE": "Think!" }]);
    assert_eq!(asked[0].method, "imbot.message.add");
    assert_eq!(asked[0].body["DIALOG_ID"], "27");
    assert_eq!(asked[0].body["KEYBOARD"], json!({ "BUTTONS": buttons }));
    assert_eq!(asked[0].body["ATTACH"], json!({ "BLOCKS": blocks }));
    assert_eq!((&asked[0].body["URL_PREVIEW"], &asked[0].body["BOT_ID"]), (&json!("N"), &json!(1001)));
    assert_eq!(asked[1].method, "imbot.v2.Chat.Message.send");
    assert_eq!((&asked[1].body["dialogId"], &asked[1].body["botId"]), (&json!("27"), &json!(1001)));
    let fields = &asked[1].body["fields"];
    assert_eq!((&fields["keyboard"], &fields["attach"]), (&buttons, &blocks));
    assert_eq!(fields["urlPreview"], false);
    assert_eq!(asked[2].body["DIALOG_ID"], "chat4");
    assert!(asked[2].body["MESSAGE"].as_str().unwrap().contains('\u{2060}'), "text is escaped");
}

#[tokio::test]
async fn forwarding_alone_returns_the_first_forwarded_message() {
    let portal =
        Portal::start([ok(json!({ "id": null, "uuidMap": { "b": 8, "a": "7" } })), ok(json!({}))]).await;
    let ctx = portal.event(&tokens(), "v2", true);
    let forward = OutgoingMessage::new("").forward("a", 3).forward("b", 4);
    assert_eq!(ctx.send(forward.clone()).await.unwrap(), MessageId::from(7));
    let error = ctx.send(forward).await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Answer, b24bot_actions::Repeat::Never));
    assert_eq!(portal.asked()[0].body["fields"], json!({ "forwardIds": { "a": 3, "b": 4 } }));
}

#[tokio::test]
async fn what_the_platform_would_not_take_is_not_sent() {
    let portal = Portal::start([]).await;
    let portals = tokens();
    let error = portal.event(&portals, "v2", true).send("x".repeat(20_001)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Params);
    assert!(std::error::Error::source(&error).unwrap().is::<ContentError>(), "{error:?}");
    for (error, name) in [
        (portal.event(&portals, "v1", true).send(question().reply_to(5)).await.unwrap_err(), "REPLY_ID"),
        (
            command(&portal, &portals, "v1").answer_command(question().skip_connector()).await.unwrap_err(),
            "SKIP_CONNECTOR",
        ),
        (
            command(&portal, &portals, "v2").answer_command(question().reply_to(5)).await.unwrap_err(),
            "replyId",
        ),
        (portal.event(&portals, "v2", true).edit(5, question().system()).await.unwrap_err(), "system"),
    ] {
        assert_eq!(error.kind(), &ErrorKind::Params, "{error}");
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!(portal.asked(), []);
}

#[tokio::test]
async fn a_command_is_answered_where_it_was_called() {
    let portal = Portal::start([ok(900), ok(json!({ "result": true }))]).await;
    let portals = tokens();
    let id = command(&portal, &portals, "v1").answer_command("Counted.").await.unwrap();
    assert_eq!(id, Some(MessageId::from(900)));
    assert_eq!(command(&portal, &portals, "v2").answer_command("Counted.").await.unwrap(), None);
    let asked = portal.asked();
    assert_eq!(asked[0].path, "/rest/imbot.command.answer");
    let body = json!({ "COMMAND": "vote", "COMMAND_ID": 11, "MESSAGE_ID": 5, "MESSAGE": "Counted.", "auth": BOT_TOKEN });
    assert_eq!(asked[0].body, body);
    assert_eq!(asked[1].path, "/rest/imbot.v2.Command.answer");
    let body = json!({
        "botId": 1001, "commandId": 11, "messageId": 5, "dialogId": "chat4", "fields": { "message": "Counted." },
        "auth": BOT_TOKEN,
    });
    assert_eq!(asked[1].body, body);
    let error = portal.event(&portals, "v1", true).answer_command("x").await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unsupported);
}

#[tokio::test]
async fn messages_are_changed_and_deleted_as_the_bot() {
    let done = || ok(json!({ "result": true }));
    let portal = Portal::start([ok(true), ok(true), done(), done()]).await;
    let bot = RegisteredBot::default().client_id("cl1ent").token("t0ken");
    let portals = quick().webhook(portal.webhook()).bot(bot).build().unwrap();
    let voted = || question().keyboard(Keyboard::new());
    for generation in ["v1", "v2"] {
        let ctx = portal.event(&portals, generation, false);
        ctx.edit(900, voted()).await.unwrap();
        ctx.delete(900).await.unwrap();
    }
    let asked = portal.asked();
    let methods: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
    let [v1, v2] = ["imbot.message", "imbot.v2.Chat.Message"];
    let expected = [(v1, "update"), (v1, "delete"), (v2, "update"), (v2, "delete")];
    assert_eq!(methods, expected.map(|(of, what)| format!("{of}.{what}")));
    assert_eq!((&asked[0].body["KEYBOARD"], &asked[0].body["CLIENT_ID"]), (&json!("N"), &json!("cl1ent")));
    let fields = &asked[2].body["fields"];
    assert_eq!((&fields["keyboard"], &fields["urlPreview"]), (&json!("N"), &json!("N")));
    assert_eq!(asked[1].body, json!({ "BOT_ID": 1001, "MESSAGE_ID": 900, "CLIENT_ID": "cl1ent" }));
    assert_eq!(asked[3].body, json!({ "botId": 1001, "messageId": 900, "botToken": "t0ken" }));
}
