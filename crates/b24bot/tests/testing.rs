//! The test kit: what it awaits, what it notices, and what its failures say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![cfg(feature = "portal")]

use std::{sync::Arc, time::Duration};

use b24bot::{
    actions::content::{Button, Keyboard, OutgoingMessage},
    prelude::*,
    rules::Config,
    testing::{Failure, FailureKind, Said, Stage, containing, matching},
};
use serde_json::json;
use tokio::sync::Notify;

/// Does what it is told.
#[derive(Default)]
struct Obedient {
    waits: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[async_trait]
impl Handler for Obedient {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        let (word, rest) = message.text.split_once(' ').unwrap_or((&message.text, ""));
        match word {
            "like" => drop(ctx.like(message.id).await?),
            "react" => drop(ctx.react(message.id, rest).await?),
            "say" => drop(ctx.reply(rest).await?),
            "like-and-say" => {
                ctx.like(message.id).await?;
                ctx.reply(rest).await?;
            }
            "think-better-of-it" => {
                ctx.like(message.id).await?;
                ctx.unlike(message.id).await?;
            }
            "edit" => {
                let id = ctx.reply("first").await?;
                ctx.edit(id, rest).await?;
            }
            "delete" => {
                let id = ctx.reply("first").await?;
                ctx.delete(id).await?;
            }
            "type" => {
                let params = json!({"botId": ctx.bot_id()?.get(), "dialogId": message.dialog.as_str()});
                ctx.call::<Value>("imbot.v2.Chat.InputAction.notify", params).await?;
            }
            "ask" => {
                let buttons =
                    [Button::command("Tea", "repeat", "tea"), Button::command("Coffee", "repeat", "coffee")];
                ctx.send(OutgoingMessage::new("What?").keyboard(Keyboard::new().row(buttons))).await?;
            }
            "wait" => {
                self.waits.notify_one();
                self.go_on.notified().await;
                ctx.reply("at last").await?;
            }
            "fail" => return Err(give_up("the kettle is broken")),
            _ => {}
        }
        Ok(())
    }

    async fn on_command(&self, ctx: &Context, command: &Command) -> Result<()> {
        ctx.answer_command(command.params.as_str()).await?;
        Ok(())
    }

    async fn on_join_chat(&self, ctx: &Context, join: &JoinChat) -> Result<()> {
        ctx.client()?.imbot().v2().command().register(ctx.bot_id()?, "repeat").hidden(true).await?;
        ctx.say(join.dialog.clone(), "Here I am.").await?;
        Ok(())
    }
}

async fn stage() -> Stage {
    Stage::with(Obedient::default()).await.unwrap()
}

/// A bot without a handler.
fn ruled(kind: &str, rules: &str) -> Bot {
    let text = format!("[bot]\ncode = \"tea\"\nname = \"Tea\"\ntype = \"{kind}\"\n{rules}");
    Bot::new(Config::parse_for_local_portal("bot.toml", &text, &|_| None).unwrap()).unwrap()
}

#[tokio::test]
async fn everything_a_bot_does_can_be_expected_and_is_accounted_for() -> Result<(), Failure> {
    let stage = stage().await;
    let (mira, bot) = (stage.user(27), stage.bot());
    bot.says("chat1", "Here I am.").await?;
    let said = mira.says("chat1", "like").await?;
    bot.likes(said).await?;
    let said = mira.says("chat1", "react fire").await?;
    bot.reacts(said, "fire").await?;
    let said = mira.says(bot, "say one tea").await?;
    assert_eq!(bot.replies(said, "one tea").await?.chat, said.chat);
    // To write to the bot has opened a chat with it.
    bot.says(mira, "Here I am.").await?;
    bot.calls("imbot.v2.Command.register").await?;
    let said = mira.says("chat1", "edit second").await?;
    let reply = bot.replies(said, matching("first|second")).await?;
    bot.edits(reply, "second").await?;
    let said = mira.says("chat1", "delete").await?;
    let reply = bot.replies(said, containing("")).await?;
    bot.deletes(reply).await?;
    mira.says(bot, "type").await?;
    bot.types(mira).await?;
    let said = mira.says("chat1", "/repeat after me").await?;
    bot.replies(said, "after me").await?;
    let said = mira.says("chat1", "think-better-of-it").await?;
    bot.unlikes(said).await?;
    // It has accounted for the second call.
    let like = bot.calls("im.message.like").await?;
    assert_eq!(like.param("message_id"), Some(said.id.to_string()));
    assert_eq!(like.param("action").as_deref(), Some("plus"));
    stage.expect_no_further_calls().await
}

