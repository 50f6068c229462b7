//! A slash command, as the portal is told of it.

use std::collections::BTreeMap;

/// `[[command]]`: a slash command of the bot's, which is registered with it.
///
/// ```
/// use b24bot_rules::CommandSettings;
///
/// let reverse = CommandSettings::new("reverse")
///     .title("Says it backwards")
///     .title_in("de", "Sagt es rückwärts")
///     .params("text");
/// assert_eq!(reverse.title["de"], "Sagt es rückwärts");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandSettings {
    /// What people type, without the slash.
    pub name: String,
    /// What it is called in the list of commands, by language code. Only hidden commands can do without.
    pub title: BTreeMap<String, String>,
    /// What may follow it, by language code.
    pub params: BTreeMap<String, String>,
    /// Not shown in the list of commands; it works all the same.
    pub hidden: bool,
    /// Available in all chats, and not only where the bot is.
    pub common: bool,
    /// Available to extranet users.
    pub extranet: bool,
}

impl CommandSettings {
    /// The language of a text that is given without one: the platform shows it where its own is missing.
    pub const LANGUAGE: &str = "en";

    /// A command, shown in the bot's chats, without a title yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// What it is called, in all languages that have no title of their own.
    #[must_use]
    pub fn title(self, text: impl Into<String>) -> Self {
        self.title_in(Self::LANGUAGE, text)
    }

    /// What it is called in a language: `de`, `ru`, …
    #[must_use]
    pub fn title_in(mut self, language: impl Into<String>, text: impl Into<String>) -> Self {
        self.title.insert(language.into(), text.into());
        self
    }

    /// What may follow it, in all languages that have no such text of their own.
    #[must_use]
    pub fn params(self, text: impl Into<String>) -> Self {
        self.params_in(Self::LANGUAGE, text)
    }

    /// What may follow it, in a language.
    #[must_use]
    pub fn params_in(mut self, language: impl Into<String>, text: impl Into<String>) -> Self {
        self.params.insert(language.into(), text.into());
        self
    }

    /// Keeps it out of the list of commands.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Makes it available in all chats.
    #[must_use]
    pub fn common(mut self) -> Self {
        self.common = true;
        self
    }

    /// Makes it available to extranet users.
    #[must_use]
    pub fn extranet(mut self) -> Self {
        self.extranet = true;
        self
    }
}
