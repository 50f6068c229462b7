//! Messages of a bot: `imbot.message.*`.

use b24bot_core::{BotId, DialogId, MessageId, UserId};

use crate::LikeAction;

namespace! {
    /// Messages of a bot: `imbot.message.*`.
    Message, scope Some("imbot");

    /// Writes a message as the bot.
    act add = MessageAdd, "imbot.message.add" at "chat-bots/outdated/messages/imbot-message-add"
    (message: text = "MESSAGE") -> MessageId {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// Where to.
        dialog_id: DialogId = "DIALOG_ID",
        /// One side of a private dialog, to write to a dialog of others.
        from_user_id: UserId = "FROM_USER_ID",
        /// The other side of it.
        to_user_id: UserId = "TO_USER_ID",
        /// The attachment.
        attach: json = "ATTACH",
        /// The keyboard.
        keyboard: json = "KEYBOARD",
        /// The context menu.
        menu: json = "MENU",
        /// As a system message. Default: no.
        system: yn = "SYSTEM",
        /// Whether links are shown with a preview. Default: yes.
        url_preview: yn = "URL_PREVIEW",
        /// In an open channel: keep the message from the client.
        skip_connector: yn = "SKIP_CONNECTOR",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        BotIdError, AppIdError, DialogIdEmpty, MessageEmpty, AttachOversize, AttachError, KeyboardError,
        KeyboardOversize, MenuError, MenuOversize, WrongRequest,
    ]
    deprecated "use `imbot.v2.Chat.Message.send` instead";

    /// Deletes a message of the bot's.
    set delete = MessageDelete, "imbot.message.delete" at "chat-bots/outdated/messages/imbot-message-delete"
    (message_id: MessageId = "MESSAGE_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// Without a trace, if nobody has read it yet.
        complete: yn = "COMPLETE",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [BotIdError, AppIdError, MessageIdError, CantEditMessage]
    deprecated "use `imbot.v2.Chat.Message.delete` instead";

    /// Sets the bot's like on a message, takes it away, or toggles it. That nothing changed is the error
    /// [`WithoutChanges`](crate::ErrorCode::WithoutChanges).
    mark like = MessageLike, "imbot.message.like" at "chat-bots/outdated/messages/imbot-message-like"
    (message_id: MessageId = "MESSAGE_ID", action: LikeAction = "ACTION") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [BotIdError, AppIdError, MessageIdError, WithoutChanges]
    deprecated "use `imbot.v2.Chat.Message.Reaction.add` and `imbot.v2.Chat.Message.Reaction.delete` instead";

    /// Changes a message of the bot's, within three days.
    set update = MessageUpdate, "imbot.message.update" at "chat-bots/outdated/messages/imbot-message-update"
    (message_id: MessageId = "MESSAGE_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// The text.
        message: text = "MESSAGE",
        /// The attachment.
        attach: json = "ATTACH",
        /// The keyboard.
        keyboard: json = "KEYBOARD",
        /// The context menu.
        menu: json = "MENU",
        /// Whether links are shown with a preview. Default: yes.
        url_preview: yn = "URL_PREVIEW",
        /// In an open channel: keep the message from the client.
        skip_connector: yn = "SKIP_CONNECTOR",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        BotIdError, AppIdError, MessageIdError, AttachError, AttachOversize, KeyboardError,
        KeyboardOversize, MenuError, MenuOversize, CantEditMessage,
    ]
    deprecated "use `imbot.v2.Chat.Message.update` instead";
}
