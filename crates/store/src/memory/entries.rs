//! The entries of a store in memory, and what is known of each.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Bound,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use b24bot_core::{
    Depth, Effect, Ended, Entry, EntryId, Envelope, EventKey, InboxErrorKind, Lane, Listed, PortalDepth,
    Progress, Settled, Stats, Stored, Which,
};

use crate::{
    holdings::{Holding, Holdings},
    seen::Seen,
};

/// All of it is done at once, in memory: the one who calls holds a lock.
pub(super) struct Entries {
    held: BTreeMap<EntryId, Held>,
    /// Pending, and not given out yet. What is held and neither here nor dead is being handled.
    waiting: BTreeSet<EntryId>,
    dead: BTreeSet<EntryId>,
    seen: Seen,
    next_id: u64,
    capacity: usize,
    /// Pending entries by portal, if the room is shared.
    holdings: Option<Holdings>,
    closed: bool,
}

struct Held {
    envelope: Arc<Envelope>,
    progress: Option<Box<Progress>>,
    /// By name; nothing while it is in doubt. An entry keeps its number here, so they need no key of their own.
    effects: BTreeMap<String, Option<Vec<u8>>>,
}

impl Entries {
    pub(super) fn new(capacity: usize, remembered: usize) -> Self {
        Self {
            held: BTreeMap::new(),
            waiting: BTreeSet::new(),
            dead: BTreeSet::new(),
            seen: Seen::new(remembered),
            next_id: 1,
            capacity,
            holdings: None,
            closed: false,
        }
    }

    /// From now on no portal may have more than there is room. Nothing is here yet.
    pub(super) fn share_room(&mut self) {
        self.holdings = Some(Holdings::default());
    }

