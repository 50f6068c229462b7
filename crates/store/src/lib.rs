#![doc = include_str!("../README.md")]

mod error;
mod memory;
mod seen;

pub use error::{OpenError, OpenErrorKind};
pub use memory::MemoryStore;
