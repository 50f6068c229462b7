//! A whole message.

use std::collections::BTreeMap;

use b24bot_core::{BotId, Generation, MessageId};
use serde_json::{Map, Value};

use super::{
    attach::Attach,
    bb::BbText,
    encoded::Encoded,
    error::{ContentError, ContentErrorKind},
    keyboard::Keyboard,
    limits,
    menu::Menu,
};

/// A message to be sent, for both generations of the bot platform.
///
/// Text that is not a [`BbText`] is escaped.
///
/// ```
/// use b24bot_actions::content::{Button, Keyboard, OutgoingMessage};
///
/// let message = OutgoingMessage::new("Shall I?")
///     .keyboard(Keyboard::new().row([Button::send("Yes", "yes"), Button::send("No", "no")]))
///     .reply_to(345)
///     .url_preview(false);
/// let fields = serde_json::to_value(message.to_params_v2()?)?;
/// assert_eq!(fields["replyId"], 345);
/// assert_eq!(fields["urlPreview"], false);
/// assert_eq!(fields["keyboard"][0]["ACTION_VALUE"], "yes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutgoingMessage {
    text: BbText,
    bot: Option<BotId>,
    attach: Option<Attach>,
    keyboard: Option<Keyboard>,
    menu: Option<Menu>,
    system: bool,
    url_preview: Option<bool>,
    reply_to: Option<MessageId>,
    skip_connector: bool,
    template: Option<String>,
    forwarded: BTreeMap<String, MessageId>,
}

