#![doc = include_str!("../README.md")]

mod dispatcher;
mod drain;
mod failure;
mod give_up;
mod handler;
mod lanes;
mod measure;
mod pauses;
mod retries;
mod ticket;
mod turns;
mod worker;

pub use dispatcher::Dispatcher;
pub use drain::{Drain, Drained};
pub use failure::{Cause, Failure};
pub use give_up::give_up;
pub use handler::{BoxError, Handler, Result};
pub use pauses::Pauses;
pub use retries::{Order, Retries};
