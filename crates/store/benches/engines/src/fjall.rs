//! fjall: log-structured merge trees behind one journal.

use std::collections::HashSet;
use std::path::Path;

use ::fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::engine::{CACHE_BYTES, Engine, Group, Key, Outcome};

pub struct Fjall {
    db: Database,
    bodies: Keyspace,
    keys: Keyspace,
    seen: Option<HashSet<Key>>,
}

impl Fjall {
    pub fn open(dir: &Path, in_memory: bool) -> Outcome<Self> {
        let db = Database::builder(dir.join("inbox")).cache_size(CACHE_BYTES as u64).open()?;
        let bodies = db.keyspace("bodies", KeyspaceCreateOptions::default)?;
        let keys = db.keyspace("keys", KeyspaceCreateOptions::default)?;
        let mut seen = None;
        if in_memory {
            let mut all = HashSet::new();
            for entry in keys.iter() {
                all.insert(Key::try_from(entry.value()?.get(..16).unwrap_or_default())?);
            }
            seen = Some(all);
        }
        Ok(Self { db, bodies, keys, seen })
    }
}

impl Engine for Fjall {
    fn commit(&mut self, group: &Group) -> Outcome<usize> {
        let mut batch = self.db.batch().durability(Some(PersistMode::SyncAll));
        let mut new = Vec::with_capacity(group.put.len());
        for event in &group.put {
            match &self.seen {
                Some(seen) if seen.contains(&event.key) => continue,
                Some(_) => {
                    let value = [&event.key[..], &event.time.to_be_bytes()].concat();
                    batch.insert(&self.keys, event.id.to_be_bytes(), value);
                }
                None if self.keys.contains_key(event.key)? => continue,
                None => batch.insert(&self.keys, event.key, event.time.to_be_bytes()),
            }
            batch.insert(&self.bodies, event.id.to_be_bytes(), event.body.as_slice());
            new.push(event.key);
        }
        // Every key is written once and removed once, which is what weak removal asks for.
        for id in &group.settled {
            batch.remove_weak(&self.bodies, id.to_be_bytes());
        }
        for (id, key) in &group.forgotten {
            match self.seen {
                Some(_) => batch.remove_weak(&self.keys, id.to_be_bytes()),
                None => batch.remove_weak(&self.keys, *key),
            }
        }
        batch.commit()?;
        if let Some(seen) = &mut self.seen {
            seen.extend(&new);
            for (_, key) in &group.forgotten {
                seen.remove(key);
            }
        }
        Ok(new.len())
    }

    fn first(&mut self) -> Outcome<Option<(u64, Vec<u8>)>> {
        let Some(entry) = self.bodies.first_key_value() else { return Ok(None) };
        let (id, body) = entry.into_inner()?;
        Ok(Some((u64::from_be_bytes((*id).try_into()?), body.to_vec())))
    }

    fn waiting(&mut self) -> Outcome<Vec<u64>> {
        self.bodies.iter().map(|entry| Ok(u64::from_be_bytes((*entry.key()?).try_into()?))).collect()
    }
}
