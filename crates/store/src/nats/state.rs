//! What a process knows of the store, and what it has in hand.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use b24bot_core::{Entry, EntryId, Envelope, Lane, Progress};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    ledger::{Ledger, Record},
    names::{self, PARTITIONS, Partition},
    shares::{Shares, Standing, Turn},
};

/// How many bytes of events that wait are kept in memory; the others are fetched when their turn comes.
const CACHE: usize = 32 << 20;

/// A partition as it is written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    /// Who works it; empty for nobody.
    #[serde(rename = "o")]
    pub(crate) owner: String,
    #[serde(flatten)]
    pub(crate) record: Record,
}

/// A partition that this process works.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) ledger: Ledger,
    /// Entries that have failed, and those that are handled again.
    pub(crate) progress: HashMap<u64, Progress>,
    /// The reader has it among those that it reads.
    pub(crate) is_read: bool,
    /// It is being given up: what is in hand is finished, nothing else is begun.
    pub(crate) is_leaving: bool,
}

/// What could not be recorded when it was settled.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) partition: Partition,
    pub(crate) seq: u64,
    pub(crate) progress: Progress,
    /// The event, if the entry is to be set aside.
    pub(crate) dead: Option<Bytes>,
}

/// What can be cleared away once it is written down that an entry is done.
#[derive(Clone, Debug)]
pub(crate) enum Rest {
    /// The effects of the event with that digest.
    Effects(String),
    /// The progress of an entry.
    Progress(EntryId),
    /// The notice that an entry was purged.
    Notice(EntryId),
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) shares: Shares,
    held: Vec<Option<Held>>,
    /// The records of all partitions as they were read last.
    records: Vec<Record>,
    /// The numbers of those whose entries were counted when the store was opened, which is better than what they say.
    counted: Vec<u64>,
    /// To be given out.
    queue: BTreeMap<u64, Entry>,
    cache: HashMap<u64, Arc<Envelope>>,
    cached: usize,
    /// All events up to here were read, of the partitions that are read.
    pub(crate) position: u64,
    /// Stored by this process, and not known to whoever works the partition.
    ahead: BTreeMap<u64, Partition>,
    /// Set aside, on all machines.
    pub(crate) dead: u64,
    /// Events that may have effects, by their digests.
    pub(crate) touched: HashSet<String>,
    pub(crate) owed: Vec<Owed>,
    /// What was set aside by machines that may have died before they wrote down that it was, and is not read again yet.
    pub(crate) set_aside: HashSet<u64>,
    pub(crate) rests: Vec<(Partition, Rest)>,
    /// Takes part in the work.
    pub(crate) is_working: bool,
    pub(crate) is_closed: bool,
    /// Asked for and had, but not yet read in the stream: by the numbers of their records.
    pub(crate) granted: Vec<(Partition, u64, Record)>,
    /// Purged before they were read: they may be on their way here.
    pub(crate) unread_purged: HashSet<u64>,
    /// Takes nothing more: it gives up what it has, as soon as that is not in hand.
    pub(crate) is_going: bool,
    /// Gives everything up.
    pub(crate) is_leaving: bool,
}

impl State {
    pub(crate) fn new(me: String, lease: Duration) -> Self {
        Self {
            shares: Shares::new(me, lease),
            held: (0..PARTITIONS).map(|_| None).collect(),
            records: vec![Record::default(); usize::from(PARTITIONS)],
            counted: vec![0; usize::from(PARTITIONS)],
            queue: BTreeMap::new(),
            cache: HashMap::new(),
            cached: 0,
            position: 0,
            ahead: BTreeMap::new(),
            dead: 0,
            touched: HashSet::new(),
            owed: Vec::new(),
            set_aside: HashSet::new(),
            rests: Vec::new(),
            is_working: false,
            is_closed: false,
            granted: Vec::new(),
            unread_purged: HashSet::new(),
            is_going: false,
            is_leaving: false,
        }
    }

    pub(crate) fn held(&self, partition: Partition) -> Option<&Held> {
        self.held.get(usize::from(partition))?.as_ref()
    }

    pub(crate) fn held_mut(&mut self, partition: Partition) -> Option<&mut Held> {
        self.held.get_mut(usize::from(partition))?.as_mut()
    }

    pub(crate) fn all_held(&self) -> impl Iterator<Item = (Partition, &Held)> {
        (0..PARTITIONS).zip(&self.held).filter_map(|(partition, held)| Some((partition, held.as_ref()?)))
    }

    pub(crate) fn all_held_mut(&mut self) -> impl Iterator<Item = (Partition, &mut Held)> {
        (0..PARTITIONS).zip(&mut self.held).filter_map(|(partition, held)| Some((partition, held.as_mut()?)))
    }

