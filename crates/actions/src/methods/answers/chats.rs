//! Dialogs and the list of recent ones.

use b24bot_core::{ChatId, DialogId, MessageId, UserId};

use super::User;
use crate::methods::{ChatRole, Page};

answer! {
    /// A dialog.
    Chat unless has_no_id {
        /// The id.
        id: ChatId,
        /// The dialog's id.
        dialog_id: Option<DialogId>,
        /// The chat that this one is a thread of.
        parent_chat_id: Option<u64>,
        /// The message that it is a thread of.
        parent_message_id: Option<u64>,
        /// The title.
        name: String,
        /// The description.
        description: Option<String>,
        /// The owner.
        owner: Option<UserId>,
        /// Whether people from outside the company take part.
        extranet: bool,
        /// Whether people from other companies take part.
        contains_collaber: bool,
        /// The picture's address.
        avatar: String,
        /// The colour, `#rrggbb`.
        color: String,
        /// `chat`, `open`, `lines`, `crm`, `tasksTask`, …
        type_: String,
        /// The type in one letter: `P` private, `C` chat, `O` open, `L` open channel, `X` external.
        message_type: String,
        /// How many messages are unread.
        counter: u64,
        /// How many take part.
        user_counter: u64,
        /// How many messages there are.
        message_count: u64,
        /// The first unread message.
        unread_id: Option<u64>,
        /// What members may do.
        restrictions: Option<Restrictions>,
        /// The last message.
        last_message_id: Option<u64>,
        /// The last message that the caller has read.
        last_id: Option<u64>,
        /// The message from which on the chat is marked as unread.
        marked_id: Option<u64>,
        /// The folder of its files.
        disk_folder_id: Option<u64>,
        /// What it belongs to: `CRM`, `LINES`, …
        entity_type: String,
        /// Its id there.
        entity_id: String,
        /// More about that.
        entity_data_1: String,
        /// More about that.
        entity_data_2: String,
        /// More about that.
        entity_data_3: String,
        /// Where that is.
        entity_link: Option<EntityLink>,
        /// Who has silenced it.
        mute_list: Vec<UserId>,
        /// Who manages it.
        manager_list: Vec<UserId>,
        /// When it was opened, ISO 8601.
        date_create: Option<String>,
        /// The public link.
        public: String,
        /// The caller's part in it.
        role: Option<ChatRole>,
        /// Whether people can write.
        text_field_enabled: bool,
        /// The background.
        background_id: Option<String>,
        /// Who may do what.
        permissions: Option<Permissions>,
        /// Whether it is new.
        is_new: bool,
        /// Who has read up to where.
        readed_list: Vec<ReadBy>,
        /// Who has seen the last message.
        last_message_views: Option<LastViews>,
    }

    /// A chat's id, where there is nothing else.
    ChatRef {
        /// The id.
        id: ChatId,
    }

    /// What members of a chat may do.
    Restrictions {
        /// Change the picture.
        avatar: bool,
        /// Rename it.
        rename: bool,
        /// Invite others.
        extend: bool,
        /// Call.
        call: bool,
        /// Silence it.
        mute: bool,
        /// Leave.
        leave: bool,
        /// Leave as its owner.
        leave_owner: bool,
        /// Write.
        send: bool,
        /// See who takes part.
        user_list: bool,
        /// Where the chat is shown instead.
        path: Option<String>,
        /// What the link there says.
        path_title: Option<String>,
    }

    /// Which role it takes to do something.
    Permissions {
        /// Invite others.
        manage_users_add: Option<ChatRole>,
        /// Take others out.
        manage_users_delete: Option<ChatRole>,
        /// Change title, picture and colour.
        manage_ui: Option<ChatRole>,
        /// Change the settings.
        manage_settings: Option<ChatRole>,
        /// Manage messages.
        manage_messages: Option<ChatRole>,
        /// Write.
        can_post: Option<ChatRole>,
    }

    /// Where on the portal that is to which a chat belongs.
    EntityLink {
        /// What it is.
        type_: String,
        /// The address.
        url: String,
        /// The id.
        id: String,
    }

    /// Up to where somebody has read.
    ReadBy {
        /// Who.
        user_id: UserId,
        /// Their name.
        user_name: String,
        /// The last message that they have read.
        message_id: Option<u64>,
        /// When, ISO 8601.
        date: Option<String>,
    }

    /// Who has seen the last message.
    LastViews {
        /// The message.
        message_id: Option<u64>,
        /// The first ones.
        first_viewers: Vec<Viewer>,
        /// How many more.
        count_of_viewers: u64,
    }

    /// Who has seen a message.
    Viewer {
        /// Who.
        user_id: UserId,
        /// Their name.
        user_name: String,
        /// When, ISO 8601.
        date: Option<String>,
    }

    /// A chat and who takes part.
    ChatAndUsers {
        /// The chat.
        chat: Chat,
        /// The users, where the method returns them.
        users: Vec<User>,
    }

    /// A dialog in a list.
    RecentItem {
        /// The dialog.
        id: DialogId,
        /// The chat.
        chat_id: Option<ChatId>,
        /// `chat`, `user`, `notification`.
        type_: String,
        /// The picture.
        avatar: Option<Avatar>,
        /// The title.
        title: String,
        /// The last message.
        message: Option<RecentMessage>,
        /// How many messages are unread.
        counter: u64,
        /// The last message that the caller has read.
        last_id: Option<u64>,
        /// Whether it is pinned.
        pinned: bool,
        /// Whether it is marked as unread.
        unread: bool,
        /// Whether there is a reminder.
        has_reminder: bool,
        /// When it last changed, ISO 8601.
        date_update: Option<String>,
        /// When somebody last wrote, ISO 8601.
        date_last_activity: Option<String>,
        /// The chat, unless it is a private dialog.
        chat: Option<Chat>,
        /// The other user, in a private dialog.
        user: Option<User>,
    }

    /// A picture or what stands for it.
    Avatar {
        /// The address.
        url: String,
        /// The colour, `#rrggbb`.
        color: String,
    }

    /// The last message in a list of dialogs.
    RecentMessage {
        /// The id; `None` in an empty dialog.
        id: Option<MessageId>,
        /// The text, in short.
        text: String,
        /// Whether it has files.
        file: bool,
        /// Who wrote it; 0 is the platform.
        author_id: Option<UserId>,
        /// Whether it has an attachment.
        attach: bool,
        /// When, ISO 8601.
        date: Option<String>,
        /// `received`, `delivered`, …
        status: String,
        /// The id that its sender gave it.
        uuid: Option<String>,
    }

    /// A page of recent dialogs.
    RecentPage {
        /// The dialogs.
        items: Vec<RecentItem>,
        /// Whether more follow.
        has_more: bool,
        /// The same.
        has_more_pages: bool,
        /// About the dialogs with BitrixGPT.
        copilot: b24bot_core::Value,
    }
}

impl Page for RecentPage {
    type Entry = RecentItem;

    fn count(&self) -> usize {
        self.items.len()
    }

    fn into_entries(self) -> Vec<RecentItem> {
        self.items
    }

    fn has_more(&self) -> Option<bool> {
        Some(self.has_more || self.has_more_pages)
    }
}
