//! From the store to handlers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

mod draining;
mod handling;
mod portals;
mod retries;
mod setup;
mod shelf;
