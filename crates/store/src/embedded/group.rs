//! Jobs that are written together, in one transaction.

use std::sync::Arc;

use b24bot_core::{Effect, Ended, Entry, EntryId, EventKey, Lane, Progress, Settled, Stored, Version, Which};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    job::{Incoming, Job, SetState},
    options::{EmbeddedOptions, millis},
    rows::{self, Counters, number, read_progress, write_progress},
    seen::{Digest, Seen},
};
use crate::holdings::{Holding, Holdings};

/// The key of a value that is there for a moment only, to see whether it fits.
const PROBE: &str = "~probe";

/// What is written together.
pub(super) struct Group<'store> {
    transaction: Transaction<'store>,
    seen: &'store mut Seen,
    /// None if one portal may have all the room.
    holdings: Option<&'store mut Holdings>,
    options: &'store EmbeddedOptions,
    counters: Counters,
}

/// What a job has come to, once it is written.
pub(super) enum Outcome {
    /// Of each event, and the entries of those that are new.
    Put(Vec<Stored>, Vec<Entry>),
    Full,
    PortalFull,
    Effect(Effect),
    Version(Option<Version>),
    Retried(Option<Entry>),
    /// Those that were there, and where.
    Purged(Vec<(EntryId, Which)>),
    Nothing,
}

