//! Slash commands: `imbot.command.*`.

use b24bot_core::{BotId, CommandId, MessageId};

use crate::methods::CommandText;

namespace! {
    /// Slash commands: `imbot.command.*`.
    Command, scope Some("imbot");

    /// Answers a command with a message.
    act answer = CommandAnswer, "imbot.command.answer" at "chat-bots/outdated/commands/imbot-command-answer"
    (
        command_id: CommandId = "COMMAND_ID",
        command: text = "COMMAND",
        message_id: MessageId = "MESSAGE_ID",
        message: text = "MESSAGE",
    ) -> MessageId {
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
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [
        CommandIdError, AppIdError, MessageIdEmpty, MessageEmpty, AttachError, AttachOversize,
        KeyboardError, KeyboardOversize, MenuError, WrongRequest,
    ]
    deprecated "use `imbot.v2.Command.answer` instead";

    /// Registers a command.
    act register = CommandRegister, "imbot.command.register"
        at "chat-bots/outdated/commands/imbot-command-register"
    (
        bot_id: BotId = "BOT_ID",
        command: text = "COMMAND",
        event_command_add: text = "EVENT_COMMAND_ADD",
        lang: [{CommandText}] = "LANG",
    ) -> CommandId {
        /// Available in all chats, not only in the bot's. Default: no.
        common: yn = "COMMON",
        /// Not shown in the list of commands. Default: no.
        hidden: yn = "HIDDEN",
        /// Available to extranet users. Default: no.
        extranet_support: yn = "EXTRANET_SUPPORT",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [EventCommandAddError, CommandError, BotIdError, AppIdError, LangError, WrongRequest]
    deprecated "use `imbot.v2.Command.register` instead";

    /// Takes a command away.
    set unregister = CommandUnregister, "imbot.command.unregister"
        at "chat-bots/outdated/commands/imbot-command-unregister"
    (command_id: CommandId = "COMMAND_ID") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [CommandIdError, AppIdError, WrongRequest]
    deprecated "use `imbot.v2.Command.unregister` instead";

    /// Changes a command.
    set update = CommandUpdate, "imbot.command.update" at "chat-bots/outdated/commands/imbot-command-update"
    (command_id: CommandId = "COMMAND_ID") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
        /// The command's name.
        command: text = "FIELDS.COMMAND",
        /// The URL that is told of the command.
        event_command_add: text = "FIELDS.EVENT_COMMAND_ADD",
        /// Not shown in the list of commands.
        hidden: yn = "FIELDS.HIDDEN",
        /// Available to extranet users.
        extranet_support: yn = "FIELDS.EXTRANET_SUPPORT",
        /// How the command is called, by language.
        lang: [{CommandText}] = "FIELDS.LANG",
    }
    errors [CommandIdError, AppIdError, EventCommandAddError, WrongRequest]
    deprecated "use `imbot.v2.Command.update` instead";
}
