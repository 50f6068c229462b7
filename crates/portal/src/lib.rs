#![doc = include_str!("../README.md")]

mod application;
mod batch;
mod body;
mod clock;
mod control;
mod credentials;
mod delivery;
mod downloads;
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
mod refusal;
mod rest;
mod saving;
mod shared;
mod state;
mod tree;
mod work;

pub use application::Application;
pub use error::{Error, ErrorKind};
pub use portal::{Portal, PortalBuilder};
