//! Events of open channels and their connectors.

use crate::{ChatId, MessageId, UserId};

/// Whether something was added, changed or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is new.
    Add,
    /// It was changed.
    Update,
    /// It is gone.
    Delete,
}

/// Where a client comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connector {
    /// The connector: `livechat`, `telegrambot`, or an application's own.
    pub id: String,
    /// The open channel.
    pub line: Option<u64>,
    /// The chat, as the connector names it.
    pub chat_id: String,
    /// The client, as the connector names them.
    pub user_id: String,
}

/// A message in an open channel: ONOPENLINEMESSAGEADD, …UPDATE, …DELETE. The last two name only ids.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenLineMessage {
    /// What happened to it.
    pub change: Change,
    /// Where it comes from.
    pub connector: Connector,
    /// The message.
    pub id: MessageId,
    /// Its chat on the portal.
    pub chat: Option<ChatId>,
    /// Its text.
    pub text: String,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Whether the platform itself wrote it.
    pub is_system: bool,
}

/// A conversation in an open channel began or ended: ONSESSIONSTART, ONSESSIONFINISH, and for connectors
/// ONIMCONNECTORDIALOGSTART, ONIMCONNECTORDIALOGFINISH.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session {
    /// Its id.
    pub id: u64,
    /// Whether it ended (or began).
    pub finished: bool,
    /// The session it goes on from.
    pub parent_id: Option<u64>,
    /// Where it comes from.
    pub connector: Connector,
    /// Its chat on the portal.
    pub chat: Option<ChatId>,
    /// The client's user on the portal.
    pub user: Option<UserId>,
}

/// A message for an application's own connector to deliver: ONIMCONNECTORMESSAGEADD, …UPDATE, …DELETE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectorMessage {
    /// What happened to it.
    pub change: Change,
    /// Where it goes; the client is not named.
    pub connector: Connector,
    /// The message on the portal.
    pub id: Option<MessageId>,
    /// Its chat on the portal.
    pub chat: Option<ChatId>,
    /// The ids the connector gave it.
    pub external_ids: Vec<String>,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Its text, in BB code.
    pub text: String,
}

/// An open channel, or a connector of one, was removed: ONIMCONNECTORLINEDELETE, ONIMCONNECTORSTATUSDELETE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectorRemoved {
    /// The connector, if only one was removed.
    pub connector: Option<String>,
    /// The open channel.
    pub line: Option<u64>,
}
