//! Calls over real sockets, against a portal that answers as it is told.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // the helpers of tests may fail as tests do

mod batches;
mod compression;
mod confirmation;
mod conformance;
mod connections;
mod errors;
mod expiry;
mod files;
mod installed;
mod log;
mod metrics;
mod moved;
mod once;
mod once_model;
mod portal;
mod repeats;
mod secrets;
mod sends;
mod speaks;
mod vendor;
mod who_likes;
