//! Handles of what is on the portal.

use std::fmt;

use b24bot_core::{DialogId, MessageId};

/// A message that somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// The message's id.
    pub id: MessageId,
    /// The chat it is in; private dialogs are chats as well.
    pub chat: Chat,
}

/// A chat. Where a dialog is asked for, it stands for `chat5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chat(pub(super) u64);

impl Chat {
    /// The chat's id.
    #[must_use]
    pub fn id(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chat{}", self.0)
    }
}

impl From<Said> for MessageId {
    fn from(said: Said) -> Self {
        said.id
    }
}

impl From<Chat> for DialogId {
    fn from(chat: Chat) -> Self {
        Self::from(chat.to_string())
    }
}
