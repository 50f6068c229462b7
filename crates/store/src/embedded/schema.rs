//! The tables, their versions, and how the file is opened.

use std::{fs::OpenOptions, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{OpenError, OpenErrorKind};

/// Marks the file as one of ours: `b24b`.
const APPLICATION_ID: i64 = 0x6232_3462;

/// The step at place n leads from format n to n + 1. Steps are never changed, only added.
pub(super) const STEPS: [&str; 2] = [INBOX, STATES];
/// The format that this code reads and writes.
pub(super) const FORMAT: i64 = STEPS.len() as i64;

/// Times are in milliseconds since 1970. The numbers of entries and the versions of states come from one counter.
const INBOX: &str = "
    CREATE TABLE event (
        id          INTEGER PRIMARY KEY,
        key         TEXT NOT NULL,
        lane        TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        nth         INTEGER NOT NULL,
        progress    TEXT,
        body        BLOB NOT NULL
    );
    CREATE INDEX retrying ON event (id) WHERE progress IS NOT NULL;
    CREATE TABLE dead (
        id          INTEGER PRIMARY KEY,
        key         TEXT NOT NULL,
        lane        TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        nth         INTEGER NOT NULL,
        progress    TEXT NOT NULL,
        failed_at   INTEGER NOT NULL,
        body        BLOB NOT NULL
    );
    CREATE TABLE effect (
        digest BLOB NOT NULL,
        name   TEXT NOT NULL,
        result BLOB,
        PRIMARY KEY (digest, name)
    ) WITHOUT ROWID;
    CREATE TABLE recent_key (
        id     INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        at     INTEGER NOT NULL
    );
    CREATE TABLE key_run (
        id      INTEGER PRIMARY KEY,
        until   INTEGER NOT NULL,
        digests BLOB NOT NULL
    );
    CREATE TABLE counter (
        one     INTEGER PRIMARY KEY CHECK (one = 1),
        next    INTEGER NOT NULL,
        pending INTEGER NOT NULL,
        dead    INTEGER NOT NULL,
        bytes   INTEGER NOT NULL
    );
    INSERT INTO counter VALUES (1, 1, 0, 0, 0);
";

const STATES: &str = "
    CREATE TABLE state (
        key     TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        value   BLOB NOT NULL
    ) WITHOUT ROWID;
";

/// Opens the file for the one that writes; makes it where there is none, and brings it to the present format.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let shown = path.display();
    if path.is_dir() {
        let message = format!("{shown} is a folder: the store is a file, so give another `path` in [store]");
        return Err(OpenError::new(OpenErrorKind::Foreign, message));
    }
    create(path).map_err(|error| {
        let message =
            format!("the store {shown} cannot be made: give a `path` in [store] that can be written");
        OpenError::new(OpenErrorKind::Storage, message).because(error)
    })?;
    open_existing(path)
}

/// The same of a file that must be there.
pub(super) fn open_existing(path: &Path) -> Result<Connection, OpenError> {
    let shown = path.display();
    let failed = |error: rusqlite::Error| {
        if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
            let message = format!("{shown} is something else than a store: give another `path` in [store]");
            return OpenError::new(OpenErrorKind::Foreign, message).because(error);
        }
        let message = format!("the store {shown} cannot be opened");
        OpenError::new(OpenErrorKind::Storage, message).because(error)
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let format = pragma(&connection, "user_version").map_err(failed)?;
    let application = pragma(&connection, "application_id").map_err(failed)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION_ID && (tables > 0 || format != 0) {
        let message = format!("{shown} is another program's database: give another `path` in [store]");
        return Err(OpenError::new(OpenErrorKind::Foreign, message));
    }
    if format > FORMAT {
        let message = format!(
            "the store {shown} was written by a later version of b24bot (format {format}, this one reads up to \
             {FORMAT}): run that version, or give another `path` in [store]"
        );
        return Err(OpenError::new(OpenErrorKind::Newer, message));
    }
    let mode = prepare(&connection).map_err(failed)?;
    if mode != "wal" {
        let message = format!(
            "the store {shown} is where SQLite cannot share memory (a network folder, perhaps): give a `path` on a \
             disk of this machine in [store]"
        );
        return Err(OpenError::new(OpenErrorKind::Storage, message));
    }
    if application != APPLICATION_ID {
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    }
    migrate(&mut connection, format, path).map_err(failed)?;
    Ok(connection)
}

/// Opens the file once more, to read.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -2_048)?;
    Ok(connection)
}

/// Sets the connection up; the journal's mode.
fn prepare(connection: &Connection) -> rusqlite::Result<String> {
    // Someone may look at the file with a tool of their own.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // A few events a page. It counts for a new file only.
    connection.pragma_update(None, "page_size", 16_384)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    // Tokens of events that are gone do not stay in pages that still hold others. Pages that become free keep them: to
    // overwrite those too would be as many writes again.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    // In KiB, with a minus.
    connection.pragma_update(None, "cache_size", -8_192)?;
    // In pages. Most events are settled by then, and never get into the file itself.
    connection.pragma_update(None, "wal_autocheckpoint", 3_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(mode)
}

fn migrate(connection: &mut Connection, format: i64, path: &Path) -> rusqlite::Result<()> {
    if format == FORMAT {
        return Ok(());
    }
    if format > 0 {
        tracing::info!(store = %path.display(), from = format, to = FORMAT, "bringing the store to a new format");
    }
    // All steps or none.
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(usize::try_from(format).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Events hold what people wrote, and tokens: nobody else on the machine may read them.
fn create(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
