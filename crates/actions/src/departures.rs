//! When calls leave for one portal, and which of them together.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    bucket::{Bucket, Limits, Room},
    measure,
    queue::{Actor, Gate, Manifest, Place, Pushed, Queue},
    work_time::{Used, WorkTime},
};

/// How many calls the platform takes in one batch.
pub(crate) const BATCH: usize = 50;

/// How many requests to one portal are under way at once.
const UNDER_WAY: u32 = 100;

/// Calls that come within so much time of a departure wait for each other, unless the bucket is nearly empty.
const GATHERING: Duration = Duration::from_millis(1);

/// What waits is spread over this part of the free slots: the calls of a batch are carried out one after the other.
const SPREAD: usize = 4;

/// What to do next.
#[derive(Debug)]
pub(crate) enum Next<T> {
    /// Send these calls together. [`Departures::landed`] must be called when they are back.
    Leave(Vec<(Manifest, T)>),
    /// Ask again then, or when something has happened.
    Wait(Option<Instant>),
    /// Nothing waits.
    Nothing,
}

/// How a request ended, as far as the portal's limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// It was answered, or given up.
    Over,
    /// The portal was asked too fast.
    Refused,
    /// It was not sent.
    Stayed,
}

/// The calls of one portal on their way out: the queue, the bucket and the work time together, as a state machine. No
/// clock, no waiting, no I/O.
#[derive(Debug)]
pub(crate) struct Departures<T> {
    bucket: Bucket,
    queue: Queue<T>,
    checks: Checks,
    last: Option<Instant>,
    /// So many requests that are no calls wait: for a file, or to follow the portal to another address.
    owed: u32,
    /// The latest departure was such a one.
    was_owed: bool,
    /// Pushed calls change nothing before the pump asks again by itself.
    is_waiting: Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// For anything.
    Not,
    ForRoom,
    /// Until so many wait.
    ForCompany(usize),
}

#[derive(Debug)]
struct Checks {
    work: WorkTime,
    now: Option<Instant>,
    /// The calls of each actor and order that have departed and whose callers are not content yet, by number.
    orders: HashMap<(Actor, Arc<str>), Vec<u64>>,
    /// Methods that the portal does not take in batches.
    alone: HashSet<Arc<str>>,
}

fn key(manifest: &Manifest) -> Option<(Actor, Arc<str>)> {
    Some((manifest.actor.clone(), Arc::clone(manifest.order.as_ref()?)))
}

impl Gate for Checks {
    fn must_wait(&self, manifest: &Manifest, but_for: &[u64]) -> bool {
        let Some(departed) = key(manifest).and_then(|key| self.orders.get(&key)) else { return false };
        departed.iter().any(|other| Some(*other) < manifest.since && !but_for.contains(other))
    }

    fn is_held(&self, method: &str) -> bool {
        self.now.is_some_and(|now| self.work.wait(method, now).is_some())
    }

    fn cost(&self, method: &str) -> f64 {
        self.work.cost(method)
    }

    fn hold(&mut self, method: &str) {
        measure::held(method);
    }

    fn pass(&mut self, manifest: &Manifest) {
        if let Some(now) = self.now {
            self.work.depart(&manifest.method, now);
        }
        if let (Some(key), Some(number)) = (key(manifest), manifest.since) {
            let departed = self.orders.entry(key).or_default();
            if !departed.contains(&number) {
                departed.push(number);
            }
        }
    }
}

