//! The keys of events that were accepted, by which repeats are recognised.

use std::{collections::HashMap, ops::Range};

use rusqlite::{Connection, MAIN_DB, params};

/// A digest of a key: sixteen bytes that look random.
pub(super) type Digest = [u8; 16];

/// As many keys make a run.
const RUN: usize = 1 << 16;
const DIGEST: usize = size_of::<Digest>();

/// The latest keys in memory; older ones on the disk in sorted runs, each with a filter in memory, so that a million
/// keys take 2 MB there and a new key needs no look at the disk (99.9 times in 100 for each run).
pub(super) struct Seen {
    recent: HashMap<Digest, u64>,
    runs: Vec<Run>,
    size: usize,
}

struct Run {
    id: i64,
    /// When the latest of its keys was accepted.
    until: u64,
    filter: Filter,
}

impl Seen {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Self::with_runs_of(connection, RUN)
    }

    fn with_runs_of(connection: &Connection, size: usize) -> rusqlite::Result<Self> {
        let mut recent = HashMap::new();
        let mut rows = connection.prepare("SELECT digest, at FROM recent_key")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            recent.insert(row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned());
        }
        let mut runs = Vec::new();
        let mut rows = connection.prepare("SELECT id, until, digests FROM key_run ORDER BY id")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let filter = Filter::of(row.get_ref(2)?.as_blob()?);
            runs.push(Run { id: row.get(0)?, until: row.get::<_, i64>(1)?.cast_unsigned(), filter });
        }
        Ok(Self { recent, runs, size })
    }

    /// Whether the key was accepted since then. What is in a run may count a little longer.
    pub(super) fn contains(
        &self,
        connection: &Connection,
        digest: &Digest,
        since: u64,
    ) -> rusqlite::Result<bool> {
        if let Some(at) = self.recent.get(digest) {
            return Ok(*at >= since);
        }
        for run in self.runs.iter().rev() {
            if run.until >= since && run.filter.may_have(digest) && run.has(connection, digest)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers the key of an entry that was accepted now.
    pub(super) fn insert(
        &mut self,
        connection: &Connection,
        id: u64,
        digest: Digest,
        now: u64,
    ) -> rusqlite::Result<()> {
        self.recent.insert(digest, now);
        let mut insert =
            connection.prepare_cached("INSERT INTO recent_key (id, digest, at) VALUES (?, ?, ?)")?;
        insert.execute(params![id.cast_signed(), digest, now.cast_signed()])?;
        if self.recent.len() >= self.size { self.seal(connection) } else { Ok(()) }
    }

    /// Makes a run of the latest keys.
    fn seal(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let until = self.recent.values().copied().max().unwrap_or_default();
        let mut digests: Vec<Digest> = self.recent.drain().map(|(digest, _)| digest).collect();
        digests.sort_unstable();
        let digests = digests.as_flattened();
        connection.execute(
            "INSERT INTO key_run (until, digests) VALUES (?, ?)",
            params![until.cast_signed(), digests],
        )?;
        connection.execute("DELETE FROM recent_key", [])?;
        self.runs.push(Run { id: connection.last_insert_rowid(), until, filter: Filter::of(digests) });
        Ok(())
    }

    /// Forgets keys that were accepted before then, run by run; whether there were any.
    pub(super) fn forget(&mut self, connection: &Connection, before: u64) -> rusqlite::Result<bool> {
        let runs = self.runs.len();
        for run in self.runs.iter().filter(|run| run.until < before) {
            connection.execute("DELETE FROM key_run WHERE id = ?", [run.id])?;
        }
        self.runs.retain(|run| run.until >= before);
        let mut forgotten = self.runs.len() < runs;
        if self.recent.values().any(|at| *at < before) {
            forgotten = true;
            connection.execute("DELETE FROM recent_key WHERE at < ?", [before.cast_signed()])?;
            self.recent.retain(|_, at| *at >= before);
        }
        Ok(forgotten)
    }
}

impl Run {
    fn has(&self, connection: &Connection, digest: &Digest) -> rusqlite::Result<bool> {
        let blob = connection.blob_open(MAIN_DB, "key_run", "digests", self.id, true)?;
        let Range { mut start, mut end } = 0..blob.len() / DIGEST;
        while start < end {
            let middle = usize::midpoint(start, end);
            let mut found: Digest = [0; DIGEST];
            blob.read_at_exact(&mut found, middle * DIGEST)?;
            match found.cmp(digest) {
                std::cmp::Ordering::Less => start = middle + 1,
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Greater => end = middle,
            }
        }
        Ok(false)
    }
}

/// A Bloom filter of sixteen bits a key and six probes: a digest is as good as random, so its own bits are the probes.
struct Filter {
    bits: Vec<u64>,
}

impl Filter {
    const PROBES: usize = 6;

    fn of(digests: &[u8]) -> Self {
        let bits = (digests.len() / DIGEST * 16).next_power_of_two().max(64);
        let mut filter = Self { bits: vec![0; bits / 64] };
        for digest in digests.as_chunks().0 {
            for (word, bit) in filter.probes(digest) {
                filter.bits[word] |= bit;
            }
        }
        filter
    }

    fn may_have(&self, digest: &Digest) -> bool {
        self.probes(digest).all(|(word, bit)| self.bits[word] & bit != 0)
    }

    fn probes(&self, digest: &Digest) -> impl Iterator<Item = (usize, u64)> + use<> {
        let mask = self.bits.len() * 64 - 1;
        let mut rest = u128::from_le_bytes(*digest);
        (0..Self::PROBES).map(move |_| {
            let place = (rest as usize) & mask;
            rest >>= 21;
            (place / 64, 1 << (place % 64))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::embedded::schema;

    fn digest(number: u64) -> Digest {
        use b24bot_core::EventKey;
        EventKey::from(number.to_string()).digest()
    }

    fn database() -> (tempfile::TempDir, Connection) {
        let place = tempfile::tempdir().unwrap();
        let connection = schema::open(&place.path().join("db")).unwrap();
        (place, connection)
    }

    #[test]
    fn few_strangers_pass_a_filter() {
        let digests: Vec<Digest> = (0..RUN as u64).map(digest).collect();
        let filter = Filter::of(digests.as_flattened());
        assert!(digests.iter().all(|digest| filter.may_have(digest)));
        let strangers =
            (RUN as u64..2 * RUN as u64).filter(|number| filter.may_have(&digest(*number))).count();
        assert!(strangers < RUN / 500, "{strangers} of {RUN}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn keys_are_remembered_as_long_as_told_and_over_restarts(
            steps in proptest::collection::vec((0..60_u64, 0..4_u64, 0..20_u8), 1..200), size in 2..20_usize,
        ) {
            let (_place, connection) = database();
            let mut seen = Seen::with_runs_of(&connection, size).unwrap();
            let mut model: HashMap<u64, u64> = HashMap::new();
            let (mut now, remember) = (1000_u64, 40);
            for (id, (number, passed, what)) in (1..).zip(steps) {
                now += passed;
                let since = now - remember;
                match what {
                    0 => seen = Seen::with_runs_of(&connection, size).unwrap(),
                    1 => drop(seen.forget(&connection, since).unwrap()),
                    _ => {
                        let known = seen.contains(&connection, &digest(number), since).unwrap();
                        match model.get(&number) {
                            Some(at) if *at >= since => prop_assert!(known, "{number} was accepted at {at}, now is {now}"),
                            Some(_) => {}
                            None => prop_assert!(!known, "{number} was never accepted"),
                        }
                        if !known {
                            seen.insert(&connection, id, digest(number), now).unwrap();
                            model.insert(number, now);
                        }
                    }
                }
            }
            seen.forget(&connection, u64::MAX >> 1).unwrap();
            prop_assert!(seen.recent.is_empty() && seen.runs.is_empty());
        }
    }
}
