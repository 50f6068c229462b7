//! One rule: what has to hold, and what it does then.

use std::sync::Arc;

use b24bot_actions::LikeAction;
use b24bot_core::{ChatKind, DialogId, UserId};
use regex::Regex;

use crate::{Limit, MessageView, RuleEvent, reply::Template};

/// A `[[rule]]` of `bot.toml`, checked and ready.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(crate) name: Arc<str>,
    pub(crate) conditions: Conditions,
    pub(crate) like: Option<LikeAction>,
    pub(crate) reaction: Option<Arc<str>>,
    pub(crate) reply: Option<Template>,
    pub(crate) stop: bool,
    pub(crate) limit: Option<Limit>,
}

/// What has to hold, all of it. An empty list asks nothing.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    pub(crate) event: RuleEvent,
    /// Folded.
    pub(crate) text: Vec<String>,
    pub(crate) regex: Option<Regex>,
    pub(crate) users: Vec<UserId>,
    pub(crate) not_users: Vec<UserId>,
    pub(crate) dialogs: Vec<DialogId>,
    pub(crate) chat_types: Vec<ChatKind>,
    pub(crate) mentioned: Option<bool>,
}

impl Rule {
    /// Its name, unique in its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The event it is for.
    #[must_use]
    pub fn event(&self) -> RuleEvent {
        self.conditions.event
    }

    /// How often it may act in a dialog.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Whether all its conditions hold. Messages by the platform itself never match. The limit is another matter.
    ///
    /// ```
    /// use b24bot_rules::{Config, MessageView};
    ///
    /// let text = "[bot]\ncode = 'b'\n[[rule]]\ntext = 'danke schön'\nlike = true";
    /// let config = Config::parse("bot.toml", text, &|_| None)?;
    /// let body = "event=ONIMBOTMESSAGEADD&data[BOT][1001][BOT_ID]=1001&data[PARAMS][MESSAGE]=DANKE SCHÖN!\
    ///     &data[PARAMS][MESSAGE_ID]=5&data[PARAMS][DIALOG_ID]=27&data[PARAMS][FROM_USER_ID]=27";
    /// let events = b24bot_core::decode(body.as_bytes())?;
    /// let view = MessageView::of(&events[0]).ok_or("nothing to look at")?;
    /// assert!(config.rules[0].matches(&view));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn matches(&self, view: &MessageView<'_>) -> bool {
        let asked = &self.conditions;
        let is_user = |users: &[UserId]| view.user.is_some_and(|user| users.contains(&user));
        !view.is_system
            && asked.event == view.event
            && asked.mentioned.is_none_or(|mentioned| mentioned == view.mentions_bot)
            && (asked.chat_types.is_empty() || asked.chat_types.contains(&view.chat_kind))
            && (asked.dialogs.is_empty() || asked.dialogs.contains(view.dialog))
            && (asked.users.is_empty() || is_user(&asked.users))
            && !is_user(&asked.not_users)
            && (asked.text.is_empty() || asked.text.iter().any(|part| view.folded().contains(part)))
            && asked.regex.as_ref().is_none_or(|regex| regex.is_match(view.text))
    }
}
