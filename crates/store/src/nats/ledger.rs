//! What of a partition is settled.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

/// Which of a partition's entries are settled, as numbers of the stream that all partitions share.
///
/// All up to the floor are. Above it runs of settled entries are kept, not single ones: whoever waits to be tried again
/// holds the floor down while all after it is handled.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    floor: u64,
    /// The highest that was read: all that is not in `open` up to here is settled.
    read_to: u64,
    open: BTreeSet<u64>,
    /// Runs above the floor: first, and last with how many are in the stream.
    runs: BTreeMap<u64, (u64, u64)>,
    /// Given to a handler, and not yet settled.
    in_hand: HashSet<u64>,
    /// Whether something was read or settled since it was written down.
    changed: bool,
    written_floor: u64,
}

/// A ledger as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "f", default)]
    pub(crate) floor: u64,
    /// Runs of settled entries above it: first, last, and how many of them are in the stream.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) done: Vec<(u64, u64, u64)>,
    /// How many were known not to be settled,
    #[serde(rename = "n", default)]
    pub(crate) open: u64,
    /// of those up to here. Only for counting: whoever takes over reads from the floor.
    #[serde(rename = "r", default)]
    pub(crate) read_to: u64,
}

impl Record {
    pub(crate) fn is_settled(&self, seq: u64) -> bool {
        let run = self.done.partition_point(|(first, ..)| *first <= seq);
        seq <= self.floor || run > 0 && self.done.get(run - 1).is_some_and(|(_, last, _)| seq <= *last)
    }

    /// How many entries above the floor are settled.
    pub(crate) fn settled(&self) -> u64 {
        self.done.iter().map(|(.., count)| count).sum()
    }
}

