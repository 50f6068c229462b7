//! A message and what comes with it.

use crate::{ChatId, DialogId, FileId, MessageId, UserId};

/// A message in a dialog with the bot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// The message's id: what [`im.message.like`](https://apidocs.bitrix24.com/) takes.
    pub id: MessageId,
    /// Where it was written, and where an answer goes.
    pub dialog: DialogId,
    /// The chat of that dialog.
    pub chat: Chat,
    /// Who wrote it. An update does not name them: then only the id is known, and that is 0 where the platform says
    /// nothing at all.
    pub author: User,
    /// What was written, without mentions: `how are you?` for `[USER=5]Bot[/USER], how are you?`.
    pub text: String,
    /// What was written, with mentions.
    pub original_text: String,
    /// Who was mentioned.
    pub mentions: Vec<UserId>,
    /// Whether the bot itself was mentioned.
    pub mentions_bot: bool,
    /// Whether the platform itself wrote it: "Anna joined the chat".
    pub is_system: bool,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The message it forwards.
    pub forward: Option<Forward>,
    /// What is attached.
    pub files: Vec<File>,
    /// The author's language: `en`.
    pub language: Option<String>,
}

/// Where a forwarded message stood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forward {
    /// The message; none if it cannot be seen here.
    pub id: Option<MessageId>,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Its chat.
    pub chat: Option<ChatId>,
}

/// The chat behind a dialog.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chat {
    /// Its id; private chats of the first generation have none.
    pub id: Option<ChatId>,
    /// What kind of chat it is.
    pub kind: ChatKind,
    /// Its title.
    pub title: Option<String>,
    /// What it belongs to: `LINES` for open channels, `THREAD`, `CRM`, `TASKS` …
    pub entity_type: Option<String>,
    /// Which one of those: for open channels connector, line, chat and user, separated by `|`.
    pub entity_id: Option<String>,
    /// What the platform keeps with it; for open channels, the client's data.
    pub entity_data: [Option<String>; 3],
}

/// Kinds of chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatKind {
    /// Two people, or a person and the bot.
    Private,
    /// Any other chat inside the portal.
    Group,
    /// A client outside, through an open channel.
    OpenLine,
}

impl ChatKind {
    /// From the platform's type letter or word, what the chat belongs to, and the dialog.
    pub(crate) fn of(platform_type: &str, entity_type: &str, dialog: &DialogId) -> Self {
        let is = |word: &str| platform_type.eq_ignore_ascii_case(word);
        if entity_type.eq_ignore_ascii_case("LINES") || is("L") || is("lines") {
            Self::OpenLine
        } else if is("P") || is("private") || dialog.user().is_some() {
            Self::Private
        } else {
            Self::Group
        }
    }
}

/// A user of the portal, as far as an event shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// First and last name; may be empty.
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Position in the company.
    pub work_position: String,
    /// `M` or `F`.
    pub gender: Option<char>,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Whether it is a client who writes through an open channel.
    pub is_connector: bool,
    /// Whether it is a user from another portal.
    pub is_network: bool,
    /// Whether it is a guest of the portal.
    pub is_extranet: bool,
}

impl User {
    /// Someone of whom nothing but the id is known.
    pub(crate) fn unknown(id: UserId) -> Self {
        Self {
            id,
            name: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            work_position: String::new(),
            gender: None,
            is_bot: false,
            is_connector: false,
            is_network: false,
            is_extranet: false,
        }
    }
}

/// A file in a message. An event may name only its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The file's id on the portal's disk.
    pub id: FileId,
    /// Its name.
    pub name: Option<String>,
    /// `image`, `video`, `audio`, `file`.
    pub kind: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// `png`, without a dot.
    pub extension: Option<String>,
    /// Where it can be had.
    pub url_download: Option<String>,
    /// Where its preview can be had.
    pub url_preview: Option<String>,
}

impl File {
    /// A file of which nothing but the id is known.
    pub(crate) fn unknown(id: FileId) -> Self {
        Self {
            id,
            name: None,
            kind: None,
            size: None,
            extension: None,
            url_download: None,
            url_preview: None,
        }
    }
}
