//! Messages: how they are posted, changed and deleted.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::content::{Content, Part, Parts};
use super::marks::LIKE;
use super::{Change, State};
use crate::clock::Moment;
use crate::events;

/// The longest text; what is beyond is cut off.
pub(crate) const MAX_TEXT: usize = 20_000;
/// How long generation 1 lets a message be changed: three days.
pub(crate) const EDITABLE_SECONDS: u64 = 3 * 24 * 3600;
/// What the platform writes where it has cut.
const CUT: &str = " (...)";
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) chat: u64,
    /// 0 for the platform itself, and for system messages whoever has sent them.
    pub(crate) author: u64,
    pub(crate) sender: u64,
    pub(crate) date: Moment,
    pub(crate) text: String,
    pub(crate) system: bool,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
    pub(crate) reply_to: Option<u64>,
    /// The message this one is a copy of.
    pub(crate) forward: Option<Forward>,
    pub(crate) uuid: String,
    /// Reaction code → who left it, in order.
    pub(crate) marks: IndexMap<String, Vec<u64>>,
    pub(crate) content: Content,
}

/// Where a forwarded message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forward {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) chat: u64,
    pub(crate) date: Moment,
}

/// A message to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) chat: u64,
    pub(crate) author: u64,
    pub(crate) text: String,
    pub(crate) system: bool,
    pub(crate) reply_to: Option<u64>,
    pub(crate) forward: Option<Forward>,
    pub(crate) content: Content,
    /// The author need not be in the chat: bots answer common commands wherever they are typed.
    pub(crate) from_outside: bool,
}

impl Draft {
    pub(crate) fn new(chat: u64, author: u64, text: impl Into<String>) -> Self {
        Self {
            chat,
            author,
            text: text.into(),
            system: false,
            reply_to: None,
            forward: None,
            content: Content::default(),
            from_outside: false,
        }
    }
}

/// What is to be different about a message; an empty text deletes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) text: Option<String>,
    pub(crate) parts: Parts,
}

fn fit(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}{CUT}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Why a message could not be touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untouched {
    /// It does not exist, is deleted, or its chat is closed to the one who asks.
    NoAccess,
    /// It is that way already.
    NoChange,
    /// No text.
    Empty,
}

impl State {
    /// Posts a message and tells the bots that may see it.
    pub(crate) fn post(&mut self, draft: Draft) -> Result<u64, Untouched> {
        let Draft { chat, author: sender, text, system, reply_to, forward, content, from_outside } = draft;
        let text = fit(&text);
        if text.is_empty() && !content.is_visible() {
            return Err(Untouched::Empty);
        }
        let room = self.chats.get_mut(&chat).ok_or(Untouched::NoAccess)?;
        if sender != 0 && !from_outside && !room.has(sender) {
            return Err(Untouched::NoAccess);
        }
        let id = Self::take_id(&mut self.next_message);
        room.messages.push(id);
        let message = Message {
            id,
            chat,
            author: if system { 0 } else { sender },
            sender,
            date: self.now,
            text,
            system,
            edited: false,
            deleted: false,
            reply_to,
            forward,
            uuid: self.uuid(),
            marks: IndexMap::new(),
            content,
        };
        self.messages.insert(id, message);
        self.changes.push(Change::Message(id));
        events::message_added(self, id);
        Ok(id)
    }

    /// Posts a copy of a message that the author can see, without its buttons.
    pub(crate) fn forward(&mut self, message: u64, chat: u64, author: u64) -> Result<u64, Untouched> {
        let original = self.visible(message, author).ok_or(Untouched::NoAccess)?;
        let mut draft = Draft::new(chat, author, original.text.clone());
        draft.forward =
            Some(Forward { id: message, author: original.author, chat: original.chat, date: original.date });
        let (attach, files) = (original.content.attach.clone(), original.content.files.clone());
        draft.content.attach = attach;
        draft.content.files = files.iter().filter_map(|file| self.copy_file(*file, chat)).collect();
        self.post(draft)
    }

    /// Changes a message; only the author may.
    pub(crate) fn edit(&mut self, message: u64, editor: u64, edit: Edit) -> Result<(), Untouched> {
        let Edit { text, parts } = edit;
        let text = text.map(|text| fit(&text));
        let own = |message: &&mut Message| message.author == editor && !message.deleted;
        let message = self.messages.get_mut(&message).filter(own).ok_or(Untouched::NoAccess)?;
        let id = message.id;
        if text.as_ref().is_some_and(String::is_empty) {
            return self.delete(id, editor);
        }
        message.edited |= text.is_some() || parts.attach != Part::Kept;
        if let Some(text) = text {
            message.text = text;
        }
        message.content.apply(parts);
        message.content.unblock();
        self.changes.push(Change::Message(id));
        events::message_updated(self, id);
        Ok(())
    }

