#![doc = include_str!("../README.md")]

mod address;
mod answer;
mod batch;
mod bot;
mod bucket;
mod call;
mod carriage;
mod client;
mod code;
pub mod content;
mod context;
mod deliver;
mod departures;
mod error;
pub mod files;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod like;
mod measure;
pub mod methods;
mod once;
mod outgoing;
mod portal;
mod portals;
mod promise;
mod query;
mod queue;
mod redirect;
mod retry;
mod speak;
mod transport;
mod way_out;
mod webhook;
mod work_time;

pub use address::{AddressError, AddressErrorKind};
pub use answer::{Answer, Time};
pub use bucket::Limits;
pub use call::Call;
pub use client::Client;
pub use code::ErrorCode;
pub use context::Context;
pub use error::{Error, ErrorKind};
pub use like::{LikeAction, Mark, UnknownAction};
pub use portals::{Portals, PortalsBuilder, RegisteredBot};
pub use promise::{Promise, Promises, UnknownPromise};
pub use retry::{Repeat, RetryPolicy};
pub use way_out::Overflow;
pub use webhook::WebhookUrl;
