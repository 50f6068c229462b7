//! Group chats, as a bot: `imbot.chat.*`.

use b24bot_core::{BotId, ChatId, DialogId, UserId};

use crate::methods::{ChatEntity, ChatType, Color, answers};

namespace! {
    /// Group chats, as a bot: `imbot.chat.*`.
    Chat, scope Some("imbot"), under {
        /// Who is in a chat: `imbot.chat.user.*`.
        user: ChatUser,
    };

    /// Opens a group chat in the bot's name.
    act add = ChatAdd, "imbot.chat.add" at "chat-bots/outdated/chats/imbot-chat-add"
    () -> ChatId {
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
        /// Who takes part.
        users: [UserId] = "USERS",
        /// The picture, in Base64.
        avatar: text = "AVATAR",
        /// What the chat belongs to.
        entity_type: ChatEntity = "ENTITY_TYPE",
        /// Its id there, such as `DEAL|1663`.
        entity_id: text = "ENTITY_ID",
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [InvalidFormat, BotIdError, AppIdError, WrongRequest]
    deprecated "use `imbot.v2.Chat.add` instead";

    /// Finds the chat that belongs to something else on the portal, such as a deal.
    read get = ChatGet, "imbot.chat.get" at "chat-bots/outdated/chats/imbot-chat-get"
    (entity_type: ChatEntity = "ENTITY_TYPE", entity_id: text = "ENTITY_ID") -> Option<answers::ChatRef> {}
    errors [AuthorizeError, AccessError]
    deprecated "use `imbot.v2.Chat.get` instead";

    /// Lets the bot leave a chat.
    set leave = ChatLeave, "imbot.chat.leave" at "chat-bots/outdated/chats/imbot-chat-leave"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, AccessError, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.leave` instead";

    /// Shows that the bot is writing.
    set send_typing = ChatSendTyping, "imbot.chat.sendTyping"
        at "chat-bots/outdated/chats/imbot-chat-send-typing"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [BotIdError, AppIdError, DialogIdEmpty]
    deprecated "use `imbot.v2.Chat.InputAction.notify` instead";

    /// Makes a user a chat's manager, or takes that away.
    set set_manager = ChatSetManager, "imbot.chat.setManager"
        at "chat-bots/outdated/chats/imbot-chat-set-manager"
    (chat_id: ChatId = "CHAT_ID", user_id: UserId = "USER_ID") -> bool {
        /// Whether they are a manager. Default: yes.
        is_manager: yn = "IS_MANAGER",
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, UserIdEmpty, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.Manager.add` and `imbot.v2.Chat.Manager.delete` instead";

    /// Makes someone else a chat's owner.
    set set_owner = ChatSetOwner, "imbot.chat.setOwner" at "chat-bots/outdated/chats/imbot-chat-set-owner"
    (chat_id: ChatId = "CHAT_ID", user_id: UserId = "USER_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, UserIdEmpty, AccessError, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.setOwner` instead";

    /// Changes a chat's picture.
    set update_avatar = ChatUpdateAvatar, "imbot.chat.updateAvatar"
        at "chat-bots/outdated/chats/imbot-chat-update-avatar"
    (chat_id: ChatId = "CHAT_ID", avatar: text = "AVATAR") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, AccessDenied, AccessError, AvatarError, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.update` instead";

    /// Changes a chat's colour, which the mobile application shows.
    set update_color = ChatUpdateColor, "imbot.chat.updateColor"
        at "chat-bots/outdated/chats/imbot-chat-update-color"
    (chat_id: ChatId = "CHAT_ID", color: Color = "COLOR") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, AccessError, WrongColor, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.update` instead";

    /// Renames a chat.
    set update_title = ChatUpdateTitle, "imbot.chat.updateTitle"
        at "chat-bots/outdated/chats/imbot-chat-update-title"
    (chat_id: ChatId = "CHAT_ID", title: text = "TITLE") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, TitleEmpty, AccessError, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.update` instead";
}

namespace! {
    /// Who is in a chat: `imbot.chat.user.*`.
    ChatUser, scope Some("imbot");

    /// Invites users to a chat.
    set add = ChatUserAdd, "imbot.chat.user.add" at "chat-bots/outdated/chats/imbot-chat-user-add"
    (chat_id: ChatId = "CHAT_ID", users: [UserId] = "USERS") -> bool {
        /// Keep what was written before from them.
        hide_history: yn = "HIDE_HISTORY",
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, AccessError, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.User.add` instead";

    /// Takes a user out of a chat.
    set delete = ChatUserDelete, "imbot.chat.user.delete" at "chat-bots/outdated/chats/imbot-chat-user-delete"
    (chat_id: ChatId = "CHAT_ID", user_id: UserId = "USER_ID") -> bool {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, UserIdEmpty, AccessError, WrongRequest, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.User.delete` instead";

    /// Who is in a chat.
    read list = ChatUserList, "imbot.chat.user.list" at "chat-bots/outdated/chats/imbot-chat-user-list"
    (chat_id: ChatId = "CHAT_ID") -> Vec<UserId> {
        /// The bot, if the application has several.
        bot_id: BotId = "BOT_ID",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, AccessError, BotIdError, AppIdError]
    deprecated "use `imbot.v2.Chat.User.list` instead";
}
