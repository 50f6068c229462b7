//! Many people who write at once, and what the bot acknowledged of it.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};

/// Stands before the id of a message in its text.
pub(crate) const NUMBER: &str = "number ";
/// The ids of a dialog's messages begin with its number.
const DIALOG: u64 = 1_000_000;
/// How long a sender waits for an answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The number of the dialog that a message is in.
pub(crate) fn dialog_of(id: u64) -> u64 {
    id / DIALOG
}

/// What a message asks the bot for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A like.
    Thanks,
    /// An answer.
    Tea,
    /// Nothing.
    Idle,
}

/// What became of the posts of one message.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// What it asks for.
    pub kind: Kind,
    /// Whether one of its posts was answered with 200.
    pub acknowledged: bool,
    /// How often it was posted, again after 200 too.
    pub posts: u32,
}

/// What was sent so far, and how the bot answered.
#[derive(Debug, Default)]
pub struct Ledger {
    sent: Mutex<BTreeMap<u64, Sent>>,
    refusals: Mutex<Vec<(u16, Option<u64>)>>,
}

impl Ledger {
    /// Every message by its id.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    #[must_use]
    pub fn sent(&self) -> BTreeMap<u64, Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The ids of the messages of a kind that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self, kind: Kind) -> HashSet<u64> {
        let sent = self.sent();
        sent.iter().filter(|(_, sent)| sent.acknowledged && sent.kind == kind).map(|(id, _)| *id).collect()
    }

    /// Answers other than 200: the status and `Retry-After`.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    #[must_use]
    pub fn refusals(&self) -> Vec<(u16, Option<u64>)> {
        self.refusals.lock().unwrap().clone()
    }

    fn note(&self, id: u64, change: impl FnOnce(&mut Sent)) {
        let new = Sent { kind: Kind::Idle, acknowledged: false, posts: 0 };
        change(self.sent.lock().unwrap().entry(id).or_insert(new));
    }
}

/// How people write.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// How many of them at once.
    pub people: u64,
    /// How many dialogs each of them has.
    pub dialogs: u64,
    /// How long each waits before the next message, on average.
    pub pause: Duration,
    /// How likely they give up a message that was not acknowledged, each time.
    pub give_up: f64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { people: 16, dialogs: 8, pause: Duration::from_millis(10), give_up: 0.3 }
    }
}

/// People who write until they are stopped. Within a dialog the next message is posted when the last one was
/// acknowledged or given up. Some messages are posted again though they were acknowledged.
#[derive(Debug)]
pub struct Load {
    ledger: Arc<Ledger>,
    doors: watch::Sender<Vec<String>>,
    stopped: Arc<AtomicBool>,
    people: JoinSet<()>,
}

impl Load {
    /// They begin as soon as there is a door.
    #[must_use]
    pub fn start(habits: Habits, seed: u64) -> Self {
        let ledger = Arc::new(Ledger::default());
        let (doors, stopped) = (watch::Sender::new(Vec::new()), Arc::new(AtomicBool::new(false)));
        let mut people = JoinSet::new();
        for nth in 0..habits.people {
            let person = Person {
                ledger: Arc::clone(&ledger),
                doors: doors.subscribe(),
                stopped: Arc::clone(&stopped),
                http: reqwest::Client::builder().timeout(ANSWER).no_proxy().build().unwrap_or_default(),
                chance: fastrand::Rng::with_seed(seed.wrapping_add(nth)),
                habits,
                first: 1 + nth * habits.dialogs,
            };
            people.spawn(person.write());
        }
        Self { ledger, doors, stopped, people }
    }

    /// The addresses (`127.0.0.1:8080`) of the bots that can be posted to now.
    pub fn doors(&self, doors: &[String]) {
        self.doors.send_replace(doors.to_vec());
    }

    /// What was sent so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Ends it. What waits for its acknowledgment is posted until it has it, or given up.
    pub async fn stop(mut self) -> Arc<Ledger> {
        self.stopped.store(true, Ordering::Relaxed);
        while self.people.join_next().await.is_some() {}
        self.ledger
    }
}

struct Person {
    ledger: Arc<Ledger>,
    doors: watch::Receiver<Vec<String>>,
    stopped: Arc<AtomicBool>,
    http: reqwest::Client,
    chance: fastrand::Rng,
    habits: Habits,
    first: u64,
}

impl Person {
    async fn write(mut self) {
        let mut last = vec![0; usize::try_from(self.habits.dialogs).unwrap_or_default()];
        let mut acknowledged = Vec::new();
        while !self.is_stopped() {
            let place = self.chance.usize(..last.len());
            last[place] += 1;
            let id = (self.first + place as u64) * DIALOG + last[place];
            let kind = match self.chance.u8(..10) {
                0 => Kind::Idle,
                1..4 => Kind::Tea,
                _ => Kind::Thanks,
            };
            let body = event(id, kind);
            self.ledger.note(id, |sent| sent.kind = kind);
            if self.insist(id, &body).await {
                acknowledged.push((id, body));
            }
            if self.chance.u8(..10) == 0
                && let Some((id, body)) = self.chance.choice(&acknowledged).cloned()
            {
                // The sender has not seen the answer, or someone replays it.
                self.post(id, &body).await;
            }
            let pause = self.habits.pause.mul_f64(2.0 * self.chance.f64());
            tokio::time::sleep(pause).await;
        }
    }

    /// Posts until it is acknowledged, or given up.
    async fn insist(&mut self, id: u64, body: &str) -> bool {
        loop {
            match self.post(id, body).await {
                Some(true) => return true,
                Some(false) if self.chance.f64() < self.habits.give_up => return false,
                // Nobody is there: that can last.
                None if self.is_stopped() => return false,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Whether it was acknowledged; `None` if there was no door to go to.
    async fn post(&mut self, id: u64, body: &str) -> Option<bool> {
        let doors = self.doors.borrow_and_update().clone();
        let Some(door) = self.chance.choice(doors) else {
            let _ = tokio::time::timeout(Duration::from_millis(50), self.doors.changed()).await;
            return None;
        };
        self.ledger.note(id, |sent| sent.posts += 1);
        let url = format!("http://{door}/bitrix24/events");
        let Ok(answer) = self.http.post(url).body(body.to_owned()).send().await else { return Some(false) };
        let status = answer.status().as_u16();
        if status == 200 {
            self.ledger.note(id, |sent| sent.acknowledged = true);
            return Some(true);
        }
        let after = answer.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
        if let Ok(mut refusals) = self.ledger.refusals.lock() {
            refusals.push((status, after));
        }
        Some(false)
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The event as the platform posts it.
#[must_use]
pub fn event(id: u64, kind: Kind) -> String {
    let text = match kind {
        Kind::Thanks => format!("Thanks, {NUMBER}{id}"),
        Kind::Tea => format!("tea, please, {NUMBER}{id}"),
        Kind::Idle => format!("nothing, {NUMBER}{id}"),
    };
    crate::message(id, &text, "http://127.0.0.1:9").replace("chat2157", &format!("chat{}", dialog_of(id)))
}
