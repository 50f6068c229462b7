//! Calls that wait to leave for one portal: whose turn it is.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
};

/// So many urgent calls at most overtake one that is not.
const OVERTAKING: u32 = 4;

/// So many dialogs are passed over for one departure, because their next call cannot travel with the others.
const PASSED_OVER: usize = 100;

/// How much the calls of one batch may weigh, in bytes.
const HEAVIEST: usize = 512 * 1024;

/// How long a batch should last, in seconds: the portal breaks off a request after 60.
const LONGEST: f64 = 20.0;

/// What the queue has to know of a call.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// Whose credentials it goes out with: only calls of one actor share a request.
    pub(crate) actor: Arc<str>,
    /// The dialog it counts for: dialogs take turns.
    pub(crate) dialog: Arc<str>,
    /// Calls with the same of these reach the portal in the order in which they came.
    pub(crate) order: Option<Arc<str>>,
    pub(crate) method: Arc<str>,
    /// A call takes the place of one that waits, was the last of its order, and has the same of these.
    pub(crate) mark: Option<Arc<str>>,
    /// Whether somebody waits for it.
    pub(crate) is_urgent: bool,
    /// The number under which it was pushed first; none before.
    pub(crate) since: Option<u64>,
    /// How many calls its batch may have; 1: it travels alone.
    pub(crate) company: usize,
    /// Bytes in a batch.
    pub(crate) weight: usize,
}

/// What may keep a call back.
pub(crate) trait Gate {
    /// Whether an earlier call of the same actor and order is under way, or waits to go out again.
    fn must_wait(&self, manifest: &Manifest) -> bool;
    /// Whether the method has to wait.
    fn is_held(&self, method: &str) -> bool;
    /// What a call of the method takes, in seconds.
    fn cost(&self, method: &str) -> f64;
    /// A call is put aside since its method has to wait.
    fn hold(&mut self, method: &str);
    /// The call goes out with the next departure.
    fn pass(&mut self, manifest: &Manifest);
}

/// Where a call waits, and which of those that waited there it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    place: u64,
    owner: u64,
}

impl Place {
    /// The call's number: later ones have greater ones.
    pub(crate) const fn number(self) -> u64 {
        self.owner
    }
}

/// What became of a call that was pushed.
#[derive(Debug)]
pub(crate) enum Pushed<T> {
    /// It waits, in place of an earlier one if there was such a one.
    Waits(Place, Option<T>),
    /// Another one that came later waits there, in place of it.
    Replaced(T, Place),
}

/// The calls of one portal that wait. No clock, no I/O.
///
/// Actors take turns, and so do the dialogs of an actor; calls of a dialog stay in order. Urgent calls go first, but
/// never more than four of them for each other that waits.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: HashMap<u64, Waiting<T>>,
    actors: VecDeque<Actor>,
    /// The call that came last, of each actor and order, while it waits.
    latest: HashMap<(Arc<str>, Arc<str>), u64>,
    numbers: u64,
    held: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    manifest: Manifest,
    owner: u64,
    call: T,
}

#[derive(Debug)]
struct Actor {
    name: Arc<str>,
    urgent: Rank,
    others: Rank,
    overtaken: u32,
}

/// A dialog is here as long as calls of it wait, and then it is ready or parked.
#[derive(Debug, Default)]
struct Rank {
    dialogs: HashMap<Arc<str>, VecDeque<u64>>,
    ready: VecDeque<Arc<str>>,
    /// Their next call waits for one that is under way.
    parked: Vec<Arc<str>>,
    /// Calls whose method has to wait, out of the way of others of their dialog.
    held: HashMap<Arc<str>, VecDeque<u64>>,
}

/// The calls of the next departure.
struct Chosen {
    places: Vec<u64>,
    most: usize,
    weight: usize,
    seconds: f64,
    orders: Vec<Arc<str>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), actors: VecDeque::new(), latest: HashMap::new(), numbers: 0, held: 0 }
    }
}

