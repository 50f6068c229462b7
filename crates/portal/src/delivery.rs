//! Posts events to bots: one attempt each, in order within a lane, and a record of what came of it.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::clock::Moment;
use crate::credentials::Via;
use crate::form::http_build_query;
use crate::params::read_form;
use crate::ring::{Bulky, Ring, cut};
use crate::secrets::{mask_answer, mask_form, mask_url};
use crate::trace::About;
use crate::traffic::Traffic;
use crate::tree::Tree;

/// How long a bot may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Records kept; the oldest go first.
const KEPT: usize = 10_000;
/// Bytes of bodies and answers kept.
const ROOM: usize = 32 * 1024 * 1024;
/// The longest body kept whole; a message and what comes with it is shorter.
const LONGEST_BODY: usize = 256 * 1024;
/// How much of a bot's answer is read.
const LONGEST_ANSWER: usize = 16 * 1024;

/// An event, ready to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Events of one lane go out one after another.
    pub(crate) lane: String,
    pub(crate) bot: u64,
    pub(crate) event: &'static str,
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) about: About,
    /// How many resets there had been when it was queued.
    era: u64,
}

impl Outgoing {
    pub(crate) fn new(lane: String, bot: u64, event: &'static str, url: String, body: &Tree) -> Self {
        Self { lane, bot, event, url, body: http_build_query(body), about: About::of_event(body), era: 0 }
    }
}

/// What a bot answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// What came of one delivery.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    /// When it ended.
    pub(crate) at: Moment,
    pub(crate) began: Moment,
    pub(crate) bot: u64,
    /// How the bot's owner calls REST, while the bot exists.
    pub(crate) owner: Option<Via>,
    pub(crate) event: &'static str,
    pub(crate) url: String,
    /// As posted, but masked and cut; `None` once it is kept no more.
    pub(crate) body: Option<String>,
    /// The HTTP status, or why there is none.
    pub(crate) outcome: Result<u16, String>,
    pub(crate) answer: Option<String>,
    pub(crate) milliseconds: u64,
    pub(crate) about: About,
}

impl Delivered {
    pub(crate) fn new(
        outgoing: Outgoing,
        outcome: Result<Answer, String>,
        (began, took): (Moment, Duration),
        at: Moment,
        owner: Option<Via>,
    ) -> Self {
        let answer = outcome.as_ref().ok().map(|answer| match serde_json::from_str(&answer.text) {
            Ok(json) => mask_answer(&json).to_string(),
            Err(_) => mask_url(&answer.text),
        });
        Self {
            at,
            began,
            bot: outgoing.bot,
            owner,
            event: outgoing.event,
            url: mask_url(&outgoing.url),
            body: Some(cut(mask_form(&outgoing.body), LONGEST_BODY)),
            outcome: outcome.map(|answer| answer.status),
            answer,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            about: outgoing.about,
        }
    }

    pub(crate) fn show(&self, number: u64) -> Value {
        json!({
            "n": number,
            "at": self.at.iso(),
            "at_seconds": self.at.as_f64(),
            "bot": self.bot,
            "event": self.event,
            "url": self.url,
            "status": self.outcome.as_ref().ok(),
            "error": self.outcome.as_ref().err(),
            "milliseconds": self.milliseconds,
        })
    }

    /// With what was posted, as text and as the tree it stands for, and what the bot answered.
    pub(crate) fn show_whole(&self, number: u64) -> Value {
        let mut shown = self.show(number);
        let fields = self.body.as_deref().and_then(|body| read_form(body).ok()).map(|tree| tree.to_json());
        shown["body"] = json!(self.body);
        shown["fields"] = json!(fields);
        shown["answer"] = json!(self.answer);
        shown
    }
}

impl Bulky for Delivered {
    fn bulk(&self) -> usize {
        self.body.as_ref().map_or(0, String::len) + self.answer.as_ref().map_or(0, String::len)
    }

    fn slim(&mut self) {
        (self.body, self.answer) = (None, None);
    }
}

/// The record of deliveries.
#[derive(Debug)]
pub(crate) struct Deliveries(Ring<Delivered>);

impl Default for Deliveries {
    fn default() -> Self {
        Self(Ring::new(KEPT, ROOM))
    }
}

impl Deliveries {
    /// Adds a record and gives its number.
    pub(crate) fn add(&mut self, delivered: Delivered) -> u64 {
        self.0.add(delivered)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Delivered)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Delivered> {
        self.0.get(number)
    }

    pub(crate) fn show_one(&self, number: u64) -> Option<Value> {
        self.0.get(number).map(|delivered| delivered.show(number))
    }

    pub(crate) fn show(&self) -> Vec<Value> {
        self.iter().map(|(number, delivered)| delivered.show(number)).collect()
    }
}

/// Takes what came of each delivery, when it began and how long it took.
pub(crate) type Report = Arc<dyn Fn(Outgoing, Result<Answer, String>, SystemTime, Duration) + Send + Sync>;

/// Hands events to one task per lane.
pub(crate) struct Courier {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
    lanes: Mutex<HashMap<String, mpsc::UnboundedSender<Outgoing>>>,
    /// Counts resets: what was queued before the last one is neither sent nor recorded any more.
    era: Arc<AtomicU64>,
    traffic: Arc<Traffic>,
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
        let lanes = Mutex::default();
        Ok(Self { client, runtime, lanes, era: Arc::default(), traffic: Arc::default(), stop })
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
            let report = Arc::clone(report);
            let traffic = Arc::clone(&self.traffic);
            self.runtime.spawn(work(self.client.clone(), queue, era, self.stop.clone(), report, traffic));
            sender
        });
        outgoing.era = self.era.load(Ordering::Relaxed);
        self.traffic.queued();
        // A lane ends only when the portal stops; then nothing is delivered any more.
        let _ = lane.send(outgoing);
    }

    /// Waits until nothing is queued or under way; gives how much ever was.
    pub(crate) async fn settled(&self) -> u64 {
        self.traffic.settled().await
    }
}

async fn work(
    client: reqwest::Client,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
    era: Arc<AtomicU64>,
    mut stop: watch::Receiver<bool>,
    report: Report,
    traffic: Arc<Traffic>,
) {
    let deliver = async {
        while let Some(outgoing) = queue.recv().await {
            if outgoing.era != era.load(Ordering::Relaxed) {
                traffic.ended();
                continue;
            }
            let (began, started) = (SystemTime::now(), Instant::now());
            let outcome = post(&client, &outgoing).await;
            let took = started.elapsed();
            match &outcome {
                Ok(Answer { status, .. }) => {
                    tracing::debug!(event = outgoing.event, bot = outgoing.bot, status, "delivered");
                }
                Err(error) => {
                    tracing::warn!(event = outgoing.event, bot = outgoing.bot, %error, "not delivered");
                }
            }
            report(outgoing, outcome, began, took);
            traffic.ended();
        }
    };
    tokio::select! {
        () = deliver => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

async fn post(client: &reqwest::Client, outgoing: &Outgoing) -> Result<Answer, String> {
    let request = client
        .post(&outgoing.url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(outgoing.body.clone());
    match request.send().await {
        Ok(response) => Ok(read(response).await),
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

/// The answer as far as it is shown. The platform looks at the status alone, so a body that breaks off is no failure.
async fn read(mut response: reqwest::Response) -> Answer {
    let mut bytes = Vec::new();
    while bytes.len() <= LONGEST_ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    let text = cut(String::from_utf8_lossy(&bytes).into_owned(), LONGEST_ANSWER);
    Answer { status: response.status().as_u16(), text }
}
