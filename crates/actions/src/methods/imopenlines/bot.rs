//! What a bot does in an open channel: `imopenlines.bot.*`.

use b24bot_core::{ChatId, UserId};

use crate::methods::LineMessage;

namespace! {
    /// What a bot does in an open channel: `imopenlines.bot.*`.
    Bot, scope Some("imopenlines"), under {
        /// The bot's session: `imopenlines.bot.session.*`.
        session: BotSession,
    };
}

namespace! {
    /// The bot's session: `imopenlines.bot.session.*`.
    BotSession, scope Some("imopenlines"), under {
        /// Its automatic messages: `imopenlines.bot.session.message.*`.
        message: BotSessionMessage,
    };

    /// Ends the session.
    set finish = BotSessionFinish, "imopenlines.bot.session.finish"
        at "imopenlines/openlines/chat-bots/imopenlines-bot-session-finish"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ChatIdEmpty, BotIdError, WrongAuthType];

    /// Hands the dialog over to a free operator.
    act operator = BotSessionOperator, "imopenlines.bot.session.operator"
        at "imopenlines/openlines/chat-bots/imopenlines-bot-session-operator"
    (chat_id: ChatId = "CHAT_ID") -> bool {}
    errors [ChatIdEmpty, WrongChat, WrongAuthType];

    /// Hands the dialog over to an operator or another open channel.
    act transfer = BotSessionTransfer, "imopenlines.bot.session.transfer"
        at "imopenlines/openlines/chat-bots/imopenlines-bot-session-transfer"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// The user.
        user_id: UserId = "USER_ID",
        /// The open channel to hand over to.
        queue_id: u64 = "QUEUE_ID",
        /// Whom to hand over to: a user's id, or `queue` and a channel's id.
        transfer_id: text = "TRANSFER_ID",
        /// Whether the bot leaves at once.
        leave: yn = "LEAVE",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        ChatIdEmpty, UserIdEmpty, QueueIdEmpty, TransferIdEmpty, BotIdError, OperatorWrong, WrongAuthType,
    ];
}

namespace! {
    /// Its automatic messages: `imopenlines.bot.session.message.*`.
    BotSessionMessage, scope Some("imopenlines");

    /// Writes an automatic message to the client.
    act send = BotSessionMessageSend, "imopenlines.bot.session.message.send"
        at "imopenlines/openlines/chat-bots/imopenlines-bot-session-message-send"
    (chat_id: ChatId = "CHAT_ID") -> bool {
        /// Which message.
        name: LineMessage = "NAME",
        /// The text, for [`LineMessage::Default`].
        message: text = "MESSAGE",
    }
    errors [ChatIdEmpty, WrongAuthType];
}
