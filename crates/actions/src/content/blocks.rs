//! What an attachment is put together from.

use b24bot_core::{BotId, ChatId, UserId};
use serde_json::Value;

use super::{
    bb::BbText,
    color::{Color, ColorToken},
    error::ContentError,
    fields::Fields,
    harmless::harmless,
};

/// Somebody's card: name, picture, and where a click leads. `USER`.
///
/// ```
/// use b24bot_actions::content::{Attach, UserBlock};
///
/// let attach = Attach::new().user(UserBlock::new("Anna Petrova").avatar("https://example.com/anna.png").user(27));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserBlock(Fields);

/// The shape of the picture on a [`UserBlock`]: `AVATAR_TYPE`.
///
/// ```
/// use b24bot_actions::content::{AvatarType, UserBlock};
///
/// let card = UserBlock::new("Deploys").link("https://ci.example/").avatar_type(AvatarType::Bot);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AvatarType {
    /// `USER`
    User,
    /// `CHAT`
    Chat,
    /// `BOT`
    Bot,
}

impl UserBlock {
    /// A card with this name on it.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Fields::default().with("NAME", harmless(name.as_ref())))
    }

    /// The picture's address.
    #[must_use]
    pub fn avatar(self, address: impl Into<String>) -> Self {
        Self(self.0.with("AVATAR", address.into()))
    }

    /// The picture's shape. By itself it follows what the card leads to.
    #[must_use]
    pub fn avatar_type(self, kind: AvatarType) -> Self {
        let kind = match kind {
            AvatarType::User => "USER",
            AvatarType::Chat => "CHAT",
            AvatarType::Bot => "BOT",
        };
        Self(self.0.with("AVATAR_TYPE", kind))
    }

    /// Leads to an address. Within the messenger a user, chat or bot is the better choice.
    #[must_use]
    pub fn link(self, address: impl Into<String>) -> Self {
        Self(self.0.with("LINK", address.into()))
    }

    /// Leads to a user.
    #[must_use]
    pub fn user(self, user: impl Into<UserId>) -> Self {
        Self(self.0.with("USER_ID", user.into().get()))
    }

    /// Leads to a chat.
    #[must_use]
    pub fn chat(self, chat: impl Into<ChatId>) -> Self {
        Self(self.0.with("CHAT_ID", chat.into().get()))
    }

    /// Leads to a bot.
    #[must_use]
    pub fn bot(self, bot: impl Into<BotId>) -> Self {
        Self(self.0.with("BOT_ID", bot.into().get()))
    }

    /// Leads to a user of the Bitrix24 Network.
    #[must_use]
    pub fn network(self, id: impl Into<String>) -> Self {
        Self(self.0.with("NETWORK_ID", id.into()))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        self.0.need("NAME", "the name in a user block")?;
        self.0.checked()
    }
}

/// A link with a title, a description and a picture. `LINK`, or `RICH_LINK` in the form of a link's preview.
///
/// ```
/// use b24bot_actions::content::{Attach, BbText, LinkBlock};
///
/// let ticket = LinkBlock::new("https://tickets.example/12345")
///     .name("Ticket 12345")
///     .desc(BbText::new().text("Due ").bold("today"))
///     .preview("https://tickets.example/12345.png")
///     .size(1000, 638);
/// let attach = Attach::new().link(ticket);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkBlock(Fields);

impl LinkBlock {
    /// A link to an address: `http://`, `https://`, or a path on the portal.
    pub fn new(address: impl Into<String>) -> Self {
        Self(Fields::default().with("LINK", address.into()))
    }

    /// The title; without one the address is shown.
    #[must_use]
    pub fn name(self, name: impl AsRef<str>) -> Self {
        Self(self.0.with("NAME", harmless(name.as_ref())))
    }

    /// The description below the title.
    #[must_use]
    pub fn desc(self, text: impl Into<BbText>) -> Self {
        Self(self.0.with("DESC", text.into().into_string()))
    }

    /// A description in HTML, in place of [`desc`](Self::desc). It is sent as it is: nothing that users write belongs
    /// in it.
    #[must_use]
    pub fn raw_html(self, html: impl Into<String>) -> Self {
        Self(self.0.with("HTML", html.into()))
    }

    /// The address of a picture.
    #[must_use]
    pub fn preview(self, address: impl Into<String>) -> Self {
        Self(self.0.with("PREVIEW", address.into()))
    }

    /// The picture's width and height, in pixels.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        Self(self.0.with("WIDTH", width).with("HEIGHT", height))
    }

    /// Leads to a user, inside the messenger.
    #[must_use]
    pub fn user(self, user: impl Into<UserId>) -> Self {
        Self(self.0.with("USER_ID", user.into().get()))
    }

    /// Leads to a chat, inside the messenger.
    #[must_use]
    pub fn chat(self, chat: impl Into<ChatId>) -> Self {
        Self(self.0.with("CHAT_ID", chat.into().get()))
    }

    /// Leads to a user of the Bitrix24 Network.
    #[must_use]
    pub fn network(self, id: impl Into<String>) -> Self {
        Self(self.0.with("NETWORK_ID", id.into()))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        self.0.checked()
    }
}

