//! Notifications: `im.notify` and `im.notify.*`.

use std::collections::BTreeMap;

use b24bot_core::UserId;

use crate::methods::{NotificationId, NotifyType, answers};

namespace! {
    /// Notifications: `im.notify` and `im.notify.*`.
    Notify, scope Some("im"), under {
        /// Past notifications: `im.notify.history.*`.
        history: NotifyHistory,
        /// Notifications in the caller's name: `im.notify.personal.*`.
        personal: NotifyPersonal,
        /// The kinds of notifications: `im.notify.schema.*`.
        schema: NotifySchema,
        /// Notifications in the application's name: `im.notify.system.*`.
        system: NotifySystem,
    };

    /// Notifies a user, in person or as the application. Returns the notification's id.
    act send = NotifySend, "im.notify" at "chats/notifications/im-notify"
    (user_id: UserId = "USER_ID", message: text = "MESSAGE") -> u64 {
        /// In person, or as the application. Default: in person.
        kind: NotifyType = "TYPE",
        /// The text for e-mail and the like.
        message_out: text = "MESSAGE_OUT",
        /// A tag, unique for the user: a later notification with it takes this one's place.
        tag: text = "TAG",
        /// A second tag, which need not be unique.
        sub_tag: text = "SUB_TAG",
        /// The attachment.
        attach: json = "ATTACH",
        /// The application, through a webhook.
        client_id: text = "CLIENT_ID",
    }
    errors [WrongAuthType, UserIdEmpty, MessageEmpty, AttachOversize, AttachError];

    /// Answers a notification that takes a quick answer.
    act answer = NotifyAnswer, "im.notify.answer" at "chats/notifications/im-notify-answer"
    (notify_id: u64 = "NOTIFY_ID", answer_text: text = "ANSWER_TEXT") -> answers::NotifyAnswer {}
    errors [IdError, AnswerTextError];

    /// Presses a button of a notification that asks for confirmation.
    act confirm = NotifyConfirm, "im.notify.confirm" at "chats/notifications/im-notify-confirm"
    (notify_id: u64 = "NOTIFY_ID", notify_value: text = "NOTIFY_VALUE") -> answers::NotifyAnswer {}
    errors [IdError, NotifyValueError];

    /// Deletes a notification by its id, or notifications by their tags.
    set delete = NotifyDelete, "im.notify.delete" at "chats/notifications/im-notify-delete"
    () -> bool {
        /// The notification.
        id: u64 = "ID",
        /// A tag, unique for the user: a later notification with it takes this one's place.
        tag: text = "TAG",
        /// A second tag, which need not be unique.
        sub_tag: text = "SUB_TAG",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [ParamsError, AccessDenied];

    /// The caller's notifications, newest first.
    read get = NotifyGet, "im.notify.get" at "chats/notifications/im-notify-get"
    () -> answers::Notifications {
        /// The last id of the page before.
        last_id: u64 = "LAST_ID",
        /// Where to go on: 1 among those that ask for confirmation, 3 among the others. Goes with `last_id`.
        last_type: u64 = "LAST_TYPE",
        /// How many at most.
        limit: u64 = "LIMIT",
        /// Turn BB code into HTML.
        convert_text: yn = "CONVERT_TEXT",
    }
    errors [LastIdAndLastType, LastIdString]
    pages notifications "LAST_ID";

    /// Marks a notification, and those after it, as read or unread.
    set read = NotifyRead, "im.notify.read" at "chats/notifications/im-notify-read"
    () -> bool {
        /// The notification.
        id: u64 = "ID",
        /// As read, or as unread. Default: read.
        action: yn = "ACTION",
        /// This one only, not those after it.
        only_current: yn = "ONLY_CURRENT",
    };

    /// Marks all notifications as read.
    set read_all = NotifyReadAll, "im.notify.read.all" at "chats/notifications/im-notify-read-all"
    () -> answers::NotifyReadAll {};

    /// Marks several notifications as read or unread.
    set read_list = NotifyReadList, "im.notify.read.list" at "chats/notifications/im-notify-read-list"
    (ids: [NotificationId] = "IDS") -> bool {
        /// As read, or as unread. Default: read.
        action: yn = "ACTION",
    }
    errors [ParamsError];
}

namespace! {
    /// Past notifications: `im.notify.history.*`.
    NotifyHistory, scope Some("im");

