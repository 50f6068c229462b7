//! What earlier attempts have done is not done again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24bot_actions::{
    Call, Context, Error, ErrorKind, Limits, Mark, Portals, Promise, Promises, Repeat, RetryPolicy,
    files::Upload,
};
use b24bot_core::{Effect, Effects, Ended, Entry, EntryEffects, EntryId, InboxError};
use serde_json::json;
use tokio::{sync::Notify, time::timeout};

use crate::{
    portal::{Portal, Reply, error, ok, quick, tokens},
    sends::command,
};

/// Where a store fails, or where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BeginFails,
    BeginFailsAgain,
    FinishFails,
    DiesAfterBegin,
    DiesBeforeFinish,
}

/// Effects in memory, which outlive attempts.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    known: Mutex<BTreeMap<String, Effect>>,
    begun: AtomicUsize,
    fault: Mutex<Option<Fault>>,
    /// The process is dead from here on.
    pub(crate) died: Notify,
}

impl Kept {
    pub(crate) fn fault(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    fn fails(&self, fault: Fault) -> Result<(), InboxError> {
        let failing = *self.fault.lock().unwrap() == Some(fault);
        if failing { Err(InboxError::storage("no space left")) } else { Ok(()) }
    }

    async fn dies(&self, fault: Fault) {
        let dying = *self.fault.lock().unwrap() == Some(fault);
        if dying {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn known(&self) -> BTreeMap<String, Effect> {
        self.known.lock().unwrap().clone()
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// The context of another attempt of a handler, for one and the same entry.
    pub(crate) fn attempt(self: &Arc<Self>, ctx: Context, handler: &str) -> Context {
        let entry = Entry::stored(EntryId(1), "lane".to_owned().into(), None);
        let effects: Arc<dyn Effects> = Arc::<Self>::clone(self);
        ctx.recording(EntryEffects::new(effects, entry), handler)
    }
}

#[async_trait::async_trait]
impl Effects for Kept {
    async fn begin(&self, _: &Entry, effect: &str) -> Result<Effect, InboxError> {
        self.fails(Fault::BeginFails)?;
        if self.begun() > 0 {
            self.fails(Fault::BeginFailsAgain)?;
        }
        self.begun.fetch_add(1, Ordering::Relaxed);
        let known = {
            let mut known = self.known.lock().unwrap();
            let now = known.entry(effect.to_owned()).or_insert(Effect::New);
            let before = now.clone();
            if before == Effect::New {
                *now = Effect::InDoubt;
            }
            before
        };
        self.dies(Fault::DiesAfterBegin).await;
        Ok(known)
    }

    async fn finish(&self, _: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError> {
        self.fails(Fault::FinishFails)?;
        self.dies(Fault::DiesBeforeFinish).await;
        let now = match ended {
            Ended::Had(result) => Effect::Had(result),
            _ => Effect::New,
        };
        self.known.lock().unwrap().insert(effect.to_owned(), now);
        Ok(())
    }
}

/// A bot of the first generation, and what its handler has done.
struct Bot {
    portal: Portal,
    kept: Arc<Kept>,
}

impl Bot {
    async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { portal: Portal::start(replies).await, kept: Arc::default() }
    }

    /// The context of the next attempt.
    fn attempt(&self, portals: &Portals) -> Context {
        self.kept.attempt(self.portal.event(portals, "v1", true), "greeter")
    }
}

fn promising(promises: Promises) -> Portals {
    quick().promises(promises).build().unwrap()
}

fn again() -> Portals {
    promising(Promises::default().messages(Promise::AtLeastOnce))
}

fn kind_of<T: std::fmt::Debug>(result: Result<T, Error>) -> (ErrorKind, Repeat) {
    let error = result.unwrap_err();
    (error.kind().clone(), error.repeat())
}

const IN_DOUBT: (ErrorKind, Repeat) = (ErrorKind::InDoubt, Repeat::Never);

/// Everything that is not idempotent; what it returned, as text.
async fn everything(ctx: &Context) -> Result<Vec<String>, Error> {
    let call = Call::new("im.chat.add").params(&json!({ "TITLE": "Lunch" }))?;
    let typed = ctx.client()?.im().notify().personal().add(27, "Lunch is ready");
    Ok(vec![
        format!("{:?}", ctx.reply("a").await?),
        format!("{:?}", ctx.say("chat4", "b").await?),
        format!("{:?}", ctx.send("c").await?),
        format!("{:?}", ctx.send_to("chat4", "d").await?),
        format!("{:?}", ctx.upload(Upload::bytes("e", "tea")).await?),
        format!("{:?}", ctx.toggle_like(5).await?),
        format!("{:?}", ctx.call::<Vec<u8>>("im.message.share", json!({ "MESSAGE_ID": 5 })).await?),
        format!("{:?}", ctx.send_call::<u64>(call).await?),
        format!("{:?}", ctx.send_typed(typed).await?),
    ])
}

#[tokio::test]
async fn what_was_done_is_not_done_again_and_returns_the_same() {
    let file = json!({ "file": { "id": "138" }, "messageId": 123 });
    for (generation, ids) in [
        ("v1", [900, 901, 902, 903].map(|id| json!(id))),
        ("v2", [900, 901, 902, 903].map(|id| json!({ "id": id, "uuidMap": [] }))),
    ] {
        let replies = ids.map(ok).into_iter();
        let others = [ok(file.clone()), ok(true), ok(json!([1, 2])), ok(7), ok("8")];
        let portal = Portal::start(replies.chain(others)).await;
        let (portals, kept) = (tokens(), Arc::<Kept>::default());
        let attempt = || kept.attempt(portal.event(&portals, generation, true), "greeter");
        let first = everything(&attempt()).await.unwrap();
        assert_eq!(portal.asked().len(), first.len());
        assert_eq!(everything(&attempt()).await.unwrap(), first);
        assert_eq!(portal.asked(), [], "{generation}");
    }
}

#[tokio::test]
async fn a_command_is_answered_once() {
    for (generation, method) in [("v1", "imbot.command.answer"), ("v2", "imbot.v2.Command.answer")] {
        let (portal, portals, kept) = (Portal::start([ok(900)]).await, tokens(), Arc::<Kept>::default());
        let mut answers = Vec::new();
        for _ in 0..2 {
            let ctx = kept.attempt(command(&portal, &portals, generation), "poll");
            answers.push(ctx.answer_command("Counted.").await.unwrap());
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(portal.methods(), [method]);
        assert_eq!(kept.known().into_keys().collect::<Vec<_>>(), [format!("poll/{method}/5/0")]);
    }
}

#[tokio::test]
async fn effects_are_told_apart_by_handler_method_target_and_order() {
    let bot = Bot::start([ok(900), ok(901), ok(902), ok(json!([])), ok(903), ok(5)]).await;
    let portals = tokens();
    let ctx = bot.attempt(&portals);
    let equal = [ctx.reply("Hi").await.unwrap(), ctx.clone().reply("Hi").await.unwrap()];
    assert_eq!(equal, [900.into(), 901.into()]);
    ctx.say("chat4", "Hi").await.unwrap();
    ctx.call::<Vec<u8>>("im.message.share", json!({ "MESSAGE_ID": 5 })).await.unwrap();
    let other = bot.kept.attempt(bot.portal.event(&portals, "v1", true), "other");
    assert_eq!(other.reply("Hi").await.unwrap(), 903.into());
    other.call::<u8>("crm.lead.add", json!({ "fields": {} })).await.unwrap();
    assert_eq!(bot.portal.asked().len(), 6);
    let names: Vec<_> = bot.kept.known().into_keys().collect();
    let expected = [
        "greeter/im.message.share/5/0",
        "greeter/imbot.message.add/27/0",
        "greeter/imbot.message.add/27/1",
        "greeter/imbot.message.add/chat4/0",
        "other/crm.lead.add//0",
        "other/imbot.message.add/27/0",
    ];
    assert_eq!(names, expected);

    let ctx = bot.attempt(&portals);
    let again = [ctx.reply("It is noon").await.unwrap(), ctx.reply("Hi").await.unwrap()];
    assert_eq!(again, equal, "the content does not count, the order does");
}

#[tokio::test]
async fn scopes_count_apart() {
    let bot = Bot::start([900, 901, 902, 903].map(ok)).await;
    let portals = tokens();
    let ctx = bot.attempt(&portals);
    ctx.reply("Hi").await.unwrap();
    ctx.scoped("b").reply("b").await.unwrap();
    // The same scope again is no new one.
    ctx.clone().scoped("b").reply("b").await.unwrap();
    ctx.scoped("b/c").reply("c").await.unwrap();
    assert_eq!(bot.portal.methods().len(), 4);
    let names: Vec<_> = bot.kept.known().into_keys().collect();
    let expected = [
        "greeter/b%2Fc/imbot.message.add/27/0",
        "greeter/b/imbot.message.add/27/0",
        "greeter/b/imbot.message.add/27/1",
        "greeter/imbot.message.add/27/0",
    ];
    assert_eq!(names, expected);

    bot.portal.prepare([ok(904)]);
    let ctx = bot.attempt(&portals);
    assert_eq!(ctx.scoped("a").reply("a").await.unwrap(), 904.into(), "new in this attempt");
    assert_eq!(ctx.scoped("b").reply("b").await.unwrap(), 901.into());
    assert_eq!(ctx.reply("Hi").await.unwrap(), 900.into());
    assert_eq!(bot.portal.methods().len(), 1);
    // Without a record there is nothing to name.
    bot.portal.prepare([ok(905)]);
    let unrecorded = bot.portal.event(&portals, "v1", true).scoped("a");
    assert_eq!(unrecorded.reply("a").await.unwrap(), 905.into());
    assert_eq!((bot.portal.methods().len(), bot.kept.known().len()), (1, 5));
}

#[tokio::test]
async fn what_was_refused_is_sent_again() {
    let too_fast = || error(503, "QUERY_LIMIT_EXCEEDED");
    for refused in [
        vec![error(400, "ACCESS_ERROR")],
        vec![error(401, "expired_token")],
        vec![too_fast(), too_fast(), too_fast()],
        vec![Reply::Text(429, "slow down".to_owned()); 3],
        vec![Reply::To(302, "ftp://elsewhere/".to_owned())],
    ] {
        let bot = Bot::start(refused).await;
        bot.attempt(&tokens()).reply("Hi").await.unwrap_err();
        bot.portal.asked();
        assert_eq!(bot.kept.known().into_values().collect::<Vec<_>>(), [Effect::New]);
        bot.portal.prepare([ok(900)]);
        assert_eq!(bot.attempt(&tokens()).reply("Hi").await.unwrap(), 900.into());
        assert_eq!(bot.portal.methods(), ["imbot.message.add"]);
    }
}

#[tokio::test]
async fn what_never_left_is_not_in_doubt() {
    let kept = Arc::<Kept>::default();
    let gone = Portal::start([]).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/rest/1/s/", nobody.local_addr().unwrap());
    drop(nobody);
    let portals = quick().webhook(webhook.parse().unwrap()).build().unwrap();
    let failed = kept.attempt(gone.event(&portals, "v1", true), "greeter").reply("Hi").await;
    assert_eq!(kind_of(failed), (ErrorKind::Connect, Repeat::Later));
    assert_eq!(kept.known().into_values().collect::<Vec<_>>(), [Effect::New]);
}

#[tokio::test]
async fn what_is_in_doubt_is_sent_again_only_if_so_promised() {
    let impatient =
        |promises| quick().timeout(Duration::from_millis(500)).promises(promises).build().unwrap();
    for lost in [
        Reply::Hang,
        error(500, "INTERNAL_SERVER_ERROR"),
        Reply::Text(200, "<html>".to_owned()),
        Reply::Text(502, "Bad gateway".to_owned()),
    ] {
        let bot = Bot::start([lost.clone()]).await;
        let portals = impatient(Promises::default());
        assert_eq!(kind_of(bot.attempt(&portals).reply("Hi").await).1, Repeat::IfIdempotent, "{lost:?}");
        assert_eq!(bot.portal.methods().len(), 1);
        let error = bot.attempt(&portals).reply("Hi").await.unwrap_err();
        assert_eq!((error.kind(), error.repeat()), (&IN_DOUBT.0, IN_DOUBT.1));
        assert!(error.to_string().contains("it is not called again since at_most_once"), "{error}");
        assert_eq!(bot.portal.asked(), []);

        bot.portal.prepare([lost, ok(900)]);
        let portals = impatient(Promises::default().messages(Promise::AtLeastOnce));
        bot.attempt(&portals).reply("Hi").await.unwrap_err();
        assert_eq!(bot.attempt(&portals).reply("Hi").await.unwrap(), 900.into());
        assert_eq!(bot.portal.methods().len(), 2);
        assert_eq!(bot.attempt(&portals).reply("Hi").await.unwrap(), 900.into());
        assert_eq!(bot.portal.asked(), []);
    }
}

#[tokio::test]
async fn a_later_refusal_does_not_take_the_doubt_away() {
    let bot = Bot::start([error(500, "INTERNAL_SERVER_ERROR"), error(400, "ACCESS_ERROR")]).await;
    for _ in 0..2 {
        bot.attempt(&again()).reply("Hi").await.unwrap_err();
    }
    assert_eq!(bot.portal.methods().len(), 2);
    assert_eq!(kind_of(bot.attempt(&tokens()).reply("Hi").await), IN_DOUBT);
    assert_eq!(bot.portal.asked(), []);
}

#[tokio::test]
async fn a_call_that_is_given_up_is_in_doubt_once_it_is_begun() {
    for fault in [Fault::DiesAfterBegin, Fault::DiesBeforeFinish] {
        let bot = Bot::start([ok(900)]).await;
        bot.kept.fault(Some(fault));
        let ctx = bot.attempt(&tokens());
        tokio::select! {
            sent = ctx.reply("Hi") => assert!(sent.is_err(), "it hangs"),
            () = bot.kept.died.notified() => {}
        }
        bot.kept.fault(None);
        assert_eq!(bot.portal.asked_so_far().len(), usize::from(fault == Fault::DiesBeforeFinish));
        assert_eq!(kind_of(bot.attempt(&tokens()).reply("Hi").await), IN_DOUBT);
        assert_eq!(bot.portal.asked(), []);
        bot.portal.prepare([ok(901)]);
        assert_eq!(bot.attempt(&again()).reply("Hi").await.unwrap(), 901.into());
    }
}

#[tokio::test]
async fn whoever_is_stopped_in_the_queue_leaves_nothing_in_doubt() {
    let bot = Bot::start([ok(900)]).await;
    let portals = quick().limits(Limits::default().burst(1).per_second(0.01)).build().unwrap();
    let ctx = bot.attempt(&portals);
    ctx.reply("a").await.unwrap();
    assert!(timeout(Duration::from_millis(50), ctx.reply("b")).await.is_err());
    assert_eq!((bot.kept.begun(), bot.portal.methods().len()), (1, 1));
}

#[tokio::test]
async fn likes_are_recorded_only_if_they_must_not_be_done_twice() {
    let lost = || error(500, "INTERNAL_SERVER_ERROR");
    let bot = Bot::start([lost(), ok(true), ok(true), lost(), ok(true)]).await;
    let ctx = bot.attempt(&tokens());
    assert_eq!(ctx.like(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.react(5, "fire").await.unwrap(), Mark::Changed);
    assert_eq!((bot.portal.methods().len(), bot.kept.begun()), (5, 0));

    // As strict with what is in doubt within one attempt.
    let strict = promising(Promises::default().likes(Promise::AtMostOnce));
    bot.portal.prepare([lost(), ok(true), ok(false), lost()]);
    let ctx = bot.attempt(&strict);
    assert_eq!(kind_of(ctx.like(5).await).1, Repeat::IfIdempotent);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.like(6).await.unwrap(), Mark::Stood);
    assert_eq!(kind_of(ctx.react(5, "fire").await).1, Repeat::IfIdempotent);
    assert_eq!(bot.portal.methods().len(), 4);
    let ctx = bot.attempt(&strict);
    assert_eq!(kind_of(ctx.like(5).await), IN_DOUBT);
    assert_eq!(ctx.unlike(5).await.unwrap(), Mark::Changed);
    assert_eq!(ctx.like(6).await.unwrap(), Mark::Stood);
    assert_eq!(kind_of(ctx.react(5, "fire").await), IN_DOUBT);
    assert_eq!(bot.portal.asked(), []);
}

#[tokio::test]
async fn a_like_without_its_scope_is_recorded_as_what_takes_its_place() {
    let bot = Bot::start([error(403, "insufficient_scope"), ok(true)]).await;
    let strict = promising(Promises::default().likes(Promise::AtMostOnce));
    for _ in 0..2 {
        assert_eq!(bot.attempt(&strict).like(5).await.unwrap(), Mark::Changed);
    }
    assert_eq!(bot.portal.methods(), ["im.message.like", "imbot.message.like"]);
}

#[tokio::test]
async fn what_does_no_harm_twice_and_what_goes_through_the_client_is_not_recorded() {
    let bot = Bot::start([ok(true), ok(true), ok(json!({})), ok(true), ok(900)]).await;
    let ctx = bot.attempt(&tokens());
    ctx.edit(900, "Hello").await.unwrap();
    ctx.delete(900).await.unwrap();
    ctx.call::<serde_json::Value>("profile", ()).await.unwrap();
    ctx.send_call::<bool>(Call::new("im.chat.updateTitle").idempotent()).await.unwrap();
    ctx.client().unwrap().call::<u64>("im.message.add", &()).await.unwrap();
    assert_eq!((bot.portal.methods().len(), bot.kept.begun()), (5, 0));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_sent() {
    let bot = Bot::start([]).await;
    bot.kept.fault(Some(Fault::BeginFails));
    let error = bot.attempt(&tokens()).reply("Hi").await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Store, Repeat::Later));
    assert!(std::error::Error::source(&error).unwrap().is::<InboxError>());
    assert_eq!(bot.portal.asked(), []);

    bot.kept.fault(Some(Fault::FinishFails));
    bot.portal.prepare([ok(900)]);
    assert_eq!(bot.attempt(&tokens()).reply("Hi").await.unwrap(), 900.into(), "it was sent");
    bot.kept.fault(None);
    assert_eq!(kind_of(bot.attempt(&tokens()).reply("Hi").await), IN_DOUBT);
    assert_eq!(bot.portal.methods().len(), 1);
}

#[tokio::test]
async fn a_result_of_another_shape_was_a_result() {
    let bot = Bot::start([ok("text")]).await;
    for _ in 0..2 {
        let failed = bot.attempt(&tokens()).reply("Hi").await;
        assert_eq!(kind_of(failed), (ErrorKind::Answer, Repeat::Never));
    }
    assert_eq!(bot.portal.methods().len(), 1);

    for known in bot.kept.known.lock().unwrap().values_mut() {
        *known = Effect::Had(b"{".to_vec());
    }
    let error = bot.attempt(&tokens()).reply("Hi").await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Store, Repeat::Never));
    assert_eq!(bot.portal.asked(), []);
}

#[tokio::test]
async fn what_fails_on_this_side_keeps_its_place() {
    let sent = |message| ok(json!({ "file": { "id": "138" }, "messageId": message }));
    let bot = Bot::start([sent(2)]).await;
    let ctx = bot.attempt(&tokens());
    assert_eq!(kind_of(ctx.upload(Upload::path("/nowhere/a.txt")).await).0, ErrorKind::File);
    assert_eq!(ctx.upload(Upload::bytes("b", "tea")).await.unwrap().message, 2.into());
    assert_eq!(kind_of(ctx.send("").await).0, ErrorKind::Params);
    bot.portal.prepare([sent(1), ok(900)]);
    let ctx = bot.attempt(&tokens());
    assert_eq!(ctx.upload(Upload::bytes("a", "tea")).await.unwrap().message, 1.into());
    assert_eq!(ctx.upload(Upload::bytes("b", "tea")).await.unwrap().message, 2.into());
    assert_eq!(ctx.send("Hi").await.unwrap(), 900.into());
    assert_eq!(bot.portal.methods().len(), 3);
}

#[tokio::test]
async fn repetitions_within_one_attempt_are_one_effect() {
    let bot = Bot::start([error(503, "QUERY_LIMIT_EXCEEDED"), ok(900)]).await;
    assert_eq!(bot.attempt(&tokens()).reply("Hi").await.unwrap(), 900.into());
    assert_eq!((bot.portal.methods().len(), bot.kept.known().len()), (2, 1));
    let never = quick().retry(RetryPolicy::never()).build().unwrap();
    assert_eq!(bot.attempt(&never).reply("Hi").await.unwrap(), 900.into());
}

#[tokio::test]
async fn whoever_is_stopped_in_the_pause_before_a_repetition_leaves_nothing_in_doubt() {
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
    let patient = || quick().retry(RetryPolicy::default().within(day).pauses(hour, hour));
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/rest/1/s/", nobody.local_addr().unwrap());
    drop(nobody);
    for (portals, refusals) in [
        (patient(), vec![error(503, "QUERY_LIMIT_EXCEEDED")]),
        (patient().webhook(webhook.parse().unwrap()), vec![]),
    ] {
        let asked = refusals.len();
        let bot = Bot::start(refusals).await;
        let ctx = bot.attempt(&portals.build().unwrap());
        assert!(timeout(Duration::from_millis(300), ctx.reply("Hi")).await.is_err(), "it pauses");
        assert_eq!((bot.portal.methods().len(), bot.kept.begun()), (asked, 1));
        bot.portal.prepare([ok(900)]);
        assert_eq!(bot.attempt(&tokens()).reply("Hi").await.unwrap(), 900.into());
        assert_eq!(bot.portal.methods().len(), 1);
    }
}

#[tokio::test]
async fn a_repetition_is_recorded_before_it_is_sent() {
    let too_fast = || error(503, "QUERY_LIMIT_EXCEEDED");
    for fault in [Fault::DiesBeforeFinish, Fault::BeginFailsAgain] {
        let bot = Bot::start([too_fast()]).await;
        bot.kept.fault(Some(fault));
        let ctx = bot.attempt(&tokens());
        tokio::select! {
            sent = ctx.reply("Hi") => assert_eq!(kind_of(sent), (ErrorKind::Store, Repeat::Later)),
            () = bot.kept.died.notified() => assert_eq!(fault, Fault::DiesBeforeFinish),
        }
        bot.kept.fault(None);
        assert_eq!(bot.portal.methods().len(), 1, "{fault:?}");
    }

    // Lost after the repetition: it may have been carried out.
    let bot = Bot::start([too_fast(), error(500, "INTERNAL_SERVER_ERROR")]).await;
    bot.attempt(&tokens()).reply("Hi").await.unwrap_err();
    assert_eq!(kind_of(bot.attempt(&tokens()).reply("Hi").await), IN_DOUBT);
    assert_eq!(bot.portal.methods().len(), 2);
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_does_not_keep_a_call_from_being_repeated() {
    let bot = Bot::start([error(503, "QUERY_LIMIT_EXCEEDED"), ok(900)]).await;
    bot.kept.fault(Some(Fault::FinishFails));
    assert_eq!(bot.attempt(&tokens()).reply("Hi").await.unwrap(), 900.into());
    assert_eq!(bot.portal.methods().len(), 2);
}

#[tokio::test]
async fn refusals_while_in_doubt_do_not_take_the_doubt_away() {
    let too_fast = || error(503, "QUERY_LIMIT_EXCEEDED");
    let bot = Bot::start([error(500, "INTERNAL_SERVER_ERROR"), too_fast(), too_fast(), too_fast()]).await;
    for _ in 0..2 {
        bot.attempt(&again()).reply("Hi").await.unwrap_err();
    }
    assert_eq!(bot.portal.methods().len(), 4);
    assert_eq!(kind_of(bot.attempt(&tokens()).reply("Hi").await), IN_DOUBT);
}
