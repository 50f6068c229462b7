//! The event model: one for both generations of the bot platform.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use crate::{
    AppInstall, AppMethodConfirm, AppPayment, AppUninstall, AppUpdate, BotId, ChatId, CommandId,
    ConnectorMessage, ConnectorRemoved, DialogId, MemberId, Message, MessageId, OpenLineMessage, Secret,
    Session, User, UserId, Value, body, message::Chat,
};

/// One event for one bot.
///
/// A body that names several bots or several commands becomes one event for each.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The platform's name, in capitals: `ONIMBOTMESSAGEADD`.
    pub name: String,
    /// The format it came in.
    pub generation: Generation,
    /// Who sent it.
    pub portal: Portal,
    /// Whom it is for; absent where an event concerns the application.
    pub bot: Option<Bot>,
    /// When the portal sent it, in seconds since 1970.
    pub sent_at: Option<u64>,
    /// Its number in the bot's log, `eventId`: only what was fetched has one.
    pub event_id: Option<u64>,
    /// What happened.
    pub payload: Payload,
    pub(crate) data: Data,
}

impl Event {
    /// Everything that came under `data`, as it came: for what the typed model does not know. Read when first asked.
    #[must_use]
    pub fn data(&self) -> &Value {
        self.data.tree.get_or_init(|| {
            // It was read before; what could not be read would be no event.
            body::parse(&self.data.body)
                .map(|document| document.root().get("data").to_value())
                .unwrap_or_default()
        })
    }

    /// The body it came in, which [`decode`](crate::decode) reads again. It holds tokens.
    #[must_use]
    pub fn body(&self) -> &Arc<[u8]> {
        &self.data.body
    }

    /// Which of its body's events it is, counted from 0: a body that names several bots is several events.
    #[must_use]
    pub fn nth(&self) -> u32 {
        self.data.nth
    }

    /// Where it happened, if in a dialog.
    #[must_use]
    pub fn dialog(&self) -> Option<&DialogId> {
        match &self.payload {
            Payload::MessageAdd(message) | Payload::MessageUpdate(message) => Some(&message.dialog),
            Payload::MessageDelete(deleted) => Some(&deleted.dialog),
            Payload::JoinChat(join) => Some(&join.dialog),
            Payload::Command(command) => Some(&command.message.dialog),
            Payload::ReactionChange(change) => Some(&change.message.dialog),
            Payload::ContextGet(context) => Some(&context.dialog),
            _ => None,
        }
    }
}

/// The body of an event, and what came in it under `data`.
#[derive(Clone)]
pub(crate) struct Data {
    body: Arc<[u8]>,
    nth: u32,
    tree: OnceLock<Value>,
}

impl Data {
    pub(crate) fn of(body: &Arc<[u8]>) -> Self {
        Self { body: Arc::clone(body), nth: 0, tree: OnceLock::new() }
    }

    pub(crate) fn of_nth(&self, nth: u32) -> Self {
        Self { nth, ..self.clone() }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.body.len())
    }
}

/// The generation of the bot platform. A bot receives events only in the format of the one it was registered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// `imbot.*`, with keys in capitals.
    V1,
    /// `imbot.v2.*`, with keys in camel case.
    V2,
}

/// The portal that sent an event, as its `auth` says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Portal {
    /// The portal's id.
    pub member_id: Option<MemberId>,
    /// Its domain at that time: `some-domain.bitrix24.com`.
    pub domain: Option<String>,
    /// Where its REST methods are: `https://some-domain.bitrix24.com/rest/`.
    pub client_endpoint: Option<String>,
    /// The authorization server that renews its tokens.
    pub server_endpoint: Option<String>,
}

/// The bot an event is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Bot {
    /// The bot's id.
    pub id: BotId,
    /// The code it was registered with.
    pub code: String,
    /// Its own token; only an application's bots get one.
    pub auth: Option<Auth>,
}

