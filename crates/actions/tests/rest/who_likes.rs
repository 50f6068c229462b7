//! Which call a like becomes, with which credentials: each row of the table.

use b24bot_actions::{ErrorCode, ErrorKind, Mark, RegisteredBot};
use serde_json::json;

use crate::portal::{AUTHOR_TOKEN, BOT_TOKEN, Portal, SECRET, error, ok, quick, tokens};

#[tokio::test]
async fn with_a_webhook_its_maker_likes_even_if_the_bot_has_a_token() {
    for generation in ["v1", "v2"] {
        for own_token in [false, true] {
            let portal = Portal::start([ok(true)]).await;
            let portals = quick().webhook(portal.webhook()).build().unwrap();
            let ctx = portal.event(&portals, generation, own_token);
            assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
            let asked = portal.asked().remove(0);
            assert_eq!(asked.path, format!("/rest/7/{SECRET}/im.message.like"));
            assert_eq!(asked.body, json!({ "MESSAGE_ID": 5, "ACTION": "plus" }));
        }
    }
}

#[tokio::test]
async fn without_a_webhook_the_bot_likes_with_its_own_token() {
    for generation in ["v1", "v2"] {
        let portal = Portal::start([ok(true), ok(true), ok(true)]).await;
        let ctx = portal.event(&tokens(), generation, true);
        assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
        assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Changed);
        assert_eq!(ctx.toggle_like(5).await.unwrap(), Mark::Changed);
        for (asked, action) in portal.asked().into_iter().zip(["plus", "minus", "auto"]) {
            assert_eq!(asked.path, "/rest/im.message.like");
            assert_eq!(asked.body, json!({ "MESSAGE_ID": 5, "ACTION": action, "auth": BOT_TOKEN }));
        }
    }
}

#[tokio::test]
async fn the_authors_token_is_never_used() {
    let portal = Portal::start([]).await;
    for generation in ["v1", "v2"] {
        let ctx = portal.event(&tokens(), generation, false);
        for failed in [
            ctx.like(5).await.unwrap_err(),
            ctx.react(5, "fire").await.unwrap_err(),
            ctx.reply("hello").await.unwrap_err(),
            ctx.call::<bool>("profile", ()).await.unwrap_err(),
        ] {
            assert_eq!(failed.kind(), &ErrorKind::NoCredentials);
            assert!(failed.to_string().contains("webhook"), "{failed}");
            assert!(!format!("{failed:?}").contains(AUTHOR_TOKEN));
        }
    }
    assert_eq!(portal.asked(), []);
}

#[tokio::test]
async fn a_mark_that_stood_is_no_error_but_a_toggle_without_effect_is() {
    let unchanged = error(400, "WITHOUT_CHANGES");
    let portal = Portal::start([unchanged.clone(), unchanged.clone(), unchanged]).await;
    let ctx = portal.event(&tokens(), "v2", true);
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Stood);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Stood);
    let failed = ctx.toggle_like(5).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::WithoutChanges));
    assert_eq!(portal.asked().len(), 3);
}

#[tokio::test]
async fn without_the_scope_a_v1_bot_reacts_as_itself() {
    let portal = Portal::start([
        error(403, "insufficient_scope"),
        ok(true),
        error(400, "WITHOUT_CHANGES"),
        ok(true),
        error(400, "BOT_ID_ERROR"),
    ])
    .await;
    let portals = tokens();
    let ctx = portal.event(&portals, "v1", true);
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Stood);
    // Remembered for the portal, not for the event.
    let ctx = portal.event(&portals, "v1", true);
    assert_eq!(ctx.toggle_like(5).await.unwrap(), Mark::Changed);
    assert_eq!(*ctx.like(5).await.unwrap_err().code().unwrap(), "BOT_ID_ERROR");
    let asked = portal.asked();
    let methods: Vec<_> = asked.iter().map(|asked| asked.method.as_str()).collect();
    let own = "imbot.message.like";
    assert_eq!(methods, ["im.message.like", own, own, own, own]);
    for (asked, action) in asked[1..].iter().zip(["plus", "minus", "auto", "plus"]) {
        let body = json!({ "BOT_ID": 1001, "MESSAGE_ID": 5, "ACTION": action, "auth": BOT_TOKEN });
        assert_eq!(asked.body, body);
    }
}

#[tokio::test]
async fn without_the_scope_a_v2_bot_reacts_as_itself() {
    let portal = Portal::start([
        error(403, "insufficient_scope"),
        ok(json!({ "result": true })),
        error(400, "REACTION_ALREADY_SET"),
        ok(json!({ "result": true })),
        error(400, "REACTION_NOT_FOUND"),
    ])
    .await;
    let ctx = portal.event(&tokens(), "v2", true);
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Stood);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Stood);
    let failed = ctx.toggle_like(5).await.unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::Unsupported);
    assert!(failed.to_string().contains("toggle"), "{failed}");
    let asked = portal.asked();
    let methods: Vec<_> = asked.iter().map(|asked| asked.method.rsplit('.').next().unwrap()).collect();
    assert_eq!(methods, ["like", "add", "add", "delete", "delete"]);
    for asked in &asked[1..] {
        assert!(asked.method.starts_with("imbot.v2.Chat.Message.Reaction."));
        assert_eq!(
            asked.body,
            json!({ "botId": 1001, "messageId": 5, "reaction": "like", "auth": BOT_TOKEN })
        );
    }
}

#[tokio::test]
async fn a_webhook_without_the_scope_falls_back_to_the_bot_if_it_knows_its_key() {
    let portal = Portal::start([error(403, "insufficient_scope"), ok(true)]).await;
    let bot = RegisteredBot::default().token("the-bots");
    let portals = quick().webhook(portal.webhook()).bot(bot).build().unwrap();
    assert_eq!(portal.event(&portals, "v2", true).like(5).await.unwrap(), Mark::Changed);
    let asked = portal.asked();
    let methods: Vec<_> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(methods, ["im.message.like", "imbot.v2.Chat.Message.Reaction.add"]);
    assert_eq!(asked[1].body["botToken"], "the-bots");

    let portal = Portal::start([error(403, "insufficient_scope")]).await;
    let portals = quick().webhook(portal.webhook()).build().unwrap();
    let failed = portal.event(&portals, "v2", true).like(5).await.unwrap_err();
    assert_eq!(failed.code(), Some(&ErrorCode::InsufficientScope));
    assert_eq!(portal.methods(), ["im.message.like"]);
}
