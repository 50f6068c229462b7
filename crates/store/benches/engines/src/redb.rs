//! redb: B-trees in one file, copied on write.

use std::collections::HashSet;
use std::path::Path;

use ::redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::engine::{CACHE_BYTES, Engine, Group, Key, Outcome};

const BODIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("bodies");
const KEYS: TableDefinition<'_, Key, u64> = TableDefinition::new("keys");
const KEYS_IN_ORDER: TableDefinition<'_, u64, (Key, u64)> = TableDefinition::new("keys_in_order");

pub struct Redb {
    db: Database,
    seen: Option<HashSet<Key>>,
    /// Whether each commit stores what saves a walk through the whole file after a crash.
    quick_repair: bool,
}

impl Redb {
    pub fn open(dir: &Path, in_memory: bool, quick_repair: bool) -> Outcome<Self> {
        let db = Database::builder().set_cache_size(CACHE_BYTES).create(dir.join("inbox.redb"))?;
        let tx = db.begin_write()?;
        tx.open_table(BODIES)?;
        tx.open_table(KEYS)?;
        tx.open_table(KEYS_IN_ORDER)?;
        tx.commit()?;
        let mut seen = None;
        if in_memory {
            let keys = db.begin_read()?.open_table(KEYS_IN_ORDER)?;
            let keys = keys.iter()?.map(|entry| entry.map(|(_, key)| key.value().0));
            seen = Some(keys.collect::<Result<_, _>>()?);
        }
        Ok(Self { db, seen, quick_repair })
    }
}

impl Engine for Redb {
    fn commit(&mut self, group: &Group) -> Outcome<usize> {
        let mut tx = self.db.begin_write()?;
        tx.set_quick_repair(self.quick_repair);
        let mut new = Vec::with_capacity(group.put.len());
        {
            let mut bodies = tx.open_table(BODIES)?;
            let mut keys = tx.open_table(KEYS)?;
            let mut in_order = tx.open_table(KEYS_IN_ORDER)?;
            for event in &group.put {
                match &self.seen {
                    Some(seen) if seen.contains(&event.key) => continue,
                    Some(_) => drop(in_order.insert(event.id, (event.key, event.time))?),
                    None if keys.get(event.key)?.is_some() => continue,
                    None => drop(keys.insert(event.key, event.time)?),
                }
                bodies.insert(event.id, event.body.as_slice())?;
                new.push(event.key);
            }
            for id in &group.settled {
                bodies.remove(id)?;
            }
            for (id, key) in &group.forgotten {
                match self.seen {
                    Some(_) => drop(in_order.remove(id)?),
                    None => drop(keys.remove(key)?),
                }
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
        let bodies = self.db.begin_read()?.open_table(BODIES)?;
        Ok(bodies.first()?.map(|(id, body)| (id.value(), body.value().to_vec())))
    }

    fn waiting(&mut self) -> Outcome<Vec<u64>> {
        let bodies = self.db.begin_read()?.open_table(BODIES)?;
        let ids = bodies.iter()?.map(|entry| entry.map(|(id, _)| id.value())).collect::<Result<_, _>>()?;
        Ok(ids)
    }
}
