//! The way out to one portal: calls wait here, leave as its limits allow, and are told what became of them.

use std::{
    future::pending,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};
use tracing::warn;

use crate::{
    bucket::{Limits, Room},
    carriage,
    departures::{Departures, Landing, Next},
    error::{Error, ErrorKind},
    outgoing::{Again, Landed, Parcel, Reply},
    queue::{Manifest, Place, Pushed},
    work_time::Used,
};

/// What becomes of calls when too many wait for their portal already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// Whoever calls waits until there is room in the queue.
    #[default]
    Wait,
    /// The call fails at once, with [`ErrorKind::QueueFull`].
    Refuse,
}

/// When a request that goes ahead of all others looks again whether one that is under way was answered.
const LOOKS_AGAIN: Duration = Duration::from_millis(10);

/// The way out to one portal.
///
/// The state machine within decides; a task of its own, which lives as long as calls wait, carries that out.
#[derive(Debug)]
pub(crate) struct WayOut {
    state: Mutex<State>,
    news: Notify,
    room: Arc<Semaphore>,
    /// As much of it as calls may take that are not urgent.
    bulk_room: Arc<Semaphore>,
    overflow: Overflow,
}

/// A call's room in the queue, which it gives back when it leaves.
#[derive(Debug)]
pub(crate) struct Waits {
    _room: OwnedSemaphorePermit,
    _bulk: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
struct State {
    departures: Departures<Parcel>,
    is_pumping: bool,
    /// The portal is forgotten: nothing leaves any more.
    is_closed: bool,
}

impl WayOut {
    /// `longest` is how many calls may wait; a quarter of that is for urgent ones only.
    pub(crate) fn new(limits: Limits, longest: usize, overflow: Overflow) -> Arc<Self> {
        let longest = longest.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            state: Mutex::new(State {
                departures: Departures::new(limits),
                is_pumping: false,
                is_closed: false,
            }),
            news: Notify::new(),
            room: Arc::new(Semaphore::new(longest)),
            bulk_room: Arc::new(Semaphore::new(longest - longest / 4)),
            overflow,
        })
    }

    /// Waits for room in the queue.
    pub(crate) async fn room(&self, manifest: &Manifest) -> Result<Waits, Error> {
        let take = async |room: &Arc<Semaphore>| {
            let full = || {
                let kind = if room.is_closed() { ErrorKind::Uninstalled } else { ErrorKind::QueueFull };
                Error::new(kind, &*manifest.method)
            };
            match self.overflow {
                Overflow::Wait => Arc::clone(room).acquire_owned().await.map_err(|_| full()),
                Overflow::Refuse => Arc::clone(room).try_acquire_owned().map_err(|_| full()),
            }
        };
        // In this order: what waits here is in nobody's way.
        let bulk = if manifest.is_urgent { None } else { Some(take(&self.bulk_room).await?) };
        Ok(Waits { _room: take(&self.room).await?, _bulk: bulk })
    }

    /// Puts a call into the queue. Nothing, if a later one waits already that replaces it.
    pub(crate) fn enter(self: &Arc<Self>, manifest: Manifest, parcel: Parcel) -> Option<Place> {
        let mut state = self.state();
        if state.is_closed {
            drop(state);
            turn_away(&manifest, parcel);
            return None;
        }
        let (pushed, is_news) = state.departures.push(manifest, parcel);
        let (place, by, replaced) = match pushed {
            Pushed::Waits(place, replaced) => (Some(place), place, replaced),
            Pushed::Replaced(parcel, by) => (None, by, Some(parcel)),
        };
        let turn = replaced.and_then(|mut replaced| {
            let turn = replaced.turn.take();
            if let Some(by) = state.departures.at(by) {
                by.followers.add(replaced.reply);
            }
            turn
        });
        let must_pump = !mem::replace(&mut state.is_pumping, true);
        drop(state);
        // Not before, since these want the lock.
        drop(turn);
        if must_pump {
            tokio::spawn(pump(Pumping { way_out: Arc::clone(self), is_over: false }));
        } else if is_news {
            self.news.notify_one();
        }
        place
    }

    /// Turns away what waits, and whatever comes.
    pub(crate) fn close(&self) {
        self.room.close();
        self.bulk_room.close();
        let mut state = self.state();
        state.is_closed = true;
        let waiting = state.departures.clear();
        drop(state);
        self.news.notify_one();
        // Not before, since what they hold wants the lock.
        for (manifest, parcel) in waiting {
            turn_away(&manifest, parcel);
        }
    }

    /// Takes back a call that has not left.
    pub(crate) fn leave(&self, place: Place) -> Option<Parcel> {
        self.state().departures.remove(place)
    }

    /// A request is back.
    pub(crate) fn landed(&self, sent: Instant, landing: Landing) {
        self.change(|departures| departures.landed(sent.into_std(), landing, Instant::now().into_std()));
    }

    /// A call of the method is back, with what is known of its work time now.
    pub(crate) fn worked(&self, method: &str, used: Option<Used>) {
        self.change(|departures| departures.worked(method, used));
    }

    /// A call of the method was refused since its work time is used up. Returns when it is worth asking again.
    pub(crate) fn overworked(&self, method: &str, used: Option<Used>, portal: &str) -> Instant {
        let now = Instant::now();
        let until = self.change(|departures| departures.overworked(method, used, now.into_std()));
        let until = Instant::from_std(until);
        let pause = until.saturating_duration_since(now);
        warn!(portal, method, ?pause, "the method's work time is used up: its calls wait, others go on");
        until
    }

    /// The portal does not take the method in batches.
    pub(crate) fn travels_alone(&self, method: &Arc<str>) {
        self.change(|departures| departures.travels_alone(method));
    }

    /// Waits for the slot of a request that is no call: it has every second one, whatever waits.
    /// [`landed`](Self::landed) must be called when it is back.
    pub(crate) async fn slot(&self) -> Instant {
        let mut owed = Owed::new(self);
        loop {
            let now = Instant::now();
            let wait = match self.change(|departures| departures.pay(now.into_std())) {
                Room::Now => {
                    owed.is_paid = true;
                    return now;
                }
                Room::In(wait) => wait,
                Room::AfterAnswer => LOOKS_AGAIN,
            };
            sleep(wait).await;
        }
    }

    /// Nothing waits any longer for that call, which has departed.
    fn order_ended(&self, manifest: &Manifest) {
        self.change(|departures| departures.order_ended(manifest));
    }

    fn change<R>(&self, change: impl FnOnce(&mut Departures<Parcel>) -> R) -> R {
        let changed = change(&mut self.state().departures);
        self.news.notify_one();
        changed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Sound after every step: a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the caller that the portal is forgotten.
fn turn_away(manifest: &Manifest, parcel: Parcel) {
    let Parcel { once, turn, reply, followers, .. } = parcel;
    let outcome = Err(Error::new(ErrorKind::Uninstalled, &*manifest.method));
    followers.tell(&outcome);
    let landed = Landed { outcome, once, turn, sent: Instant::now(), until: None, again: Again::AsBefore };
    // Whoever has gone does not want to know.
    let _ = reply.send(Reply::Landed(Box::new(landed)));
}

/// Sends what may leave until nothing waits.
async fn pump(mut pumping: Pumping) {
    let way_out = Arc::clone(&pumping.way_out);
    loop {
        let now = Instant::now();
        let next = {
            let mut state = way_out.state();
            let next = state.departures.next(now.into_std());
            // Told under the lock: whoever pushes next starts another one.
            state.is_pumping = !matches!(next, Next::Nothing);
            next
        };
        match next {
            Next::Leave(calls) => {
                tokio::spawn(carriage::carry(Arc::clone(&way_out), calls, now));
            }
            Next::Wait(until) => {
                tokio::select! {
                    () = way_out.news.notified() => {}
                    () = at(until) => {}
                }
            }
            Next::Nothing => {
                pumping.is_over = true;
                return;
            }
        }
    }
}

/// Should the task be broken off, the next call starts another one.
struct Pumping {
    way_out: Arc<WayOut>,
    is_over: bool,
}

impl Drop for Pumping {
    fn drop(&mut self) {
        if !self.is_over {
            self.way_out.state().is_pumping = false;
        }
    }
}

async fn at(until: Option<std::time::Instant>) {
    match until {
        Some(until) => sleep_until(until.into()).await,
        None => pending().await,
    }
}

/// Keeps later calls of one order back until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    way_out: Arc<WayOut>,
    manifest: Manifest,
}

impl Turn {
    /// The turn of a call that has departed.
    pub(crate) fn of(way_out: &Arc<WayOut>, manifest: &Manifest) -> Option<Self> {
        manifest.order.as_ref()?;
        Some(Self { way_out: Arc::clone(way_out), manifest: manifest.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.way_out.order_ended(&self.manifest);
    }
}

/// A request that goes ahead of all others.
struct Owed<'a> {
    way_out: &'a WayOut,
    is_paid: bool,
}

impl<'a> Owed<'a> {
    fn new(way_out: &'a WayOut) -> Self {
        way_out.change(Departures::owe);
        Self { way_out, is_paid: false }
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        if !self.is_paid {
            self.way_out.change(Departures::forgo);
        }
    }
}
