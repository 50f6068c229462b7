//! Searches: `im.search.*`.

use std::collections::BTreeMap;

use b24bot_core::DialogId;

use crate::methods::answers;

namespace! {
    /// Searches: `im.search.*`.
    Search, scope Some("im"), under {
        /// Searches for chats: `im.search.chat.*`.
        chat: SearchChat,
        /// Searches for departments: `im.search.department.*`.
        department: SearchDepartment,
        /// The search history: `im.search.last.*`.
        last: SearchLast,
        /// Searches for users: `im.search.user.*`.
        user: SearchUser,
    };
}

namespace! {
    /// Searches for chats: `im.search.chat.*`.
    SearchChat, scope Some("im");

    /// Looks for chats by title and by who is in them.
    read list = SearchChatList, "im.search.chat.list" at "chats/search/im-search-chat-list"
    () -> Vec<answers::Chat> {
        /// What to look for.
        find: text = "FIND",
        /// What to look for in the names of open channels' clients.
        find_lines: text = "FIND_LINES",
        /// How many to leave out.
        offset: u64 = "OFFSET",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    errors [FindShort]
    pages offset "OFFSET";
}

namespace! {
    /// Searches for departments: `im.search.department.*`.
    SearchDepartment, scope Some("im");

    /// Looks for departments by name.
    read list = SearchDepartmentList, "im.search.department.list" at "chats/search/im-search-department-list"
    (find: text = "FIND") -> Vec<answers::Department> {
        /// With who the people are, not only their ids. Default: no.
        user_data: yn = "USER_DATA",
        /// How many to leave out.
        offset: u64 = "OFFSET",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    errors [FindShort]
    pages offset "OFFSET";
}

namespace! {
    /// The search history: `im.search.last.*`.
    SearchLast, scope Some("im");

    /// Puts a dialog into the caller's search history.
    set add = SearchLastAdd, "im.search.last.add" at "chats/search/im-search-last-add"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {}
    errors [DialogIdEmpty];

    /// Takes a dialog out of the caller's search history.
    set delete = SearchLastDelete, "im.search.last.delete" at "chats/search/im-search-last-delete"
    (dialog_id: DialogId = "DIALOG_ID") -> bool {}
    errors [DialogIdEmpty];

    /// The caller's search history.
    read get = SearchLastGet, "im.search.last.get" at "chats/search/im-search-last-get"
    () -> Vec<answers::RecentItem> {
        /// Without open channels.
        skip_openlines: yn = "SKIP_OPENLINES",
        /// Without group chats.
        skip_chat: yn = "SKIP_CHAT",
        /// Without private dialogs.
        skip_dialog: yn = "SKIP_DIALOG",
    };
}

namespace! {
    /// Searches for users: `im.search.user.*`.
    SearchUser, scope Some("im");

    /// Looks for users by name and position. Keys are their ids.
    read list = SearchUserList, "im.search.user.list" at "chats/search/im-search-user-list"
    (find: text = "FIND") -> BTreeMap<String, answers::User> {
        /// Business users only. Default: no.
        business: yn = "BUSINESS",
        /// How many to leave out.
        offset: u64 = "OFFSET",
        /// How many at most.
        limit: u64 = "LIMIT",
    }
    errors [FindShort]
    pages offset "OFFSET";
}