    /// Looks for notifications by text, kind and date.
    read search = NotifyHistorySearch, "im.notify.history.search"
        at "chats/notifications/im-notify-history-search"
    () -> answers::Notifications {
        /// What to look for; at least three characters unless a kind or a date is given.
        search_text: text = "SEARCH_TEXT",
        /// The kind: `MODULE` or `MODULE|EVENT`, as `im.notify.schema.get` has them.
        search_type: text = "SEARCH_TYPE",
        /// Several kinds.
        search_types: [text] = "SEARCH_TYPES",
        /// The date, ISO 8601.
        search_date: text = "SEARCH_DATE",
        /// The date, ISO 8601.
        search_date_from: text = "SEARCH_DATE_FROM",
        /// The date, ISO 8601.
        search_date_to: text = "SEARCH_DATE_TO",
        /// Whose notifications.
        search_authors: [UserId] = "SEARCH_AUTHORS",
        /// The last id of the page before.
        last_id: u64 = "LAST_ID",
        /// How many at most.
        limit: u64 = "LIMIT",
        /// Turn BB code into HTML.
        convert_text: yn = "CONVERT_TEXT",
        /// Those of this group only.
        group_tag: text = "GROUP_TAG",
    }
    errors [SearchTextError, LastIdString]
    pages last "LAST_ID";
}

namespace! {
    /// Notifications in the caller's name: `im.notify.personal.*`.
    NotifyPersonal, scope Some("im");

    /// Notifies a user in the caller's name. Returns the notification's id.
    act add = NotifyPersonalAdd, "im.notify.personal.add" at "chats/notifications/im-notify-personal-add"
    (user_id: UserId = "USER_ID", message: text = "MESSAGE") -> u64 {
        /// The text for e-mail and the like.
        message_out: text = "MESSAGE_OUT",
        /// A tag, unique for the user: a later notification with it takes this one's place.
        tag: text = "TAG",
        /// A second tag, which need not be unique.
        sub_tag: text = "SUB_TAG",
        /// The attachment.
        attach: json = "ATTACH",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [WrongAuthType, UserIdEmpty, MessageEmpty, AttachOversize, AttachError];
}

namespace! {
    /// The kinds of notifications: `im.notify.schema.*`.
    NotifySchema, scope Some("im");

    /// Which kinds of notifications the portal knows, by module.
    read get = NotifySchemaGet, "im.notify.schema.get" at "chats/notifications/im-notify-schema-get"
    () -> BTreeMap<String, answers::NotifyModule> {};
}

namespace! {
    /// Notifications in the application's name: `im.notify.system.*`.
    NotifySystem, scope Some("im");

    /// Notifies a user in the application's name. Returns the notification's id.
    act add = NotifySystemAdd, "im.notify.system.add" at "chats/notifications/im-notify-system-add"
    (user_id: UserId = "USER_ID", message: text = "MESSAGE") -> u64 {
        /// The text for e-mail and the like.
        message_out: text = "MESSAGE_OUT",
        /// A tag, unique for the user: a later notification with it takes this one's place.
        tag: text = "TAG",
        /// A second tag, which need not be unique.
        sub_tag: text = "SUB_TAG",
        /// The attachment.
        attach: json = "ATTACH",
        /// What the bot was registered with; needed through a webhook only.
        client_id: text = "CLIENT_ID",
    }
    errors [WrongAuthType, UserIdEmpty, MessageEmpty, AttachOversize, AttachError];
}