    /// A partition's record was read. Whether there is a new partition to be read.
    pub(crate) fn heard_part(&mut self, partition: Partition, revision: u64, part: PartRecord) -> bool {
        let turn = self.shares.heard_part(partition, revision, &part.owner, Instant::now());
        self.granted.retain(|(of, granted, _)| *of != partition || *granted > revision);
        if turn == Some(Turn::Gained) {
            let ledger = Ledger::restore(&part.record);
            self.set_held(partition, Some(Held { ledger, is_leaving: self.is_going, ..Held::default() }));
        } else if turn == Some(Turn::Lost) {
            self.set_held(partition, None);
        }
        if self.held(partition).is_none() {
            let read_to = part.record.read_to;
            self.ahead.retain(|seq, of| *of != partition || *seq > read_to);
        }
        let is_newer = self.counted.get(usize::from(partition)).is_some_and(|counted| revision > *counted);
        if let Some(record) = self.records.get_mut(usize::from(partition)).filter(|_| is_newer) {
            *record = part.record;
        }
        turn == Some(Turn::Gained)
    }

    /// A partition that was asked for is this process's, though it is not read in the stream yet.
    pub(crate) fn granted(&mut self, partition: Partition, revision: u64, record: Record) {
        if self.shares.revision(partition) < revision {
            self.granted.push((partition, revision, record));
        }
    }

    fn set_held(&mut self, partition: Partition, held: Option<Held>) {
        if let Some(place) = self.held.get_mut(usize::from(partition)) {
            *place = held;
        }
        self.owed.retain(|owed| owed.partition != partition);
        self.rests.retain(|(of, _)| *of != partition);
    }

    /// Whether an entry may be worked on now: `None` if it is not this process's, or settled.
    pub(crate) fn standing(&self, partition: Partition, seq: u64) -> Option<Standing> {
        let held = self.held(partition)?;
        let standing = self.shares.standing(partition, Instant::now());
        (held.ledger.is_open(seq) && standing != Standing::NotMine).then_some(standing)
    }

    /// Takes note of how much there was in a partition when the number of its record was this.
    pub(crate) fn learn(&mut self, partition: Partition, revision: u64, record: Record) {
        let index = usize::from(partition);
        if let (Some(known), Some(counted)) = (self.records.get_mut(index), self.counted.get_mut(index)) {
            (*known, *counted) = (record, revision);
        }
    }

    /// What is written down of a partition.
    pub(crate) fn record(&self, partition: Partition) -> Record {
        self.records.get(usize::from(partition)).cloned().unwrap_or_default()
    }

    /// Whether an event that waits can be kept in memory.
    pub(crate) fn has_room(&self) -> bool {
        self.cached < CACHE
    }

    /// An event was read in the stream. Whether it is to be given out.
    pub(crate) fn read(
        &mut self,
        seq: u64,
        lane: Lane,
        envelope: Option<Arc<Envelope>>,
        handled_again: Option<Progress>,
    ) -> bool {
        let partition = names::partition(&lane);
        let waits = self.note(partition, seq, handled_again);
        if waits {
            let progress = self.held(partition).and_then(|held| held.progress.get(&seq).cloned());
            self.queue.insert(seq, Entry::stored(EntryId(seq), lane, progress));
            if let Some(envelope) = envelope {
                self.cached += size(&envelope);
                self.cache.insert(seq, envelope);
            }
        }
        waits
    }

    /// An event was read in the stream that this version does not understand. Whether it waits, to be set aside.
    pub(crate) fn read_unknown(
        &mut self,
        partition: Partition,
        seq: u64,
        event: Bytes,
        handled_again: Option<Progress>,
        (error, now): (String, u64),
    ) -> bool {
        let waits = self.note(partition, seq, handled_again);
        if waits {
            self.owe_unread(partition, seq, event, (error, now));
        }
        waits
    }

    /// An open entry cannot be handled, for its event cannot be read: it is to be set aside.
    pub(crate) fn owe_unread(
        &mut self,
        partition: Partition,
        seq: u64,
        event: Bytes,
        (error, now): (String, u64),
    ) {
        let known = self.held(partition).and_then(|held| held.progress.get(&seq).cloned());
        let mut progress = known.unwrap_or_default();
        (progress.error, progress.failed_at) = (error, now);
        self.owed.retain(|owed| owed.seq != seq);
        self.owed.push(Owed { partition, seq, progress, dead: Some(event) });
    }

    /// Takes note of an entry that was read, and says whether it waits.
    fn note(&mut self, partition: Partition, seq: u64, handled_again: Option<Progress>) -> bool {
        self.position = self.position.max(seq);
        let Some(held) = self.held_mut(partition).filter(|held| held.is_read) else { return false };
        let waits = held.ledger.read(seq);
        if let Some(progress) = handled_again.filter(|_| waits) {
            held.progress.entry(seq).or_insert(progress);
        }
        self.ahead.remove(&seq);
        let is_purged = self.unread_purged.remove(&seq);
        if waits && (self.set_aside.remove(&seq) || is_purged) {
            self.settle(partition, seq, is_purged, None);
            return false;
        }
        waits
    }

