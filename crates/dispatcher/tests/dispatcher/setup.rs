//! A handler that does as it is told, and what it takes to run it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use b24bot_actions::{Context, Portals};
use b24bot_core::{Depth, Envelope, Event, Inbox, Message, MessageId, Settled, decode};
use b24bot_dispatcher::{Dispatcher, Drained, Handler, Result, Retries, give_up};
use tokio::{sync::Barrier, time::Instant};

use crate::shelf::Shelf;

pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// Behaves as the text of the message says, and writes down what it did.
pub(crate) struct Obedient {
    name: &'static str,
    log: Log,
    times: Arc<Mutex<Vec<Duration>>>,
    begun: Instant,
    meeting: Arc<Barrier>,
    attempts: Mutex<HashMap<MessageId, u32>>,
}

#[async_trait]
impl Handler for Obedient {
    async fn on_event(&self, _: &Context, event: &Event) -> Result {
        self.write(&event.name);
        Ok(())
    }

    async fn on_message(&self, ctx: &Context, message: &Message) -> Result {
        assert_eq!(ctx.event().dialog(), Some(&message.dialog));
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(message.id).or_default();
            *attempt += 1;
            *attempt
        };
        match message.text.as_str() {
            "fail" => return Err("as told".into()),
            "fail_once" if attempt == 1 => return Err("as told".into()),
            "fail_twice" if attempt <= 2 => return Err("as told".into()),
            "b_fails_once" if self.name == "b" && attempt == 1 => return Err("as told".into()),
            "b_gives_up" if self.name == "a" => return Err("as told".into()),
            "give_up" | "b_gives_up" => return Err(give_up("no such order")),
            "unspeakable" => return Err(Box::new(Unspeakable)),
            "long" => return Err(format!("a\nb{}", "c".repeat(10_000)).into()),
            "panic" => panic!("as told"),
            "panic_once" if attempt == 1 => panic!("as told"),
            "reply" => {
                ctx.reply("text").await?;
            }
            "like" => {
                // There is no portal: it is tried for a while.
                let _ = ctx.letting_pass().like(message.id).await;
            }
            "like_and_fail" => {
                let _ = ctx.letting_pass().like(message.id).await;
                if attempt == 1 {
                    return Err("as told".into());
                }
            }
            "sleep" => tokio::time::sleep(Duration::from_secs(3600)).await,
            "meet" => {
                self.meeting.wait().await;
            }
            _ => {}
        }
        self.write(&format!("{} {}", message.dialog, message.text));
        self.times.lock().unwrap().push(self.begun.elapsed());
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

/// A message as the platform sends it, `dialog text`.
pub(crate) fn message(id: usize, message: &str) -> Envelope {
    message_of("m", id, message)
}

/// The same of another portal.
pub(crate) fn message_of(portal: &str, id: usize, message: &str) -> Envelope {
    let (dialog, text) = message.split_once(' ').unwrap();
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}\
         &data[PARAMS][DIALOG_ID]={dialog}&data[PARAMS][MESSAGE]={text}&auth[member_id]={portal}"
    );
    Envelope::new(decode(body.as_bytes()).unwrap().remove(0), SystemTime::now())
}

pub(crate) struct Setup {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) shelf: Shelf,
    log: Log,
    times: Arc<Mutex<Vec<Duration>>>,
    begun: Instant,
    failures: Log,
}

/// Making them takes a while: they read the system's certificates.
static PORTALS: LazyLock<Portals> = LazyLock::new(|| Portals::builder().build().unwrap());

/// What has happened.
pub(crate) struct Ran {
    /// What handlers wrote, in order.
    pub(crate) log: Vec<String>,
    /// When they were content with messages, since the beginning.
    pub(crate) times: Vec<Duration>,
    pub(crate) failures: Vec<String>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) drained: Result<Drained, b24bot_core::InboxError>,
    pub(crate) took: Duration,
}

impl Ran {
    /// The messages that were handled, without who did it.
    pub(crate) fn messages(&self) -> Vec<&str> {
        let lines = self.log.iter().map(|line| line.split_once(": ").unwrap().1);
        lines.filter(|line| !line.contains("ONIM")).collect()
    }

    pub(crate) fn depth(&self) -> Depth {
        self.shelf.depth()
    }

    pub(crate) fn settled(&self) -> Vec<(u64, Settled)> {
        self.shelf.settled()
    }
}

impl Setup {
    /// Events are tried once, unless told otherwise.
    pub(crate) fn new() -> Self {
        Self::on(PORTALS.clone())
    }

    pub(crate) fn on(portals: Portals) -> Self {
        let failures = Log::default();
        let hook = Arc::clone(&failures);
        let dispatcher =
            Dispatcher::new(portals).retries(Retries::default().attempts(1)).on_error(move |failure| {
                let dialog = failure.event.dialog().unwrap();
                hook.lock().unwrap().push(format!("{dialog}: {}", failure.cause));
            });
        let (log, times, begun) = (Log::default(), Arc::default(), Instant::now());
        Self { dispatcher, shelf: Shelf::default(), log, times, begun, failures }
    }

    pub(crate) fn with(mut self, name: &'static str) -> Self {
        self.dispatcher = self.dispatcher.handler(Obedient {
            name,
            log: Arc::clone(&self.log),
            times: Arc::clone(&self.times),
            begun: self.begun,
            meeting: Arc::new(Barrier::new(2)),
            attempts: Mutex::default(),
        });
        self
    }

    pub(crate) fn change(mut self, change: impl FnOnce(Dispatcher) -> Dispatcher) -> Self {
        self.dispatcher = change(self.dispatcher);
        self
    }

    pub(crate) fn retries(self, retries: Retries) -> Self {
        self.change(|dispatcher| dispatcher.retries(retries))
    }

    /// Puts its entries into the store without their events, and has it say that it is durable.
    pub(crate) fn durable(mut self) -> Self {
        self.shelf.durable = true;
        self
    }

    /// Puts `dialog text` messages into the store, closes it, and runs until everything is handled.
    pub(crate) async fn run(self, messages: &[&str]) -> Ran {
        for (id, text) in (1..).zip(messages) {
            self.shelf.add(message(id, text), None);
        }
        self.shelf.close();
        self.go().await
    }

    /// Runs on what the store holds.
    pub(crate) async fn go(self) -> Ran {
        let shelf = Arc::new(self.shelf);
        let drained = self.dispatcher.run(Arc::<Shelf>::clone(&shelf)).await;
        let lines = |log: &Log| log.lock().unwrap().clone();
        let (log, failures) = (lines(&self.log), lines(&self.failures));
        let times = self.times.lock().unwrap().clone();
        Ran { log, times, failures, shelf, drained, took: self.begun.elapsed() }
    }
}