impl<T> Queue<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many calls wait whose methods need not.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len().saturating_sub(self.held)
    }

    /// The methods that calls were put aside for.
    pub(crate) fn held_methods(&self) -> impl Iterator<Item = &str> {
        let ranks = self.actors.iter().flat_map(|actor| [&actor.urgent, &actor.others]);
        ranks.flat_map(|rank| rank.held.keys()).map(|method| &**method)
    }

    pub(crate) fn push(&mut self, mut manifest: Manifest, call: T) -> Pushed<T> {
        self.numbers += 1;
        let owner = self.numbers;
        let is_new = manifest.since.is_none();
        manifest.since.get_or_insert(owner);
        let key = manifest.order.as_ref().map(|order| (Arc::clone(&manifest.actor), Arc::clone(order)));
        if let Some(place) = key.as_ref().and_then(|key| self.latest.get(key)).copied()
            && let Some(there) = self.waiting.get_mut(&place)
            && manifest.mark.is_some()
            && manifest.mark == there.manifest.mark
        {
            if manifest.since < there.manifest.since {
                return Pushed::Replaced(call, Place { place, owner: there.owner });
            }
            there.manifest.since = manifest.since;
            there.owner = owner;
            return Pushed::Waits(Place { place, owner }, Some(mem::replace(&mut there.call, call)));
        }
        if let Some(key) = key {
            self.latest.insert(key, owner);
        }
        let waiting = mem::take(&mut self.waiting);
        let rank = self.rank(&manifest);
        if is_new {
            rank.push(&manifest, owner);
        } else {
            rank.push_again(&manifest, owner, &waiting);
        }
        self.waiting = waiting;
        self.waiting.insert(owner, Waiting { manifest, owner, call });
        Pushed::Waits(Place { place: owner, owner }, None)
    }

    /// A call that waits.
    pub(crate) fn at(&self, Place { place, owner }: Place) -> Option<&T> {
        self.waiting.get(&place).filter(|there| there.owner == owner).map(|there| &there.call)
    }

    /// Takes back a call that waits. What has left, or was replaced, is not here any more.
    pub(crate) fn remove(&mut self, Place { place, owner }: Place) -> Option<T> {
        if self.waiting.get(&place)?.owner != owner {
            return None;
        }
        // Its number stays behind in its dialog, and is passed over there.
        let (manifest, call) = self.take_out(place)?;
        let rank = self.rank(&manifest);
        if let Some(held) = rank.held.get_mut(&manifest.method)
            && let Some(at) = held.iter().position(|there| *there == place)
        {
            held.remove(at);
            if held.is_empty() {
                rank.held.remove(&manifest.method);
            }
            self.held -= 1;
        }
        self.sweep();
        Some(call)
    }

    /// The calls of the next departure, `most` at most.
    pub(crate) fn take(&mut self, most: usize, gate: &mut impl Gate) -> Vec<(Manifest, T)> {
        for _ in 0..self.actors.len() {
            let Some(mut actor) = self.actors.pop_front() else { break };
            let mut chosen = Chosen { places: Vec::new(), most, weight: 0, seconds: 0.0, orders: Vec::new() };
            while chosen.places.len() < chosen.most
                && let Some(place) = actor.next(&self.waiting, &mut self.held, &chosen, gate)
            {
                let Some(there) = self.waiting.get(&place) else { continue };
                chosen.add(place, &there.manifest, gate);
                gate.pass(&there.manifest);
            }
            if !actor.is_empty() {
                self.actors.push_back(actor);
            }
            if !chosen.places.is_empty() {
                let taken = chosen.places.into_iter().filter_map(|place| self.take_out(place)).collect();
                self.sweep();
                return taken;
            }
        }
        self.sweep();
        Vec::new()
    }

    /// A call that was under way is no longer: what waited for it is looked at again.
    pub(crate) fn unpark(&mut self) {
        for rank in self.actors.iter_mut().flat_map(|actor| [&mut actor.urgent, &mut actor.others]) {
            for dialog in rank.parked.drain(..).rev() {
                rank.ready.push_front(dialog);
            }
        }
    }

    fn rank(&mut self, manifest: &Manifest) -> &mut Rank {
        let at = self.actors.iter().position(|actor| actor.name == manifest.actor).unwrap_or_else(|| {
            self.actors.push_back(Actor::new(Arc::clone(&manifest.actor)));
            self.actors.len() - 1
        });
        let actor = &mut self.actors[at];
        if manifest.is_urgent { &mut actor.urgent } else { &mut actor.others }
    }

    fn take_out(&mut self, place: u64) -> Option<(Manifest, T)> {
        let Waiting { manifest, call, .. } = self.waiting.remove(&place)?;
        if let Some(order) = &manifest.order {
            let key = (Arc::clone(&manifest.actor), Arc::clone(order));
            if self.latest.get(&key) == Some(&place) {
                self.latest.remove(&key);
            }
        }
        Some((manifest, call))
    }

    /// Nothing of a portal that nobody calls stays in memory.
    fn sweep(&mut self) {
        if self.waiting.is_empty() {
            *self = Self { numbers: self.numbers, ..Self::default() };
        }
    }
}

impl Actor {
    fn new(name: Arc<str>) -> Self {
        Self { name, urgent: Rank::default(), others: Rank::default(), overtaken: 0 }
    }

    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.others.is_empty()
    }

    fn next<T>(
        &mut self,
        waiting: &HashMap<u64, Waiting<T>>,
        held: &mut usize,
        chosen: &Chosen,
        gate: &mut impl Gate,
    ) -> Option<u64> {
        if self.overtaken < OVERTAKING
            && let Some(place) = self.urgent.next(waiting, held, chosen, gate)
        {
            self.overtaken = if self.others.is_empty() { 0 } else { self.overtaken + 1 };
            return Some(place);
        }
        if let Some(place) = self.others.next(waiting, held, chosen, gate) {
            self.overtaken = 0;
            return Some(place);
        }
        self.urgent.next(waiting, held, chosen, gate)
    }
}

