//! Keyboards under messages.

use b24bot_core::{BotId, Generation};
use serde_json::{Value, json};

use super::{button::Button, encoded::Encoded, error::ContentError, limits};

/// Rows of buttons under a message.
///
/// ```
/// use b24bot_actions::content::{Button, Keyboard};
///
/// let keyboard = Keyboard::new()
///     .row([Button::command("Yes", "vote", "yes"), Button::command("No", "vote", "no")])
///     .row([Button::link("Read more", "https://example.com/")]);
/// let expected = serde_json::json!({ "BUTTONS": [
///     { "TEXT": "Yes", "COMMAND": "vote", "COMMAND_PARAMS": "yes", "DISPLAY": "LINE" },
///     { "TEXT": "No", "COMMAND": "vote", "COMMAND_PARAMS": "no", "DISPLAY": "LINE" },
///     { "TYPE": "NEWLINE" },
///     { "TEXT": "Read more", "LINK": "https://example.com/" },
/// ]});
/// assert_eq!(serde_json::to_value(keyboard.to_v1()?)?, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyboard {
    bot: Option<BotId>,
    rows: Vec<Vec<Button>>,
}

impl Keyboard {
    /// A keyboard without buttons: as a parameter of a change (`imbot.message.update`, …) it takes the message's
    /// keyboard away.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another row, below the others. Several buttons in it stand side by side.
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        self.rows.push(buttons.into_iter().collect());
        self
    }

    /// The bot that gets the commands. Needed where the call itself does not name it: in `im.message.*`, and in
    /// changes of v2 messages.
    #[must_use]
    pub fn bot(mut self, bot: impl Into<BotId>) -> Self {
        self.bot = Some(bot.into());
        self
    }

    pub(super) fn or_bot(mut self, bot: Option<BotId>) -> Self {
        self.bot = self.bot.or(bot);
        self
    }

    /// Whether there is no button.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// `KEYBOARD` of `imbot.message.add`, `im.message.add` and the like.
    ///
    /// # Errors
    /// A button without text, without something to do or with a link that is none; more than 30 KB.
    pub fn to_v1(&self) -> Result<Encoded, ContentError> {
        self.encode(Generation::V1)
    }

    /// `keyboard` of `imbot.v2.Chat.Message.send` and the like.
    ///
    /// # Errors
    /// As with [`to_v1`](Self::to_v1); more than 60,000 characters.
    pub fn to_v2(&self) -> Result<Encoded, ContentError> {
        self.encode(Generation::V2)
    }

    /// For either generation.
    ///
    /// # Errors
    /// See [`to_v1`](Self::to_v1) and [`to_v2`](Self::to_v2).
    pub fn encode(&self, generation: Generation) -> Result<Encoded, ContentError> {
        if self.is_empty() {
            return Ok(Encoded::nothing());
        }
        let mut buttons = Vec::new();
        for row in self.rows.iter().filter(|row| !row.is_empty()) {
            if !buttons.is_empty() {
                buttons.push(json!({ "TYPE": "NEWLINE" }));
            }
            for button in row.iter().cloned() {
                buttons.push(if row.len() > 1 { button.among_others() } else { button }.encode()?);
            }
        }
        let value = match (generation, self.bot) {
            (Generation::V2, None) => Value::Array(buttons),
            (Generation::V1, None) => json!({ "BUTTONS": buttons }),
            (_, Some(bot)) => json!({ "BOT_ID": bot, "BUTTONS": buttons }),
        };
        limits::json("the keyboard", generation, &value)?;
        Ok(value.into())
    }
}
