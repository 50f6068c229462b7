//! The rule handler against a portal on loopback that notes what it is asked.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};
use b24bot_actions::{Context, Portals, RegisteredBot, Repeat, WebhookUrl};
use b24bot_core::{Effect, Effects, Ended, Entry, EntryEffects, EntryId, InboxError, decode};
use b24bot_dispatcher::Handler;
use b24bot_rules::{Config, RuleError, RuleHandler};
use serde_json::{Value, json};

/// Method and text or action of every call.
type Calls = Arc<Mutex<Vec<(String, String)>>>;

/// A portal that refuses likes of message 13, and breaks down over the text `lost`.
async fn portal() -> (Portals, Calls) {
    let calls = Calls::default();
    let noted = Arc::clone(&calls);
    let answer = |Path(method): Path<String>, Json(params): Json<Value>| async move {
        let told = ["ACTION", "MESSAGE", "reaction"].iter().find_map(|key| params[*key].as_str());
        noted.lock().unwrap().push((method, told.unwrap_or_default().to_owned()));
        if params["MESSAGE_ID"] == 13 {
            let error = json!({"error": "MESSAGE_ID_ERROR", "error_description": "no such message"});
            return (StatusCode::BAD_REQUEST, Json(error));
        }
        if params["MESSAGE"] == "lost" {
            let error = json!({"error": "INTERNAL_SERVER_ERROR", "error_description": "try later"});
            return (StatusCode::INTERNAL_SERVER_ERROR, Json(error));
        }
        (
            StatusCode::OK,
            Json(json!({"result": if params["MESSAGE"].is_string() { json!(99) } else { json!(true) }})),
        )
    };
    let router = Router::new().route("/rest/1/local/{method}", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let webhook = WebhookUrl::parse(&format!("http://{address}/rest/1/local/")).unwrap();
    let bot = RegisteredBot::default().client_id("c1").token("t1");
    (Portals::builder().webhook(webhook).bot(bot).build().unwrap(), calls)
}

fn message(portals: &Portals, id: u32) -> Context {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][1001][BOT_ID]=1001&data[PARAMS][MESSAGE]=thanks&data[PARAMS][MESSAGE_ID]={id}\
        &data[PARAMS][DIALOG_ID]=chat5&data[PARAMS][FROM_USER_ID]=27&data[USER][ID]=27&data[USER][NAME]=Anna&auth[member_id]=m1"
    );
    portals.context(Arc::new(decode(body.as_bytes()).unwrap().remove(0)))
}

fn handler(rules: &str) -> RuleHandler {
    RuleHandler::new(Config::parse("bot.toml", &format!("bot.code = 'b'\n{rules}"), &|_| None).unwrap().rules)
}

#[tokio::test]
async fn effects_reach_the_portal() {
    let (portals, calls) = portal().await;
    let rules = handler(
        "[[rule]]\ntext = 'thanks'\nlike = true\nreaction = 'fire'\nreply = 'Welcome, {user}'\n\
        [[rule]]\nlike = 'minus'\n[[rule]]\nlike = 'auto'\n[[rule]]\ntext = 'bye'\nlike = true",
    );
    let ctx = message(&portals, 7);
    rules.on_event(&ctx, ctx.event()).await.unwrap();
    let expected = [
        // The reaction replaces what the bot had set before: after the like, it would take its place.
        ("imbot.v2.Chat.Message.Reaction.add", "fire"),
        ("im.message.like", "plus"),
        ("imbot.message.add", "Welcome, Anna"),
        ("im.message.like", "minus"),
        ("im.message.like", "auto"),
    ];
    let calls = calls.lock().unwrap();
    assert_eq!(
        calls.iter().map(|(method, told)| (method.as_str(), told.as_str())).collect::<Vec<_>>(),
        expected
    );
}

#[tokio::test]
async fn one_failure_keeps_nothing_else_from_happening() {
    let (portals, calls) = portal().await;
    let rules = handler(
        "[[rule]]\nname = 'first'\nlike = true\nreply = 'Welcome'\n[[rule]]\nname = 'second'\nlike = 'minus'\n\
        [[rule]]\nname = 'third'\nreply = 'Bye'",
    );
    let ctx = message(&portals, 13);
    let error = rules.on_event(&ctx, ctx.event()).await.unwrap_err();
    let error = error.downcast_ref::<RuleError>().unwrap();
    assert_eq!(error.rule(), "first");
    assert_eq!(error.to_string(), "rule `first`");
    assert!(error.source().unwrap().to_string().contains("MESSAGE_ID_ERROR"), "{error:?}");
    let told: Vec<String> = calls.lock().unwrap().iter().map(|(_, told)| told.clone()).collect();
    assert_eq!(told, ["plus", "Welcome", "minus", "Bye"]);
}

