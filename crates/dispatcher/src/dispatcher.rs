//! Takes entries from the store and runs the handlers.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::pending,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24bot_actions::Portals;
use b24bot_core::{Event, InboxError, Lane, Store};
use futures_util::FutureExt;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use crate::{
    Drain, Drained, Failure, Handler, Pauses, Retries,
    lanes::{Lanes, Place},
    measure::Measures,
    pauses::Pause,
    ticket::Ticket,
    worker::{ErrorHook, Named, Turn, Worker},
};

/// How many events are handled at once, unless told. Most of them wait, for their portal's limit or its answer: that
/// costs some kilobytes each, and must not keep other portals waiting.
const CONCURRENCY: usize = 4096;

/// So many entries are taken from the store, at the most, before those that were taken are begun.
const AT_ONCE: usize = 64;

/// Runs handlers on what a store holds.
///
/// Every event goes to all handlers, in the order they were added. Events of one dialog are handled one after the
/// other; [`lanes`](Dispatcher::lanes) changes what belongs together.
pub struct Dispatcher {
    portals: Portals,
    handlers: Vec<Named>,
    on_error: Arc<ErrorHook>,
    lane: Option<fn(&Event) -> Lane>,
    concurrency: usize,
    retries: Retries,
    max_age: Option<Duration>,
    drain: Drain,
    pauses: Pauses,
    paused: UnboundedReceiver<Pause>,
}

impl Dispatcher {
    /// A dispatcher whose handlers act on those portals.
    #[must_use]
    pub fn new(portals: Portals) -> Self {
        let (pauses, paused) = Pauses::new();
        Self {
            portals,
            handlers: Vec::new(),
            on_error: Arc::new(log),
            lane: None,
            concurrency: CONCURRENCY,
            retries: Retries::default(),
            max_age: None,
            drain: Drain::new(),
            pauses,
            paused,
        }
    }

    /// The portals that its handlers act on.
    #[must_use]
    pub fn portals(&self) -> &Portals {
        &self.portals
    }

    /// Adds a handler. A store remembers by its type's name that it was content with an event that is tried again; a
    /// second one of that type gets `#2` behind the name, in the order they were added.
    #[must_use]
    pub fn handler<H: Handler>(mut self, handler: H) -> Self {
        let type_name = std::any::type_name::<H>();
        let others = self.handlers.iter().filter(|other| other.type_name == type_name).count();
        let name = if others == 0 { type_name.to_owned() } else { format!("{type_name}#{}", others + 1) };
        self.handlers.push(Named { type_name, name: name.into(), handler: Arc::new(handler) });
        self
    }

    /// Is told of every error and panic of a handler, instead of the log, once all handlers have been called.
    #[must_use]
    pub fn on_error(mut self, hook: impl Fn(&Failure<'_>) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(hook);
        self
    }

    /// How many events are handled at once, 4096 unless told.
    ///
    /// A portal takes another of these places only while it has fewer than are free. So one portal whose handlers are
    /// stuck, or wait for its limit, gets half of them, `k` such portals leave one in `k + 1` free, and the events of all
    /// others begin at once.
    #[must_use]
    pub fn concurrency(mut self, events: usize) -> Self {
        self.concurrency = events;
        self
    }

    /// Decides which events belong together and keep their order; by dialog unless told. To decide, every event is
    /// read when the store gives it out, and again when its turn has come.
    #[must_use]
    pub fn lanes(mut self, lane: fn(&Event) -> Lane) -> Self {
        self.lane = Some(lane);
        self
    }

    /// How often an event is tried again when a handler fails, and what waits for it meanwhile.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// An event that was accepted longer ago when its turn comes is set aside, unhandled; none unless told.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// The way to end it within a limit once it runs.
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    ///
    /// use b24bot_core::{InboxError, Store};
    /// use b24bot_dispatcher::Dispatcher;
    ///
    /// async fn run(dispatcher: Dispatcher, store: Arc<dyn Store>, stop: impl Future) -> Result<(), InboxError> {
    ///     let drain = dispatcher.drain();
    ///     let running = dispatcher.run(Arc::clone(&store));
    ///     let stopping = async {
    ///         stop.await;
    ///         store.close();
    ///         drain.within(Duration::from_secs(25));
    ///     };
    ///     let (drained, ()) = tokio::try_join!(running, async { Ok(stopping.await) })?;
    ///     println!("{} events are left for the next start", drained.left);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn drain(&self) -> Drain {
        self.drain.clone()
    }

    /// The way to pause portals, before it runs and while it does.
    #[must_use]
    pub fn pauses(&self) -> Pauses {
        self.pauses.clone()
    }

