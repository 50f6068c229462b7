//! Messages and reactions: `imbot.v2.Chat.Message.*`.

use b24bot_core::{BotId, DialogId, MessageId};

use crate::methods::{Reaction, answers};

namespace! {
    /// Messages and reactions: `imbot.v2.Chat.Message.*`.
    Message, scope Some("imbot"), under {
        /// Reactions: `imbot.v2.Chat.Message.Reaction.*`.
        reaction: ChatMessageReaction,
    };

    /// Deletes a message.
    set delete = ChatMessageDelete, "imbot.v2.Chat.Message.delete"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-delete"
    (bot_id: BotId = "botId", message_id: MessageId = "messageId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// Without a trace.
        complete: bool = "complete",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];

    /// A message. For bots that see everything: `supervisor` and `personal`.
    read get = ChatMessageGet, "imbot.v2.Chat.Message.get"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-get"
    (bot_id: BotId = "botId", message_id: MessageId = "messageId") -> answers::MessageAndUser {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, BotTypeNotAllowed];

    /// A message with those around it. For bots that see everything: `supervisor` and `personal`.
    read get_context = ChatMessageGetContext, "imbot.v2.Chat.Message.getContext"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-get-context"
    (bot_id: BotId = "botId", message_id: MessageId = "messageId") -> answers::MessageContext {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// How many messages before and after it.
        range: u64 = "range",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, BotTypeNotAllowed,
        MessageNotFound, MessageAccessDenied,
    ];

    /// Marks messages as read, up to one if it is named.
    set read = ChatMessageRead, "imbot.v2.Chat.Message.read"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-read"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> answers::MessagesRead {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// Up to this one.
        message_id: MessageId = "messageId",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied,
        MessageNotFound,
    ];

    /// Writes a message as the bot, or forwards some.
    act send = ChatMessageSend, "imbot.v2.Chat.Message.send"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-send"
    (bot_id: BotId = "botId", dialog_id: DialogId = "dialogId") -> answers::Sent {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The text.
        message: text = "fields.message",
        /// The attachment.
        attach: json = "fields.attach",
        /// The keyboard.
        keyboard: json = "fields.keyboard",
        /// As a system message. Default: no.
        system: bool = "fields.system",
        /// Whether links are shown with a preview. Default: yes.
        url_preview: bool = "fields.urlPreview",
        /// The message that this one replies to.
        reply_to: MessageId = "fields.replyId",
        /// Makes the sending known to the sender by a UUID of its own.
        template_id: text = "fields.templateId",
        /// Messages to forward: an object of UUIDs of your own and message ids, 100 at most.
        forward: json = "fields.forwardIds",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied, EmptyMessage,
        SendingFailed,
    ];

    /// Changes a message of the bot's.
    set update = ChatMessageUpdate, "imbot.v2.Chat.Message.update"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-update"
    (bot_id: BotId = "botId", message_id: MessageId = "messageId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The text.
        message: text = "fields.message",
        /// The attachment.
        attach: json = "fields.attach",
        /// The keyboard.
        keyboard: json = "fields.keyboard",
        /// Whether links are shown with a preview. Default: yes.
        url_preview: bool = "fields.urlPreview",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied];
}

namespace! {
    /// Reactions: `imbot.v2.Chat.Message.Reaction.*`.
    ChatMessageReaction, scope Some("imbot");

    /// Sets the bot's reaction, in place of its earlier one.
    set add = ChatMessageReactionAdd, "imbot.v2.Chat.Message.Reaction.add"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-reaction-add"
    (
        bot_id: BotId = "botId",
        message_id: MessageId = "messageId",
        reaction: Reaction = "reaction",
    ) -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied,
        ReactionNotFound, ReactionAlreadySet,
    ];

    /// Takes the bot's reaction away.
    set delete = ChatMessageReactionDelete, "imbot.v2.Chat.Message.Reaction.delete"
        at "chat-bots/chat-bots-v2/imbot.v2/messages/chat-message-reaction-delete"
    (
        bot_id: BotId = "botId",
        message_id: MessageId = "messageId",
        reaction: Reaction = "reaction",
    ) -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, AccessDenied,
        ReactionNotFound,
    ];
}
