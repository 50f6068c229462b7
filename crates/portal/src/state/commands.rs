//! Slash commands of bots.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use super::bots::Owner;
use super::chats::Chat;

/// A text in several languages, by their codes.
pub(crate) type Localized = IndexMap<String, String>;

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
    /// Works like any other, but is not suggested.
    pub(crate) hidden: bool,
    pub(crate) extranet: bool,
    pub(crate) titles: Localized,
    pub(crate) params: Localized,
}

impl Command {
    pub(crate) fn works_in(&self, chat: &Chat) -> bool {
        self.common || chat.has(self.bot)
    }

    /// As `/control` shows it.
    pub(crate) fn show(&self) -> Value {
        json!({
            "name": self.name,
            "title": in_english(&self.titles),
            "titles": self.titles,
            "params": in_english(&self.params),
            "common": self.common,
            "hidden": self.hidden,
        })
    }
}

/// The English text, or the first of those there are.
pub(crate) fn in_english(texts: &Localized) -> &str {
    texts.get("en").or_else(|| texts.values().next()).map_or("", String::as_str)
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
    /// Registers a command, or finds the one this bot has of that name; then nothing changes.
    pub(crate) fn add_command(&mut self, mut command: Command) -> u64 {
        let known =
            self.commands.values().find(|other| other.bot == command.bot && other.name == command.name);
        if let Some(known) = known {
            return known.id;
        }
        let id = Self::take_id(&mut self.next_command);
        command.id = id;
        self.commands.insert(id, command);
        self.changes.push(super::Change::State);
        id
    }

    /// Puts a command in the place of the one with its id.
    pub(crate) fn update_command(&mut self, command: Command) {
        self.commands.insert(command.id, command);
        self.changes.push(super::Change::State);
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
pub(crate) fn sample_command(bot: u64, name: &str) -> Command {
    Command {
        id: 0,
        bot,
        name: name.to_owned(),
        handler: "http://127.0.0.1:1/".to_owned(),
        common: false,
        hidden: false,
        extranet: false,
        titles: Localized::default(),
        params: Localized::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bots::Kind;
    use super::super::messages::Draft;
    use super::super::sample;
    use super::*;

    #[test]
    fn finds_each_command_of_a_text() {
        let found = typed("/echo  one two\nplain /no\n  /help\n/\n");
        let found: Vec<_> = found.iter().map(|typed| (typed.name.as_str(), typed.params.as_str())).collect();
        assert_eq!(found, [("echo", "one two"), ("help", "")]);
    }

    #[test]
    fn common_commands_work_everywhere_and_others_where_the_bot_is() {
        let mut state = sample();
        let bot = state.sample_bot(Kind::Bot);
        let mut common = sample_command(bot, "everywhere");
        common.common = true;
        let mut hidden = sample_command(bot, "hidden");
        hidden.hidden = true;
        let ids = [common, hidden, sample_command(bot, "here")].map(|command| state.add_command(command));
        assert_eq!(state.add_command(sample_command(bot, "everywhere")), ids[0], "no second of that name");
        assert!(state.commands[&ids[0]].common, "and the first is as it was");
        let other = state.sample_bot(Kind::Bot);
        state.add_command(sample_command(other, "here"));
        let elsewhere = state.dialog(27, "42").unwrap();
        let text = "/everywhere a\n/hidden b\n/here c\n/unknown d";
        let mut called = |chat: u64| {
            state.outbox.clear();
            state.post(Draft::new(chat, 27, text)).unwrap();
            state.outbox.iter().filter(|sent| sent.event == "ONIMCOMMANDADD").count()
        };
        assert_eq!((called(1), called(elsewhere)), (4, 1), "two bots have the last command");
    }
}
