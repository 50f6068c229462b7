//! What rules look at.

use std::cell::OnceCell;

use b24bot_core::{ChatKind, DialogId, Event, Message, MessageId, Payload, User, UserId};

use crate::folding::fold;

/// `event`: what a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuleEvent {
    /// `"message"`: someone wrote.
    Message,
    /// `"message_update"`: someone changed a message.
    MessageUpdate,
    /// `"message_delete"`: someone deleted a message.
    MessageDelete,
    /// `"join_chat"`: the bot came into a chat, or someone opened one with it.
    JoinChat,
    /// `"command"`: someone called a slash command.
    Command,
    /// `"reaction_change"`: someone set or removed a reaction.
    ReactionChange,
    /// `"context_get"`: someone opened the bot from somewhere.
    ContextGet,
}

impl RuleEvent {
    pub(crate) const NAMES: &'static [(&'static str, Self)] = &[
        ("message", Self::Message),
        ("message_update", Self::MessageUpdate),
        ("message_delete", Self::MessageDelete),
        ("join_chat", Self::JoinChat),
        ("command", Self::Command),
        ("reaction_change", Self::ReactionChange),
        ("context_get", Self::ContextGet),
    ];

    /// Whether there is a message then: to read, to like, to react to.
    #[must_use]
    pub fn has_message(self) -> bool {
        matches!(self, Self::Message | Self::MessageUpdate | Self::Command | Self::ReactionChange)
    }
}

/// What of an event rules look at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageView<'a> {
    /// What happened.
    pub event: RuleEvent,
    /// Where.
    pub dialog: &'a DialogId,
    /// The kind of chat that is.
    pub chat_kind: ChatKind,
    /// Who did it.
    pub user: Option<UserId>,
    /// Their name; may be empty.
    pub user_name: &'a str,
    /// The message, where there is one.
    pub message: Option<MessageId>,
    /// What it says, without mentions; empty where there is none.
    pub text: &'a str,
    /// Whether the bot was mentioned.
    pub mentions_bot: bool,
    /// Whether the platform itself wrote it.
    pub is_system: bool,
    folded: OnceCell<String>,
}

impl<'a> MessageView<'a> {
    /// The view of an event. `None` where rules have nothing to look at, and for what the bot did itself.
    #[must_use]
    pub fn of(event: &'a Event) -> Option<Self> {
        let view = match &event.payload {
            Payload::MessageAdd(message) => Self::of_message(RuleEvent::Message, message),
            Payload::MessageUpdate(message) => Self::of_message(RuleEvent::MessageUpdate, message),
            Payload::Command(command) => Self::of_message(RuleEvent::Command, &command.message),
            Payload::ReactionChange(change) => {
                let view = Self::of_message(RuleEvent::ReactionChange, &change.message);
                view.by(change.user.as_ref())
            }
            Payload::MessageDelete(deleted) => Self {
                user: deleted.user,
                ..Self::bare(RuleEvent::MessageDelete, &deleted.dialog, deleted.chat.kind)
            },
            Payload::JoinChat(join) => {
                Self::bare(RuleEvent::JoinChat, &join.dialog, join.chat.kind).by(join.user.as_ref())
            }
            Payload::ContextGet(context) => {
                Self::bare(RuleEvent::ContextGet, &context.dialog, context.chat.kind)
                    .by(context.user.as_ref())
            }
            _ => return None,
        };
        let bot = event.bot.as_ref().map(|bot| UserId::from(bot.id));
        (bot.is_none() || view.user != bot).then_some(view)
    }

    fn of_message(event: RuleEvent, message: &'a Message) -> Self {
        Self {
            message: Some(message.id),
            text: &message.text,
            mentions_bot: message.mentions_bot,
            is_system: message.is_system,
            ..Self::bare(event, &message.dialog, message.chat.kind).by(Some(&message.author))
        }
    }

    pub(crate) fn bare(event: RuleEvent, dialog: &'a DialogId, chat_kind: ChatKind) -> Self {
        Self {
            event,
            dialog,
            chat_kind,
            user: None,
            user_name: "",
            message: None,
            text: "",
            mentions_bot: false,
            is_system: false,
            folded: OnceCell::new(),
        }
    }

    fn by(self, user: Option<&'a User>) -> Self {
        Self { user: user.map(|user| user.id), user_name: user.map_or("", |user| &user.name), ..self }
    }

    /// The text as rules compare it, worked out once for all of them.
    pub(crate) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(self.text))
    }
}
