//! Bots of the first generation: `imbot.*`.

pub mod app;
pub mod chat;
pub mod command;
pub mod message;
pub mod v2;

use std::collections::BTreeMap;

use b24bot_core::{BotId, DialogId};

use crate::methods::{BotKind, BotProfile, Color, Gender, answers};

namespace! {
    /// Bots of the first generation: `imbot.*`.
    Imbot, scope Some("imbot"), under {
        /// Applications in the chat: `imbot.app.*`.
        app: app::App,
        /// The application's bots: `imbot.bot.*`.
        bot: Bot,
        /// Group chats, as a bot: `imbot.chat.*`.
        chat: chat::Chat,
        /// Slash commands: `imbot.command.*`.
        command: command::Command,
        /// Dialogs: `imbot.dialog.*`.
        dialog: Dialog,
        /// Messages of a bot: `imbot.message.*`.
        message: message::Message,
        /// Bots of the second generation: `imbot.v2.*`.
        v2: v2::V2,
    };

    /// Registers a bot. A code that exists already returns that bot and changes nothing on it.
    set register = Register, "imbot.register" at "chat-bots/outdated/bots/imbot-register"
    (
        code: text = "CODE",
        event_message_add: text = "EVENT_MESSAGE_ADD",
        event_welcome_message: text = "EVENT_WELCOME_MESSAGE",
        event_bot_delete: text = "EVENT_BOT_DELETE",
        properties: {BotProfile} = "PROPERTIES",
    ) -> BotId {
        /// What the bot is. Default: a plain bot.
        kind: BotKind = "TYPE",
        /// Whether it works in open channels. Default: no.
        openline: yn = "OPENLINE",
        /// One URL for all events.
        event_handler: text = "EVENT_HANDLER",
        /// The URL that is told of changed messages.
        event_message_update: text = "EVENT_MESSAGE_UPDATE",
        /// The URL that is told of deleted messages.
        event_message_delete: text = "EVENT_MESSAGE_DELETE",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        WrongAuthType, AccessDenied, EventMessageAddError, EventMessageUpdateError,
        EventMessageDeleteError, EventWelcomeMessageError, EventBotDeleteError, CodeError, NameError,
        MaxCountError, WrongRequest,
    ]
    deprecated "use `imbot.v2.Bot.register` instead";

    /// Takes a bot off the portal.
    set unregister = Unregister, "imbot.unregister" at "chat-bots/outdated/bots/imbot-unregister"
    (bot_id: BotId = "BOT_ID") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [WrongAuthType, AccessDenied, BotIdError, AppIdError, WrongRequest]
    deprecated "use `imbot.v2.Bot.unregister` instead";

    /// Changes a bot's profile.
    set update = Update, "imbot.update" at "chat-bots/outdated/bots/imbot-update"
    (bot_id: BotId = "BOT_ID") -> bool {
        /// The name.
        name: text = "FIELDS.NAME",
        /// The last name.
        last_name: text = "FIELDS.LAST_NAME",
        /// The colour.
        color: Color = "FIELDS.COLOR",
        /// The e-mail address; no other user's.
        email: text = "FIELDS.EMAIL",
        /// The birthday, `YYYY-MM-DD`.
        personal_birthday: text = "FIELDS.PERSONAL_BIRTHDAY",
        /// What it does.
        work_position: text = "FIELDS.WORK_POSITION",
        /// The web page.
        personal_www: text = "FIELDS.PERSONAL_WWW",
        /// The gender.
        personal_gender: Gender = "FIELDS.PERSONAL_GENDER",
        /// The picture, in Base64.
        personal_photo: json = "FIELDS.PERSONAL_PHOTO",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        WrongAuthType, AccessDenied, BotIdError, AppIdError, EventMessageAddError,
        EventMessageUpdateError, EventMessageDeleteError, EventWelcomeMessageError, EventBotDeleteError,
        NameError, WrongRequest,
    ]
    deprecated "use `imbot.v2.Bot.update` instead";
}

namespace! {
    /// The application's bots: `imbot.bot.*`.
    Bot, scope Some("imbot");

    /// The application's bots. Keys are their ids.
    read list = BotList, "imbot.bot.list" at "chat-bots/outdated/bots/imbot-bot-list"
    () -> BTreeMap<String, answers::RegisteredV1> {}
    errors [WrongAuthType]
    deprecated "use `imbot.v2.Bot.list` instead";
}

namespace! {
    /// Dialogs: `imbot.dialog.*`.
    Dialog, scope Some("imbot");

    /// What is known about a dialog.
    read get = DialogGet, "imbot.dialog.get" at "chat-bots/outdated/chats/imbot-dialog-get"
    (dialog_id: DialogId = "DIALOG_ID") -> answers::Chat {}
    errors [DialogIdEmpty, AccessError]
    deprecated "use `imbot.v2.Chat.get` instead";
}
