//! Reading what is on the disk.

use std::{collections::BTreeMap, sync::Arc};

use b24bot_core::{
    Entry, EntryId, Envelope, Lane, Listed, PortalDepth, Progress, State, StoredError, Version, Which,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::holdings::Holdings;

/// What is counted, to be known without counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// The next number that nothing has: for an entry, or the version of a state.
    pub(super) next: u64,
    pub(super) pending: u64,
    pub(super) dead: u64,
    /// Of the bodies of both.
    pub(super) bytes: u64,
}

pub(super) fn counters(connection: &Connection) -> rusqlite::Result<Counters> {
    connection.query_row("SELECT next, pending, dead, bytes FROM counter", [], |row| {
        Ok(Counters {
            next: number(row, 0)?.max(1),
            pending: number(row, 1)?,
            dead: number(row, 2)?,
            bytes: number(row, 3)?,
        })
    })
}

pub(super) fn put_counters(connection: &Connection, counters: &Counters) -> rusqlite::Result<()> {
    let Counters { next, pending, dead, bytes } = *counters;
    let numbers = [next, pending, dead, bytes].map(u64::cast_signed);
    let mut update =
        connection.prepare_cached("UPDATE counter SET next = ?, pending = ?, dead = ?, bytes = ?")?;
    update.execute(numbers).map(drop)
}

/// What each portal has, pending or set aside. It reads all there is, as giving it out does soon after.
pub(super) fn holdings(connection: &Connection) -> rusqlite::Result<Holdings> {
    let mut holdings = Holdings::default();
    for which in [Which::Pending, Which::Dead] {
        let mut select = connection.prepare(&format!("SELECT lane, length(body) FROM {}", table(which)))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            holdings.add(Lane::from(row.get::<_, String>(0)?).portal(), number(row, 1)?);
        }
    }
    Ok(holdings)
}

/// Counts the entries of each portal there.
pub(super) fn count_portals(
    connection: &Connection,
    which: Which,
    portals: &mut BTreeMap<String, PortalDepth>,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT substr(lane, 1, instr(lane || '/', '/') - 1) AS portal, count(*), max(received_at) FROM {} GROUP BY portal",
        table(which)
    ))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        PortalDepth::count(portals, &row.get::<_, String>(0)?, which, number(row, 1)?, number(row, 2)?);
    }
    Ok(())
}

/// The numbers of a portal's entries there after that one, but for those in the lane `keep`, oldest first.
pub(super) fn of_portal(
    connection: &Connection,
    which: Which,
    (portal, keep): (&str, &str),
    EntryId(after): EntryId,
    limit: usize,
) -> rusqlite::Result<Vec<EntryId>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT id FROM {} WHERE id > ?1 AND (lane = ?2 OR substr(lane, 1, length(?2) + 1) = ?2 || '/') AND lane <> ?3 \
         ORDER BY id LIMIT ?4",
        table(which)
    ))?;
    let rows = select.query_map(params![after.cast_signed(), portal, keep, limit.cast_signed()], |row| {
        number(row, 0).map(EntryId)
    })?;
    rows.collect()
}

/// Pending entries with greater numbers, oldest first, without their events.
pub(super) fn pending_after(connection: &Connection, id: u64, limit: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut select =
        connection.prepare_cached("SELECT id, lane, progress FROM event WHERE id > ? ORDER BY id LIMIT ?")?;
    let rows = select.query_map(params![id.cast_signed(), limit.cast_signed()], |row| {
        let progress: Option<String> = row.get(2)?;
        Ok(Entry::stored(
            EntryId(number(row, 0)?),
            Lane::from(row.get::<_, String>(1)?),
            progress.as_deref().map(read_progress),
        ))
    })?;
    rows.collect()
}

/// An entry's event, if the entry is still pending.
pub(super) fn event(
    connection: &Connection,
    EntryId(id): EntryId,
) -> rusqlite::Result<Option<Result<Arc<Envelope>, StoredError>>> {
    let mut select =
        connection.prepare_cached("SELECT key, lane, received_at, nth, body FROM event WHERE id = ?")?;
    select.query_row([id.cast_signed()], |row| Ok(envelope(row, 0)?.map(Arc::new))).optional()
}

pub(super) fn is_pending(connection: &Connection, EntryId(id): EntryId) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM event WHERE id = ?")?.exists([id.cast_signed()])
}

pub(super) fn listed(
    connection: &Connection,
    which: Which,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Listed>> {
    let table = table(which);
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, key, lane, received_at, progress FROM {table} WHERE id > ? ORDER BY id LIMIT ?"
    ))?;
    let rows =
        select.query_map(params![after.cast_signed(), limit.cast_signed()], |row| listed_of(row, which))?;
    rows.collect()
}

/// An entry wherever it is, with its event.
pub(super) fn shown(
    connection: &Connection,
    EntryId(id): EntryId,
) -> rusqlite::Result<Option<(Listed, Result<Envelope, StoredError>)>> {
    for which in [Which::Pending, Which::Dead] {
        let table = table(which);
        let mut select = connection.prepare_cached(&format!(
            "SELECT id, key, lane, received_at, progress, key, lane, received_at, nth, body FROM {table} WHERE id = ?"
        ))?;
        let found = select
            .query_row([id.cast_signed()], |row| Ok((listed_of(row, which)?, envelope(row, 5)?)))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub(super) fn state(connection: &Connection, key: &str) -> rusqlite::Result<Option<State>> {
    let mut select = connection.prepare_cached("SELECT version, value FROM state WHERE key = ?")?;
    select.query_row([key], |row| Ok(State::new(row.get(1)?, Version(number(row, 0)?)))).optional()
}

/// All values whose keys begin so.
pub(super) fn states(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, State)>> {
    let mut select = connection.prepare_cached(
        "SELECT key, version, value FROM state WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
    )?;
    let rows = select
        .query_map([prefix], |row| Ok((row.get(0)?, State::new(row.get(2)?, Version(number(row, 1)?)))))?;
    rows.collect()
}

pub(super) fn table(which: Which) -> &'static str {
    match which {
        Which::Pending => "event",
        Which::Dead => "dead",
    }
}

pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// What cannot be read says nothing.
pub(super) fn read_progress(json: &str) -> Progress {
    serde_json::from_str(json).unwrap_or_default()
}

/// Texts and numbers: nothing about it cannot be written.
pub(super) fn write_progress(progress: &Progress) -> String {
    serde_json::to_string(progress).unwrap_or_default()
}

fn listed_of(row: &Row<'_>, which: Which) -> rusqlite::Result<Listed> {
    let progress: Option<String> = row.get(4)?;
    let progress = progress.as_deref().map(read_progress);
    Ok(Listed::unread(EntryId(number(row, 0)?), which, (row.get(1)?, row.get(2)?, number(row, 3)?), progress))
}

/// Key, lane, time, place in the body, and the body, from that column on.
fn envelope(row: &Row<'_>, from: usize) -> rusqlite::Result<Result<Envelope, StoredError>> {
    let key: String = row.get(from)?;
    let lane: String = row.get(from + 1)?;
    let body = row.get_ref(from + 4)?.as_blob()?;
    Ok(Envelope::from_parts(key.into(), lane.into(), number(row, from + 2)?, row.get(from + 3)?, body))
}
