//! Dialogs, private ones and chats alike: `im.dialog.*`.

use b24bot_core::{ChatId, DialogId, MessageId};

use crate::methods::answers;

namespace! {
    /// Dialogs, private ones and chats alike: `im.dialog.*`.
    Dialog, scope Some("im"), under {
        /// A dialog's messages: `im.dialog.messages.*`.
        messages: DialogMessages,
        /// A dialog's people: `im.dialog.users.*`.
        users: DialogUsers,
    };

    /// What is known about a dialog.
    read get = DialogGet, "im.dialog.get" at "chats/im-dialog-get"
    (dialog_id: DialogId = "DIALOG_ID") -> answers::Chat {}
    errors [DialogIdEmpty, AccessError];

    /// Marks a dialog as read, up to a message if one is named.
    set read = DialogRead, "im.dialog.read" at "chats/messages/im-dialog-read"
    (dialog_id: DialogId = "DIALOG_ID") -> answers::DialogRead {
        /// Up to this one.
        message_id: MessageId = "MESSAGE_ID",
    }
    errors [DialogIdEmpty];

    /// Marks all dialogs as read.
    set read_all = DialogReadAll, "im.dialog.read.all" at "chats/special-operations/im-dialog-read-all"
    () -> bool {};

    /// Marks a dialog as unread from a message on.
    set unread = DialogUnread, "im.dialog.unread" at "chats/messages/im-dialog-unread"
    (dialog_id: DialogId = "DIALOG_ID", message_id: MessageId = "MESSAGE_ID") -> bool {}
    errors [MessageIdError, DialogIdEmpty];

    /// Shows that the caller is writing.
    set writing = DialogWriting, "im.dialog.writing" at "chats/messages/im-dialog-writing"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {}
    errors [DialogIdEmpty, AccessError];
}

namespace! {
    /// A dialog's messages: `im.dialog.messages.*`.
    DialogMessages, scope Some("im");

    /// The latest messages of a dialog, or those before or after a message.
    read get = DialogMessagesGet, "im.dialog.messages.get" at "chats/messages/im-dialog-messages-get"
    (dialog_id: DialogId = "DIALOG_ID") -> answers::Messages {
        /// Older ones than this message.
        last_id: u64 = "LAST_ID",
        /// Newer ones than this message.
        first_id: MessageId = "FIRST_ID",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    errors [DialogIdEmpty, FirstIdString, LastIdString, AccessError]
    pages messages "LAST_ID";

    /// Looks for messages in a chat, by text and by date.
    read search = DialogMessagesSearch, "im.dialog.messages.search"
        at "chats/messages/im-dialog-messages-search"
    (chat_id: ChatId = "CHAT_ID") -> answers::Messages {
        /// What to look for; at least three characters.
        search_message: text = "SEARCH_MESSAGE",
        /// The period, ISO 8601.
        date_from: text = "DATE_FROM",
        /// The period, ISO 8601.
        date_to: text = "DATE_TO",
        /// The day, ISO 8601.
        date: text = "DATE",
        /// The order: a field's name and `ASC` or `DESC`.
        order: json = "ORDER",
        /// How many at most.
        limit: u64 = "LIMIT",
        /// The last message of the page before.
        last_id: u64 = "LAST_ID",
    }
    errors [ChatIdEmpty, AccessError]
    pages last "LAST_ID";
}

namespace! {
    /// A dialog's people: `im.dialog.users.*`.
    DialogUsers, scope Some("im");

    /// Who takes part in a dialog.
    read list = DialogUsersList, "im.dialog.users.list" at "chats/chat-users/im-dialog-users-list"
    (dialog_id: DialogId = "DIALOG_ID") -> Vec<answers::User> {
        /// Without bots and other users that are no people. Default: no.
        skip_external: yn = "SKIP_EXTERNAL",
        /// Kinds of them to keep, with commas between.
        skip_external_except_types: text = "SKIP_EXTERNAL_EXCEPT_TYPES",
        /// How many at most.
        limit: u64 = "LIMIT",
        /// The last id of the page before.
        last_id: u64 = "LAST_ID",
        /// How many to leave out.
        offset: u64 = "OFFSET",
    }
    errors [DialogIdEmpty, AccessError]
    pages offset "OFFSET";
}
