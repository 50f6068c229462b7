//! From inbox to handlers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use b24bot_actions::{Context, Portals};
use b24bot_core::{Depth, Envelope, Event, Inbox, Lane, Message, decode};
use b24bot_dispatcher::{Dispatcher, Handler, Result};
use b24bot_store::MemoryInbox;
use tokio::sync::Barrier;

type Log = Arc<Mutex<Vec<String>>>;

/// Behaves as the text of the message says, and writes down what it did.
struct Obedient {
    name: &'static str,
    log: Log,
    meeting: Arc<Barrier>,
}

#[async_trait]
impl Handler for Obedient {
    async fn on_event(&self, _: &Context, event: &Event) -> Result {
        self.write(&event.name);
        Ok(())
    }

    async fn on_message(&self, ctx: &Context, message: &Message) -> Result {
        assert_eq!(ctx.event().dialog(), Some(&message.dialog));
        match message.text.as_str() {
            "fail" => return Err("as told".into()),
            "unspeakable" => return Err(Box::new(Unspeakable)),
            "panic" => panic!("as told"),
            "sleep" => tokio::time::sleep(Duration::from_secs(3600)).await,
            "meet" => {
                self.meeting.wait().await;
            }
            _ => {}
        }
        self.write(&format!("{} {}", message.dialog, message.text));
        Ok(())
    }
}

/// Panics when it is shown.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("as told")
    }
}

impl std::error::Error for Unspeakable {}

impl Obedient {
    fn write(&self, line: &str) {
        self.log.lock().unwrap().push(format!("{}: {line}", self.name));
    }
}

struct Setup {
    dispatcher: Dispatcher,
    inbox: Arc<MemoryInbox>,
    log: Log,
    failures: Log,
}

impl Setup {
    fn new() -> Self {
        let failures = Log::default();
        let hook = Arc::clone(&failures);
        let dispatcher = Dispatcher::new(Portals::builder().build().unwrap()).on_error(move |failure| {
            let dialog = failure.event.dialog().unwrap();
            hook.lock().unwrap().push(format!("{dialog}: {}", failure.cause));
        });
        Self { dispatcher, inbox: Arc::default(), log: Log::default(), failures }
    }

    fn with(mut self, name: &'static str) -> Self {
        let meeting = Arc::new(Barrier::new(2));
        self.dispatcher = self.dispatcher.handler(Obedient { name, log: Arc::clone(&self.log), meeting });
        self
    }

    /// Puts `dialog text` messages into the inbox, closes it, and runs until everything is handled.
    async fn run(self, messages: &[&str]) -> (Vec<String>, Vec<String>, Depth) {
        for (id, message) in (1..).zip(messages) {
            let (dialog, text) = message.split_once(' ').unwrap();
            let body = format!(
                "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}\
                 &data[PARAMS][DIALOG_ID]={dialog}&data[PARAMS][MESSAGE]={text}&auth[member_id]=m"
            );
            let event = decode(body.as_bytes()).unwrap().remove(0);
            self.inbox.put(vec![Envelope::new(event, SystemTime::UNIX_EPOCH)]).await.unwrap();
        }
        self.inbox.close();
        let inbox: Arc<dyn Inbox> = Arc::<MemoryInbox>::clone(&self.inbox);
        self.dispatcher.run(inbox).await.unwrap();
        let lines = |log: &Log| log.lock().unwrap().clone();
        (lines(&self.log), lines(&self.failures), self.inbox.depth())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dialog_keeps_its_order_and_a_slow_one_stalls_no_other() {
    let (log, _, depth) = Setup::new().with("h").run(&["1 sleep", "1 next", "2 a", "2 b"]).await;
    let messages: Vec<_> = log.iter().filter(|line| !line.contains("ONIM")).collect();
    assert_eq!(messages, ["h: 2 a", "h: 2 b", "h: 1 sleep", "h: 1 next"]);
    assert_eq!(depth, Depth::new(0, 0));
}

#[tokio::test(start_paused = true)]
async fn dialogs_are_handled_at_the_same_time_up_to_the_bound() {
    let together = Setup::new().with("h").run(&["1 meet", "2 meet"]).await.0;
    assert_eq!(together.len(), 4, "two that wait for each other finish");

    let mut alone = Setup::new().with("h");
    alone.dispatcher = alone.dispatcher.concurrency(1);
    let stuck = tokio::time::timeout(Duration::from_secs(3600), alone.run(&["1 meet", "2 meet"])).await;
    assert!(stuck.is_err(), "with one place, neither can");
}

#[tokio::test]
async fn an_error_and_a_panic_are_reported_and_harm_nobody_else() {
    let (log, failures, depth) = Setup::new().with("a").with("b").run(&["1 fail", "1 panic", "1 fine"]).await;
    assert_eq!(failures, ["1: as told", "1: as told", "1: panicked: as told", "1: panicked: as told"]);
    let fine: Vec<_> = log.iter().filter(|line| line.ends_with("fine")).collect();
    assert_eq!(fine, ["a: 1 fine", "b: 1 fine"]);
    assert_eq!(depth, Depth::new(0, 2));
}

#[tokio::test]
async fn a_panicking_error_hook_harms_nobody() {
    let mut setup = Setup::new().with("a");
    setup.dispatcher = setup.dispatcher.on_error(|_| panic!("the hook too"));
    let (log, _, depth) = setup.run(&["1 fail", "1 unspeakable", "1 fine"]).await;
    assert_eq!(log.last().unwrap(), "a: 1 fine");
    assert_eq!(depth, Depth::new(0, 2));
}

#[tokio::test]
async fn every_event_comes_to_all_handlers_in_turn() {
    let (log, _, _) = Setup::new().with("a").with("b").run(&["1 x"]).await;
    assert_eq!(log, ["a: ONIMBOTMESSAGEADD", "a: 1 x", "b: ONIMBOTMESSAGEADD", "b: 1 x"]);
}

#[tokio::test(start_paused = true)]
async fn the_user_decides_what_belongs_together() {
    let mut setup = Setup::new().with("h");
    setup.dispatcher = setup.dispatcher.lanes(|_| Lane::from("one".to_owned()));
    let (log, _, _) = setup.run(&["1 sleep", "2 a"]).await;
    assert_eq!(
        log.iter().filter(|line| !line.contains("ONIM")).collect::<Vec<_>>(),
        ["h: 1 sleep", "h: 2 a"]
    );
}
