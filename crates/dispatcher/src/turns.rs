//! Which portal may start something now.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use b24bot_core::Lane;

use crate::lanes::Item;

/// What is ready, by portal, and how many places each portal has.
///
/// A portal may take another place only while it has fewer than are free: a portal whose handlers are all stuck gets
/// half of the places, `k` such portals leave one in `k + 1` free. So whoever has none gets one at once. Of those that
/// may, it is the turn of who has the fewest, and among them of who has waited for the longest.
///
/// What happens to the application itself counts as if its portal had no place, and starts while the portal is paused:
/// an uninstallation must not wait for what it ends. There is one such lane for each portal.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    /// Those with something ready or running; nothing is kept of others.
    portals: HashMap<Arc<str>, Portal<T>>,
    /// Those with something that may start: by the places that count, and the number of the turn.
    turns: BTreeMap<(usize, u64), Arc<str>>,
    /// Numbers of turns.
    latest: u64,
    paused: HashSet<Arc<str>>,
    ready: usize,
    running: usize,
    limit: usize,
}

#[derive(Debug)]
struct Portal<T> {
    ready: VecDeque<(Lane, T)>,
    /// What happens to the application itself.
    ahead: VecDeque<(Lane, T)>,
    running: usize,
    /// Its place among the turns, if it has one.
    turn: Option<(usize, u64)>,
}

impl<T> Default for Portal<T> {
    fn default() -> Self {
        Self { ready: VecDeque::new(), ahead: VecDeque::new(), running: 0, turn: None }
    }
}

impl<T: Item> Turns<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            portals: HashMap::new(),
            turns: BTreeMap::new(),
            latest: 0,
            paused: HashSet::new(),
            ready: 0,
            running: 0,
            limit,
        }
    }

    /// An item may start as far as its lane goes.
    pub(crate) fn ready(&mut self, lane: Lane, item: T) {
        let name = item.portal(&lane);
        let name = match self.portals.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(name),
        };
        let portal = self.portals.entry(Arc::clone(&name)).or_default();
        let queue = if lane.is_of_application() { &mut portal.ahead } else { &mut portal.ready };
        queue.push_back((lane, item));
        self.ready += 1;
        self.line_up(&name);
    }

    /// The next item that may start. It has a place until [`end`](Self::end) is called for its portal.
    pub(crate) fn start(&mut self) -> Option<(Arc<str>, Lane, T)> {
        let first = self.turns.first_entry()?;
        let (held, _) = *first.key();
        if held >= self.limit - self.running {
            return None;
        }
        let name = first.remove();
        let is_paused = self.paused.contains(&name);
        let portal = self.portals.get_mut(&name)?;
        portal.turn = None;
        let next = portal.ahead.pop_front();
        let (lane, item) = next.or_else(|| if is_paused { None } else { portal.ready.pop_front() })?;
        portal.running += 1;
        self.ready -= 1;
        self.running += 1;
        self.line_up(&name);
        Some((name, lane, item))
    }

    /// What was started of that portal has given its place back.
    pub(crate) fn end(&mut self, name: &Arc<str>) {
        self.running -= 1;
        if let Some(portal) = self.portals.get_mut(name) {
            portal.running -= 1;
        }
        self.line_up(name);
    }

    pub(crate) fn pause(&mut self, name: &Arc<str>) {
        self.paused.insert(Arc::clone(name));
        self.line_up(name);
    }

    pub(crate) fn resume(&mut self, name: &str) {
        if let Some(name) = self.paused.take(name) {
            self.line_up(&name);
        }
    }

    /// How many items are ready or running.
    pub(crate) const fn len(&self) -> usize {
        self.ready + self.running
    }

    /// Gives a portal its place among the turns, or none. One that had a place keeps its number.
    fn line_up(&mut self, name: &Arc<str>) {
        let Some(portal) = self.portals.get_mut(name) else { return };
        let held = if !portal.ahead.is_empty() {
            Some(0)
        } else if !portal.ready.is_empty() && !self.paused.contains(name) {
            Some(portal.running)
        } else {
            None
        };
        let number = portal.turn.map_or_else(
            || {
                self.latest += 1;
                self.latest
            },
            |(_, number)| number,
        );
        let turn = held.map(|held| (held, number));
        if turn != portal.turn {
            portal.turn.map(|turn| self.turns.remove(&turn));
            turn.map(|turn| self.turns.insert(turn, Arc::clone(name)));
            portal.turn = turn;
        }
        if portal.running == 0 && portal.ready.is_empty() && portal.ahead.is_empty() {
            self.portals.remove(name);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.portals.is_empty() && self.turns.is_empty() && self.ready + self.running == 0
    }
}
