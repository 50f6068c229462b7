#![doc = include_str!("../README.md")]

mod memory;
mod seen;

pub use memory::MemoryInbox;