impl<T> Departures<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        let checks = Checks {
            work: WorkTime::new(limits.work_time),
            now: None,
            orders: HashMap::new(),
            alone: HashSet::new(),
        };
        Self {
            bucket: Bucket::new(limits),
            queue: Queue::default(),
            checks,
            last: None,
            owed: 0,
            was_owed: false,
            is_waiting: Waiting::Not,
        }
    }

    /// A call wants to leave. The second value says that [`next`](Self::next) is to be asked now.
    pub(crate) fn push(&mut self, mut manifest: Manifest, call: T) -> (Pushed<T>, bool) {
        if self.checks.alone.contains(&manifest.method) {
            manifest.company = 1;
        }
        let is_of_interest = match self.is_waiting {
            Waiting::Not => true,
            Waiting::ForRoom => false,
            Waiting::ForCompany(enough) => self.queue.ready(&self.checks) + 1 >= enough,
        };
        (self.queue.push(manifest, call), is_of_interest)
    }

    /// Takes back a call that has not left.
    pub(crate) fn remove(&mut self, place: Place) -> Option<T> {
        self.queue.remove(place)
    }

    /// Takes out all that waits.
    pub(crate) fn clear(&mut self) -> Vec<(Manifest, T)> {
        self.queue.clear()
    }

    /// A call that waits.
    pub(crate) fn at(&self, place: Place) -> Option<&T> {
        self.queue.at(place)
    }

    pub(crate) fn next(&mut self, now: Instant) -> Next<T> {
        self.is_waiting = Waiting::Not;
        if self.queue.is_empty() {
            return Next::Nothing;
        }
        // By turns: neither keeps the other waiting for long.
        if (self.owed > 0 && !self.was_owed) || self.bucket.under_way() >= UNDER_WAY {
            return Next::Wait(None);
        }
        match self.bucket.room(now) {
            Room::Now => {}
            Room::AfterAnswer => return Next::Wait(None),
            Room::In(wait) => {
                self.is_waiting = Waiting::ForRoom;
                return Next::Wait(Some(now + wait));
            }
        }
        self.checks.now = Some(now);
        let waiting = self.queue.ready(&self.checks);
        let free = self.bucket.free(now).min(UNDER_WAY - self.bucket.under_way()).max(1) as usize;
        let most = (SPREAD * waiting).div_ceil(free).clamp(1, BATCH);
        let gathered = self.last.map_or(now, |last| last + GATHERING);
        let may_go_at_once = most == BATCH || (most == 1 && self.bucket.is_nearly_empty(now));
        if waiting > 0 && now < gathered && !may_go_at_once {
            self.is_waiting = Waiting::ForCompany((BATCH * free).div_ceil(SPREAD));
            return Next::Wait(Some(gathered));
        }
        let leaving = self.queue.take(most, &mut self.checks);
        if leaving.is_empty() {
            if self.queue.is_empty() {
                return Next::Nothing;
            }
            let held = self.queue.held_methods().filter_map(|method| self.checks.work.wait(method, now));
            return Next::Wait(held.min());
        }
        self.bucket.depart();
        self.was_owed = false;
        self.last = Some(now);
        Next::Leave(leaving)
    }

    /// A request that left at `sent` is back.
    pub(crate) fn landed(&mut self, sent: Instant, landing: Landing, now: Instant) {
        match landing {
            Landing::Over => self.bucket.answered(now),
            Landing::Refused => self.bucket.refused(sent, now),
            Landing::Stayed => self.bucket.stay(),
        }
    }

    /// A call of the method is back, with what is known of its work time now.
    pub(crate) fn worked(&mut self, method: &str, used: Option<Used>) {
        self.checks.work.landed(method, used);
    }

    /// A call of the method was refused since its work time is used up. Returns when it is worth asking again.
    pub(crate) fn overworked(&mut self, method: &str, used: Option<Used>, now: Instant) -> Instant {
        self.checks.work.refused(method, used, now)
    }

    /// The portal does not take that method in batches.
    pub(crate) fn travels_alone(&mut self, method: &Arc<str>) {
        self.checks.alone.insert(Arc::clone(method));
    }

    /// Nothing of its order waits any longer for a call that has departed.
    pub(crate) fn order_ended(&mut self, manifest: &Manifest) {
        let orders = &mut self.checks.orders;
        let Some(key) = key(manifest) else { return };
        let Some(departed) = orders.get_mut(&key) else { return };
        departed.retain(|number| Some(*number) != manifest.since);
        if departed.is_empty() {
            orders.remove(&key);
            if orders.is_empty() {
                *orders = HashMap::new();
            }
        }
        if let Some(order) = &manifest.order {
            self.queue.unpark(order);
        }
    }

    /// A request that is no call is needed: it goes ahead of all that waits.
    pub(crate) const fn owe(&mut self) {
        self.owed += 1;
    }

    /// It goes out if there is room, and is owed no more.
    pub(crate) fn pay(&mut self, now: Instant) -> Room {
        let room = self.bucket.room(now);
        if room == Room::Now {
            self.bucket.depart();
            self.was_owed = true;
            self.forgo();
        }
        room
    }

    /// It is not needed any more.
    pub(crate) const fn forgo(&mut self) {
        self.owed = self.owed.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;
