//! SQLite with a write-ahead log that is synced by every commit.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::engine::{CACHE_BYTES, Engine, Group, Key, Outcome};

fn connect(dir: &Path, page_size: u32, schema: &str) -> Outcome<Connection> {
    let db = Connection::open(dir.join("inbox.sqlite"))?;
    db.pragma_update(None, "page_size", page_size)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -(CACHE_BYTES as i64 >> 10))?;
    db.execute_batch(schema)?;
    db.set_prepared_statement_cache_capacity(16);
    Ok(db)
}

/// One row for each event, as one would write it first.
pub struct Rows {
    db: Connection,
}

impl Rows {
    pub fn open(dir: &Path) -> Outcome<Self> {
        let schema = "CREATE TABLE IF NOT EXISTS events
                (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, time INTEGER NOT NULL, body BLOB);
            CREATE INDEX IF NOT EXISTS waiting ON events (id) WHERE body IS NOT NULL;";
        Ok(Self { db: connect(dir, 4096, schema)? })
    }
}

impl Engine for Rows {
    fn commit(&mut self, group: &Group) -> Outcome<usize> {
        let tx = self.db.transaction()?;
        let mut new = 0;
        {
            let mut put = tx.prepare_cached(
                "INSERT INTO events (id, key, time, body) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            )?;
            for event in &group.put {
                new += put.execute(params![event.id, event.key, event.time, event.body])?;
            }
            let mut settle = tx.prepare_cached("UPDATE events SET body = NULL WHERE id = ?")?;
            for id in &group.settled {
                settle.execute([id])?;
            }
            let mut forget = tx.prepare_cached("DELETE FROM events WHERE id = ?")?;
            for (id, _) in &group.forgotten {
                forget.execute([id])?;
            }
        }
        tx.commit()?;
        Ok(new)
    }

    fn first(&mut self) -> Outcome<Option<(u64, Vec<u8>)>> {
        let first = "SELECT id, body FROM events WHERE body IS NOT NULL ORDER BY id LIMIT 1";
        Ok(self.db.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn waiting(&mut self) -> Outcome<Vec<u64>> {
        let mut all = self.db.prepare("SELECT id FROM events WHERE body IS NOT NULL ORDER BY id")?;
        let ids = all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }
}

/// Bodies in a table that is appended to, keys in one of their own, large pages.
pub struct Tables {
    db: Connection,
    seen: Option<HashSet<Key>>,
}

impl Tables {
    pub fn open(dir: &Path, in_memory: bool) -> Outcome<Self> {
        let keys = if in_memory {
            "CREATE TABLE IF NOT EXISTS keys
                (id INTEGER PRIMARY KEY, key BLOB NOT NULL, time INTEGER NOT NULL);"
        } else {
            "CREATE TABLE IF NOT EXISTS keys
                (key BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;"
        };
        let bodies = "CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL);";
        let db = connect(dir, 16384, &format!("{bodies}{keys}"))?;
        let seen = if in_memory {
            let mut all = db.prepare("SELECT key FROM keys")?;
            Some(all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        } else {
            None
        };
        Ok(Self { db, seen })
    }
}

impl Engine for Tables {
    fn commit(&mut self, group: &Group) -> Outcome<usize> {
        let tx = self.db.transaction()?;
        let mut new = Vec::with_capacity(group.put.len());
        {
            let mut put = tx.prepare_cached("INSERT INTO bodies (id, body) VALUES (?, ?)")?;
            let mut remember = tx.prepare_cached(match self.seen {
                Some(_) => "INSERT INTO keys (id, key, time) VALUES (?1, ?2, ?3)",
                None => "INSERT INTO keys (key, time) VALUES (?2, ?3 + 0 * ?1) ON CONFLICT DO NOTHING",
            })?;
            for event in &group.put {
                let known = self.seen.as_ref().is_some_and(|seen| seen.contains(&event.key));
                if known || remember.execute(params![event.id, event.key, event.time])? == 0 {
                    continue;
                }
                put.execute(params![event.id, event.body])?;
                new.push(event.key);
            }
            let mut settle = tx.prepare_cached("DELETE FROM bodies WHERE id = ?")?;
            for id in &group.settled {
                settle.execute([id])?;
            }
            let mut forget = tx.prepare_cached(match self.seen {
                Some(_) => "DELETE FROM keys WHERE id = ?1 AND ?2 IS NOT NULL",
                None => "DELETE FROM keys WHERE key = ?2 AND ?1 IS NOT NULL",
            })?;
            for (id, key) in &group.forgotten {
                forget.execute(params![id, key])?;
            }
        }
        tx.commit()?;
        if let Some(seen) = &mut self.seen {
            seen.extend(&new);
            for (_, key) in &group.forgotten {
                seen.remove(key);
            }
        }
        Ok(new.len())
    }

    fn first(&mut self) -> Outcome<Option<(u64, Vec<u8>)>> {
        let first = "SELECT id, body FROM bodies ORDER BY id LIMIT 1";
        Ok(self.db.query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn waiting(&mut self) -> Outcome<Vec<u64>> {
        let mut all = self.db.prepare("SELECT id FROM bodies ORDER BY id")?;
        let ids = all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }
}
