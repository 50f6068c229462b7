//! Slash commands of bots.

use serde::{Deserialize, Serialize};

use super::State;
use super::bots::Owner;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Command {
    pub(crate) id: u64,
    pub(crate) bot: u64,
    /// Without the slash.
    pub(crate) name: String,
    /// Where generation 1 posts ONIMCOMMANDADD.
    pub(crate) handler: String,
    /// Works in every chat, not only where the bot is.
    pub(crate) common: bool,
    pub(crate) title: String,
    pub(crate) params: String,
}

/// A command as somebody typed it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Typed {
    pub(crate) name: String,
    pub(crate) params: String,
}

/// The commands in a text: each line that begins with a slash.
pub(crate) fn typed(text: &str) -> Vec<Typed> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix('/'))
        .map(|line| line.split_once(char::is_whitespace).unwrap_or((line, "")))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, params)| Typed { name: name.to_owned(), params: params.trim().to_owned() })
        .collect()
}

impl State {
    /// Registers a command, or updates the one of that name.
    pub(crate) fn add_command(&mut self, mut command: Command) -> u64 {
        let known =
            self.commands.values().find(|other| other.bot == command.bot && other.name == command.name);
        let id = known.map_or_else(|| Self::take_id(&mut self.next_command), |command| command.id);
        command.id = id;
        self.commands.insert(id, command);
        self.changes.push(super::Change::State);
        id
    }

    pub(crate) fn remove_command(&mut self, id: u64) {
        self.commands.remove(&id);
        self.changes.push(super::Change::State);
    }

    pub(crate) fn owner_of_command(&self, command: &Command) -> Option<&Owner> {
        self.bots.get(&command.bot).map(|bot| &bot.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_command_of_a_text() {
        let found = typed("/echo  one two\nplain /no\n  /help\n/\n");
        let found: Vec<_> = found.iter().map(|typed| (typed.name.as_str(), typed.params.as_str())).collect();
        assert_eq!(found, [("echo", "one two"), ("help", "")]);
    }
}