/// A bot's own access to the portal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Auth {
    /// Valid for an hour.
    pub access_token: Secret,
    /// Renews it, if the portal sent one.
    pub refresh_token: Option<Secret>,
    /// Where the portal's REST methods are.
    pub client_endpoint: String,
    /// The user on whose behalf calls are made: the bot.
    pub user_id: Option<UserId>,
    /// What the token may do: `im`, `imbot`.
    pub scope: Vec<String>,
    /// When it expires, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// The application's id.
    pub client_id: Option<String>,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// Someone wrote a message: ONIMBOTMESSAGEADD, ONIMBOTV2MESSAGEADD, and for a user's own events ONIMV2MESSAGEADD,
    /// which names no bot.
    MessageAdd(Message),
    /// Someone changed a message: ONIMBOTMESSAGEUPDATE, ONIMBOTV2MESSAGEUPDATE.
    MessageUpdate(Message),
    /// A message was deleted: ONIMBOTMESSAGEDELETE, ONIMBOTV2MESSAGEDELETE.
    MessageDelete(MessageDelete),
    /// The bot came into a dialog: ONIMBOTJOINCHAT, ONIMBOTV2JOINCHAT.
    JoinChat(JoinChat),
    /// The bot was deleted: ONIMBOTDELETE, ONIMBOTV2DELETE.
    BotDelete(BotDelete),
    /// Someone called a slash command: ONIMCOMMANDADD, ONIMBOTV2COMMANDADD.
    Command(Command),
    /// Someone set or removed a reaction: ONIMBOTV2REACTIONCHANGE.
    ReactionChange(ReactionChange),
    /// Someone opened the bot from somewhere: ONIMBOTV2CONTEXTGET.
    ContextGet(ContextGet),
    /// A portal installed the application: ONAPPINSTALL.
    AppInstall(AppInstall),
    /// A portal updated the application: ONAPPUPDATE.
    AppUpdate(AppUpdate),
    /// A portal removed the application: ONAPPUNINSTALL.
    AppUninstall(AppUninstall),
    /// A portal paid for the application, or did not: ONAPPPAYMENT.
    AppPayment(AppPayment),
    /// An administrator allowed or refused a method: ONAPPMETHODCONFIRM.
    AppMethodConfirm(AppMethodConfirm),
    /// A message in an open channel: ONOPENLINEMESSAGEADD, …UPDATE, …DELETE.
    OpenLineMessage(OpenLineMessage),
    /// A conversation in an open channel began or ended: ONSESSIONSTART, ONIMCONNECTORDIALOGSTART, …FINISH.
    Session(Session),
    /// A message for a connector to deliver: ONIMCONNECTORMESSAGEADD, …UPDATE, …DELETE.
    ConnectorMessage(ConnectorMessage),
    /// An open channel or a connector was removed: ONIMCONNECTORLINEDELETE, ONIMCONNECTORSTATUSDELETE.
    ConnectorRemoved(ConnectorRemoved),
    /// Any other event: its data is at [`Event::data`](Event::data()).
    Other,
}

/// A message that is gone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageDelete {
    /// The message.
    pub id: MessageId,
    /// Where it stood.
    pub dialog: DialogId,
    /// The chat of that dialog.
    pub chat: Chat,
    /// Who is named as the author, or as the one who deleted it.
    pub user: Option<UserId>,
}

/// The bot came into a chat, or someone opened a private dialog with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JoinChat {
    /// The dialog.
    pub dialog: DialogId,
    /// The chat of that dialog.
    pub chat: Chat,
    /// Who added the bot.
    pub user: Option<User>,
    /// The language of the portal: `en`.
    pub language: Option<String>,
}

/// The bot was deleted from the portal; which one says [`Event::bot`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BotDelete {}

/// A slash command was called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Command {
    /// The registered command.
    pub id: Option<CommandId>,
    /// Its name, without the slash: `help`.
    pub name: String,
    /// What followed the name.
    pub params: String,
    /// Where it was called, in lower case: `textarea`, `keyboard` or `menu`.
    pub context: Option<String>,
    /// Who called it: whoever typed the message, or pressed the button.
    pub user: Option<User>,
    /// The message that called it; a button's is the message it stands under.
    pub message: Message,
}

/// A reaction was set or removed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReactionChange {
    /// The reaction's code: `like`, `fire`.
    pub reaction: String,
    /// Whether it was set (or removed).
    pub added: bool,
    /// The message.
    pub message: Message,
    /// Who did it.
    pub user: Option<User>,
}

/// Someone opened the bot from a place on the portal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContextGet {
    /// The dialog with the bot.
    pub dialog: DialogId,
    /// The chat of that dialog.
    pub chat: Chat,
    /// Who opened it.
    pub user: Option<User>,
    /// What they came from: `task`; whatever else is told is at [`Event::data`](Event::data()).
    pub entity_type: Option<String>,
    /// Which one.
    pub entity_id: Option<String>,
    /// How they came: `link`.
    pub source: Option<String>,
}

impl Chat {
    /// The id of a group's chat, from the chat or from the dialog.
    pub(crate) fn id_of(id: Option<u64>, dialog: &DialogId) -> Option<ChatId> {
        id.filter(|id| *id != 0).map(ChatId::from).or_else(|| dialog.chat())
    }
}
