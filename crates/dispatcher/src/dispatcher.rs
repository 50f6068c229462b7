//! Takes entries from the inbox and runs the handlers.

use std::{collections::HashMap, fmt, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use b24bot_actions::{Context, Portals};
use b24bot_core::{Entry, Event, Inbox, InboxError, Lane, Settled};
use futures_util::FutureExt;
use tokio::task::{Id, JoinSet};

use crate::{Cause, Failure, Handler, handler, lanes::Lanes};

/// How many events are handled at once, unless told. Most of them wait, for their portal's limit or its answer: that
/// costs some kilobytes each, and must not keep other portals waiting.
const CONCURRENCY: usize = 4096;

/// Runs handlers on what an inbox holds.
///
/// Every event goes to all handlers, in the order they were added. Events of one dialog are handled one after the
/// other; [`lanes`](Dispatcher::lanes) changes what belongs together.
pub struct Dispatcher {
    portals: Portals,
    handlers: Vec<Named>,
    on_error: Arc<ErrorHook>,
    lane: Option<fn(&Event) -> Lane>,
    concurrency: usize,
}

#[derive(Clone)]
struct Named {
    name: &'static str,
    handler: Arc<dyn Handler>,
}

type ErrorHook = dyn Fn(&Failure<'_>) + Send + Sync;

impl Dispatcher {
    /// A dispatcher whose handlers act on those portals.
    #[must_use]
    pub fn new(portals: Portals) -> Self {
        Self { portals, handlers: Vec::new(), on_error: Arc::new(log), lane: None, concurrency: CONCURRENCY }
    }

    /// The portals that its handlers act on.
    #[must_use]
    pub fn portals(&self) -> &Portals {
        &self.portals
    }

    /// Adds a handler.
    #[must_use]
    pub fn handler<H: Handler>(mut self, handler: H) -> Self {
        self.handlers.push(Named { name: std::any::type_name::<H>(), handler: Arc::new(handler) });
        self
    }

    /// Is told of every error and panic of a handler, instead of the log.
    #[must_use]
    pub fn on_error(mut self, hook: impl Fn(&Failure<'_>) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(hook);
        self
    }

    /// How many events are handled at once, 4096 unless told. As many dialogs can be stuck in slow handlers, or wait
    /// for their portal's limit, before another one has to wait.
    #[must_use]
    pub fn concurrency(mut self, events: usize) -> Self {
        self.concurrency = events;
        self
    }

    /// Decides which events belong together and keep their order; by dialog unless told.
    #[must_use]
    pub fn lanes(mut self, lane: fn(&Event) -> Lane) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Handles what the inbox gives out, until the inbox is closed and everything in it is handled.
    ///
    /// # Errors
    ///
    /// When the inbox cannot be read. What has begun by then is finished first.
    pub async fn run(self, inbox: Arc<dyn Inbox>) -> Result<(), InboxError> {
        let worker = Arc::new(Worker {
            portals: self.portals,
            handlers: self.handlers,
            on_error: self.on_error,
            inbox: Arc::clone(&inbox),
        });
        let mut lanes = Lanes::new(self.concurrency);
        let mut tasks = JoinSet::new();
        let mut running: HashMap<Id, Lane> = HashMap::new();
        let mut end = None;
        // Kept across turns: an inbox need not survive that its `next` is dropped half way.
        let mut next = inbox.next();
        loop {
            while let Some((lane, entry)) = lanes.start() {
                let worker = Arc::clone(&worker);
                let task = tasks.spawn(async move { worker.handle(entry).await });
                running.insert(task.id(), lane);
            }
            tokio::select! {
                Some(finished) = tasks.join_next_with_id() => {
                    let id = finished.map_or_else(|error| error.id(), |(id, ())| id);
                    if let Some(lane) = running.remove(&id) {
                        lanes.finish(lane);
                    }
                }
                entry = &mut next, if end.is_none() => match entry {
                    Ok(Some(entry)) => {
                        let lane = self.lane.map_or_else(|| entry.envelope.lane.clone(), |lane| lane(&entry.envelope.event));
                        lanes.push(lane, entry);
                        next = inbox.next();
                    }
                    Ok(None) => end = Some(Ok(())),
                    Err(error) => end = Some(Err(error)),
                },
                else => return end.unwrap_or(Ok(())),
            }
        }
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("handlers", &self.handlers.iter().map(|named| named.name).collect::<Vec<_>>())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

struct Worker {
    portals: Portals,
    handlers: Vec<Named>,
    on_error: Arc<ErrorHook>,
    inbox: Arc<dyn Inbox>,
}

impl Worker {
    async fn handle(&self, entry: Entry) {
        let started = Instant::now();
        let event = &entry.envelope.event;
        let ctx = self.portals.context(Arc::clone(event));
        let mut outcome = Settled::Done;
        for Named { name, handler } in &self.handlers {
            if let Err(cause) = attempt(&**handler, &ctx, event).await {
                let failure = Failure { event, handler: name, cause };
                // The hook and the errors it is told of are the user's code as well.
                let reported = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    (self.on_error)(&failure);
                    failure.cause.to_string()
                }));
                outcome = Settled::Failed(reported.unwrap_or_else(|_| {
                    tracing::error!(handler = name, "the error hook panicked");
                    "unknown: the error hook panicked".to_owned()
                }));
            }
        }
        metrics::histogram!("b24bot_handler_seconds").record(started.elapsed());
        if let Err(error) = self.inbox.settle(entry.id, outcome).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot record what became of an event"
            );
        }
    }
}

async fn attempt(handler: &dyn Handler, ctx: &Context, event: &Event) -> Result<(), Cause> {
    match AssertUnwindSafe(handler::call(handler, ctx, event)).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Cause::Error(error)),
        Err(panic) => Err(Cause::of_panic(&*panic)),
    }
}

fn log(failure: &Failure<'_>) {
    tracing::error!(
        event = failure.event.name,
        portal = failure.event.portal.member_id.as_ref().map(tracing::field::display),
        dialog = failure.event.dialog().map(tracing::field::display),
        handler = failure.handler,
        cause = %failure.cause,
        "a handler failed"
    );
}
