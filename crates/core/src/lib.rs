#![doc = include_str!("../README.md")]

mod ids;
mod secret;
mod value;

pub use ids::{BotId, ChatId, CommandId, DialogId, FileId, MemberId, MessageId, UserId};
pub use secret::Secret;
pub use value::{Map, Value};
