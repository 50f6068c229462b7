//! Bots and their commands.

use b24bot_core::{BotId, CommandId};

use super::User;
use crate::methods::{BotType, EventMode, Page};

answer! {
    /// A bot of the second generation.
    Bot {
        /// The id.
        id: BotId,
        /// The code.
        code: String,
        /// What it is.
        type_: Option<BotType>,
        /// Whether it is not shown in the list of bots.
        is_hidden: bool,
        /// Whether it works in open channels.
        is_support_openline: bool,
        /// Whether people can react to its messages.
        is_reactions_enabled: bool,
        /// The background of its private chats.
        background_id: Option<String>,
        /// The language.
        language: String,
        /// The module that it belongs to.
        module_id: String,
        /// How it gets its events.
        event_mode: Option<EventMode>,
        /// How many messages it has written.
        count_message: u64,
        /// How many commands it has.
        count_command: u64,
        /// In how many chats it is.
        count_chat: u64,
        /// With how many users it has spoken.
        count_user: u64,
    }

    /// A bot and its user.
    BotAndUsers {
        /// The bot.
        bot: Bot,
        /// Its user.
        users: Vec<User>,
    }

    /// A page of bots.
    Bots {
        /// The bots.
        bots: Vec<Bot>,
        /// Their users.
        users: Vec<User>,
        /// Whether more follow.
        has_next_page: bool,
    }

    /// A bot of the first generation.
    RegisteredV1 {
        /// The id.
        id: BotId,
        /// The name.
        name: String,
        /// The code.
        code: String,
        /// Whether it works in open channels.
        openline: bool,
    }

    /// A command.
    CommandInfo {
        /// The id.
        id: CommandId,
        /// The bot.
        bot_id: BotId,
        /// Its name, with the slash.
        command: String,
        /// What it is called.
        title: String,
        /// What may follow it.
        params: String,
        /// Whether it is available in all chats.
        common: bool,
        /// Whether it is not shown in the list of commands.
        hidden: bool,
        /// Whether it is available to extranet users.
        extranet_support: bool,
        /// What it is listed under.
        category: String,
        /// Where it is available.
        context: String,
    }

    /// A command that was registered or changed.
    CommandReply {
        /// The command.
        command: CommandInfo,
    }

    /// A bot's commands.
    Commands {
        /// The commands.
        commands: Vec<CommandInfo>,
    }
}

impl Page for Bots {
    type Entry = Bot;

    fn count(&self) -> usize {
        self.bots.len()
    }

    fn into_entries(self) -> Vec<Bot> {
        self.bots
    }

    fn has_more(&self) -> Option<bool> {
        Some(self.has_next_page)
    }
}
