//! Group chats: `im.chat.*`.

use b24bot_core::{ChatId, DialogId, UserId};

use crate::methods::{ChatEntity, ChatType, Color, answers};

namespace! {
    /// Group chats: `im.chat.*`.
    Chat, scope Some("im"), under {
        /// Who is in a chat: `im.chat.user.*`.
        user: ChatUser,
    };

    /// Opens a group chat, of the caller and whom they name.
    act add = ChatAdd, "im.chat.add" at "chats/im-chat-add"
    () -> ChatId {
        /// Who takes part.
        users: [UserId] = "USERS",
        /// Open to all, or closed. Default: closed.
        kind: ChatType = "TYPE",
        /// The title.
        title: text = "TITLE",
        /// The description.
        description: text = "DESCRIPTION",
        /// The colour.
        color: Color = "COLOR",
        /// The first message.
        message: text = "MESSAGE",
        /// The picture, in Base64.
        avatar: text = "AVATAR",
        /// What the chat belongs to.
        entity_type: ChatEntity = "ENTITY_TYPE",
        /// Its id there, such as `DEAL|1663`.
        entity_id: text = "ENTITY_ID",
        /// The role of BitrixGPT in its chat.
        copilot_main_role: text = "COPILOT_MAIN_ROLE",
    };

    /// Finds the chat that belongs to something else on the portal, such as a deal.
    read get = ChatGet, "im.chat.get" at "chats/im-chat-get"
    (entity_type: ChatEntity = "ENTITY_TYPE", entity_id: text = "ENTITY_ID") -> Option<answers::ChatRef> {};

    /// Leaves a chat.
    set leave = ChatLeave, "im.chat.leave" at "chats/chat-users/im-chat-leave"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatIdEmpty, AccessError, AccessDeniedKick];

    /// Silences a chat's notifications, or lets them be heard again. Name the chat by `chat_id` or
    /// `dialog_id`.
    set mute = ChatMute, "im.chat.mute" at "chats/special-operations/im-chat-mute"
    () -> bool {
        /// The chat.
        chat_id: ChatId = "CHAT_ID",
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
        /// Whether it is silent. Default: yes.
        mute: yn = "MUTE",
    }
    errors [ChatIdEmpty, DialogIdEmpty, AccessError];

    /// Makes someone else a chat's owner.
    set set_owner = ChatSetOwner, "im.chat.setOwner" at "chats/chat-update/im-chat-set-owner"
    (chat_id: ChatId = "CHAT_ID", user_id: UserId = "USER_ID") -> bool {
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
    }
    errors [ChatIdEmpty, DialogIdEmpty, UserIdEmpty, AccessError, WrongRequest];

    /// Changes a chat's picture.
    set update_avatar = ChatUpdateAvatar, "im.chat.updateAvatar" at "chats/chat-update/im-chat-update-avatar"
    (chat_id: ChatId = "CHAT_ID", avatar: text = "AVATAR") -> bool {
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
    }
    errors [ChatIdEmpty, DialogIdEmpty, AccessDenied, AccessError, AvatarError, WrongRequest];

    /// Changes a chat's colour, which the mobile application shows.
    set update_color = ChatUpdateColor, "im.chat.updateColor" at "chats/chat-update/im-chat-update-color"
    (chat_id: ChatId = "CHAT_ID", color: Color = "COLOR") -> bool {
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
    }
    errors [ChatIdEmpty, DialogIdEmpty, AccessError, WrongColor, WrongRequest];

    /// Renames a chat.
    set update_title = ChatUpdateTitle, "im.chat.updateTitle" at "chats/chat-update/im-chat-update-title"
    (chat_id: ChatId = "CHAT_ID", title: text = "TITLE") -> bool {
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
    }
    errors [ChatIdEmpty, DialogIdEmpty, TitleEmpty, AccessError];
}

namespace! {
    /// Who is in a chat: `im.chat.user.*`.
    ChatUser, scope Some("im");

    /// Invites users to a chat.
    set add = ChatUserAdd, "im.chat.user.add" at "chats/chat-users/im-chat-user-add"
    (chat_id: ChatId = "CHAT_ID", users: [UserId] = "USERS") -> bool {
        /// Keep what was written before from them.
        hide_history: yn = "HIDE_HISTORY",
    }
    errors [ChatIdEmpty, AccessError, AccessDeniedExtend];

    /// Takes a user out of a chat.
    set delete = ChatUserDelete, "im.chat.user.delete" at "chats/chat-users/im-chat-user-delete"
    (chat_id: ChatId = "CHAT_ID", user_id: UserId = "USER_ID") -> bool {}
    errors [ChatIdEmpty, UserIdEmpty, AccessError, AccessDeniedKick, UserNotFound];

    /// Who is in a chat.
    read list = ChatUserList, "im.chat.user.list" at "chats/chat-users/im-chat-user-list"
    (chat_id: ChatId = "CHAT_ID") -> Vec<UserId> {}
    errors [ChatIdEmpty, AccessError];
}
