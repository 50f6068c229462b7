//! The state behind its lock, and what happens when somebody lets go of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::sync::{Notify, broadcast, watch};

use crate::clock::Moment;
use crate::delivery::{Answer, Courier, Delivered, Outgoing, Report};
use crate::recording::Recorder;
use crate::state::{Change, State};

/// News a slow page may lag behind before it is told to start over.
const NEWS_KEPT: usize = 1024;

pub(crate) struct Shared {
    state: Mutex<State>,
    courier: Courier,
    news: broadcast::Sender<Arc<str>>,
    report: Report,
    recorder: Option<Recorder>,
    /// True once the portal shuts down.
    pub(crate) stop: watch::Receiver<bool>,
    touched: Notify,
}

impl Shared {
    pub(crate) fn new(
        state: State,
        courier: Courier,
        stop: watch::Receiver<bool>,
        recorder: Option<Recorder>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|shared: &Weak<Self>| {
            let shared = Weak::clone(shared);
            Self {
                state: Mutex::new(state),
                courier,
                news: broadcast::Sender::new(NEWS_KEPT),
                report: Arc::new(move |outgoing, outcome, began, took| {
                    if let Some(shared) = shared.upgrade() {
                        shared.record(outgoing, outcome, began, took);
                    }
                }),
                recorder,
                stop,
                touched: Notify::new(),
            }
        })
    }

    /// Runs one operation on the state; then its events go to the bots and its news to the pages, in order.
    pub(crate) fn with<T>(&self, operation: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock_now();
        let result = operation(&mut state);
        if state.changes.contains(&Change::Reset) {
            self.courier.forget();
        }
        for outgoing in std::mem::take(&mut state.outbox) {
            self.courier.send(outgoing, &self.report);
        }
        for change in std::mem::take(&mut state.changes) {
            if let Some(recorder) = &self.recorder {
                record(recorder, &state, &change);
            }
            if self.news.receiver_count() == 0 {
                continue;
            }
            // The last listener may just have gone.
            let _ = self.news.send(describe(&state, &change).to_string().into());
        }
        self.touched.notify_one();
        result
    }

    /// Looks at the state as it is now; there is nothing to be saved afterwards.
    pub(crate) fn read<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(&self.lock_now())
    }

    fn lock_now(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = Moment::of(SystemTime::now()).plus_seconds(state.ahead);
        state
    }

    /// Only looks at the state.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Until somebody has had the state in hands, since this was last asked.
    pub(crate) async fn touched(&self) {
        self.touched.notified().await;
    }

    /// Everything that happens from now on, as JSON texts.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.news.subscribe()
    }

    /// Ends the recording, if there is one, and waits until it is written.
    pub(crate) fn end_recording(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.end();
        }
    }

    /// Waits until every event was answered or given up; gives how many there were.
    pub(crate) async fn delivered(&self) -> u64 {
        self.courier.settled().await
    }

    fn record(&self, outgoing: Outgoing, outcome: Result<Answer, String>, began: SystemTime, took: Duration) {
        self.with(|state| {
            if !self.courier.remembers(&outgoing) {
                return;
            }
            let owner = state.bots.get(&outgoing.bot).map(|bot| bot.owner.via());
            // Not when the lock was free: requests that came meanwhile follow from it.
            let began = Moment::of(began).plus_seconds(state.ahead);
            let delivered = Delivered::new(outgoing, outcome, (began, took), state.now, owner);
            let number = state.deliveries.add(delivered);
            state.changes.push(Change::Delivery(number));
        });
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The state is full of tokens.
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Records what has ended.
fn record(recorder: &Recorder, state: &State, change: &Change) {
    match change {
        Change::Delivery(number) => {
            if let Some(delivered) = state.deliveries.get(*number) {
                recorder.event(delivered);
            }
        }
        Change::Request(number) => {
            if let Some(entry) = state.journal.get(*number) {
                recorder.call(entry);
            }
        }
        _ => {}
    }
}

/// A change as the event stream tells it.
fn describe(state: &State, change: &Change) -> Value {
    match change {
        Change::Message(id) => json!({"kind": "message", "message": state.show_message(*id)}),
        Change::Gone(id) => json!({"kind": "gone", "message": id}),
        Change::State => json!({"kind": "state"}),
        Change::Typing { chat, user } => json!({"kind": "typing", "chat": chat, "user": user}),
        Change::Delivery(number) => {
            json!({"kind": "delivery", "delivery": state.deliveries.show_one(*number)})
        }
        Change::Request(number) => {
            let entry = state.journal.get(*number);
            json!({"kind": "request", "n": number, "method": entry.map(|entry| &entry.method)})
        }
        Change::Reset => json!({"kind": "reset"}),
    }
}
