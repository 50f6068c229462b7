//! One attempt to handle one event.

use std::{
    error::Error,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24bot_actions::{Context, Portals};
use b24bot_core::{
    Effects, Entry, EntryEffects, Envelope, Event, InboxError, Lane, Progress, Settled, Store,
};
use futures_util::FutureExt;
use tokio::{sync::mpsc::UnboundedSender, task::Id, time::Instant};

use crate::{
    Cause, Failure, Handler, Order, Retries, handler,
    measure::Measures,
    ticket::{Ticket, millis},
};

/// So much of an error is kept with the event, in characters: it can hold a whole answer of the portal.
const ERROR: usize = 2000;

/// When a handler is called again that could not act because the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A handler and the name by which it is known to have been content.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) type_name: &'static str,
    pub(crate) name: Arc<str>,
    pub(crate) handler: Arc<dyn Handler>,
}

pub(crate) type ErrorHook = dyn Fn(&Failure<'_>) + Send + Sync;

/// What it takes to handle an event.
pub(crate) struct Worker {
    pub(crate) portals: Portals,
    pub(crate) handlers: Vec<Named>,
    pub(crate) on_error: Arc<ErrorHook>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) retries: Retries,
    pub(crate) max_age: Option<Duration>,
    pub(crate) measures: Measures,
}

/// What becomes of a ticket after its turn.
pub(crate) enum Turn {
    /// It is settled, or no longer this process's.
    Over,
    /// It comes again at that time.
    Again { ticket: Ticket, due: Instant, order: Order },
}

/// What the handlers made of an event.
struct Attempt<'worker> {
    number: u32,
    /// Handlers that were content earlier.
    finished: Vec<String>,
    /// And now.
    content: Vec<&'worker str>,
    asked_at: u64,
    failed: Vec<(&'worker str, Cause)>,
}

