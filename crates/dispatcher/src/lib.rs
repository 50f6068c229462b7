#![doc = include_str!("../README.md")]

mod dispatcher;
mod failure;
mod handler;
mod lanes;

pub use dispatcher::Dispatcher;
pub use failure::{Cause, Failure};
pub use handler::{BoxError, Handler, Result};