#[tokio::test]
async fn a_failure_worth_repeating_comes_before_those_that_are_not() {
    let (portals, calls) = portal().await;
    let rules = handler(
        "[[rule]]\nname = 'refused'\nlike = true\n[[rule]]\nname = 'lost'\nreply = 'lost'\n\
        [[rule]]\nname = 'lost too'\nreply = 'lost'\n[[rule]]\nname = 'last'\nlike = 'minus'",
    );
    let ctx = message(&portals, 13);
    let error = rules.on_event(&ctx, ctx.event()).await.unwrap_err();
    let error = error.downcast_ref::<RuleError>().unwrap();
    assert_eq!(error.rule(), "lost");
    let source = error.source().unwrap().downcast_ref::<b24bot_actions::Error>().unwrap();
    assert_eq!(source.repeat(), Repeat::IfIdempotent);
    assert_eq!(told(&calls), ["plus", "lost", "lost", "minus"]);
}

/// Effects in memory, which outlive attempts.
#[derive(Debug, Default)]
struct Kept(Mutex<BTreeMap<String, Effect>>);

#[async_trait]
impl Effects for Kept {
    async fn begin(&self, _: &Entry, effect: &str) -> Result<Effect, InboxError> {
        let mut known = self.0.lock().unwrap();
        let before = known.get(effect).cloned().unwrap_or(Effect::New);
        if before == Effect::New {
            known.insert(effect.to_owned(), Effect::InDoubt);
        }
        Ok(before)
    }

    async fn finish(&self, _: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError> {
        let now = if let Ended::Had(result) = ended { Effect::Had(result) } else { Effect::New };
        self.0.lock().unwrap().insert(effect.to_owned(), now);
        Ok(())
    }
}

/// The context of another attempt to handle one and the same message.
fn attempt(portals: &Portals, id: u32, kept: &Arc<Kept>) -> Context {
    let entry = Entry::stored(EntryId(1), "lane".to_owned().into(), None);
    let effects: Arc<dyn Effects> = Arc::<Kept>::clone(kept);
    message(portals, id).recording(EntryEffects::new(effects, entry), "rules")
}

fn told(calls: &Calls) -> Vec<String> {
    calls.lock().unwrap().drain(..).map(|(_, told)| told).collect()
}

#[tokio::test]
async fn a_rule_that_acts_only_in_a_later_attempt_takes_no_other_rules_record() {
    let (portals, calls) = portal().await;
    let file = "[[rule]]\nname = 'a'\nreply = 'A'\nlimit = '1/1d'\n[[rule]]\nname = 'b'\nreply = 'B'";
    let rules = handler(file);
    let earlier = message(&portals, 7);
    rules.on_event(&earlier, earlier.event()).await.unwrap();
    assert_eq!(told(&calls), ["A", "B"]);

    let kept = Arc::<Kept>::default();
    let ctx = attempt(&portals, 8, &kept);
    rules.on_event(&ctx, ctx.event()).await.unwrap();
    assert_eq!(told(&calls), ["B"], "a is at its limit");
    // Limits are kept in memory: after a restart a may act.
    let ctx = attempt(&portals, 8, &kept);
    handler(file).on_event(&ctx, ctx.event()).await.unwrap();
    assert_eq!(told(&calls), ["A"]);
}

#[tokio::test]
async fn rules_of_equal_names_have_records_of_their_own() {
    let (portals, calls) = portal().await;
    let both = "[[rule]]\nname = 'a'\nreply = '1'\n[[rule]]\nname = 'a#2'\nreply = '2'";
    let mut rules = handler(both).rules().to_vec();
    rules.extend(handler("[[rule]]\nname = 'a'\nreply = '3'").rules().to_vec());
    let (rules, kept) = (RuleHandler::new(rules), Arc::<Kept>::default());
    for sent in [vec!["1", "2", "3"], vec![]] {
        let ctx = attempt(&portals, 7, &kept);
        rules.on_event(&ctx, ctx.event()).await.unwrap();
        assert_eq!(told(&calls), sent);
    }
    let scopes = ["rules/a#2", "rules/a#3", "rules/a"];
    let names = scopes.map(|scope| format!("{scope}/imbot.message.add/chat5/0"));
    assert_eq!(kept.0.lock().unwrap().keys().cloned().collect::<Vec<_>>(), names);
}
