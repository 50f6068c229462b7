#![doc = include_str!("../README.md")]

mod application;
mod body;
mod claim;
mod decode;
mod desk;
mod effects;
mod entry;
mod envelope;
mod error;
mod event;
mod follow;
mod ids;
mod inbox;
mod install;
mod mention;
mod message;
mod openline;
mod secret;
mod states;
mod store;
mod stored;
mod tokens;
mod value;
mod webhook;

pub use application::{AppInstall, AppMethodConfirm, AppPayment, AppUninstall, AppUpdate};
pub use claim::Claim;
pub use decode::{Delivery, decode, decode_fetched};
pub use desk::{Desk, Listed, PortalDepth, Stats, Which};
pub use effects::{Effect, Effects, Ended, EntryEffects};
pub use entry::{Entry, EntryId, Progress, Settled};
pub use envelope::{Envelope, EventKey, Lane};
pub use error::{DecodeError, DecodeErrorKind};
pub use event::{
    Auth, Bot, BotDelete, Command, ContextGet, Event, Generation, JoinChat, MessageDelete, Payload, Portal,
    ReactionChange,
};
pub use follow::follow;
pub use ids::{BotId, ChatId, CommandId, DialogId, FileId, MemberId, MessageId, UserId};
pub use inbox::{Depth, Inbox, InboxError, InboxErrorKind, Stored};
pub use install::{Declined, InstallRequest, Installer, Page};
pub use message::{Chat, ChatKind, File, Forward, Message, User};
pub use openline::{Change, Connector, ConnectorMessage, ConnectorRemoved, OpenLineMessage, Session};
pub use secret::Secret;
pub use states::{Change as StateChange, Changes, Expected, State, States, Version};
pub use store::Store;
pub use stored::StoredError;
pub use tokens::{ApplicationTokens, Rejection};
pub use value::{Map, Value};
pub use webhook::Webhook;