impl Worker {
    /// Handles an event and records what became of it.
    pub(crate) async fn handle(&self, lane: Lane, ticket: Ticket, passing: UnboundedSender<Id>) -> Turn {
        let mut entry = ticket.entry(&lane);
        let brought = entry.envelope.clone();
        let envelope = match self.envelope(&entry).await {
            Ok(Some(envelope)) => envelope,
            Ok(None) => return Turn::Over,
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, entry = %entry.id, "cannot read an event");
                // Nothing of its lane may be handled before it.
                let due = Instant::now() + error.retry_after();
                return Turn::Again { ticket: Ticket::new(entry, &lane), due, order: Order::Wait };
            }
        };
        entry.envelope = Some(Arc::clone(&envelope));
        let (outcome, pause) = match self.too_old(&entry, &envelope) {
            Some(dead) => (dead, None),
            None => self.attempt(&entry, &envelope.event, passing).await,
        };
        let due = pause.map(|pause| Instant::now() + pause);
        if let Settled::Retry(progress) = &outcome {
            entry.progress = Some(Box::new(progress.clone()));
        }
        if let Err(error) = self.store.settle(&entry, outcome).await {
            tracing::error!(
                error = &error as &dyn Error,
                entry = %entry.id,
                "cannot record what became of an event; the store keeps trying"
            );
        }
        let Some(due) = due else { return Turn::Over };
        // Events that were read for this attempt do not stay in memory until the next one.
        entry.envelope = brought;
        if let Some(progress) = &mut entry.progress {
            // The lanes see to it, by a clock that does not jump.
            progress.due = 0;
        }
        Turn::Again { ticket: Ticket::new(entry, &lane), due, order: self.retries.order }
    }

    /// The event of an entry whose turn has come. What has waited for another attempt may have been purged meanwhile.
    async fn envelope(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        match &entry.envelope {
            Some(envelope) if entry.progress.is_none() => {
                Ok((!self.store.is_purged(entry)).then(|| Arc::clone(envelope)))
            }
            _ => self.store.load(entry).await,
        }
    }

    fn too_old(&self, entry: &Entry, envelope: &Envelope) -> Option<Settled> {
        let max_age = self.max_age?;
        let now = millis(SystemTime::now());
        let asked_at = entry.progress.as_ref().map_or(0, |progress| progress.asked_at);
        if Duration::from_millis(now.saturating_sub(envelope.received_at.max(asked_at))) <= max_age {
            return None;
        }
        tracing::error!(
            event = envelope.event.name,
            entry = %entry.id,
            "an event has waited too long and is set aside, unhandled"
        );
        let mut progress = entry.progress.as_deref().cloned().unwrap_or_default();
        progress.error = format!("waited longer than {max_age:?}");
        progress.failed_at = now;
        progress.due = 0;
        Some(Settled::Dead(progress))
    }

    /// Calls the handlers that were not content before; says what became of the event, and the pause until it is
    /// tried again.
    async fn attempt(
        &self,
        entry: &Entry,
        event: &Arc<Event>,
        passing: UnboundedSender<Id>,
    ) -> (Settled, Option<Duration>) {
        let (attempts, finished, asked_at) = match entry.progress.as_deref() {
            Some(progress) => (progress.attempts, progress.finished.clone(), progress.asked_at),
            None => (0, Vec::new(), 0),
        };
        if attempts > 0 {
            self.measures.retry();
        }
        let number = attempts.saturating_add(1);
        let mut attempt = Attempt { number, finished, content: Vec::new(), asked_at, failed: Vec::new() };
        let started = Instant::now();
        let is_content = |finished: &[String], name: &str| finished.iter().any(|finished| finished == name);
        let last = self.handlers.iter().rposition(|named| !is_content(&attempt.finished, &named.name));
        for (at, Named { name, handler, .. }) in self.handlers.iter().enumerate() {
            if is_content(&attempt.finished, name) {
                continue;
            }
            let effects: Arc<dyn Effects> = Arc::<dyn Store>::clone(&self.store);
            let effects = EntryEffects::new(effects, entry.clone());
            let mut ctx = self.portals.context(Arc::clone(event)).recording(effects, Arc::clone(name));
            // Before the last handler is at work, or if the event is tried again, the others' order would suffer.
            if Some(at) == last
                && attempt.failed.is_empty()
                && let Some(task) = tokio::task::try_id()
            {
                let passing = passing.clone();
                ctx = ctx.on_pass(move || {
                    // Nobody needs to know once the dispatcher has ended.
                    let _ = passing.send(task);
                });
            }
            match call(&**handler, &ctx, event).await {
                Ok(()) => attempt.content.push(name),
                Err(cause) => attempt.failed.push((name, cause)),
            }
        }
        self.measures.handled(started.elapsed());
        if attempt.failed.is_empty() { (Settled::Done, None) } else { self.failed(event, attempt) }
    }

    fn failed(&self, event: &Event, attempt: Attempt<'_>) -> (Settled, Option<Duration>) {
        let Attempt { number, mut finished, content, asked_at, failed } = attempt;
        finished.extend(content.into_iter().map(str::to_owned));
        let any = |is: fn(&Cause) -> bool| {
            failed.iter().any(|(_, cause)| of_user("an error", || is(cause)).unwrap_or(false))
        };
        let (is_final, is_unrecorded) = (any(Cause::is_final), any(Cause::is_of_store));
        let pause = if is_final {
            None
        } else if is_unrecorded {
            Some(STORE_PAUSE)
        } else {
            self.retries.pause(number, fastrand::f64())
        };
        let mut errors = Vec::new();
        for (handler, cause) in failed {
            let failure = Failure { event, handler, cause, attempt: number, again_in: pause };
            of_user("the error hook", || (self.on_error)(&failure));
            let shown = of_user("an error", || failure.cause.to_string());
            errors.push(shown.unwrap_or_else(|| "unknown: the error panicked".to_owned()));
        }
        let now = millis(SystemTime::now());
        let mut progress = Progress::default();
        // The store's trouble is not the handler's: it is waited for as long as it takes.
        progress.attempts = if is_unrecorded && !is_final { number.saturating_sub(1) } else { number };
        progress.error = one_line(&errors.join("; "));
        progress.failed_at = now;
        progress.finished = finished;
        progress.asked_at = asked_at;
        match pause {
            Some(pause) => {
                progress.due = now.saturating_add(pause.as_millis().try_into().unwrap_or(u64::MAX));
                (Settled::Retry(progress), Some(pause))
            }
            None => (Settled::Dead(progress), None),
        }
    }
}

async fn call(handler: &dyn Handler, ctx: &Context, event: &Event) -> Result<(), Cause> {
    match AssertUnwindSafe(handler::call(handler, ctx, event)).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Cause::Error(error)),
        Err(panic) => Err(Cause::of_panic(&*panic)),
    }
}

/// Runs code of the user's, which may panic.
fn of_user<T>(what: &str, code: impl FnOnce() -> T) -> Option<T> {
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(code));
    if outcome.is_err() {
        tracing::error!("{what} panicked");
    }
    outcome.ok()
}

fn one_line(text: &str) -> String {
    text.chars().take(ERROR).map(|char| if char.is_control() { ' ' } else { char }).collect()
}