    /// A person has purged an entry from here: it is counted no more, even before whoever works it says so.
    pub(crate) fn purged_here(&mut self, partition: Partition, seq: u64) {
        let was_ahead = self.ahead.contains_key(&seq);
        self.settle(partition, seq, true, None);
        let is_read = self.held(partition).is_some_and(|held| held.is_read);
        if let Some(record) = self.records.get_mut(usize::from(partition))
            && !is_read
            && !was_ahead
            && seq <= record.read_to
        {
            record.open = record.open.saturating_sub(1);
        }
    }

    /// A person has purged an entry, whose event is gone already.
    pub(crate) fn heard_purged(&mut self, partition: Partition, seq: u64) {
        self.settle(partition, seq, true, None);
        self.forget_notice(partition, seq);
    }

    /// The notice that an entry was purged goes when what is known of the partition has been written down.
    pub(crate) fn forget_notice(&mut self, partition: Partition, seq: u64) {
        if let Some(held) = self.held_mut(partition) {
            held.ledger.not_written();
            self.rests.push((partition, Rest::Notice(EntryId(seq))));
        }
    }

    /// The next entry to be given out.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        while let Some((seq, entry)) = self.queue.pop_first() {
            let partition = names::partition(&entry.lane);
            if self.held(partition).is_some_and(|held| !held.is_leaving && held.ledger.is_open(seq)) {
                return Some(entry);
            }
            self.uncache(seq);
        }
        None
    }

    pub(crate) fn has_more(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(crate) fn uncache(&mut self, seq: u64) -> Option<Arc<Envelope>> {
        let envelope = self.cache.remove(&seq)?;
        self.cached = self.cached.saturating_sub(size(&envelope));
        Some(envelope)
    }

    /// An event was stored by this process.
    pub(crate) fn stored(&mut self, partition: Partition, seq: u64) {
        let read_to = match self.held(partition) {
            Some(held) if held.is_read => held.ledger.read_to(),
            _ => self.records.get(usize::from(partition)).map_or(0, |record| record.read_to),
        };
        if seq > read_to {
            self.ahead.insert(seq, partition);
        }
    }

    /// An entry is settled, and what belongs to it can be cleared away as soon as that is written down. Whether it was
    /// pending.
    pub(crate) fn settle(
        &mut self,
        partition: Partition,
        seq: u64,
        purged: bool,
        digest: Option<&str>,
    ) -> bool {
        if purged {
            self.ahead.remove(&seq);
        }
        let Some(held) = self.held_mut(partition) else { return false };
        if !held.ledger.settle(seq, purged) {
            if purged && seq > held.ledger.read_to() {
                self.unread_purged.insert(seq);
            }
            return false;
        }
        if held.progress.remove(&seq).is_some() {
            self.rests.push((partition, Rest::Progress(EntryId(seq))));
        }
        if let Some(digest) = digest
            && self.touched.remove(digest)
        {
            self.rests.push((partition, Rest::Effects(digest.to_owned())));
        }
        self.uncache(seq);
        true
    }

    /// Entries that wait, on all machines: exactly here, as they were written down last elsewhere.
    pub(crate) fn pending(&self) -> u64 {
        let known: u64 = self
            .held
            .iter()
            .zip(&self.records)
            .map(|(held, record)| match held {
                Some(held) if held.is_read => held.ledger.pending(),
                _ => record.open,
            })
            .sum();
        known + self.ahead.len() as u64
    }
}

/// What an event takes in memory, about.
pub(crate) fn size(envelope: &Envelope) -> usize {
    envelope.event.body().len() + 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_purged_while_it_was_on_its_way_does_not_wait() {
        let lane = Lane::from("dialog".to_owned());
        let partition = names::partition(&lane);
        let mut state = State::new("me".into(), Duration::from_secs(1));
        assert!(state.heard_part(partition, 1, PartRecord { owner: "me".into(), ..PartRecord::default() }));
        state.held_mut(partition).unwrap().is_read = true;
        for seq in [1, 2] {
            state.stored(partition, seq);
        }
        state.heard_purged(partition, 2);
        assert!(state.read(1, lane.clone(), None, None));
        assert!(!state.read(2, lane, None, None));
        assert_eq!(
            (state.pending(), state.pop().map(|entry| entry.id), state.pop().is_none()),
            (1, Some(EntryId(1)), true)
        );
    }

    #[test]
    fn what_is_gained_while_going_is_given_up_again() {
        let mut state = State::new("me".into(), Duration::from_secs(1));
        state.granted(3, 7, Record::default());
        state.granted(4, 8, Record::default());
        state.is_going = true;
        state.heard_part(3, 7, PartRecord { owner: "me".into(), ..PartRecord::default() });
        assert!(state.held(3).unwrap().is_leaving);
        assert_eq!(state.granted.iter().map(|(partition, ..)| *partition).collect::<Vec<_>>(), [4]);
        state.granted(3, 7, Record::default());
        assert_eq!(state.granted.len(), 1, "it was heard of already");
    }
}