impl<'store> Group<'store> {
    /// Begins to write. If that fails, or is not committed, `seen` and `holdings` must be loaded anew.
    pub(super) fn begin(
        connection: &'store mut Connection,
        seen: &'store mut Seen,
        holdings: Option<&'store mut Holdings>,
        options: &'store EmbeddedOptions,
        counters: Counters,
    ) -> rusqlite::Result<Self> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Self { transaction, seen, holdings, options, counters })
    }

    /// Adds a job; what it will have come to.
    pub(super) fn add(&mut self, job: &Job) -> rusqlite::Result<Outcome> {
        match job {
            Job::Put(events, _) => self.put(events),
            Job::Settle(id, lane, digest, settled) => {
                self.settle(*id, lane, *digest, settled).map(|()| Outcome::Nothing)
            }
            Job::Begin(digest, name, _) => self.begin_effect(digest, name),
            Job::Finish(digest, name, ended) => {
                self.finish_effect(digest, name, ended).map(|()| Outcome::Nothing)
            }
            Job::SetState(set, _) => self.set_state(set),
            Job::Retry(id, _) => self.retry(*id),
            Job::Purge(ids, _) => {
                let purged = ids.iter().map(|id| Ok(self.purge(*id)?.map(|which| (*id, which))));
                Ok(Outcome::Purged(purged.filter_map(Result::transpose).collect::<rusqlite::Result<_>>()?))
            }
            Job::Flush(_) | Job::Close => Ok(Outcome::Nothing),
        }
    }

    /// Forgets keys, and entries that were set aside, a few at a time so that nothing waits for it. Whether there was
    /// anything to forget.
    pub(super) fn forget(&mut self, now: u64) -> rusqlite::Result<bool> {
        /// As many entries in one go.
        const FEW: usize = 64;
        let mut forgotten =
            self.seen.forget(&self.transaction, now.saturating_sub(millis(self.options.remember)))?;
        let before = now.saturating_sub(millis(self.options.keep_dead));
        let old: Vec<u64> = {
            let mut oldest =
                self.transaction.prepare_cached("SELECT id, failed_at FROM dead ORDER BY id LIMIT ?")?;
            let rows = oldest.query_map([FEW.cast_signed()], |row| Ok((number(row, 0)?, number(row, 1)?)))?;
            let old = rows.filter(|row| row.as_ref().map_or(true, |(_, failed_at)| *failed_at < before));
            old.map(|row| row.map(|(id, _)| id)).collect::<rusqlite::Result<_>>()?
        };
        forgotten |= !old.is_empty();
        for id in old {
            self.purge(EntryId(id))?;
        }
        Ok(forgotten)
    }

    /// Takes up as much room as some hundred events.
    pub(super) fn fill_probe(&self) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO state (key, version, value) VALUES (?, 0, zeroblob(1048576))";
        self.transaction.execute(sql, [PROBE]).map(drop)
    }

    pub(super) fn drop_probe(&self) -> rusqlite::Result<()> {
        self.transaction.execute("DELETE FROM state WHERE key = ?", [PROBE]).map(drop)
    }

    /// Writes it all, or nothing.
    pub(super) fn commit(self) -> rusqlite::Result<Counters> {
        rows::put_counters(&self.transaction, &self.counters)?;
        self.transaction.commit()?;
        Ok(self.counters)
    }

    fn put(&mut self, events: &[Incoming]) -> rusqlite::Result<Outcome> {
        let now = (self.options.now)();
        let since = now.saturating_sub(millis(self.options.remember));
        let mut stored = Vec::with_capacity(events.len());
        let mut new: Vec<&Incoming> = Vec::with_capacity(events.len());
        for event in events {
            let known = new.iter().any(|other| other.digest == event.digest)
                || self.seen.contains(&self.transaction, &event.digest, since)?;
            stored.push(if known { Stored::Duplicate } else { Stored::New });
            if !known {
                new.push(event);
            }
        }
        let bytes: u64 = new.iter().map(|event| event.body().len() as u64).sum();
        let held = self.counters.pending + self.counters.dead;
        let fits = held + new.len() as u64 <= self.options.max_events
            && self.counters.bytes + bytes <= self.options.max_size;
        if !new.is_empty() && !fits {
            return Ok(Outcome::Full);
        }
        if self.exceeds_share(&new) {
            return Ok(Outcome::PortalFull);
        }
        let mut entries = Vec::with_capacity(new.len());
        for event in new {
            let id = self.next();
            self.seen.insert(&self.transaction, id, event.digest, now)?;
            let envelope = &event.envelope;
            self.insert_event(
                id,
                (envelope.key.as_str(), envelope.lane.as_str(), envelope.received_at, envelope.event.nth()),
                None,
                event.body(),
            )?;
            if let Some(holdings) = &mut self.holdings {
                holdings.add(envelope.lane.portal(), event.body().len() as u64);
            }
            entries.push(Entry::new(EntryId(id), Arc::clone(envelope)));
        }
        self.counters.pending += entries.len() as u64;
        self.counters.bytes += bytes;
        Ok(Outcome::Put(stored, entries))
    }

    /// Whether a portal would have more than there is room. As long as less than half of it is used, none can.
    fn exceeds_share(&self, new: &[&Incoming]) -> bool {
        let Some(holdings) = &self.holdings else { return false };
        let held = self.counters.pending + self.counters.dead;
        let room = Holding {
            events: self.options.max_events.saturating_sub(held),
            bytes: self.options.max_size.saturating_sub(self.counters.bytes),
        };
        let bytes: u64 = new.iter().map(|event| event.body().len() as u64).sum();
        if held + new.len() as u64 <= room.events && self.counters.bytes + bytes <= room.bytes {
            return false;
        }
        // What becomes of the application itself is never told again, and is little.
        let new = new.iter().filter(|event| !event.envelope.lane.is_of_application());
        let new = new.map(|event| (event.envelope.lane.portal(), event.body().len() as u64));
        !holdings.allow(new, room)
    }

    fn insert_event(
        &self,
        id: u64,
        (key, lane, received_at, nth): (&str, &str, u64, u32),
        progress: Option<&Progress>,
        body: &[u8],
    ) -> rusqlite::Result<()> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO event (id, key, lane, received_at, nth, progress, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?;
        let progress = progress.map(write_progress);
        insert.execute(params![
            id.cast_signed(),
            key,
            lane,
            received_at.cast_signed(),
            nth,
            progress,
            body
        ])?;
        Ok(())
    }

    fn settle(
        &mut self,
        EntryId(id): EntryId,
        lane: &Lane,
        digest: Option<Digest>,
        settled: &Settled,
    ) -> rusqlite::Result<()> {
        match settled {
            Settled::Retry(progress) => {
                let mut update =
                    self.transaction.prepare_cached("UPDATE event SET progress = ? WHERE id = ?")?;
                let updated = update.execute(params![write_progress(progress), id.cast_signed()])?;
                // It may have been purged meanwhile.
                if let (0, Some(digest)) = (updated, digest) {
                    self.forget_effects(&digest)?;
                }
            }
            Settled::Dead(progress) => {
                let mut copy = self.transaction.prepare_cached(
                    "INSERT INTO dead (id, key, lane, received_at, nth, progress, failed_at, body) \
                     SELECT id, key, lane, received_at, nth, ?, ?, body FROM event WHERE id = ?",
                )?;
                let failed_at = progress.failed_at.cast_signed();
                // It may have been purged meanwhile.
                if copy.execute(params![write_progress(progress), failed_at, id.cast_signed()])? > 0 {
                    self.delete("event", id)?;
                    self.counters.pending = self.counters.pending.saturating_sub(1);
                    self.counters.dead += 1;
                } else if let Some(digest) = digest {
                    self.forget_effects(&digest)?;
                }
            }
            Settled::Done => {
                if let Some(size) = self.delete("event", id)? {
                    self.counters.pending = self.counters.pending.saturating_sub(1);
                    self.gone(lane, size);
                }
                if let Some(digest) = digest {
                    self.forget_effects(&digest)?;
                }
            }
            // What is not understood leaves the entry as it is.
            _ => {}
        }
        Ok(())
    }

    fn begin_effect(&self, digest: &Digest, name: &str) -> rusqlite::Result<Outcome> {
        let mut select =
            self.transaction.prepare_cached("SELECT result FROM effect WHERE digest = ? AND name = ?")?;
        let known: Option<Option<Vec<u8>>> =
            select.query_row(params![digest, name], |row| row.get(0)).optional()?;
        if known.is_none() {
            let mut insert =
                self.transaction.prepare_cached("INSERT INTO effect (digest, name) VALUES (?, ?)")?;
            insert.execute(params![digest, name])?;
        }
        Ok(Outcome::Effect(match known {
            None => Effect::New,
            Some(None) => Effect::InDoubt,
            Some(Some(result)) => Effect::Had(result),
        }))
    }

    fn finish_effect(&self, digest: &Digest, name: &str, ended: &Ended) -> rusqlite::Result<()> {
        match ended {
            Ended::Had(result) => {
                let mut update = self
                    .transaction
                    .prepare_cached("UPDATE effect SET result = ? WHERE digest = ? AND name = ?")?;
                update.execute(params![result, digest, name])?;
            }
            Ended::NotHad => {
                let mut delete =
                    self.transaction.prepare_cached("DELETE FROM effect WHERE digest = ? AND name = ?")?;
                delete.execute(params![digest, name])?;
            }
            // What is not understood leaves it in doubt.
            _ => {}
        }
        Ok(())
    }

    fn set_state(&mut self, set: &SetState) -> rusqlite::Result<Outcome> {
        let there = rows::state(&self.transaction, &set.key)?.map(|state| state.version);
        if !set.expected.is(there) {
            return Ok(Outcome::Version(None));
        }
        // No number is used twice: a value that was removed and set again has another version.
        let version = self.next();
        match &set.value {
            Some(value) => self.transaction.execute(
                "INSERT OR REPLACE INTO state (key, version, value) VALUES (?, ?, ?)",
                params![set.key, version.cast_signed(), value],
            )?,
            None => self.transaction.execute("DELETE FROM state WHERE key = ?", [&set.key])?,
        };
        Ok(Outcome::Version(Some(Version(version))))
    }

    fn retry(&mut self, EntryId(dead): EntryId) -> rusqlite::Result<Outcome> {
        let mut select = self
            .transaction
            .prepare_cached("SELECT key, lane, received_at, nth, progress, body FROM dead WHERE id = ?")?;
        let mut found = select.query([dead.cast_signed()])?;
        let Some(row) = found.next()? else { return Ok(Outcome::Retried(None)) };
        let (key, lane): (String, String) = (row.get(0)?, row.get(1)?);
        let (received_at, nth, body): (u64, u32, Vec<u8>) = (number(row, 2)?, row.get(3)?, row.get(5)?);
        let progress = read_progress(&row.get::<_, String>(4)?).asked_again((self.options.now)());
        drop(found);
        drop(select);
        // A new number: what is given out comes in the order of numbers, and this one's place has passed.
        let id = self.next();
        self.insert_event(id, (&key, &lane, received_at, nth), Some(&progress), &body)?;
        self.delete("dead", dead)?;
        self.counters.dead = self.counters.dead.saturating_sub(1);
        self.counters.pending += 1;
        Ok(Outcome::Retried(Some(Entry::stored(EntryId(id), lane.into(), Some(progress)))))
    }

    /// Removes an entry; where it was.
    fn purge(&mut self, EntryId(id): EntryId) -> rusqlite::Result<Option<Which>> {
        for which in [Which::Pending, Which::Dead] {
            let table = rows::table(which);
            let mut select =
                self.transaction.prepare_cached(&format!("SELECT key, lane FROM {table} WHERE id = ?"))?;
            let found: Option<(String, String)> =
                select.query_row([id.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            drop(select);
            if let (Some((key, lane)), Some(size)) = (found, self.delete(table, id)?) {
                let counter = if which == Which::Pending {
                    &mut self.counters.pending
                } else {
                    &mut self.counters.dead
                };
                *counter = counter.saturating_sub(1);
                self.gone(&Lane::from(lane), size);
                self.forget_effects(&EventKey::from(key).digest())?;
                return Ok(Some(which));
            }
        }
        Ok(None)
    }

    /// The body of an entry takes no room any more.
    fn gone(&mut self, lane: &Lane, size: u64) {
        self.counters.bytes = self.counters.bytes.saturating_sub(size);
        if let Some(holdings) = &mut self.holdings {
            holdings.remove(lane.portal(), size);
        }
    }

    fn forget_effects(&self, digest: &Digest) -> rusqlite::Result<()> {
        let mut delete = self.transaction.prepare_cached("DELETE FROM effect WHERE digest = ?")?;
        delete.execute([digest]).map(drop)
    }

    /// Deletes a row; the size of its body, if it was there.
    fn delete(&self, table: &str, id: u64) -> rusqlite::Result<Option<u64>> {
        let (length, delete) = match table {
            "event" => ("SELECT length(body) FROM event WHERE id = ?", "DELETE FROM event WHERE id = ?"),
            _ => ("SELECT length(body) FROM dead WHERE id = ?", "DELETE FROM dead WHERE id = ?"),
        };
        let mut length = self.transaction.prepare_cached(length)?;
        let size = length.query_row([id.cast_signed()], |row| number(row, 0)).optional()?;
        if size.is_some() {
            self.transaction.prepare_cached(delete)?.execute([id.cast_signed()])?;
        }
        Ok(size)
    }

    fn next(&mut self) -> u64 {
        let next = self.counters.next;
        self.counters.next += 1;
        next
    }
}
