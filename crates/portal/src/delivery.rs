//! Posts events to bots: one attempt each, in order within a lane, and a record of what came of it.

use std::collections::{HashMap, VecDeque};
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::clock::Moment;
use crate::form::http_build_query;
use crate::journal::mask_url;
use crate::tree::Tree;

/// How long a bot may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Records kept; the oldest go first.
const KEPT: usize = 10_000;

/// An event, ready to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Events of one lane go out one after another.
    pub(crate) lane: String,
    pub(crate) bot: u64,
    pub(crate) event: &'static str,
    pub(crate) url: String,
    pub(crate) body: String,
    /// How many resets there had been when it was queued.
    era: u64,
}

impl Outgoing {
    pub(crate) fn new(lane: String, bot: u64, event: &'static str, url: String, body: &Tree) -> Self {
        Self { lane, bot, event, url, body: http_build_query(body), era: 0 }
    }
}

/// What came of one delivery.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) at: Moment,
    pub(crate) bot: u64,
    pub(crate) event: &'static str,
    pub(crate) url: String,
    /// The HTTP status, or why there is none.
    pub(crate) outcome: Result<u16, String>,
    pub(crate) milliseconds: u64,
}

/// The record of deliveries.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    entries: VecDeque<(u64, Delivered)>,
    next: u64,
}

impl Deliveries {
    /// Adds a record and gives its number.
    pub(crate) fn add(&mut self, delivered: Delivered) -> u64 {
        self.next += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back((self.next, delivered));
        self.next
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn show_one(&self, number: u64) -> Option<Value> {
        self.entries.iter().rev().find(|(n, _)| *n == number).map(show)
    }

    pub(crate) fn show(&self) -> Vec<Value> {
        self.entries.iter().map(show).collect()
    }
}

fn show((number, delivered): &(u64, Delivered)) -> Value {
    json!({
        "n": number,
        "at": delivered.at.iso(),
        "bot": delivered.bot,
        "event": delivered.event,
        "url": mask_url(&delivered.url),
        "status": delivered.outcome.as_ref().ok(),
        "error": delivered.outcome.as_ref().err(),
        "milliseconds": delivered.milliseconds,
    })
}

/// Takes what came of each delivery.
pub(crate) type Report = Arc<dyn Fn(Outgoing, Result<u16, String>, Duration) + Send + Sync>;

/// Hands events to one task per lane.
pub(crate) struct Courier {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
    lanes: Mutex<HashMap<String, mpsc::UnboundedSender<Outgoing>>>,
    /// Counts resets: what was queued before the last one is neither sent nor recorded any more.
    era: Arc<AtomicU64>,
    stop: watch::Receiver<bool>,
}

impl Courier {
    /// Must be called within a tokio runtime; the lanes run there until `stop` turns true.
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Result<Self, reqwest::Error> {
        // Like the platform: no cookies, no redirects; and no proxy between neighbours on one machine.
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("Bitrix24 Webhook Engine")
            .build()?;
        let runtime = tokio::runtime::Handle::current();
        Ok(Self { client, runtime, lanes: Mutex::default(), era: Arc::default(), stop })
    }

    /// Forgets everything that is queued or under way.
    pub(crate) fn forget(&self) {
        self.era.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether an event is younger than the last reset.
    pub(crate) fn remembers(&self, outgoing: &Outgoing) -> bool {
        outgoing.era == self.era.load(Ordering::Relaxed)
    }

    /// Queues an event and returns at once.
    pub(crate) fn send(&self, mut outgoing: Outgoing, report: &Report) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(outgoing.lane.clone()).or_insert_with(|| {
            let (sender, queue) = mpsc::unbounded_channel();
            let era = Arc::clone(&self.era);
            self.runtime.spawn(work(self.client.clone(), queue, era, self.stop.clone(), Arc::clone(report)));
            sender
        });
        outgoing.era = self.era.load(Ordering::Relaxed);
        // A lane ends only when the portal stops; then nothing is delivered any more.
        let _ = lane.send(outgoing);
    }
}

async fn work(
    client: reqwest::Client,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
    era: Arc<AtomicU64>,
    mut stop: watch::Receiver<bool>,
    report: Report,
) {
    let deliver = async {
        while let Some(outgoing) = queue.recv().await {
            if outgoing.era != era.load(Ordering::Relaxed) {
                continue;
            }
            let started = Instant::now();
            let outcome = post(&client, &outgoing).await;
            let took = started.elapsed();
            match &outcome {
                Ok(status) => {
                    tracing::debug!(event = outgoing.event, bot = outgoing.bot, status, "delivered");
                }
                Err(error) => {
                    tracing::warn!(event = outgoing.event, bot = outgoing.bot, %error, "not delivered");
                }
            }
            report(outgoing, outcome, took);
        }
    };
    tokio::select! {
        () = deliver => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

async fn post(client: &reqwest::Client, outgoing: &Outgoing) -> Result<u16, String> {
    let request = client
        .post(&outgoing.url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(outgoing.body.clone());
    match request.send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_timeout() => Err("no answer within 30 seconds".to_owned()),
        Err(error) => {
            // The address is left out: it can carry a CLIENT_ID.
            let error = error.without_url();
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            Err(text)
        }
    }
}
