//! Attachments of messages.

use b24bot_core::Generation;
use serde_json::{Value, json};

use super::{
    bb::BbText,
    blocks::{Delimiter, FileBlock, GridCell, GridDisplay, ImageBlock, LinkBlock, UserBlock},
    color::{Color, ColorToken},
    encoded::Encoded,
    error::{ContentError, ContentErrorKind},
    fields::Fields,
    limits,
};

/// A card below a message, put together from blocks.
///
/// ```
/// use b24bot_actions::content::{Attach, ColorToken, Delimiter, GridCell, GridDisplay, LinkBlock};
///
/// let attach = Attach::new()
///     .color_token(ColorToken::Primary)
///     .message("Request 142")
///     .delimiter(Delimiter::default())
///     .grid(GridDisplay::Row, [GridCell::new("Status", "in progress")])
///     .link(LinkBlock::new("/crm/deal/details/142/").name("Open the request"));
/// let expected = serde_json::json!({ "COLOR_TOKEN": "primary", "BLOCKS": [
///     { "MESSAGE": "Request 142" },
///     { "DELIMITER": {} },
///     { "GRID": [{ "DISPLAY": "ROW", "NAME": "Status", "VALUE": "in progress" }] },
///     { "LINK": { "NAME": "Open the request", "LINK": "/crm/deal/details/142/" } },
/// ]});
/// assert_eq!(serde_json::to_value(attach.to_v2()?)?, expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attach {
    fields: Fields,
    blocks: Vec<Value>,
    /// The first block that cannot be sent.
    fault: Option<ContentError>,
}

impl Attach {
    /// An attachment without blocks: as a parameter of a change (`imbot.message.update`, …) it takes the message's
    /// attachment away.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its colour. Newer clients follow [`color_token`](Self::color_token) instead.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.fields = self.fields.with_color("COLOR", color);
        self
    }

    /// Its colour, after the portal's theme.
    #[must_use]
    pub fn color_token(mut self, token: ColorToken) -> Self {
        self.fields = self.fields.with_token("COLOR_TOKEN", token);
        self
    }

    /// Its id within the message.
    #[must_use]
    pub fn id(mut self, id: u64) -> Self {
        self.fields = self.fields.with("ID", id);
        self
    }

    /// Text: `MESSAGE`. Of BB code it may have what formats characters, mentions, links and actions.
    #[must_use]
    pub fn message(self, text: impl Into<BbText>) -> Self {
        let text = text.into();
        let blank = ContentError::new("the text in an attachment", ContentErrorKind::Empty);
        let text = if text.is_blank() { Err(blank) } else { Ok(text.into_string().into()) };
        self.block("MESSAGE", text)
    }

    /// Somebody's card: `USER`.
    #[must_use]
    pub fn user(self, user: UserBlock) -> Self {
        self.block("USER", user.encode())
    }

    /// A link: `LINK`.
    #[must_use]
    pub fn link(self, link: LinkBlock) -> Self {
        self.block("LINK", link.encode())
    }

    /// A link in the form of a link's preview: `RICH_LINK`.
    #[must_use]
    pub fn rich_link(self, link: LinkBlock) -> Self {
        self.block("RICH_LINK", link.encode())
    }

    /// Names and values: `GRID`. Different displays need different grids.
    #[must_use]
    pub fn grid(self, display: GridDisplay, cells: impl IntoIterator<Item = GridCell>) -> Self {
        self.list("GRID", cells.into_iter().map(|cell| cell.encode(display)))
    }

    /// Pictures: `IMAGE`.
    #[must_use]
    pub fn images(self, images: impl IntoIterator<Item = ImageBlock>) -> Self {
        self.list("IMAGE", images.into_iter().map(ImageBlock::encode))
    }

    /// Files: `FILE`.
    #[must_use]
    pub fn files(self, files: impl IntoIterator<Item = FileBlock>) -> Self {
        self.list("FILE", files.into_iter().map(FileBlock::encode))
    }

    /// A line: `DELIMITER`.
    #[must_use]
    pub fn delimiter(self, line: Delimiter) -> Self {
        self.block("DELIMITER", line.encode())
    }

    /// Whether there is no block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.fault.is_none()
    }

    /// `ATTACH` of `imbot.message.add`, `im.message.add` and the like.
    ///
    /// # Errors
    /// A block that is empty or has a link that is none; more than 30 KB.
    pub fn to_v1(&self) -> Result<Encoded, ContentError> {
        self.encode(Generation::V1)
    }

    /// `attach` of `imbot.v2.Chat.Message.send` and the like.
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
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.blocks.is_empty() {
            return Ok(Encoded::nothing());
        }
        let blocks = Value::Array(self.blocks.clone());
        let value = match generation {
            Generation::V2 if self.fields.is_empty() => blocks,
            Generation::V1 | Generation::V2 => self.fields.clone().with("BLOCKS", blocks).checked()?,
        };
        limits::json("the attachment", generation, &value)?;
        Ok(value.into())
    }

    fn list(self, kind: &'static str, parts: impl Iterator<Item = Result<Value, ContentError>>) -> Self {
        let parts: Result<Vec<Value>, _> = parts.collect();
        let empty = ContentError::new("a list of cells, images or files", ContentErrorKind::Empty);
        self.block(kind, parts.and_then(|parts| if parts.is_empty() { Err(empty) } else { Ok(parts.into()) }))
    }

    fn block(mut self, kind: &'static str, block: Result<Value, ContentError>) -> Self {
        match block {
            Ok(block) => self.blocks.push(json!({ kind: block })),
            Err(fault) => self.fault = self.fault.or(Some(fault)),
        }
        self
    }
}
