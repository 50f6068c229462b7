//! What a bot needs: `use b24bot::prelude::*;`.

pub use async_trait::async_trait;
pub use b24bot_actions::{Context, LikeAction, Mark};
pub use b24bot_core::{
    AppInstall, AppMethodConfirm, AppPayment, AppUninstall, AppUpdate, BotDelete, Change, ChatKind, Command,
    ConnectorMessage, ConnectorRemoved, ContextGet, DialogId, Event, JoinChat, Message, MessageDelete,
    MessageId, OpenLineMessage, Payload, ReactionChange, Session, User, UserId, Value,
};
pub use b24bot_dispatcher::{BoxError, Failure, Handler, Result, give_up};
pub use b24bot_rules::CommandSettings;

pub use crate::Bot;