impl Ledger {
    pub(crate) fn restore(record: &Record) -> Self {
        Self {
            floor: record.floor,
            written_floor: record.floor,
            runs: record.done.iter().map(|&(first, last, count)| (first, (last, count))).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn record(&self) -> Record {
        Record {
            floor: self.floor,
            done: self.runs.iter().map(|(first, (last, count))| (*first, *last, *count)).collect(),
            open: self.open.len() as u64,
            read_to: self.read_to,
        }
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn read_to(&self) -> u64 {
        self.read_to
    }

    pub(crate) fn pending(&self) -> u64 {
        self.open.len() as u64
    }

    /// Takes note of an entry, and says whether it waits: it is neither settled nor read before.
    pub(crate) fn read(&mut self, seq: u64) -> bool {
        if seq <= self.read_to.max(self.floor) {
            return false;
        }
        self.read_to = seq;
        let settled = self.runs.range(..=seq).next_back().is_some_and(|(_, (last, _))| seq <= *last);
        let waits = !settled && self.open.insert(seq);
        self.changed |= waits;
        waits
    }

    /// All of the partition up to there was read: where nothing waits, nothing needs to be read again.
    pub(crate) fn passed(&mut self, seq: u64) {
        self.read_to = self.read_to.max(seq);
        if self.open.is_empty() && seq > self.floor {
            let run = self.runs.range(..=seq).next_back().map_or(seq, |(_, (last, _))| *last);
            self.floor = seq.max(run);
            self.runs = self.runs.split_off(&(self.floor + 1));
        }
    }

    pub(crate) fn is_open(&self, seq: u64) -> bool {
        self.open.contains(&seq)
    }

    /// Takes an open entry in hand.
    pub(crate) fn take(&mut self, seq: u64) {
        if self.open.contains(&seq) {
            self.in_hand.insert(seq);
        }
    }

    pub(crate) fn is_in_hand(&self, seq: u64) -> bool {
        self.in_hand.contains(&seq)
    }

    pub(crate) fn put_down(&mut self, seq: u64) {
        self.in_hand.remove(&seq);
    }

    pub(crate) fn put_all_down(&mut self) {
        self.in_hand.clear();
    }

    pub(crate) fn in_hand(&self) -> usize {
        self.in_hand.len()
    }

    /// Settles an entry; `purged` if it is no longer in the stream. Whether it was open.
    pub(crate) fn settle(&mut self, seq: u64, purged: bool) -> bool {
        self.in_hand.remove(&seq);
        if !self.open.remove(&seq) {
            return false;
        }
        self.changed = true;
        let below = self.open.range(..seq).next_back().copied();
        let above = self.open.range(seq..).next().copied().unwrap_or(self.read_to + 1);
        // Between two open entries there is one run: all of them joined with this entry. What lies beyond the last entry
        // read is left alone: open entries may come before it.
        let (mut first, mut last, mut count) = (seq, seq, u64::from(!purged));
        let joined: Vec<u64> = self.runs.range(below.unwrap_or(0)..above).map(|(first, _)| *first).collect();
        for start in joined {
            if let Some((end, settled)) = self.runs.remove(&start) {
                (first, last, count) = (first.min(start), last.max(end), count + settled);
            }
        }
        if below.is_none() {
            self.floor = self.floor.max(last);
        } else {
            self.runs.insert(first, (last, count));
        }
        true
    }

    /// Whether it should be written down: something was read or settled, or the floor has risen so far that it saves others
    /// reading.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed || self.floor >= self.written_floor + 1_000
    }

    /// What others would know of its floor.
    pub(crate) fn written_floor(&self) -> u64 {
        self.written_floor
    }

    /// It is being written down as it is now.
    pub(crate) fn written(&mut self) {
        self.changed = false;
        self.written_floor = self.floor;
    }

    /// Writing it down failed.
    pub(crate) fn not_written(&mut self) {
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_settled_and_only_that_is_known_after_any_number_of_crashes(
            gaps in proptest::collection::vec(1..4_u64, 1..60),
            steps in proptest::collection::vec((any::<prop::sample::Index>(), 0..10_u8), 0..120),
        ) {
            let seqs: Vec<u64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
            let mut settled = BTreeSet::new();
            let mut ledger = Ledger::default();
            let mut read = 0;
            for (which, what) in steps {
                match what {
                    0 => {
                        ledger = Ledger::restore(&serde_json::from_slice(&serde_json::to_vec(&ledger.record()).unwrap()).unwrap());
                        read = 0;
                    }
                    1..5 => if let Some(seq) = seqs.get(read) {
                        prop_assert_eq!(ledger.read(*seq), !settled.contains(seq));
                        prop_assert!(!ledger.read(*seq), "twice");
                        read += 1;
                    },
                    5 => ledger.passed(seqs.get(read).map_or(1_000, |next| next - 1)),
                    _ => {
                        let seq = seqs[which.index(seqs.len())];
                        let open = ledger.is_open(seq);
                        prop_assert_eq!(ledger.settle(seq, false), open);
                        if open {
                            settled.insert(seq);
                        }
                    }
                }
                let record = ledger.record();
                for seq in &seqs {
                    prop_assert_eq!(record.is_settled(*seq), settled.contains(seq), "{} {:?}", seq, record);
                }
                let above = settled.iter().filter(|seq| **seq > record.floor).count() as u64;
                prop_assert_eq!(record.settled(), above);
            }
        }
    }

    #[test]
    fn one_that_fails_costs_one_run_whatever_is_handled_after_it() {
        let mut ledger = Ledger::default();
        for seq in 1..=1_000 {
            ledger.read(seq);
        }
        for seq in (2..=1_000).rev() {
            ledger.settle(seq, false);
        }
        assert_eq!(
            ledger.record(),
            Record { floor: 0, done: vec![(2, 1_000, 999)], open: 1, read_to: 1_000 }
        );
        ledger.settle(1, false);
        assert_eq!(ledger.record(), Record { floor: 1_000, done: vec![], open: 0, read_to: 1_000 });
    }
}
