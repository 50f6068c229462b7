//! Slash commands: `imbot.v2.Command.*`.

use b24bot_core::{BotId, CommandId, DialogId, MessageId};

use crate::methods::answers;

namespace! {
    /// Slash commands: `imbot.v2.Command.*`.
    Command, scope Some("imbot");

    /// Answers a command with a message.
    act answer = CommandAnswer, "imbot.v2.Command.answer"
        at "chat-bots/chat-bots-v2/imbot.v2/commands/command-answer"
    (
        bot_id: BotId = "botId",
        command_id: CommandId = "commandId",
        message_id: MessageId = "messageId",
        dialog_id: DialogId = "dialogId",
    ) -> bool {
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
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, CommandAnswerFailed];

    /// The bot's commands.
    read list = CommandList, "imbot.v2.Command.list"
        at "chat-bots/chat-bots-v2/imbot.v2/commands/command-list"
    (bot_id: BotId = "botId") -> answers::Commands {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError];

    /// Registers a command.
    act register = CommandRegister, "imbot.v2.Command.register"
        at "chat-bots/chat-bots-v2/imbot.v2/commands/command-register"
    (bot_id: BotId = "botId", command: text = "fields.command") -> answers::CommandReply {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// What the command is called, by language: `{"en": "Help"}`.
        title: json = "fields.title",
        /// What may follow the command, by language: `{"en": "text"}`.
        params: json = "fields.params",
        /// Available in all chats, not only in the bot's. Default: no.
        common: bool = "fields.common",
        /// Not shown in the list of commands. Default: no.
        hidden: bool = "fields.hidden",
        /// Available to extranet users. Default: no.
        extranet_support: bool = "fields.extranetSupport",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, CommandNameInvalid,
        CommandRequired, CommandTitleRequired, CommandRegisterFailed,
    ];

    /// Takes a command away.
    set unregister = CommandUnregister, "imbot.v2.Command.unregister"
        at "chat-bots/chat-bots-v2/imbot.v2/commands/command-unregister"
    (bot_id: BotId = "botId", command_id: CommandId = "commandId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, CommandNotFound];

    /// Changes a command.
    set update = CommandUpdate, "imbot.v2.Command.update"
        at "chat-bots/chat-bots-v2/imbot.v2/commands/command-update"
    (bot_id: BotId = "botId", command_id: CommandId = "commandId") -> answers::CommandReply {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The command's name.
        command: text = "fields.command",
        /// What the command is called, by language: `{"en": "Help"}`.
        title: json = "fields.title",
        /// What may follow the command, by language: `{"en": "text"}`.
        params: json = "fields.params",
        /// Available in all chats, not only in the bot's. Default: no.
        common: bool = "fields.common",
        /// Not shown in the list of commands. Default: no.
        hidden: bool = "fields.hidden",
        /// Available to extranet users. Default: no.
        extranet_support: bool = "fields.extranetSupport",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, CommandNotFound,
        CommandNameEmpty, CommandNameInvalid, CommandAlreadyExists,
    ];
}
