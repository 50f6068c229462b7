//! Calls that wait to leave for one portal: whose turn it is.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt, mem,
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
    pub(crate) actor: Actor,
    /// The dialog it counts for: dialogs take turns.
    pub(crate) dialog: Arc<str>,
    /// Calls with the same of these reach the portal in the order in which they came.
    pub(crate) order: Option<Arc<str>>,
    /// The message it changes.
    pub(crate) message: Option<Arc<str>>,
    pub(crate) method: Arc<str>,
    /// A call takes the place of one that waits, was the last for its message, and has the same of these.
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

/// Credentials, to tell them from others.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Actor(pub(crate) Arc<str>);

impl fmt::Debug for Actor {
    /// It can be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Actor")
    }
}

/// What may keep a call back.
pub(crate) trait Gate {
    /// Whether an earlier call of the same actor and order is under way or waits to go out again, other than those.
    fn must_wait(&self, manifest: &Manifest, but_for: &[u64]) -> bool;
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
    actors: VecDeque<Line>,
    /// The call that came last, of each actor and message, while it waits.
    latest: HashMap<(Actor, Arc<str>), u64>,
    numbers: u64,
}

#[derive(Debug)]
struct Waiting<T> {
    manifest: Manifest,
    owner: u64,
    call: T,
}

#[derive(Debug)]
struct Line {
    actor: Actor,
    urgent: Rank,
    others: Rank,
    overtaken: u32,
}

/// A dialog is here as long as calls of it wait other than those put aside, and then it is ready or parked.
#[derive(Debug, Default)]
struct Rank {
    dialogs: HashMap<Arc<str>, VecDeque<u64>>,
    ready: VecDeque<Arc<str>>,
    /// By the order of their next call, which waits for one that is under way.
    parked: HashMap<Arc<str>, Vec<Arc<str>>>,
    /// Calls whose method has to wait, out of the way of others of their dialog, by the numbers of their places.
    held: HashMap<Arc<str>, BTreeMap<u64, u64>>,
}

/// The calls of the next departure.
struct Chosen {
    places: Vec<u64>,
    most: usize,
    weight: usize,
    seconds: f64,
    numbers: Vec<u64>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), actors: VecDeque::new(), latest: HashMap::new(), numbers: 0 }
    }
}

