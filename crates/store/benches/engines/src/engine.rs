//! What an engine has to do for the inbox, and the sum of it that an engine is asked to make durable at once.

use std::error::Error;
use std::path::Path;

/// Anything that went wrong, in the engine's own words.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What tells an event from its repeats.
pub type Key = [u8; 16];

/// How much memory an engine may keep pages or blocks in.
pub const CACHE_BYTES: usize = 64 << 20;

/// An event that came in.
pub struct Event {
    pub id: u64,
    pub key: Key,
    pub time: u64,
    pub body: Vec<u8>,
}

/// What one durable transaction does.
#[derive(Default)]
pub struct Group {
    /// Events to store, unless their key is known.
    pub put: Vec<Event>,
    /// Events whose bodies are not needed any more.
    pub settled: Vec<u64>,
    /// Keys that need not be remembered any more, in the order they came in.
    pub forgotten: Vec<(u64, Key)>,
}

/// A store of events that are waiting and of keys that were seen.
pub trait Engine {
    /// Does all of the group or nothing, and returns once it is on the disk. Says how many events were new.
    fn commit(&mut self, group: &Group) -> Outcome<usize>;
    /// The oldest event that is waiting.
    fn first(&mut self) -> Outcome<Option<(u64, Vec<u8>)>>;
    /// The numbers of all events that are waiting.
    fn waiting(&mut self) -> Outcome<Vec<u64>>;
}

/// The names of all that are compared; `-mem` keeps the keys in memory, and on the disk in the order they came.
pub const NAMES: [&str; 8] =
    ["sqlite-row", "sqlite", "sqlite-mem", "redb", "redb-quick", "redb-mem", "fjall", "fjall-mem"];

/// Opens the engine of this name in a directory, or makes it there.
pub fn open(name: &str, dir: &Path) -> Outcome<Box<dyn Engine>> {
    Ok(match name {
        "sqlite-row" => Box::new(crate::sqlite::Rows::open(dir)?),
        "sqlite" => Box::new(crate::sqlite::Tables::open(dir, false)?),
        "sqlite-mem" => Box::new(crate::sqlite::Tables::open(dir, true)?),
        "redb" => Box::new(crate::redb::Redb::open(dir, false, false)?),
        "redb-quick" => Box::new(crate::redb::Redb::open(dir, false, true)?),
        "redb-mem" => Box::new(crate::redb::Redb::open(dir, true, false)?),
        "fjall" => Box::new(crate::fjall::Fjall::open(dir, false)?),
        "fjall-mem" => Box::new(crate::fjall::Fjall::open(dir, true)?),
        _ => return Err(format!("no engine {name}; there are {NAMES:?}").into()),
    })
}
