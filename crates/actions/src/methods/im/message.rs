//! Messages: `im.message.*`.

use b24bot_core::{BotId, DialogId, MessageId};

use crate::{LikeAction, methods::ShareAs};

namespace! {
    /// Messages: `im.message.*`.
    Message, scope Some("im");

    /// Writes a message to a dialog. It is from whoever the credentials belong to.
    act add = MessageAdd, "im.message.add" at "chats/messages/im-message-add"
    (dialog_id: DialogId = "DIALOG_ID", message: text = "MESSAGE") -> MessageId {
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
        /// The message that this one replies to.
        reply_to: MessageId = "REPLY_ID",
    }
    errors [
        MessageEmpty, UserIdEmpty, UserNotFound, ChatId, AccessError, ParamsError, AttachError,
        AttachOversize, KeyboardError, MenuError, ReplyAccessError, ReplyFromOtherChatError,
    ];

    /// Sends a bot's command, as a press on a keyboard's button does.
    act command = MessageCommand, "im.message.command" at "chats/messages/im-message-command"
    (message_id: MessageId = "MESSAGE_ID", bot_id: BotId = "BOT_ID", command: text = "COMMAND") -> bool {
        /// What follows the command's name.
        command_params: text = "COMMAND_PARAMS",
    }
    errors [MessageIdError, BotIdError, CommandError, ParamsError];

    /// Deletes a message of the caller's own.
    set delete = MessageDelete, "im.message.delete" at "chats/messages/im-message-delete"
    (message_id: MessageId = "MESSAGE_ID") -> bool {}
    errors [MessageIdError, CantEditMessage];

    /// Sets a like on a message, takes it away, or toggles it. That nothing changed is the error
    /// [`WithoutChanges`](crate::ErrorCode::WithoutChanges). The platform's own default toggles, so the
    /// action is always named; [`Context::like`](crate::Context::like) is the kinder call.
    mark like = MessageLike, "im.message.like" at "chats/messages/im-message-like"
    (message_id: MessageId = "MESSAGE_ID", action: LikeAction = "ACTION") -> bool {}
    errors [MessageIdError, WithoutChanges];

    /// Makes something new of a message: a chat, a task, a post, a calendar event.
    act share = MessageShare, "im.message.share" at "chats/messages/im-message-share"
    (
        message_id: MessageId = "MESSAGE_ID",
        dialog_id: DialogId = "DIALOG_ID",
        kind: ShareAs = "TYPE",
    ) -> bool {}
    errors [MessageIdError, DialogIdEmpty, AccessError, ParamsError];

    /// Changes a message of the caller's own, within three days.
    set update = MessageUpdate, "im.message.update" at "chats/messages/im-message-update"
    (message_id: MessageId = "MESSAGE_ID") -> bool {
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
        /// Whether the message is marked as edited.
        is_edited: yn = "IS_EDITED",
    }
    errors [
        MessageIdError, CantEditMessage, AttachError, AttachOversize, KeyboardError, KeyboardOversize,
        MenuError, MenuOversize,
    ];
}