impl<T> Queue<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many calls wait whose methods need not.
    pub(crate) fn ready(&self, gate: &impl Gate) -> usize {
        let held = self.held().filter(|(method, _)| gate.is_held(method)).map(|(_, places)| places.len());
        self.waiting.len().saturating_sub(held.sum())
    }

    /// The methods that calls were put aside for.
    pub(crate) fn held_methods(&self) -> impl Iterator<Item = &str> {
        self.held().map(|(method, _)| &**method)
    }

    fn held(&self) -> impl Iterator<Item = (&Arc<str>, &BTreeMap<u64, u64>)> {
        let ranks = self.actors.iter().flat_map(|line| [&line.urgent, &line.others]);
        ranks.flat_map(|rank| &rank.held)
    }

    pub(crate) fn push(&mut self, mut manifest: Manifest, call: T) -> Pushed<T> {
        self.numbers += 1;
        let owner = self.numbers;
        let is_new = manifest.since.is_none();
        manifest.since.get_or_insert(owner);
        let key = manifest.message.as_ref().map(|message| (manifest.actor.clone(), Arc::clone(message)));
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
        if let Some(held) = rank.held.get_mut(&manifest.method) {
            held.retain(|_, there| *there != place);
            if held.is_empty() {
                rank.held.remove(&manifest.method);
            }
        }
        self.sweep();
        Some(call)
    }

    /// Takes out all that waits.
    pub(crate) fn clear(&mut self) -> Vec<(Manifest, T)> {
        let waiting = mem::take(&mut self.waiting);
        self.sweep();
        waiting.into_values().map(|there| (there.manifest, there.call)).collect()
    }

    /// The calls of the next departure, `most` at most.
    pub(crate) fn take(&mut self, most: usize, gate: &mut impl Gate) -> Vec<(Manifest, T)> {
        for _ in 0..self.actors.len() {
            let Some(mut line) = self.actors.pop_front() else { break };
            let mut chosen =
                Chosen { places: Vec::new(), most, weight: 0, seconds: 0.0, numbers: Vec::new() };
            while chosen.places.len() < chosen.most
                && let Some(place) = line.next(&self.waiting, &chosen, gate)
            {
                let Some(there) = self.waiting.get(&place) else { continue };
                chosen.add(place, &there.manifest, gate);
                gate.pass(&there.manifest);
            }
            if !line.is_empty() {
                self.actors.push_back(line);
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

    /// A call of that order was under way and is no longer: what waited for it is looked at again.
    pub(crate) fn unpark(&mut self, order: &Arc<str>) {
        for rank in self.actors.iter_mut().flat_map(|line| [&mut line.urgent, &mut line.others]) {
            for dialog in rank.parked.remove(order).into_iter().flatten().rev() {
                rank.ready.push_front(dialog);
            }
        }
    }

    fn rank(&mut self, manifest: &Manifest) -> &mut Rank {
        let at = self.actors.iter().position(|line| line.actor == manifest.actor).unwrap_or_else(|| {
            self.actors.push_back(Line::new(manifest.actor.clone()));
            self.actors.len() - 1
        });
        let line = &mut self.actors[at];
        if manifest.is_urgent { &mut line.urgent } else { &mut line.others }
    }

    fn take_out(&mut self, place: u64) -> Option<(Manifest, T)> {
        let Waiting { manifest, call, .. } = self.waiting.remove(&place)?;
        if let Some(message) = &manifest.message {
            let key = (manifest.actor.clone(), Arc::clone(message));
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

impl Line {
    fn new(actor: Actor) -> Self {
        Self { actor, urgent: Rank::default(), others: Rank::default(), overtaken: 0 }
    }

    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.others.is_empty()
    }

    fn next<T>(
        &mut self,
        waiting: &HashMap<u64, Waiting<T>>,
        chosen: &Chosen,
        gate: &mut impl Gate,
    ) -> Option<u64> {
        if self.overtaken < OVERTAKING
            && let Some(place) = self.urgent.next(waiting, chosen, gate)
        {
            self.overtaken = if self.others.is_empty() { 0 } else { self.overtaken + 1 };
            return Some(place);
        }
        if let Some(place) = self.others.next(waiting, chosen, gate) {
            self.overtaken = 0;
            return Some(place);
        }
        self.urgent.next(waiting, chosen, gate)
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
        self.parked.retain(|_, dialogs| {
            dialogs.retain(|parked| parked != dialog);
            !dialogs.is_empty()
        });
        self.ready.retain(|ready| ready != dialog);
        self.ready.push_front(Arc::clone(dialog));
    }

    /// The next call that may travel with those chosen.
    fn next<T>(
        &mut self,
        waiting: &HashMap<u64, Waiting<T>>,
        chosen: &Chosen,
        gate: &mut impl Gate,
    ) -> Option<u64> {
        if let Some(place) = self.next_held(waiting, chosen, gate) {
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
            if let Some(order) = chosen.waits_for(manifest, gate) {
                self.parked.entry(Arc::clone(order)).or_default().push(dialog);
                continue;
            }
            places.pop_front();
            let is_last = places.is_empty();
            if is_last {
                self.dialogs.remove(&dialog);
            }
            if self.held.contains_key(&manifest.method) || gate.is_held(&manifest.method) {
                let number = manifest.since.unwrap_or(place);
                self.held.entry(Arc::clone(&manifest.method)).or_default().insert(number, place);
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
        chosen: &Chosen,
        gate: &impl Gate,
    ) -> Option<u64> {
        let may = |place: &u64| {
            waiting.get(place).is_some_and(|there| {
                chosen.has_room_for(&there.manifest, gate)
                    && chosen.waits_for(&there.manifest, gate).is_none()
            })
        };
        let first = |(method, places): (&Arc<str>, &BTreeMap<u64, u64>)| {
            let mut first = places.iter().take(PASSED_OVER);
            let (number, place) = first.find(|(_, place)| !gate.is_held(method) && may(place))?;
            Some((Arc::clone(method), *number, *place))
        };
        let (method, number, place) = self.held.iter().find_map(first)?;
        if let Some(places) = self.held.get_mut(&method) {
            places.remove(&number);
            if places.is_empty() {
                self.held.remove(&method);
            }
        }
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

    /// The order that it has to wait for, since an earlier call of it is under way in another request than this one.
    fn waits_for<'a>(&self, manifest: &'a Manifest, gate: &impl Gate) -> Option<&'a Arc<str>> {
        manifest.order.as_ref().filter(|_| gate.must_wait(manifest, &self.numbers))
    }

    fn add(&mut self, place: u64, manifest: &Manifest, gate: &impl Gate) {
        self.places.push(place);
        self.most = self.most.min(manifest.company);
        self.weight += manifest.weight;
        self.seconds += gate.cost(&manifest.method);
        self.numbers.extend(manifest.since);
    }
}

#[cfg(test)]
mod tests;
