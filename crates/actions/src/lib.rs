#![doc = include_str!("../README.md")]

mod address;
mod answer;
mod bot;
mod bucket;
mod call;
mod client;
mod code;
pub mod content;
mod context;
mod error;
pub mod files;
mod like;
mod limiter;
mod measure;
pub mod methods;
mod portal;
mod portals;
mod redirect;
mod retry;
mod speak;
mod transport;
mod webhook;

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
pub use retry::{Repeat, RetryPolicy};
pub use webhook::WebhookUrl;
