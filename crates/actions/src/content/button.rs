//! Buttons of a keyboard.

use b24bot_core::DialogId;
use serde_json::Value;

use super::{
    color::{Color, ColorToken},
    error::ContentError,
    fields::Fields,
};

/// A button under a message. What it does is said when it is made; how it looks, afterwards.
///
/// Its text is shown as it is: BB code means nothing there.
///
/// ```
/// use b24bot_actions::content::{Button, Color, ColorToken, Device};
///
/// let pay = Button::link("Pay", "https://shop.example/pay/142").color_token(ColorToken::Primary);
/// let done = Button::command("Done", "done", "142").block_after_press();
/// let call = Button::call("Call us", "+15550100").device(Device::Mobile).text_color(Color::rgb(255, 255, 255));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button(Fields);

/// How a button takes its place: `DISPLAY`.
///
/// ```
/// use b24bot_actions::content::{Button, Display};
///
/// let wide = Button::send("All of them", "all").display(Display::Block);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Display {
    /// `LINE`: beside its neighbours.
    Line,
    /// `BLOCK`: a line of its own.
    Block,
}

/// Where a button or menu item is shown: `CONTEXT`.
///
/// ```
/// use b24bot_actions::content::{Button, Device};
///
/// let scan = Button::command("Scan a code", "scan", "").device(Device::Mobile);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// `MOBILE`
    Mobile,
    /// `DESKTOP`
    Desktop,
    /// `ALL`, which is the platform's default.
    All,
}

impl Device {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "MOBILE",
            Self::Desktop => "DESKTOP",
            Self::All => "ALL",
        }
    }
}

impl Button {
    /// Opens an address: `http://`, `https://`, or a path on the portal (`/crm/deal/list/`).
    pub fn link(text: impl Into<String>, address: impl Into<String>) -> Self {
        Self(link(text.into(), address.into()))
    }

    /// Gives a registered command to the bot, which gets a command event (`ONIMCOMMANDADD`, `ONIMBOTV2COMMANDADD`)
    /// with these parameters. The command is named without its slash; parameters may be empty.
    pub fn command(text: impl Into<String>, name: impl Into<String>, params: impl Into<String>) -> Self {
        Self(command(text.into(), name.into(), params.into()))
    }

    /// Sends a message in the name of whoever presses: `SEND`.
    pub fn send(text: impl Into<String>, message: impl Into<String>) -> Self {
        Self(action(text.into(), "SEND", message.into()))
    }

    /// Puts text into the input field: `PUT`.
    pub fn put(text: impl Into<String>, input: impl Into<String>) -> Self {
        Self(action(text.into(), "PUT", input.into()))
    }

    /// Puts text on the clipboard: `COPY`.
    pub fn copy(text: impl Into<String>, copied: impl Into<String>) -> Self {
        Self(action(text.into(), "COPY", copied.into()))
    }

    /// Calls a telephone number in international format: `CALL`.
    pub fn call(text: impl Into<String>, number: impl Into<String>) -> Self {
        Self(action(text.into(), "CALL", number.into()))
    }

    /// Opens a dialog: `DIALOG`.
    pub fn dialog(text: impl Into<String>, dialog: impl Into<DialogId>) -> Self {
        Self(action(text.into(), "DIALOG", dialog.into().into()))
    }

    /// Opens a chat application; only open channels still use these. Parameters may be empty.
    pub fn app(text: impl Into<String>, id: u64, params: impl Into<String>) -> Self {
        Self(app(text.into(), id, params.into()))
    }

    /// Its colour: `BG_COLOR`.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self(self.0.with_color("BG_COLOR", color))
    }

    /// Its colour, after the portal's theme: `BG_COLOR_TOKEN`.
    #[must_use]
    pub fn color_token(self, token: ColorToken) -> Self {
        Self(self.0.with_token("BG_COLOR_TOKEN", token))
    }

    /// The colour of its text: `TEXT_COLOR`.
    #[must_use]
    pub fn text_color(self, color: Color) -> Self {
        Self(self.0.with_color("TEXT_COLOR", color))
    }

    /// Its colour while it is inactive: `OFF_BG_COLOR`.
    #[must_use]
    pub fn off_color(self, color: Color) -> Self {
        Self(self.0.with_color("OFF_BG_COLOR", color))
    }

    /// The colour of its text while it is inactive: `OFF_TEXT_COLOR`.
    #[must_use]
    pub fn off_text_color(self, color: Color) -> Self {
        Self(self.0.with_color("OFF_TEXT_COLOR", color))
    }

    /// Its width, in pixels.
    #[must_use]
    pub fn width(self, pixels: u32) -> Self {
        Self(self.0.with("WIDTH", pixels))
    }

    /// How it takes its place. By itself it is [`Display::Line`] in a row of several and [`Display::Block`] alone.
    #[must_use]
    pub fn display(self, display: Display) -> Self {
        let display = match display {
            Display::Line => "LINE",
            Display::Block => "BLOCK",
        };
        Self(self.0.with("DISPLAY", display))
    }

    /// Where it is shown.
    #[must_use]
    pub fn device(self, device: Device) -> Self {
        Self(self.0.with("CONTEXT", device.as_str()))
    }

    /// Once pressed, it cannot be pressed again until the message is changed: `BLOCK`. Works for commands only.
    #[must_use]
    pub fn block_after_press(self) -> Self {
        Self(self.0.with("BLOCK", "Y"))
    }

    /// It cannot be pressed: `DISABLED`.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self(self.0.with("DISABLED", "Y"))
    }

    /// The button in a row of several, where it stands beside the others unless it says otherwise.
    pub(super) fn among_others(self) -> Self {
        Self(self.0.or("DISPLAY", "LINE"))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        pressable(self.0)
    }
}

pub(super) fn link(text: String, address: String) -> Fields {
    Fields::default().with("TEXT", text).with("LINK", address)
}

pub(super) fn command(text: String, name: String, params: String) -> Fields {
    let fields = Fields::default().with("TEXT", text).with("COMMAND", name);
    if params.is_empty() { fields } else { fields.with("COMMAND_PARAMS", params) }
}

pub(super) fn action(text: String, action: &'static str, value: String) -> Fields {
    Fields::default().with("TEXT", text).with("ACTION", action).with("ACTION_VALUE", value)
}

pub(super) fn app(text: String, id: u64, params: String) -> Fields {
    let fields = Fields::default().with("TEXT", text).with("APP_ID", id);
    if params.is_empty() { fields } else { fields.with("APP_PARAMS", params) }
}

/// Checks what the platform needs of a button or menu item; it leaves others out without a word.
pub(super) fn pressable(fields: Fields) -> Result<Value, ContentError> {
    fields.need("TEXT", "the text of a button or menu item")?;
    if fields.lacks("LINK") && fields.lacks("COMMAND") && !fields.has("APP_ID") {
        fields.need("ACTION_VALUE", "what a button or menu item does")?;
    }
    fields.checked()
}
