//! Bots of the second generation: `imbot.v2.*`.

pub mod bot;
pub mod chat;
pub mod command;
pub mod message;

use b24bot_core::{BotId, DialogId, FileId};

use crate::methods::answers;

namespace! {
    /// Bots of the second generation: `imbot.v2.*`.
    V2, scope Some("imbot"), under {
        /// The bots themselves: `imbot.v2.Bot.*`.
        bot: bot::Bot,
        /// Chats: `imbot.v2.Chat.*`.
        chat: chat::Chat,
        /// Slash commands: `imbot.v2.Command.*`.
        command: command::Command,
        /// The bot's events, for fetching: `imbot.v2.Event.*`.
        event: Event,
        /// Files: `imbot.v2.File.*`.
        file: File,
        /// The bot platform's revision: `imbot.v2.Revision.*`.
        revision: Revision,
    };
}

namespace! {
    /// The bot's events, for fetching: `imbot.v2.Event.*`.
    Event, scope Some("imbot");

    /// The bot's events since an offset. The offset confirms, and deletes, everything below it: name one only
    /// once what it covers is stored.
    read get = EventGet, "imbot.v2.Event.get" at "chat-bots/chat-bots-v2/imbot.v2/events/event-get"
    (bot_id: BotId = "botId") -> answers::EventLog {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// How many to leave out.
        offset: u64 = "offset",
        /// How many at most.
        limit: u64 = "limit",
        /// With the events of the caller's own; see `im.v2.Event.subscribe`.
        with_user_events: bool = "withUserEvents",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, ScopeError, AuthError,
        UserNotSubscribed,
    ];
}

namespace! {
    /// Files: `imbot.v2.File.*`.
    File, scope Some("imbot");

    /// An address from which a file can be had for a while.
    read download = FileDownload, "imbot.v2.File.download"
        at "chat-bots/chat-bots-v2/imbot.v2/files/file-download"
    (bot_id: BotId = "botId", file_id: FileId = "fileId") -> answers::DownloadUrl {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, FileAccessError,
        FileNotFound,
    ];

    /// Uploads a file into a dialog, as a message of the bot's.
    act upload = FileUpload, "imbot.v2.File.upload" at "chat-bots/chat-bots-v2/imbot.v2/files/file-upload"
    (
        bot_id: BotId = "botId",
        dialog_id: DialogId = "dialogId",
        name: text = "fields.name",
        content: text = "fields.content",
    ) -> answers::Upload {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// A text to go with it.
        message: text = "fields.message",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, FileEmpty,
        FileInvalidContent, FileFolderError, FileUploadFailed, FileSendFailed, FileTooLarge,
    ];
}

namespace! {
    /// The bot platform's revision: `imbot.v2.Revision.*`.
    Revision, scope Some("imbot");

    /// Which revision of the bot platform this portal has.
    read get = RevisionGet, "imbot.v2.Revision.get" at "chat-bots/chat-bots-v2/imbot.v2/revision-get"
    () -> answers::Revision {};
}