    /// Empties a message, as people do. The author may, and whoever runs the group.
    pub(crate) fn delete(&mut self, message: u64, editor: u64) -> Result<(), Untouched> {
        let id = self.deletable(message, editor)?;
        // Before the text goes: a mention in it decides who hears of the deletion.
        events::message_deleted(self, id);
        if let Some(message) = self.messages.get_mut(&id) {
            message.text = format!("Message from {} has been deleted", message.date.american());
            message.deleted = true;
            message.marks.clear();
            message.content = Content::default();
        }
        self.changes.push(Change::Message(id));
        Ok(())
    }

    /// Deletes a message without leaving a trace of it.
    pub(crate) fn erase(&mut self, message: u64, editor: u64) -> Result<(), Untouched> {
        let id = self.deletable(message, editor)?;
        events::message_deleted(self, id);
        if let Some(message) = self.messages.remove(&id)
            && let Some(chat) = self.chats.get_mut(&message.chat)
        {
            chat.messages.retain(|other| *other != id);
        }
        self.changes.push(Change::Gone(id));
        Ok(())
    }

    fn deletable(&self, message: u64, editor: u64) -> Result<u64, Untouched> {
        let message = self.messages.get(&message).filter(|message| !message.deleted);
        let allowed = message.filter(|message| {
            let chat = self.chats.get(&message.chat);
            message.author == editor || chat.is_some_and(|chat| chat.is_run_by(editor))
        });
        allowed.map(|message| message.id).ok_or(Untouched::NoAccess)
    }

    /// A message that `user` can see: they are in its chat and it is not deleted.
    pub(crate) fn visible(&self, message: u64, user: u64) -> Option<&Message> {
        let message = self.messages.get(&message).filter(|message| !message.deleted)?;
        self.chats.get(&message.chat).filter(|chat| chat.has(user)).map(|_| message)
    }

    /// A message as `/control` shows it.
    pub(crate) fn show_message(&self, id: u64) -> Option<Value> {
        let message = self.messages.get(&id)?;
        let chat = self.chats.get(&message.chat)?;
        let likes = message.marks.get(LIKE).cloned().unwrap_or_default();
        let reactions: IndexMap<&String, &Vec<u64>> =
            message.marks.iter().filter(|(code, _)| *code != LIKE).collect();
        let mut shown = json!({
            "id": id,
            "chat": chat.id,
            "dialog": chat.dialog(message.sender),
            "author": message.author,
            "text": message.text,
            "date": message.date.iso(),
            "likes": likes,
            "reactions": reactions,
            "reply_to": message.reply_to,
            "forwarded": message.forward.map(|original| original.id),
            "system": message.system,
            "edited": message.edited,
            "deleted": message.deleted,
        });
        self.show_content(&message.content, &mut shown);
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::LikeAction;
    use super::super::sample;
    use super::*;

    #[test]
    fn only_members_can_like_and_nobody_a_deleted_message() {
        let mut state = sample();
        let chat = state.dialog(27, "42").unwrap();
        let id = state.post(Draft::new(chat, 27, "between us")).unwrap();
        assert_eq!(state.like(id, 1, LikeAction::Plus), Err(Untouched::NoAccess));
        assert_eq!(state.delete(id, 42), Err(Untouched::NoAccess));
        state.delete(id, 27).unwrap();
        assert_eq!(state.like(id, 42, LikeAction::Plus), Err(Untouched::NoAccess));
        assert!(state.messages[&id].text.ends_with("has been deleted"));
    }

    #[test]
    fn text_is_trimmed_and_cut() {
        let mut state = sample();
        let id = state.post(Draft::new(1, 27, format!("  {}", "ж".repeat(MAX_TEXT + 5)))).unwrap();
        let text = &state.messages[&id].text;
        assert!(text.ends_with("жж (...)") && text.chars().count() == MAX_TEXT + CUT.len(), "{}", text.len());
        let whole = state.post(Draft::new(1, 27, "ж".repeat(MAX_TEXT))).unwrap();
        assert_eq!(state.messages[&whole].text.chars().count(), MAX_TEXT);
        assert_eq!(state.post(Draft::new(1, 27, " \n ")), Err(Untouched::Empty));
    }
}
