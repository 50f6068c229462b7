//! The chat of a portal as its users see it: `im.*`.

pub mod chat;
pub mod department;
pub mod dialog;
pub mod disk;
pub mod message;
pub mod notify;
pub mod recent;
pub mod search;
pub mod user;
pub mod v2;

use crate::methods::answers;

namespace! {
    /// The chat of a portal as its users see it: `im.*`.
    Im, scope Some("im"), under {
        /// Group chats: `im.chat.*`.
        chat: chat::Chat,
        /// Unread messages: `im.counters.*`.
        counters: Counters,
        /// Departments: `im.department.*`.
        department: department::Department,
        /// Dialogs, private ones and chats alike: `im.dialog.*`.
        dialog: dialog::Dialog,
        /// Files of chats on the portal's disk: `im.disk.*`.
        disk: disk::Disk,
        /// Messages: `im.message.*`.
        message: message::Message,
        /// Notifications: `im.notify` and `im.notify.*`.
        notify: notify::Notify,
        /// The list of recent dialogs: `im.recent.*`.
        recent: recent::Recent,
        /// The chat's revision: `im.revision.*`.
        revision: Revision,
        /// Searches: `im.search.*`.
        search: search::Search,
        /// Users, as the chat knows them: `im.user.*`.
        user: user::User,
        /// The second generation, for users: `im.v2.*`.
        v2: v2::V2,
    };
}

namespace! {
    /// Unread messages: `im.counters.*`.
    Counters, scope Some("im");

    /// How many messages and notifications are unread.
    read get = CountersGet, "im.counters.get" at "chats/im-counters-get"
    () -> answers::Counters {};
}

namespace! {
    /// The chat's revision: `im.revision.*`.
    Revision, scope Some("im");

    /// Which revision of the chat this portal has. Ask before relying on a method that self-hosted portals
    /// may lack.
    read get = RevisionGet, "im.revision.get" at "chats/im-revision-get"
    () -> answers::Revision {};
}