impl Rank {
    fn is_empty(&self) -> bool {
        self.dialogs.is_empty() && self.held.is_empty()
    }

    fn push(&mut self, manifest: &Manifest, place: u64) {
        let places = self.dialogs.entry(Arc::clone(&manifest.dialog)).or_insert_with(|| {
            self.ready.push_back(Arc::clone(&manifest.dialog));
            VecDeque::new()
        });
        places.push_back(place);
    }

    /// A call that has waited before goes ahead of all that came after it, and its dialog of others.
    fn push_again<T>(&mut self, manifest: &Manifest, place: u64, waiting: &HashMap<u64, Waiting<T>>) {
        let dialog = &manifest.dialog;
        let is_later =
            |other: &u64| waiting.get(other).is_some_and(|other| other.manifest.since > manifest.since);
        let places = self.dialogs.entry(Arc::clone(dialog)).or_default();
        let at = places.iter().position(is_later).unwrap_or(places.len());
        places.insert(at, place);
        self.parked.retain(|parked| parked != dialog);
        self.ready.retain(|ready| ready != dialog);
        self.ready.push_front(Arc::clone(dialog));
    }

    /// The next call that may travel with those chosen.
    fn next<T>(
        &mut self,
        waiting: &HashMap<u64, Waiting<T>>,
        held: &mut usize,
        chosen: &Chosen,
        gate: &mut impl Gate,
    ) -> Option<u64> {
        if let Some(place) = self.next_held(waiting, held, chosen, gate) {
            return Some(place);
        }
        let mut passed_over = Vec::new();
        let mut next = None;
        while next.is_none()
            && passed_over.len() < PASSED_OVER
            && let Some(dialog) = self.ready.pop_front()
        {
            let Some(places) = self.dialogs.get_mut(&dialog) else { continue };
            while places.front().is_some_and(|place| !waiting.contains_key(place)) {
                places.pop_front();
            }
            let Some((place, there)) = places.front().and_then(|place| Some((*place, waiting.get(place)?)))
            else {
                self.dialogs.remove(&dialog);
                continue;
            };
            let manifest = &there.manifest;
            if !chosen.has_room_for(manifest, gate) {
                passed_over.push(dialog);
                continue;
            }
            if chosen.must_wait(manifest, gate) {
                self.parked.push(dialog);
                continue;
            }
            places.pop_front();
            let is_last = places.is_empty();
            if is_last {
                self.dialogs.remove(&dialog);
            }
            if self.held.contains_key(&manifest.method) || gate.is_held(&manifest.method) {
                self.held.entry(Arc::clone(&manifest.method)).or_default().push_back(place);
                *held += 1;
                gate.hold(&manifest.method);
                if !is_last {
                    self.ready.push_front(dialog);
                }
                continue;
            }
            if !is_last {
                self.ready.push_back(dialog);
            }
            next = Some(place);
        }
        for dialog in passed_over.into_iter().rev() {
            self.ready.push_front(dialog);
        }
        next
    }

    /// The next call that was put aside and whose method may go out again.
    fn next_held<T>(
        &mut self,
        waiting: &HashMap<u64, Waiting<T>>,
        held: &mut usize,
        chosen: &Chosen,
        gate: &impl Gate,
    ) -> Option<u64> {
        let may = |places: &VecDeque<u64>| {
            let manifest = &waiting.get(places.front()?)?.manifest;
            let may = !gate.is_held(&manifest.method)
                && chosen.has_room_for(manifest, gate)
                && !chosen.must_wait(manifest, gate);
            may.then(|| Arc::clone(&manifest.method))
        };
        let method = self.held.values().find_map(may)?;
        let places = self.held.get_mut(&method)?;
        let place = places.pop_front()?;
        if places.is_empty() {
            self.held.remove(&method);
        }
        *held -= 1;
        Some(place)
    }
}

impl Chosen {
    fn has_room_for(&self, manifest: &Manifest, gate: &impl Gate) -> bool {
        self.places.is_empty()
            || (self.places.len() < manifest.company
                && self.weight + manifest.weight <= HEAVIEST
                && self.seconds + gate.cost(&manifest.method) <= LONGEST)
    }

    /// Whether a call of its order is under way, in another request than this one.
    fn must_wait(&self, manifest: &Manifest, gate: &impl Gate) -> bool {
        manifest.order.as_ref().is_some_and(|order| !self.orders.contains(order) && gate.must_wait(manifest))
    }

    fn add(&mut self, place: u64, manifest: &Manifest, gate: &impl Gate) {
        self.places.push(place);
        self.most = self.most.min(manifest.company);
        self.weight += manifest.weight;
        self.seconds += gate.cost(&manifest.method);
        // Only calls that may share the request can be of the same order in it.
        if self.most > 1 {
            self.orders.extend(manifest.order.as_ref().map(Arc::clone));
        }
    }
}

#[cfg(test)]
mod tests;