impl OutgoingMessage {
    /// A message with this text, which may be empty if there is an attachment.
    pub fn new(text: impl Into<BbText>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The attachment.
    #[must_use]
    pub fn attach(mut self, attach: Attach) -> Self {
        self.attach = Some(attach);
        self
    }

    /// The keyboard below it.
    #[must_use]
    pub fn keyboard(mut self, keyboard: Keyboard) -> Self {
        self.keyboard = Some(keyboard);
        self
    }

    /// More items for its context menu. v1 only.
    #[must_use]
    pub fn menu(mut self, menu: Menu) -> Self {
        self.menu = Some(menu);
        self
    }

    /// The bot that gets the commands of the keyboard and the menu, unless they name one themselves.
    #[must_use]
    pub fn bot(mut self, bot: impl Into<BotId>) -> Self {
        self.bot = Some(bot.into());
        self
    }

    /// It is shown as a message of the system, without an author.
    #[must_use]
    pub fn system(mut self) -> Self {
        self.system = true;
        self
    }

    /// Whether links in it become previews. By itself they do.
    #[must_use]
    pub fn url_preview(mut self, shown: bool) -> Self {
        self.url_preview = Some(shown);
        self
    }

    /// It answers a message of the same chat. Of v1, `im.message.add` knows this and `imbot.message.add` does not.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// In an open channel, it stays inside the portal: the client does not get it. v1 only (`imbot.message.add`).
    #[must_use]
    pub fn skip_connector(mut self) -> Self {
        self.skip_connector = true;
        self
    }

    /// The UUID of the message's template. v2 only.
    #[must_use]
    pub fn template(mut self, uuid: impl Into<String>) -> Self {
        self.template = Some(uuid.into());
        self
    }

    /// Forwards a message, up to 100 in all, from a chat where the bot is. The UUID, any that is not used yet, is the
    /// key to the new message's id in the answer; the same UUID again takes the earlier one's place. v2 only.
    #[must_use]
    pub fn forward(mut self, uuid: impl Into<String>, message: impl Into<MessageId>) -> Self {
        self.forwarded.insert(uuid.into(), message.into());
        self
    }

    /// The parameters that `imbot.message.add`, `im.message.add` and the like have for it; where it goes is not among
    /// them.
    ///
    /// # Errors
    /// Text of more than 20,000 characters or no content at all; what [`Attach::to_v1`], [`Keyboard::to_v1`] and
    /// [`Menu::to_v1`] say; forwarded messages and templates.
    pub fn to_params_v1(&self) -> Result<Encoded, ContentError> {
        Ok(self.params_v1(Use::New)?.into())
    }

    fn params_v1(&self, to_be: Use) -> Result<Map<String, Value>, ContentError> {
        unsupported("the list of forwarded messages", !self.forwarded.is_empty())?;
        unsupported("the template", self.template.is_some())?;
        let mut params = self.parts(Generation::V1, ["MESSAGE", "ATTACH", "KEYBOARD", "REPLY_ID"], to_be)?;
        if let Some(menu) = self.menu.as_ref().filter(|menu| to_be.takes(menu.is_empty())) {
            params.insert("MENU".to_owned(), menu.clone().or_bot(self.bot).to_v1()?.into_value());
        }
        let flags = [
            ("SYSTEM", self.system.then_some(true)),
            ("URL_PREVIEW", self.url_preview),
            ("SKIP_CONNECTOR", self.skip_connector.then_some(true)),
        ];
        for (name, flag) in flags {
            if let Some(flag) = flag {
                params.insert(name.to_owned(), yes_or_no(flag));
            }
        }
        Ok(params)
    }

    /// `fields` of `imbot.v2.Chat.Message.send` and the like.
    ///
    /// # Errors
    /// Text of more than 20,000 characters, more than 100 forwarded messages, or no content at all; what
    /// [`Attach::to_v2`] and [`Keyboard::to_v2`] say; menus and [`skip_connector`](Self::skip_connector).
    pub fn to_params_v2(&self) -> Result<Encoded, ContentError> {
        Ok(self.params_v2(Use::New)?.into())
    }

    fn params_v2(&self, to_be: Use) -> Result<Map<String, Value>, ContentError> {
        unsupported("the menu", self.menu.as_ref().is_some_and(|menu| !menu.is_empty()))?;
        unsupported("`skip_connector`", self.skip_connector)?;
        limits::forwarded(self.forwarded.len())?;
        let mut fields = self.parts(Generation::V2, ["message", "attach", "keyboard", "replyId"], to_be)?;
        let rest = [
            ("system", self.system.then_some(Value::Bool(true))),
            ("urlPreview", self.url_preview.map(Value::Bool)),
            ("templateId", self.template.clone().map(Value::String)),
            ("forwardIds", (!self.forwarded.is_empty()).then(|| self.forward_ids())),
        ];
        fields.extend(rest.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(fields)
    }

    /// For either generation.
    ///
    /// # Errors
    /// See [`to_params_v1`](Self::to_params_v1) and [`to_params_v2`](Self::to_params_v2).
    pub fn to_params(&self, generation: Generation) -> Result<Encoded, ContentError> {
        match generation {
            Generation::V1 => self.to_params_v1(),
            Generation::V2 => self.to_params_v2(),
        }
    }

    /// What `imbot.message.update` or `imbot.v2.Chat.Message.update` (its `fields`) take to change a message into this
    /// one. What was not given stays as it is; an empty [`Keyboard`], [`Attach`] or [`Menu`] that was given takes the
    /// message's away.
    ///
    /// ```
    /// use b24bot_actions::content::{Keyboard, OutgoingMessage};
    /// use b24bot_core::Generation;
    ///
    /// let voted = OutgoingMessage::new("You said yes.").keyboard(Keyboard::new());
    /// let changes = serde_json::to_value(voted.to_changes(Generation::V2)?)?;
    /// assert_eq!(changes, serde_json::json!({ "message": "You said yes.", "keyboard": "N" }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As with [`to_params_v1`](Self::to_params_v1) and [`to_params_v2`](Self::to_params_v2).
    pub fn to_changes(&self, generation: Generation) -> Result<Encoded, ContentError> {
        let mut changes = match generation {
            Generation::V1 => self.params_v1(Use::Change)?,
            Generation::V2 => self.params_v2(Use::Change)?,
        };
        // Unlike the method that sends, the one that changes knows letters only.
        if let (Generation::V2, Some(shown)) = (generation, self.url_preview) {
            changes.insert("urlPreview".to_owned(), yes_or_no(shown));
        }
        Ok(changes.into())
    }

    /// Names the bot, unless one is named.
    pub(crate) fn or_bot(mut self, bot: BotId) -> Self {
        self.bot = self.bot.or(Some(bot));
        self
    }

    /// What both generations have, under the names of one.
    fn parts(
        &self,
        generation: Generation,
        names: [&str; 4],
        to_be: Use,
    ) -> Result<Map<String, Value>, ContentError> {
        let [text, attach, keyboard, reply] = names.map(str::to_owned);
        let mut parts = Map::new();
        if !self.text.is_blank() {
            limits::text(self.text.as_str())?;
            parts.insert(text, self.text.as_str().into());
        }
        if let Some(given) = self.attach.as_ref().filter(|attach| to_be.takes(attach.is_empty())) {
            parts.insert(attach, given.encode(generation)?.into_value());
        }
        let is_empty = parts.is_empty() && self.forwarded.is_empty();
        if is_empty && to_be == Use::New {
            return Err(ContentError::new("the message", ContentErrorKind::Empty));
        }
        if let Some(given) = self.keyboard.as_ref().filter(|keyboard| to_be.takes(keyboard.is_empty())) {
            let encoded = given.clone().or_bot(self.bot).encode(generation)?;
            parts.insert(keyboard, encoded.into_value());
        }
        if let Some(message) = self.reply_to {
            parts.insert(reply, message.get().into());
        }
        Ok(parts)
    }

    fn forward_ids(&self) -> Value {
        self.forwarded.iter().map(|(uuid, message)| (uuid.clone(), Value::from(message.get()))).collect()
    }
}

/// What the content is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    New,
    Change,
}

impl Use {
    /// To a change, an empty part says something.
    const fn takes(self, empty: bool) -> bool {
        !empty || matches!(self, Self::Change)
    }
}

fn yes_or_no(flag: bool) -> Value {
    if flag { "Y" } else { "N" }.into()
}

impl From<BbText> for OutgoingMessage {
    fn from(text: BbText) -> Self {
        Self::new(text)
    }
}

impl From<&str> for OutgoingMessage {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for OutgoingMessage {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

fn unsupported(part: &'static str, used: bool) -> Result<(), ContentError> {
    if used { Err(ContentError::new(part, ContentErrorKind::Unsupported)) } else { Ok(()) }
}
