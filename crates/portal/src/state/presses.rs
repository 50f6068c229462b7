//! What happens when somebody presses a button under a message, or chooses an item of its menu.

use super::buttons::{Deed, Item, Key};
use super::messages::{Draft, Untouched};
use super::{Change, State};
use crate::events;

/// What was pressed, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    Button(usize),
    Menu(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pressed {
    /// Its bot was told.
    Command,
    Link(String),
    /// What is left to do is up to the messenger; `message` is what `SEND` has posted.
    Action {
        kind: String,
        value: String,
        message: Option<u64>,
    },
    App {
        id: u64,
        params: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotPressed {
    /// The message is not open to this person.
    NoAccess,
    NoSuchButton,
    Disabled,
    /// No bot that could hear it there has this command.
    NoCommand(String),
}

impl State {
    pub(crate) fn press(&mut self, message: u64, user: u64, spot: Spot) -> Result<Pressed, NotPressed> {
        let visible = self.visible(message, user).ok_or(NotPressed::NoAccess)?;
        let (chat, content) = (visible.chat, &visible.content);
        let (item, block, blocked): (&Item, bool, bool) = match spot {
            Spot::Menu(n) => (content.menu.get(n).ok_or(NotPressed::NoSuchButton)?, false, false),
            Spot::Button(n) => {
                let keyboard = content.keyboard.as_ref().ok_or(NotPressed::NoSuchButton)?;
                match keyboard.keys.get(n) {
                    Some(Key::Button(button)) => (&button.item, button.block, keyboard.blocked),
                    Some(Key::NewLine) | None => return Err(NotPressed::NoSuchButton),
                }
            }
        };
        if item.disabled || blocked {
            return Err(NotPressed::Disabled);
        }
        match item.deed.clone() {
            Deed::Link(link) => Ok(Pressed::Link(link)),
            Deed::App { id, params } => Ok(Pressed::App { id, params }),
            Deed::Action { kind, value } => {
                let posted = (kind == "SEND").then(|| self.post(Draft::new(chat, user, value.clone())));
                let posted = posted.transpose().map_err(|_: Untouched| NotPressed::NoAccess)?;
                Ok(Pressed::Action { kind, value, message: posted })
            }
            Deed::Command { bot, name, params } => {
                let context = match spot {
                    Spot::Button(_) => events::Context::Keyboard,
                    Spot::Menu(_) => events::Context::Menu,
                };
                if !self.run_command(message, user, bot, &name, &params, context) {
                    return Err(NotPressed::NoCommand(name));
                }
                if block {
                    self.block_keyboard(message);
                }
                Ok(Pressed::Command)
            }
        }
    }

    /// Tells a bot that somebody wants its command, for a message that stands there already. False if it has none of
    /// that name, or not for that chat.
    pub(crate) fn run_command(
        &mut self,
        message: u64,
        user: u64,
        bot: u64,
        name: &str,
        params: &str,
        context: events::Context,
    ) -> bool {
        let Some(chat) = self.visible(message, user).and_then(|message| self.chats.get(&message.chat)) else {
            return false;
        };
        let known = self.commands.values().find(|command| command.bot == bot && command.name == name);
        let Some(command) = known.filter(|command| command.works_in(chat)).cloned() else { return false };
        events::command_called(self, message, user, &command, params, context);
        true
    }

    fn block_keyboard(&mut self, message: u64) {
        if let Some(keyboard) =
            self.messages.get_mut(&message).and_then(|message| message.content.keyboard.as_mut())
        {
            keyboard.blocked = true;
            self.changes.push(Change::Message(message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bots::Kind;
    use super::super::buttons::Keyboard;
    use super::super::commands::sample_command;
    use super::super::messages::Edit;
    use super::super::sample;
    use super::*;

    fn asked(state: &mut State, keys: &str) -> (u64, u64) {
        let bot = state.sample_bot(Kind::Bot);
        state.add_command(sample_command(bot, "vote"));
        let mut draft = Draft::new(1, bot, "choose");
        draft.content.keyboard = Keyboard::read(&serde_json::from_str(keys).unwrap(), bot);
        (bot, state.post(draft).unwrap())
    }

    #[test]
    fn a_pressed_button_tells_its_bot_who_pressed_it() {
        let mut state = sample();
        let keys = r#"[{"TEXT": "Yes", "COMMAND": "vote", "COMMAND_PARAMS": "yes"}, {"TYPE": "NEWLINE"},
            {"TEXT": "No", "COMMAND": "unknown"}, {"TEXT": "Off", "COMMAND": "vote", "DISABLED": "Y"}]"#;
        let (bot, message) = asked(&mut state, keys);
        state.outbox.clear();
        assert_eq!(state.press(message, 42, Spot::Button(0)), Ok(Pressed::Command));
        let sent = state.outbox.pop().unwrap();
        assert_eq!((sent.event, sent.bot), ("ONIMCOMMANDADD", bot));
        for expected in ["COMMAND_CONTEXT%5D=KEYBOARD", "COMMAND_PARAMS%5D=yes", "data%5BUSER%5D%5BID%5D=42"]
        {
            assert!(sent.body.contains(expected), "{expected} in {}", sent.body);
        }
        for (user, spot, error) in [
            (42, Spot::Button(1), NotPressed::NoSuchButton),
            (42, Spot::Button(9), NotPressed::NoSuchButton),
            (42, Spot::Menu(0), NotPressed::NoSuchButton),
            (42, Spot::Button(2), NotPressed::NoCommand("unknown".to_owned())),
            (42, Spot::Button(3), NotPressed::Disabled),
            (99, Spot::Button(0), NotPressed::NoAccess),
        ] {
            assert_eq!(state.press(message, user, spot), Err(error));
        }
        assert!(state.outbox.is_empty());
    }

    #[test]
    fn a_blocking_button_works_once_until_the_bot_edits() {
        let mut state = sample();
        let keys = r#"[{"TEXT": "Yes", "COMMAND": "vote", "BLOCK": "Y"}, {"TEXT": "No", "COMMAND": "vote"}]"#;
        let (bot, message) = asked(&mut state, keys);
        assert_eq!(state.press(message, 42, Spot::Button(1)), Ok(Pressed::Command));
        assert_eq!(state.press(message, 42, Spot::Button(0)), Ok(Pressed::Command));
        assert_eq!(state.press(message, 27, Spot::Button(1)), Err(NotPressed::Disabled));
        assert_eq!(state.show_message(message).unwrap()["keyboard"][1]["disabled"], true);
        state.edit(message, bot, Edit { text: Some("counted".to_owned()), ..Edit::default() }).unwrap();
        assert_eq!(state.press(message, 27, Spot::Button(1)), Ok(Pressed::Command));
    }

    #[test]
    fn actions_are_the_messengers_business_but_for_sending() {
        let mut state = sample();
        let keys = r#"[{"TEXT": "Say", "ACTION": "SEND", "ACTION_VALUE": "hi there"},
            {"TEXT": "Go", "ACTION": "DIALOG", "ACTION_VALUE": "chat1"}, {"TEXT": "See", "LINK": "/crm/"}]"#;
        let (_, message) = asked(&mut state, keys);
        let said = message + 1;
        let action = |kind: &str, value: &str, message| {
            let (kind, value) = (kind.to_owned(), value.to_owned());
            Pressed::Action { kind, value, message }
        };
        assert_eq!(state.press(message, 42, Spot::Button(0)), Ok(action("SEND", "hi there", Some(said))));
        assert_eq!((state.messages[&said].author, state.messages[&said].text.as_str()), (42, "hi there"));
        assert_eq!(state.press(message, 42, Spot::Button(1)), Ok(action("DIALOG", "chat1", None)));
        assert_eq!(state.press(message, 42, Spot::Button(2)), Ok(Pressed::Link("/crm/".to_owned())));
    }
}
