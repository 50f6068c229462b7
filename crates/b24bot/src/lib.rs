#![doc = include_str!("../README.md")]

mod admin;
mod beside;
mod bot;
pub mod desk;
#[cfg(feature = "portal")]
mod dev;
pub mod doctor;
mod error;
mod fetch;
mod follow;
mod install;
mod intake;
pub mod office;
pub mod portals;
pub mod registration;
mod running;
mod sealing;
mod secrets;
mod server;
mod signals;
mod storage;
mod telemetry;
#[cfg(feature = "portal")]
pub mod testing;
mod trust;

pub mod prelude;

pub use b24bot_actions as actions;
pub use b24bot_core as core;
pub use b24bot_dispatcher as dispatcher;
#[cfg(feature = "portal")]
pub use b24bot_portal as portal;
pub use b24bot_rules as rules;
pub use b24bot_store as store;
pub use bot::{Bot, portals};
#[cfg(feature = "portal")]
pub use dev::Dev;
pub use error::{Error, ErrorKind};
pub use running::Running;
pub use signals::Signals;
pub use storage::open_store;
