//! What a message carries besides its text.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use super::attachments::Attachment;
use super::buttons::{Item, Keyboard, list};
use super::files::File;
use super::messages::Message;
use crate::tree::Tree;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) keyboard: Option<Keyboard>,
    pub(crate) menu: Vec<Item>,
    pub(crate) attach: Vec<Attachment>,
    /// Ids of files.
    pub(crate) files: Vec<u64>,
}

/// What an edit does to one part of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Part<T> {
    /// It was not spoken of.
    #[default]
    Kept,
    Removed,
    Set(T),
}

/// The parts a call speaks of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) keyboard: Part<Keyboard>,
    pub(crate) menu: Part<Vec<Item>>,
    pub(crate) attach: Part<Vec<Attachment>>,
}

impl<T> Part<T> {
    fn apply_to(self, slot: &mut T, nothing: T) {
        match self {
            Self::Kept => {}
            Self::Removed => *slot = nothing,
            Self::Set(new) => *slot = new,
        }
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Part<U> {
        match self {
            Self::Kept => Part::Kept,
            Self::Removed => Part::Removed,
            Self::Set(new) => Part::Set(change(new)),
        }
    }
}

impl Content {
    /// Whether there is something to see even without a text.
    pub(crate) fn is_visible(&self) -> bool {
        !self.attach.is_empty() || !self.files.is_empty()
    }

    pub(crate) fn apply(&mut self, parts: Parts) {
        parts.keyboard.map(Some).apply_to(&mut self.keyboard, None);
        parts.menu.apply_to(&mut self.menu, Vec::new());
        parts.attach.apply_to(&mut self.attach, Vec::new());
    }

    /// Whoever edits a message makes its buttons work again.
    pub(crate) fn unblock(&mut self) {
        if let Some(keyboard) = &mut self.keyboard {
            keyboard.blocked = false;
        }
    }
}

impl From<Parts> for Content {
    fn from(parts: Parts) -> Self {
        let mut content = Self::default();
        content.apply(parts);
        content
    }
}

impl State {
    /// Adds to a message as `/control` shows it.
    pub(super) fn show_content(&self, content: &Content, shown: &mut Value) {
        let menu: Vec<Value> = content.menu.iter().enumerate().map(|(n, item)| item.show(n)).collect();
        let attach: Vec<Value> = content.attach.iter().map(Attachment::show).collect();
        let files = content.files.iter().filter_map(|id| self.files.get(*id));
        shown["keyboard"] = json!(content.keyboard.as_ref().map(Keyboard::show));
        shown["menu"] = if menu.is_empty() { Value::Null } else { menu.into() };
        shown["attach"] = if attach.is_empty() { Value::Null } else { attach.into() };
        shown["files"] = files.map(File::show).collect();
    }
}

impl Message {
    /// `params`, as the platform gives them wherever it gives a message. Its documented events do not say there that a
    /// message was edited or deleted, what they are called says it.
    pub(crate) fn params(&self) -> Tree {
        let Content { keyboard, menu, attach, files } = &self.content;
        let mut params = Tree::new();
        if let Some(reply) = self.reply_to {
            params.put("REPLY_ID", reply);
        }
        if let Some(keyboard) = keyboard {
            params.put("KEYBOARD", keyboard.wire());
        }
        if !menu.is_empty() {
            params.put("MENU", list(menu.iter().map(Item::wire)));
        }
        if !attach.is_empty() {
            params.put("ATTACH", list(attach.iter().enumerate().map(|(index, part)| part.wire(index))));
        }
        if !files.is_empty() {
            params.put("FILE_ID", &json!(files));
        }
        params
    }
}
