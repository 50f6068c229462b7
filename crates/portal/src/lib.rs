#![doc = include_str!("../README.md")]

mod application;
mod batch;
mod body;
mod changes;
mod clock;
mod control;
mod credentials;
mod delivery;
mod error;
mod events;
mod faults;
mod form;
mod journal;
mod limits;
mod listener;
mod methods;
mod oauth;
mod page;
mod params;
mod portal;
mod recording;
mod refusal;
pub mod replay;
mod rest;
mod ring;
mod secrets;
mod shared;
mod state;
mod trace;
mod traffic;
mod tree;
mod work;

pub use application::Application;
pub use changes::Changes;
pub use error::{Error, ErrorKind};
pub use portal::{Portal, PortalBuilder};
