//! Chats: `imbot.v2.Chat.*`.

use b24bot_core::{BotId, DialogId, UserId};

use crate::methods::{InputStatus, answers};

namespace! {
    /// Chats: `imbot.v2.Chat.*`.
    Chat, scope Some("imbot"), under {
        /// What the bot is doing: `imbot.v2.Chat.InputAction.*`.
        input_action: ChatInputAction,
        /// Managers: `imbot.v2.Chat.Manager.*`.
        manager: ChatManager,
        /// Messages and reactions: `imbot.v2.Chat.Message.*`.
        message: super::message::Message,
        /// The field to write in: `imbot.v2.Chat.TextField.*`.
        text_field: ChatTextField,
        /// Who is in a chat: `imbot.v2.Chat.User.*`.
        user: ChatUser,
    };

    /// Opens a group chat in the bot's name.
    act add = ChatAdd, "imbot.v2.Chat.add" at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-add"
    (bot_id: BotId = "botId") -> answers::ChatAndUsers {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The title.
        title: text = "fields.title",
        /// The description.
        description: text = "fields.description",
        /// The colour.
        color: colour = "fields.color",
        /// The picture, in Base64.
        avatar: text = "fields.avatar",
        /// Who takes part.
        user_ids: [UserId] = "fields.userIds",
        /// Who owns the chat; without it the bot.
        owner_id: UserId = "fields.ownerId",
        /// The first message.
        message: text = "fields.message",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError];

    /// What is known about a chat.
    read get = ChatGet, "imbot.v2.Chat.get" at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-get"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> answers::ChatAndUsers {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// Lets the bot leave a chat.
    set leave = ChatLeave, "imbot.v2.Chat.leave" at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-leave"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// Makes someone else a chat's owner.
    set set_owner = ChatSetOwner, "imbot.v2.Chat.setOwner"
        at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-set-owner"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId", user_id: UserId = "userId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// Changes a chat's title, description, colour and picture.
    set update = ChatUpdate, "imbot.v2.Chat.update" at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-update"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The title.
        title: text = "fields.title",
        /// The description.
        description: text = "fields.description",
        /// The colour.
        color: colour = "fields.color",
        /// The picture, in Base64.
        avatar: text = "fields.avatar",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];
}

namespace! {
    /// What the bot is doing: `imbot.v2.Chat.InputAction.*`.
    ChatInputAction, scope Some("imbot");

    /// Shows what the bot is doing: writing, thinking, searching, …
    set notify = ChatInputActionNotify, "imbot.v2.Chat.InputAction.notify"
        at "chat-bots/chat-bots-v2/imbot.v2/ui/chat-input-action-notify"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// What is shown. Without it: writing.
        status_message_code: InputStatus = "statusMessageCode",
        /// For how many seconds, 1 to 600.
        duration: u64 = "duration",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];
}

namespace! {
    /// Managers: `imbot.v2.Chat.Manager.*`.
    ChatManager, scope Some("imbot");

    /// Makes users managers of a chat.
    set add = ChatManagerAdd, "imbot.v2.Chat.Manager.add"
        at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-manager-add"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId", user_ids: [UserId] = "userIds") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, EmptyUserIds, BotNotFound, BotOwnershipError, AccessDenied,
    ];

    /// Makes managers of a chat mere members.
    set delete = ChatManagerDelete, "imbot.v2.Chat.Manager.delete"
        at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-manager-delete"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId", user_ids: [UserId] = "userIds") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, EmptyUserIds, BotNotFound, BotOwnershipError, AccessDenied,
    ];
}

namespace! {
    /// The field to write in: `imbot.v2.Chat.TextField.*`.
    ChatTextField, scope Some("imbot");

    /// Lets people write to a dialog, or only press buttons.
    set enabled = ChatTextFieldEnabled, "imbot.v2.Chat.TextField.enabled"
        at "chat-bots/chat-bots-v2/imbot.v2/ui/chat-text-field-enabled"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// Whether people can write. Default: yes.
        enabled: bool = "enabled",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];
}

namespace! {
    /// Who is in a chat: `imbot.v2.Chat.User.*`.
    ChatUser, scope Some("imbot");

    /// Invites users to a chat.
    set add = ChatUserAdd, "imbot.v2.Chat.User.add" at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-user-add"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId", user_ids: [UserId] = "userIds") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// Takes a user out of a chat.
    set delete = ChatUserDelete, "imbot.v2.Chat.User.delete"
        at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-user-delete"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId", user_id: UserId = "userId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// Who is in a chat, 200 users at most.
    read list = ChatUserList, "imbot.v2.Chat.User.list"
        at "chat-bots/chat-bots-v2/imbot.v2/chats/chat-user-list"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> Vec<answers::User> {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The order: `id`, `lastSendMessageId` or `userId`, and `ASC` or `DESC`.
        order: json = "order",
        /// How many at most.
        limit: u64 = "limit",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];
}