    /// Handles what the store gives out, until the store is closed and has nothing more. Events that wait for another
    /// attempt then are left to the next start if the store is durable, otherwise they are waited for.
    /// [`drain`](Dispatcher::drain) limits how long all that takes.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. What it gave out by then is handled first.
    pub async fn run(self, store: Arc<dyn Store>) -> Result<Drained, InboxError> {
        let waits_for_all = !store.is_durable();
        let longest_pause = self.retries.max_pause;
        let worker = Arc::new(Worker {
            portals: self.portals,
            handlers: self.handlers,
            on_error: self.on_error,
            store: Arc::clone(&store),
            retries: self.retries,
            max_age: self.max_age,
            measures: Measures::new(),
        });
        let mut lanes: Lanes<Ticket> = Lanes::new(self.concurrency);
        let mut tasks = JoinSet::new();
        let mut running = HashMap::new();
        let (passing, mut passed) = mpsc::unbounded_channel();
        let mut paused = self.paused;
        let mut end = None;
        let mut limit = pin!(self.drain.passed());
        // Kept across turns: a store need not survive that its `next` is dropped half way.
        let mut next = Box::pin(arrival(&*store, self.lane));
        loop {
            let now = Instant::now();
            while let Ok(told) = paused.try_recv() {
                lanes.change(told);
            }
            while let Some((place, mut ticket)) = lanes.start(now.into_std()) {
                if let Some(pause) = ticket.take_pause(SystemTime::now(), longest_pause) {
                    lanes.retry(place, ticket, (now + pause).into_std(), self.retries.order);
                    continue;
                }
                let (worker, lane, passing) = (Arc::clone(&worker), place.lane.clone(), passing.clone());
                let task = tasks.spawn(async move { worker.handle(lane, ticket, passing).await });
                running.insert(task.id(), place);
            }
            let due = lanes.next_due();
            if end.is_some() && tasks.is_empty() && !(waits_for_all && due.is_some()) {
                break;
            }
            tokio::select! {
                () = &mut limit => {
                    tasks.abort_all();
                    while let Some(ended) = tasks.join_next_with_id().await {
                        take_back(&mut lanes, &mut running, ended);
                    }
                    break;
                }
                Some(ended) = tasks.join_next_with_id() => {
                    take_back(&mut lanes, &mut running, ended);
                    while let Some(ended) = tasks.try_join_next_with_id() {
                        take_back(&mut lanes, &mut running, ended);
                    }
                }
                Some(task) = passed.recv() => {
                    if let Some(place) = running.get_mut(&task) {
                        lanes.pass(place);
                    }
                }
                Some(told) = paused.recv() => lanes.change(told),
                arrived = &mut next, if end.is_none() => {
                    let mut arrived = Some(arrived);
                    let mut room = AT_ONCE;
                    while let Some(arrival) = arrived.take() {
                        match arrival {
                            Ok(Some((lane, ticket))) => {
                                lanes.push(lane, ticket);
                                next.set(self::arrival(&*store, self.lane));
                                room -= 1;
                                arrived = if room > 0 { (&mut next).now_or_never() } else { None };
                            }
                            Ok(None) => end = Some(Ok(())),
                            Err(error) => end = Some(Err(error)),
                        }
                    }
                }
                () = until(due) => {}
            }
        }
        end.unwrap_or(Ok(()))?;
        Ok(Drained { left: lanes.len() as u64 })
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("handlers", &self.handlers.iter().map(|named| &named.name).collect::<Vec<_>>())
            .field("concurrency", &self.concurrency)
            .field("retries", &self.retries)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// The next entry, and the lane it is to wait in.
async fn arrival(
    store: &dyn Store,
    lane_of: Option<fn(&Event) -> Lane>,
) -> Result<Option<(Lane, Ticket)>, InboxError> {
    while let Some(entry) = store.next().await? {
        let Some(lane_of) = lane_of else {
            let lane = entry.lane.clone();
            let ticket = Ticket::new(entry, &lane);
            return Ok(Some((lane, ticket)));
        };
        // Until it is known where this one belongs, none that come later may start.
        let mut envelope = entry.envelope.clone();
        while envelope.is_none() {
            envelope = match store.load(&entry).await {
                Ok(Some(loaded)) => Some(loaded),
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(error = &error as &dyn Error, entry = %entry.id, "cannot read an event");
                    tokio::time::sleep(error.retry_after()).await;
                    None
                }
            };
        }
        if let Some(envelope) = envelope {
            let lane = lane_of(&envelope.event);
            let ticket = Ticket::new(entry, &lane);
            return Ok(Some((lane, ticket)));
        }
    }
    Ok(None)
}

/// A task has ended: with its turn, or broken off, and then its entry counts as left.
fn take_back(
    lanes: &mut Lanes<Ticket>,
    running: &mut HashMap<Id, Place>,
    ended: Result<(Id, Turn), JoinError>,
) {
    let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
    let Some(place) = running.remove(&id) else { return };
    match ended {
        Ok((_, Turn::Over)) => lanes.finish(place),
        Ok((_, Turn::Again { ticket, due, order })) => lanes.retry(place, ticket, due.into_std(), order),
        Err(error) if error.is_cancelled() => {}
        Err(error) => {
            // Handlers cannot bring it about, their panics are caught: a store can.
            tracing::error!(error = &error as &dyn Error, "an event was left as it is");
            lanes.finish(place);
        }
    }
}

async fn until(due: Option<std::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => pending().await,
    }
}

fn log(failure: &Failure<'_>) {
    let event = failure.event;
    let portal = event.portal.member_id.as_ref().map(tracing::field::display);
    let dialog = event.dialog().map(tracing::field::display);
    match failure.again_in {
        Some(pause) => tracing::warn!(
            event = event.name,
            portal,
            dialog,
            handler = failure.handler,
            attempt = failure.attempt,
            again_in = ?pause,
            cause = %failure.cause,
            "a handler failed; the event will be tried again"
        ),
        None => tracing::error!(
            event = event.name,
            portal,
            dialog,
            handler = failure.handler,
            attempt = failure.attempt,
            cause = %failure.cause,
            "a handler failed; the event is set aside"
        ),
    }
}