/// How a grid shows its cells: `DISPLAY`.
///
/// ```
/// use b24bot_actions::content::{Attach, GridCell, GridDisplay};
///
/// let attach = Attach::new()
///     .grid(GridDisplay::Line, [GridCell::new("Sum", "120.50"), GridCell::new("Paid", "yes")])
///     .grid(GridDisplay::Block, [GridCell::new("Comment", "Please call before you come.")]);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GridDisplay {
    /// `BLOCK`: one below the other, the value below its name.
    Block,
    /// `LINE`: beside one another while there is room; one below the other on mobile devices.
    Line,
    /// `ROW`: two columns, names and values.
    Row,
    /// `TABLE`: two columns, closer together. Some clients show [`Row`](Self::Row) instead.
    Table,
}

impl GridDisplay {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "BLOCK",
            Self::Line => "LINE",
            Self::Row => "ROW",
            Self::Table => "TABLE",
        }
    }
}

/// A name and a value in a grid. The value may have BB code.
///
/// ```
/// use b24bot_actions::content::{Attach, BbText, ColorToken, GridCell, GridDisplay};
///
/// let attach = Attach::new().grid(GridDisplay::Row, [
///     GridCell::new("Priority", "high").color_token(ColorToken::Alert),
///     GridCell::new("Assigned to", BbText::new().mention_user(27, "Anna")),
///     GridCell::value("This takes the whole width"),
/// ]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridCell(Fields);

impl GridCell {
    /// A name with its value.
    pub fn new(name: impl AsRef<str>, value: impl Into<BbText>) -> Self {
        Self(Self::name(name).0.with("VALUE", value.into().into_string()))
    }

    /// A name alone.
    pub fn name(name: impl AsRef<str>) -> Self {
        Self(Fields::default().with("NAME", harmless(name.as_ref())))
    }

    /// A value alone.
    pub fn value(value: impl Into<BbText>) -> Self {
        Self(Fields::default().with("VALUE", value.into().into_string()))
    }

    /// Its width, in pixels.
    #[must_use]
    pub fn width(self, pixels: u32) -> Self {
        Self(self.0.with("WIDTH", pixels))
    }

    /// Its height, in pixels.
    #[must_use]
    pub fn height(self, pixels: u32) -> Self {
        Self(self.0.with("HEIGHT", pixels))
    }

    /// The value's colour.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self(self.0.with_color("COLOR", color))
    }

    /// The value's colour, after the portal's theme.
    #[must_use]
    pub fn color_token(self, token: ColorToken) -> Self {
        Self(self.0.with_token("COLOR_TOKEN", token))
    }

    /// The value leads to an address.
    #[must_use]
    pub fn link(self, address: impl Into<String>) -> Self {
        Self(self.0.with("LINK", address.into()))
    }

    /// The value leads to a user.
    #[must_use]
    pub fn user(self, user: impl Into<UserId>) -> Self {
        Self(self.0.with("USER_ID", user.into().get()))
    }

    /// The value leads to a chat.
    #[must_use]
    pub fn chat(self, chat: impl Into<ChatId>) -> Self {
        Self(self.0.with("CHAT_ID", chat.into().get()))
    }

    /// In a line the platform keeps empty cells, elsewhere it drops them.
    pub(super) fn encode(self, display: GridDisplay) -> Result<Value, ContentError> {
        if display != GridDisplay::Line && self.0.lacks("NAME") {
            self.0.need("VALUE", "a cell of a grid")?;
        }
        self.0.with("DISPLAY", display.as_str()).checked()
    }
}

/// A picture. `IMAGE`.
///
/// ```
/// use b24bot_actions::content::{Attach, ImageBlock};
///
/// let attach = Attach::new().images([ImageBlock::new("https://example.com/plan.png").name("Plan").size(1000, 638)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageBlock(Fields);

impl ImageBlock {
    /// The picture at an address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(Fields::default().with("LINK", address.into()))
    }

    /// Its name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.with("NAME", name.into()))
    }

    /// The address of a smaller version to show in the chat.
    #[must_use]
    pub fn preview(self, address: impl Into<String>) -> Self {
        Self(self.0.with("PREVIEW", address.into()))
    }

    /// Its width and height, in pixels.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        Self(self.0.with("WIDTH", width).with("HEIGHT", height))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        self.0.checked()
    }
}

/// A file to download. `FILE`.
///
/// ```
/// use b24bot_actions::content::{Attach, FileBlock};
///
/// let attach = Attach::new().files([FileBlock::new("https://example.com/r.pdf").name("report.pdf").size(1_500_000)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBlock(Fields);

impl FileBlock {
    /// The file at an address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(Fields::default().with("LINK", address.into()))
    }

    /// Its name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.with("NAME", name.into()))
    }

    /// Its size, in bytes.
    #[must_use]
    pub fn size(self, bytes: u64) -> Self {
        Self(self.0.with("SIZE", bytes))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        self.0.checked()
    }
}

/// A line between blocks. `DELIMITER`.
///
/// ```
/// use b24bot_actions::content::{Attach, Color, Delimiter};
///
/// let line = Delimiter::default().size(400).color(Color::rgb(0xc6, 0xc6, 0xc6));
/// let attach = Attach::new().message("above").delimiter(line).message("below");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delimiter(Fields);

impl Delimiter {
    /// Its length, in pixels. By itself it is 200.
    #[must_use]
    pub fn size(self, pixels: u32) -> Self {
        Self(self.0.with("SIZE", pixels))
    }

    /// Its colour.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self(self.0.with_color("COLOR", color))
    }

    pub(super) fn encode(self) -> Result<Value, ContentError> {
        self.0.checked()
    }
}