    pub(super) fn put(&mut self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxErrorKind> {
        if self.closed {
            return Err(InboxErrorKind::Closed);
        }
        let is_alone = envelopes.len() == 1;
        let mut keys: HashSet<EventKey> = HashSet::new();
        let stored: Vec<Stored> = envelopes
            .iter()
            .map(|envelope| {
                let new =
                    !self.seen.contains(&envelope.key) && (is_alone || keys.insert(envelope.key.clone()));
                if new { Stored::New } else { Stored::Duplicate }
            })
            .collect();
        let new = stored.iter().filter(|stored| **stored == Stored::New).count();
        let pending = self.held.len() - self.dead.len();
        if pending + new > self.capacity {
            return Err(InboxErrorKind::Full);
        }
        if let Some(holdings) = &self.holdings {
            let room = Holding { events: (self.capacity - pending) as u64, bytes: u64::MAX };
            let new = envelopes.iter().zip(&stored).filter(|(_, stored)| **stored == Stored::New);
            // What becomes of the application itself is never told again, and is little.
            let lanes = new.map(|(envelope, _)| &envelope.lane).filter(|lane| !lane.is_of_application());
            if !holdings.allow(lanes.map(|lane| (lane.portal(), 0)), room) {
                return Err(InboxErrorKind::PortalFull);
            }
        }
        while self.held.len() + new > self.capacity
            && let Some(oldest) = self.dead.pop_first()
        {
            self.held.remove(&oldest);
        }
        for (envelope, _) in envelopes.into_iter().zip(&stored).filter(|(_, stored)| **stored == Stored::New)
        {
            let id = EntryId(self.next_id);
            self.next_id += 1;
            self.seen.insert(&envelope.key);
            self.waiting.insert(id);
            let envelope = Arc::new(envelope);
            self.count(&envelope, true);
            self.held.insert(id, Held { envelope, progress: None, effects: BTreeMap::new() });
        }
        Ok(stored)
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next one that waits; it is being handled from then on.
    pub(super) fn take(&mut self) -> Option<Entry> {
        let id = self.waiting.pop_first()?;
        let held = self.held.get(&id)?;
        let mut entry = Entry::new(id, Arc::clone(&held.envelope));
        entry.progress.clone_from(&held.progress);
        Some(entry)
    }

    /// The event of an entry that is pending.
    pub(super) fn load(&self, id: EntryId) -> Option<Arc<Envelope>> {
        let held = self.held.get(&id).filter(|_| !self.dead.contains(&id))?;
        Some(Arc::clone(&held.envelope))
    }

    pub(super) fn settle(&mut self, id: EntryId, outcome: Settled) {
        // It may have been purged meanwhile.
        let Some(held) = self.handled(id) else { return };
        match outcome {
            Settled::Done => {
                self.remove(id);
            }
            Settled::Retry(progress) => held.progress = Some(Box::new(progress)),
            Settled::Dead(progress) => {
                held.progress = Some(Box::new(progress));
                let envelope = Arc::clone(&held.envelope);
                self.dead.insert(id);
                self.count(&envelope, false);
            }
            // What is not understood leaves the entry as it is.
            _ => {}
        }
    }

    /// What was known of the effect; `None` if the entry is not being handled.
    pub(super) fn begin(&mut self, id: EntryId, effect: &str) -> Option<Effect> {
        let effects = &mut self.handled(id)?.effects;
        Some(match effects.get(effect) {
            None => {
                effects.insert(effect.to_owned(), None);
                Effect::New
            }
            Some(None) => Effect::InDoubt,
            Some(Some(result)) => Effect::Had(result.clone()),
        })
    }

    pub(super) fn finish(&mut self, id: EntryId, effect: &str, ended: Ended) {
        let Some(held) = self.handled(id) else { return };
        match ended {
            Ended::Had(result) => {
                held.effects.insert(effect.to_owned(), Some(result));
            }
            Ended::NotHad => {
                held.effects.remove(effect);
            }
            // What is not understood leaves it in doubt.
            _ => {}
        }
    }

    fn handled(&mut self, id: EntryId) -> Option<&mut Held> {
        let is_handled = !self.waiting.contains(&id) && !self.dead.contains(&id);
        self.held.get_mut(&id).filter(|_| is_handled)
    }

    pub(super) fn depth(&self) -> Depth {
        Depth::new((self.held.len() - self.dead.len()) as u64, self.dead.len() as u64)
    }

    pub(super) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let depth = self.depth();
        (stats.pending, stats.dead) = (depth.pending, depth.dead);
        let mut pending =
            self.held.iter().filter(|(id, _)| !self.dead.contains(id)).map(|(_, held)| held).peekable();
        stats.oldest_pending = pending.peek().map(|held| held.envelope.received_at);
        stats.retrying = pending.filter(|held| held.has_failed()).count() as u64;
        "memory".clone_into(&mut stats.store);
        stats
    }

    pub(super) fn list(&self, which: Which, after: Option<EntryId>, limit: usize) -> Vec<Listed> {
        let from = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let listed = self.held.range(from).filter(|(id, _)| self.which(**id) == which);
        listed.take(limit).map(|(id, held)| held.listed(*id, which)).collect()
    }

    pub(super) fn show(&self, id: EntryId) -> Option<(Listed, Arc<Envelope>)> {
        let held = self.held.get(&id)?;
        Some((held.listed(id, self.which(id)), Arc::clone(&held.envelope)))
    }

    fn which(&self, id: EntryId) -> Which {
        if self.dead.contains(&id) { Which::Dead } else { Which::Pending }
    }

    /// Has an entry that was set aside wait again, under its old number; whether there was one.
    pub(super) fn retry(&mut self, id: EntryId) -> bool {
        if !self.dead.remove(&id) {
            return false;
        }
        self.waiting.insert(id);
        if let Some(held) = self.held.get_mut(&id) {
            let tried = held.progress.take().unwrap_or_default();
            held.progress = Some(Box::new(tried.asked_again(now())));
            let envelope = Arc::clone(&held.envelope);
            self.count(&envelope, true);
        }
        true
    }

    pub(super) fn purge(&mut self, id: EntryId) -> bool {
        self.waiting.remove(&id);
        self.remove(id)
    }

    fn remove(&mut self, id: EntryId) -> bool {
        let Some(held) = self.held.remove(&id) else { return false };
        if !self.dead.remove(&id) {
            self.count(&held.envelope, false);
        }
        true
    }

    /// Counts an entry to its portal that is pending from now on, or no longer.
    fn count(&mut self, envelope: &Envelope, is_pending: bool) {
        let Some(holdings) = &mut self.holdings else { return };
        let portal = envelope.lane.portal();
        if is_pending { holdings.add(portal, 0) } else { holdings.remove(portal, 0) }
    }

    pub(super) fn portals(&self) -> Vec<PortalDepth> {
        let mut portals = BTreeMap::new();
        for (id, held) in &self.held {
            let envelope = &held.envelope;
            PortalDepth::count(
                &mut portals,
                envelope.lane.portal(),
                self.which(*id),
                1,
                envelope.received_at,
            );
        }
        portals.into_values().collect()
    }

    /// Removes a portal's entries from among the next few after that one, but for those in a lane to be kept. How many,
    /// and where to go on.
    pub(super) fn drop_portal(
        &mut self,
        portal: &str,
        keep: Option<&Lane>,
        after: EntryId,
    ) -> (u64, Option<EntryId>) {
        /// As many entries in one go.
        const FEW: usize = 1_024;
        let is_dropped = |lane: &Lane| lane.portal() == portal && Some(lane) != keep;
        let next = self.held.range((Bound::Excluded(after), Bound::Unbounded)).take(FEW);
        let (mut dropped, mut last) = (Vec::new(), None);
        for (id, held) in next {
            last = Some(*id);
            dropped.extend(is_dropped(&held.envelope.lane).then_some(*id));
        }
        (dropped.into_iter().map(|id| u64::from(self.purge(id))).sum(), last)
    }

    /// What a restart would be, if memory outlived it.
    #[cfg(test)]
    pub(super) fn restart(&mut self) {
        self.closed = false;
        self.waiting = self.held.keys().filter(|id| !self.dead.contains(id)).copied().collect();
    }
}

impl Held {
    /// One that a person had handled again counts as never tried.
    fn has_failed(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.attempts > 0)
    }

    fn listed(&self, id: EntryId, which: Which) -> Listed {
        Listed::new(id, which, &self.envelope, self.progress.as_deref().cloned())
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_millis().try_into().unwrap_or(u64::MAX)
}
