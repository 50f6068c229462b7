//! What a bot needs: `use b24bot::prelude::*;`.

pub use async_trait::async_trait;
pub use b24bot_actions::{Context, LikeAction, Mark};
pub use b24bot_core::{
    BotDelete, ChatKind, Command, ContextGet, DialogId, Event, JoinChat, Message, MessageDelete, MessageId,
    Payload, ReactionChange, User, UserId, Value,
};
pub use b24bot_dispatcher::{BoxError, Failure, Handler, Result};

pub use crate::Bot;
