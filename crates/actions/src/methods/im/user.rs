//! Users, as the chat knows them: `im.user.*`.

use b24bot_core::UserId;

use crate::methods::{Presence, answers};

namespace! {
    /// Users, as the chat knows them: `im.user.*`.
    User, scope Some("im"), under {
        /// Several users: `im.user.list.*`.
        list: UserList,
        /// The caller's status: `im.user.status.*`.
        status: UserStatus,
    };

    /// A user; without an id the caller.
    read get = UserGet, "im.user.get" at "chats/users/im-user-get"
    () -> answers::User {
        /// The user; without it the caller.
        id: UserId = "ID",
        /// With the picture in high resolution. Default: no.
        avatar_hr: yn = "AVATAR_HR",
    }
    errors [IdEmpty, UserNotExists, AccessDenied];
}

namespace! {
    /// Several users: `im.user.list.*`.
    UserList, scope Some("im");

    /// Several users at once. Who does not exist is `None`.
    read get = UserListGet, "im.user.list.get" at "chats/users/im-user-list-get"
    (id: [UserId] = "ID") -> Vec<Option<answers::User>> {
        /// With the picture in high resolution. Default: no.
        avatar_hr: yn = "AVATAR_HR",
        /// `array` for a list in the order of the ids.
        result_type: text = "RESULT_TYPE",
    }
    errors [InvalidFormat];
}

namespace! {
    /// The caller's status: `im.user.status.*`.
    UserStatus, scope Some("im"), under {
        /// Whether the caller is away: `im.user.status.idle.*`.
        idle: UserStatusIdle,
    };

    /// The caller's status.
    read get = UserStatusGet, "im.user.status.get" at "chats/users/im-user-status-get"
    () -> Presence {};

    /// Sets the caller's status.
    set set = UserStatusSet, "im.user.status.set" at "chats/users/im-user-status-set"
    (status: Presence = "STATUS") -> bool {}
    errors [StatusError];
}

namespace! {
    /// Whether the caller is away: `im.user.status.idle.*`.
    UserStatusIdle, scope Some("im");

    /// Says that the caller is back.
    set end = UserStatusIdleEnd, "im.user.status.idle.end" at "chats/users/im-user-status-idle-end"
    () -> bool {};

    /// Says that the caller is away from the keyboard.
    set start = UserStatusIdleStart, "im.user.status.idle.start" at "chats/users/im-user-status-idle-start"
    () -> bool {
        /// Since how many minutes.
        ago: u64 = "AGO",
    };
}
