//! The second generation, for users: `im.v2.*`.

use b24bot_core::{DialogId, FileId};

use crate::methods::answers;

namespace! {
    /// The second generation, for users: `im.v2.*`.
    V2, scope Some("im"), under {
        /// Events of the caller's own: `im.v2.Event.*`.
        event: Event,
        /// Files: `im.v2.File.*`.
        file: File,
    };
}

namespace! {
    /// Events of the caller's own: `im.v2.Event.*`.
    Event, scope Some("im");

    /// The events since an offset. The offset confirms, and deletes, everything below it: name one only once
    /// what it covers is stored.
    read get = EventGet, "im.v2.Event.get" at "chat-bots/chat-bots-v2/im.v2/events/event-get"
    () -> answers::EventLog {
        /// How many to leave out.
        offset: u64 = "offset",
        /// How many at most.
        limit: u64 = "limit",
    };

    /// Begins to keep events for the caller.
    set subscribe = EventSubscribe, "im.v2.Event.subscribe"
        at "chat-bots/chat-bots-v2/im.v2/events/event-subscribe"
    () -> bool {};

    /// Keeps no more events for the caller.
    set unsubscribe = EventUnsubscribe, "im.v2.Event.unsubscribe"
        at "chat-bots/chat-bots-v2/im.v2/events/event-unsubscribe"
    () -> bool {};
}

namespace! {
    /// Files: `im.v2.File.*`.
    File, scope Some("im");

    /// An address from which a file can be had for a while.
    read download = FileDownload, "im.v2.File.download" at "chat-bots/chat-bots-v2/im.v2/files/file-download"
    (dialog_id: DialogId = "dialogId", file_id: FileId = "fileId") -> answers::DownloadUrl {}
    errors [FileNotFound, AccessDenied];

    /// Uploads a file into a dialog, as a message.
    act upload = FileUpload, "im.v2.File.upload" at "chat-bots/chat-bots-v2/im.v2/files/file-upload"
    (
        dialog_id: DialogId = "dialogId",
        name: text = "fields.name",
        content: text = "fields.content",
    ) -> answers::Upload {
        /// A text to go with it.
        message: text = "fields.message",
    }
    errors [
        FileEmpty, FileInvalidContent, ChatNotFound, FolderError, UploadFailed, SendFailed, FileTooLarge,
        AccessDenied,
    ];
}
