//! Messages, files and notifications.

use std::collections::BTreeMap;

use b24bot_core::{ChatId, DialogId, FileId, MessageId, UserId, Value};

use super::User;
use crate::methods::Page;

answer! {
    /// A message.
    Message {
        /// The id.
        id: MessageId,
        /// The chat.
        chat_id: ChatId,
        /// Who wrote it; 0 is the platform.
        author_id: Option<UserId>,
        /// When, ISO 8601.
        date: Option<String>,
        /// The text.
        text: String,
        /// Whether the platform wrote it.
        is_system: bool,
        /// Whether it is unread.
        unread: bool,
        /// Whether the caller has seen it.
        viewed: bool,
        /// Whether others have seen it.
        viewed_by_others: bool,
        /// How many have.
        viewed_count: u64,
        /// The id that its sender gave it.
        uuid: Option<String>,
        /// Where it was forwarded from.
        forward: Value,
        /// What belongs to it: likes, files, keyboard, attachments, …
        params: Value,
        /// When it disappears, ISO 8601.
        disappearing_date: Option<String>,
    }

    /// Messages, and what they mention.
    Messages {
        /// The chat, where the method returns it.
        chat_id: Option<ChatId>,
        /// The messages.
        messages: Vec<Message>,
        /// Messages that those reply to or forward.
        additional_messages: Vec<Message>,
        /// Who wrote them.
        users: Vec<User>,
        /// Their files.
        files: Vec<File>,
        /// The reactions to them.
        reactions: Value,
        /// Their stickers.
        stickers: Value,
        /// What the portal's plan keeps from the caller.
        tariff_restrictions: Value,
    }

    /// A message and who wrote it.
    MessageAndUser {
        /// The message.
        message: Message,
        /// Who wrote it.
        user: Option<User>,
    }

    /// A message with those around it.
    MessageContext {
        /// The messages.
        messages: Vec<Message>,
        /// Who wrote them.
        users: Vec<User>,
        /// Whether there are older ones.
        has_prev_page: bool,
        /// Whether there are newer ones.
        has_next_page: bool,
    }

    /// What `imbot.v2.Chat.Message.send` has sent.
    Sent {
        /// The new message.
        id: Option<MessageId>,
        /// The forwarded ones, by the UUID that the caller gave.
        uuid_map: BTreeMap<String, MessageId>,
    }

    /// What is read now.
    DialogRead {
        /// The dialog.
        dialog_id: Option<DialogId>,
        /// The chat.
        chat_id: ChatId,
        /// The last message that is read.
        last_id: Option<MessageId>,
        /// How many are still unread.
        counter: u64,
    }

    /// What a bot has read now.
    MessagesRead {
        /// The chat.
        chat_id: ChatId,
        /// The last message that is read.
        last_id: Option<MessageId>,
        /// How many are still unread.
        counter: u64,
        /// The messages that were unread before.
        viewed_messages: Vec<MessageId>,
    }

    /// A file in a chat.
    File {
        /// The id.
        id: FileId,
        /// The chat.
        chat_id: Option<ChatId>,
        /// When, ISO 8601.
        date: Option<String>,
        /// `file`, `image`, `video`, `audio`.
        type_: String,
        /// The name.
        name: String,
        /// What its name ends in.
        extension: String,
        /// Bytes.
        size: u64,
        /// A picture's size.
        image: Option<ImageSize>,
        /// `done`, `upload`, …
        status: String,
        /// Percent.
        progress: i64,
        /// Who uploaded it.
        author_id: Option<UserId>,
        /// Their name.
        author_name: String,
        /// The address of a small picture.
        url_preview: String,
        /// Where it is shown.
        url_show: String,
        /// Where it can be had.
        url_download: String,
        /// Whether its speech can be written down.
        is_transcribable: bool,
        /// Whether it is a video message.
        is_video_note: bool,
        /// Whether it is a voice message.
        is_voice_note: bool,
    }

    /// Pixels.
    ImageSize {
        /// The height.
        height: u64,
        /// The width.
        width: u64,
    }

    /// Where a file can be had for a while.
    DownloadUrl {
        /// The address.
        download_url: String,
    }

    /// A file that was uploaded.
    Upload {
        /// The file.
        file: File,
        /// Its message.
        message_id: MessageId,
        /// The chat.
        chat_id: Option<ChatId>,
        /// The dialog.
        dialog_id: Option<DialogId>,
    }

    /// What `im.disk.file.commit` has published.
    Commit {
        /// The files, by names such as `upload5249`.
        files: BTreeMap<String, File>,
        /// Their ids on the disk.
        disk_id: Vec<FileId>,
        /// What the disk knows of them.
        file_models: Value,
        /// Their message.
        message_id: Option<MessageId>,
    }

    /// A file that was saved to the caller's disk.
    SavedFile {
        /// The folder that it is in.
        folder: FileRef,
        /// The file.
        file: FileRef,
    }

    /// Something on the disk.
    FileRef {
        /// The id.
        id: FileId,
        /// The name.
        name: String,
    }

    /// A chat's folder.
    FolderRef {
        /// The id.
        id: FileId,
    }

    /// A notification.
    Notification {
        /// The id.
        id: u64,
        /// The chat of all notifications.
        chat_id: Option<ChatId>,
        /// In whose name; 0 is the platform.
        author_id: Option<UserId>,
        /// When, ISO 8601.
        date: Option<String>,
        /// 1 asks for confirmation, 2 is by a user, 3 and 4 by the platform.
        notify_type: u64,
        /// The module.
        notify_module: String,
        /// The kind within it.
        notify_event: String,
        /// The tag.
        notify_tag: String,
        /// The second tag.
        notify_sub_tag: String,
        /// The title.
        notify_title: String,
        /// The kind as the settings name it.
        setting_name: String,
        /// The text.
        text: String,
        /// Whether it is read.
        notify_read: bool,
        /// Its buttons.
        notify_buttons: Value,
        /// What belongs to it.
        params: Value,
    }

    /// A page of notifications.
    Notifications {
        /// How many there are.
        total_count: u64,
        /// How many are unread.
        total_unread_count: u64,
        /// How many were found, in a search.
        total_results: Option<u64>,
        /// The chat of all notifications.
        chat_id: Option<ChatId>,
        /// The notifications.
        notifications: Vec<Notification>,
        /// In whose name they are.
        users: Vec<User>,
    }

    /// What came of an answer to a notification.
    NotifyAnswer {
        /// What the module has to say.
        result_message: Vec<String>,
    }

    /// What came of reading all notifications.
    NotifyReadAll {
        /// Whether it was done.
        result: bool,
        /// How many are unread now.
        new_counter: u64,
    }

    /// A module's notifications.
    NotifyModule {
        /// Its name for people.
        name: String,
        /// Its id.
        module_id: String,
        /// The kinds.
        list: Vec<NotifyKind>,
    }

    /// A kind of notification.
    NotifyKind {
        /// The id, `module|event`.
        id: String,
        /// Its name for people.
        name: String,
    }

    /// How much is unread.
    Counters {
        /// In all, by sort.
        type_: Totals,
        /// By chat.
        chat: BTreeMap<String, u64>,
        /// By chat, those that are silent.
        chat_muted: BTreeMap<String, u64>,
        /// The chats marked as unread.
        chat_unread: Vec<ChatId>,
        /// By open channel's dialog.
        lines: BTreeMap<String, u64>,
        /// By user.
        dialog: BTreeMap<String, u64>,
        /// The private dialogs marked as unread.
        dialog_unread: Vec<UserId>,
    }

    /// How much is unread in all.
    Totals {
        /// Everything.
        all: u64,
        /// Notifications.
        notify: u64,
        /// Group chats.
        chat: u64,
        /// Open channels.
        lines: u64,
        /// Private dialogs.
        dialog: u64,
        /// All dialogs.
        messenger: u64,
    }
}

impl Page for Messages {
    type Entry = Message;

    fn count(&self) -> usize {
        self.messages.len()
    }

    fn into_entries(self) -> Vec<Message> {
        self.messages
    }

    fn last_id(&self) -> Option<u64> {
        self.messages.last().map(|message| message.id.get())
    }
}

impl Page for Notifications {
    type Entry = Notification;

    fn count(&self) -> usize {
        self.notifications.len()
    }

    fn into_entries(self) -> Vec<Notification> {
        self.notifications
    }

    fn last_id(&self) -> Option<u64> {
        self.notifications.last().map(|notification| notification.id)
    }
}
