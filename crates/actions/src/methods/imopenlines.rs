//! Open channels: `imopenlines.*`.

pub mod bot;
pub mod config;
pub mod crm;
pub mod operator;
pub mod session;

use b24bot_core::{BotId, ChatId, DialogId, MessageId, UserId};

use crate::methods::answers;

namespace! {
    /// Open channels: `imopenlines.*`.
    Imopenlines, scope Some("imopenlines"), under {
        /// What a bot does in an open channel: `imopenlines.bot.*`.
        bot: bot::Bot,
        /// Settings of open channels: `imopenlines.config.*`.
        config: config::Config,
        /// Open channels and the CRM: `imopenlines.crm.*`.
        crm: crm::Crm,
        /// Dialogs: `imopenlines.dialog.*`.
        dialog: Dialog,
        /// Messages: `imopenlines.message.*`.
        message: Message,
        /// Open channels of Bitrix24.Network: `imopenlines.network.*`.
        network: Network,
        /// What operators do: `imopenlines.operator.*`.
        operator: operator::Operator,
        /// The revision of open channels: `imopenlines.revision.*`.
        revision: Revision,
        /// Sessions: `imopenlines.session.*`.
        session: session::Session,
    };
}

namespace! {
    /// Dialogs: `imopenlines.dialog.*`.
    Dialog, scope Some("imopenlines");

    /// An open channel's dialog. One of the four parameters names it.
    read get = DialogGet, "imopenlines.dialog.get" at "imopenlines/openlines/sessions/imopenlines-dialog-get"
    () -> answers::Chat {
        /// The chat.
        chat_id: ChatId = "CHAT_ID",
        /// The dialog.
        dialog_id: DialogId = "DIALOG_ID",
        /// The session.
        session_id: u64 = "SESSION_ID",
        /// The code of the client in the channel.
        user_code: text = "USER_CODE",
    }
    errors [ImNotInstalled, AccessError];
}

namespace! {
    /// Messages: `imopenlines.message.*`.
    Message, scope Some("imopenlines"), under {
        /// Quick answers: `imopenlines.message.quick.*`.
        quick: MessageQuick,
        /// Sessions out of messages: `imopenlines.message.session.*`.
        session: MessageSession,
    };
}

namespace! {
    /// Open channels of Bitrix24.Network: `imopenlines.network.*`.
    Network, scope Some("imopenlines"), under {
        /// Their messages: `imopenlines.network.message.*`.
        message: NetworkMessage,
    };

    /// Connects the portal to an open channel of Bitrix24.Network by its code. Returns the id of the
    /// channel's bot.
    act join = NetworkJoin, "imopenlines.network.join" at "imopenlines/openlines/imopenlines-network-join"
    (code: text = "CODE") -> BotId {}
    errors [Code, ImbotError, NotFound, Inactive];
}

namespace! {
    /// The revision of open channels: `imopenlines.revision.*`.
    Revision, scope Some("imopenlines");

    /// Which revision of open channels this portal has.
    read get = RevisionGet, "imopenlines.revision.get" at "imopenlines/openlines/imopenlines-revision-get"
    () -> answers::Revision {};
}

namespace! {
    /// Quick answers: `imopenlines.message.quick.*`.
    MessageQuick, scope Some("imopenlines");

    /// Saves an operator's message among the quick answers.
    act save = MessageQuickSave, "imopenlines.message.quick.save"
        at "imopenlines/openlines/messages/imopenlines-message-quick-save"
    (chat_id: ChatId = "CHAT_ID", message_id: MessageId = "MESSAGE_ID") -> bool {}
    errors [ChatId, ChatType, CantSaveQuickAnswer, AccessDenied];
}

namespace! {
    /// Sessions out of messages: `imopenlines.message.session.*`.
    MessageSession, scope Some("imopenlines");

    /// Opens a new session that begins with a message.
    act start = MessageSessionStart, "imopenlines.message.session.start"
        at "imopenlines/openlines/sessions/imopenlines-message-session-start"
    (chat_id: ChatId = "CHAT_ID", message_id: MessageId = "MESSAGE_ID") -> bool {}
    errors [ChatId, ChatType, AccessDenied, UserId];
}

namespace! {
    /// Their messages: `imopenlines.network.message.*`.
    NetworkMessage, scope Some("imopenlines");

    /// Writes to a user in the name of an open channel.
    act add = NetworkMessageAdd, "imopenlines.network.message.add"
        at "imopenlines/openlines/imopenlines-network-message-add"
    (code: text = "CODE", user_id: UserId = "USER_ID", message: text = "MESSAGE") -> bool {
        /// The attachment.
        attach: json = "ATTACH",
        /// The keyboard.
        keyboard: json = "KEYBOARD",
        /// Whether links are shown with a preview. Default: yes.
        url_preview: yn = "URL_PREVIEW",
    }
    errors [
        WrongAuthType, Code, ImbotError, NotFound, UserIdEmpty, UserMessageLimit, MessageEmpty,
        AttachOversize, AttachError, KeyboardError, WrongRequest,
    ];
}
