//! Context menus of messages.

use b24bot_core::{BotId, DialogId, Generation};
use serde_json::{Value, json};

use super::{
    button::{self, Device},
    encoded::Encoded,
    error::ContentError,
    fields::Fields,
    limits,
};

/// What a message's context menu offers besides the usual. Only v1 methods take one.
///
/// ```
/// use b24bot_actions::content::{Menu, MenuItem};
///
/// let menu = Menu::new()
///     .item(MenuItem::command("Translate", "translate", "en"))
///     .item(MenuItem::link("Help", "https://example.com/help"));
/// let expected = serde_json::json!({ "ITEMS": [
///     { "TEXT": "Translate", "COMMAND": "translate", "COMMAND_PARAMS": "en" },
///     { "TEXT": "Help", "LINK": "https://example.com/help" },
/// ]});
/// assert_eq!(serde_json::to_value(menu.to_v1()?)?, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    bot: Option<BotId>,
    items: Vec<MenuItem>,
}

impl Menu {
    /// A menu without items: as a parameter of a change (`imbot.message.update`, …) it takes the message's menu away.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another item, below the others.
    #[must_use]
    pub fn item(mut self, item: MenuItem) -> Self {
        self.items.push(item);
        self
    }

    /// The bot that gets the commands. Needed where the call itself does not name it: in `im.message.*`.
    #[must_use]
    pub fn bot(mut self, bot: impl Into<BotId>) -> Self {
        self.bot = Some(bot.into());
        self
    }

    pub(super) fn or_bot(mut self, bot: Option<BotId>) -> Self {
        self.bot = self.bot.or(bot);
        self
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// `MENU` of `imbot.message.add`, `im.message.add` and the like.
    ///
    /// # Errors
    /// An item without text, without something to do or with a link that is none; more than 30 KB.
    pub fn to_v1(&self) -> Result<Encoded, ContentError> {
        if self.is_empty() {
            return Ok(Encoded::nothing());
        }
        let items = self.items.iter().cloned().map(MenuItem::encode).collect::<Result<Vec<_>, _>>()?;
        let value = match self.bot {
            None => json!({ "ITEMS": items }),
            Some(bot) => json!({ "BOT_ID": bot, "ITEMS": items }),
        };
        limits::json("the menu", Generation::V1, &value)?;
        Ok(value.into())
    }
}

/// An item of a [`Menu`]. It does what a [`Button`](super::Button) can do.
///
/// ```
/// use b24bot_actions::content::{Device, MenuItem};
///
/// let item = MenuItem::put("Search", "/search ").device(Device::Desktop);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem(Fields);

impl MenuItem {
    /// Opens an address: `http://`, `https://`, or a path on the portal.
    pub fn link(text: impl Into<String>, address: impl Into<String>) -> Self {
        Self(button::link(text.into(), address.into()))
    }

    /// Gives a registered command to the bot. It is named without its slash; parameters may be empty.
    pub fn command(text: impl Into<String>, name: impl Into<String>, params: impl Into<String>) -> Self {
        Self(button::command(text.into(), name.into(), params.into()))
    }

    /// Sends a message in the name of whoever chooses it: `SEND`.
    pub fn send(text: impl Into<String>, message: impl Into<String>) -> Self {
        Self(button::action(text.into(), "SEND", message.into()))
    }

    /// Puts text into the input field: `PUT`.
    pub fn put(text: impl Into<String>, input: impl Into<String>) -> Self {
        Self(button::action(text.into(), "PUT", input.into()))
    }

    /// Puts text on the clipboard: `COPY`.
    pub fn copy(text: impl Into<String>, copied: impl Into<String>) -> Self {
        Self(button::action(text.into(), "COPY", copied.into()))
    }

    /// Calls a telephone number in international format: `CALL`.
    pub fn call(text: impl Into<String>, number: impl Into<String>) -> Self {
        Self(button::action(text.into(), "CALL", number.into()))
    }

    /// Opens a dialog: `DIALOG`.
    pub fn dialog(text: impl Into<String>, dialog: impl Into<DialogId>) -> Self {
        Self(button::action(text.into(), "DIALOG", dialog.into().into()))
    }

    /// Opens a chat application; only open channels still use these. Parameters may be empty.
    pub fn app(text: impl Into<String>, id: u64, params: impl Into<String>) -> Self {
        Self(button::app(text.into(), id, params.into()))
    }

    /// Where it is shown.
    #[must_use]
    pub fn device(self, device: Device) -> Self {
        Self(self.0.with("CONTEXT", device.as_str()))
    }

    /// It cannot be chosen: `DISABLED`.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self(self.0.with("DISABLED", "Y"))
    }

    fn encode(self) -> Result<Value, ContentError> {
        button::pressable(self.0)
    }
}
