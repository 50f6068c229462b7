#![doc = include_str!("../README.md")]

mod embedded;
mod error;
mod holdings;
mod memory;
mod nats;
mod seen;
mod watchers;

pub use embedded::{EmbeddedOptions, EmbeddedStore};
pub use error::{OpenError, OpenErrorKind};
pub use memory::MemoryStore;
pub use nats::{NatsOptions, NatsStore};