#[tokio::test]
async fn only_a_like_is_taken_back() -> Result<(), Failure> {
    let stage = stage().await;
    let (mira, bot, soon) = (stage.user(27), stage.bot(), Duration::from_millis(1));
    for text in ["react fire", "like", "nothing"] {
        let said = mira.says("chat1", text).await?;
        stage.settled().await?;
        let failure = bot.unlikes(said).within(soon).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unmet, "{text}");
    }
    let said = mira.says("chat1", "think-better-of-it").await?;
    stage.settled().await?;
    bot.unlikes(said).within(Duration::ZERO).await
}

#[tokio::test]
async fn each_message_answers_one_expectation() -> Result<(), Failure> {
    let stage = stage().await;
    let mira = stage.user(27);
    let (one, two) = (mira.says("chat1", "say tea").await?, mira.says("chat1", "say tea").await?);
    let (first, second) = (stage.bot().replies(one, "tea").await?, stage.bot().replies(two, "tea").await?);
    assert!(first.id < second.id);
    stage.settled().await?;
    let none = stage.bot().replies(one, "tea").within(Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(none.kind(), FailureKind::Unmet);
    Ok(())
}

#[tokio::test]
async fn a_failure_tells_where_what_and_all_that_happened() {
    let stage = stage().await;
    let said = stage.user(27).says("chat1", "say \"tea\"").await.unwrap();
    stage.bot().replies(said, "\"tea\"").await.unwrap();
    let line = line!() + 1;
    let failure = stage.bot().likes(said).within(Duration::from_millis(1)).await.unwrap_err();
    let text = failure.to_string();
    assert_eq!(format!("{failure:?}"), text);
    let start = format!("{}:{line}: the bot was expected to like message {}", file!(), said.id);
    assert!(text.starts_with(&start), "{text}");
    for part in [
        "(27): \"say \\\"tea\\\"\"",
        "→ ONIMBOTV2MESSAGEADD to the bot: 200 in ",
        "← imbot.v2.Chat.Message.send {",
        "chat1  the bot: \"\\\"tea\\\"\"",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[tokio::test]
async fn what_a_handler_does_late_is_a_further_call() {
    let handler = Obedient::default();
    let (waits, go_on) = (Arc::clone(&handler.waits), Arc::clone(&handler.go_on));
    let stage = Stage::with(handler).await.unwrap();
    stage.user(27).says("chat1", "wait").await.unwrap();
    let release = async {
        waits.notified().await;
        go_on.notify_one();
    };
    let (checked, ()) = tokio::join!(stage.expect_no_further_calls(), release);
    let failure = checked.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::FurtherCalls);
    assert!(failure.to_string().contains("called imbot.v2.Chat.Message.send"), "{failure}");
}

#[tokio::test]
async fn calls_beside_those_expected_are_noticed() -> Result<(), Failure> {
    let stage = stage().await;
    let said = stage.user(27).says("chat1", "like-and-say tea").await?;
    stage.bot().likes(said).await?;
    let failure = stage.expect_no_further_calls().await.unwrap_err();
    assert!(failure.to_string().contains("Message.send"), "{failure}");
    stage.bot().replies(said, "tea").await?;
    stage.expect_no_further_calls().await
}

#[tokio::test]
async fn a_bot_that_is_not_done_and_a_handler_that_failed_are_told() {
    let handler = Obedient::default();
    let waits = Arc::clone(&handler.waits);
    let stage = Stage::with(handler).await.unwrap();
    stage.user(27).says(stage.bot(), "fail").await.unwrap();
    stage.settled().await.unwrap();
    let stage = stage.patience(Duration::from_millis(50));
    stage.user(42).says(stage.bot(), "wait").await.unwrap();
    waits.notified().await;
    let failure = stage.expect_no_further_calls().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Busy);
    let text = failure.to_string();
    assert!(text.contains("MESSAGEADD/102, tried 1 times: given up: the kettle is broken"), "{text}");
    assert!(text.contains("MESSAGEADD/104, being handled"), "{text}");
}

#[tokio::test]
async fn what_the_portal_turns_away_is_repeated_and_no_further_call() -> Result<(), Failure> {
    // A refusal slows the way out for a while.
    let stage = stage().await.patience(Duration::from_secs(60));
    stage.fault("query_limit", "im.message.like", 1).await?;
    let said = stage.user(27).says("chat1", "like").await?;
    stage.bot().likes(said).await?;
    stage.expect_no_further_calls().await?;
    assert!(stage.conversation().await.contains("503 QUERY_LIMIT_EXCEEDED"));
    let failure = stage.fault("earthquake", "*", 1).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(failure.to_string().contains("query_limit"), "{failure}");
    Ok(())
}

#[tokio::test]
async fn the_portal_s_clock_goes_forward() -> Result<(), Failure> {
    let stage = stage().await;
    stage.advance_clock(Duration::from_secs(3700)).await?;
    // Every event brings a token of its own, which is as young as the event.
    let said = stage.user(27).says("chat1", "like").await?;
    stage.bot().likes(said).await?;
    stage.expect_no_further_calls().await?;
    assert!(stage.advance_clock(Duration::from_secs(u64::MAX)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn likes_that_leave_in_a_batch_are_accounted_for_one_by_one() -> Result<(), Failure> {
    let limits = "[limits]\nburst = 1\nper_second = 1\n[[rule]]\ntext = \"thanks\"\nlike = true\n";
    let stage = Stage::of(ruled("supervisor", limits)).await?.patience(Duration::from_secs(60));
    let mut messages: Vec<Said> = Vec::new();
    for n in 0..20 {
        messages.push(stage.user(27).says("chat1", &format!("thanks {n}")).await?);
    }
    for said in messages {
        stage.bot().likes(said).await?;
    }
    stage.expect_no_further_calls().await?;
    assert!(stage.conversation().await.contains("← batch: 200"));
    Ok(())
}

#[tokio::test]
async fn people_edit_delete_and_like_and_are_told_what_they_may_not() -> Result<(), Failure> {
    let stage = stage().await;
    let (mira, boris) = (stage.user(27), stage.user(42));
    let said = mira.says("chat1", "tea?").await?;
    mira.edits(said, "coffee?").await?;
    boris.likes(said).await?;
    boris.reacts(said, "fire").await?;
    let private = boris.says(27, "between us").await?;
    let answer = mira.replies(private, "yes").await?;
    assert_eq!(answer.chat, private.chat);
    mira.deletes(said).await?;
    let failure = boris.deletes(answer).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(failure.to_string().contains("ACCESS_DENIED"), "{failure}");
    assert!(stage.user(4711).says("chat1", "hello").await.is_err());
    stage.expect_no_further_calls().await
}

#[tokio::test]
async fn people_press_buttons_send_files_type_and_invite_the_bot() -> Result<(), Failure> {
    let stage = stage().await;
    let (mira, bot) = (stage.user(27), stage.bot());
    let asked = mira.says("chat1", "ask").await?;
    let question = bot.replies(asked, "What?").await?;
    bot.shows_keyboard(question, &["Tea", "Coffee"]).await?;
    mira.presses(question, "Coffee").await?;
    bot.replies(question, "coffee").await?;
    let failure = mira.presses(question, "Cocoa").await.unwrap_err();
    assert!(failure.to_string().contains("there is no button \"Cocoa\""), "{failure}");
    let sent = mira.sends_file("chat1", "list.txt", "tea\n").await?;
    assert_eq!(stage.file(sent, "list.txt").await?, b"tea\n");
    assert!(stage.file(sent, "other.txt").await.is_err());
    mira.types("chat1").await?;
    let chat = stage.found_chat(&[27, 42]).await?;
    mira.says(chat, "say nothing, since you are not here").await?;
    mira.invites(bot, chat).await?;
    bot.says(chat, "Here I am.").await?;
    bot.calls("imbot.v2.Command.register").await?;
    stage.expect_no_further_calls().await
}

#[tokio::test]
async fn stages_side_by_side_know_nothing_of_each_other() -> Result<(), Failure> {
    let (one, two) = tokio::try_join!(Stage::with(Obedient::default()), Stage::with(Obedient::default()))?;
    let (here, there) = (one.user(27).says("chat1", "like").await?, two.user(27).says("chat1", "tea").await?);
    assert_eq!(here.id, there.id);
    one.bot().likes(here).await?;
    two.expect_no_further_calls().await?;
    one.expect_no_further_calls().await
}

#[tokio::test]
async fn what_can_never_happen_fails_at_once() {
    let stage = stage().await.patience(Duration::MAX);
    let failure = stage.bot().says("chat1", matching("(")).await.unwrap_err();
    assert!(
        failure.to_string().contains("cannot be expected to say something that matches a wrong"),
        "{failure}"
    );
    let text = "[bot]\ncode = \"tea\"\nname = \"Tea\"\nmode = \"fetch\"\n[portal]\n\
                webhook = \"https://portal.example/rest/1/s3cret/\"\nbot_id = 1001\nbot_token = \"t0ken\"\n";
    let fetching = Bot::new(Config::parse("bot.toml", text, &|_| None).unwrap()).unwrap();
    let failure = Stage::of(fetching).await.unwrap_err();
    assert!(failure.to_string().contains("mode = \"webhook\""), "{failure}");
}

#[tokio::test]
async fn an_open_channel_is_a_chat_with_the_bot_in_it() -> Result<(), Failure> {
    let rules = "[[rule]]\nchat_types = [\"openline\"]\nreply = \"Hello!\"\n";
    let stage = Stage::of(ruled("openline", rules)).await?;
    let channel = stage.open_channel(27).await?;
    let said = stage.user(27).says(channel, "Is anybody there?").await?;
    stage.bot().replies(said, "Hello!").await?;
    stage.expect_no_further_calls().await
}
