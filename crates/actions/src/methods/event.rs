//! Handlers of events and the queue of events kept offline: `event.*`.

use crate::methods::{EntryNumber, EventType, answers};

namespace! {
    /// Handlers of events and the queue of events kept offline: `event.*`.
    Event, scope None, under {
        /// The queue of events kept offline: `event.offline.*`.
        offline: Offline,
    };

    /// Subscribes to an event.
    act bind = EventBind, "event.bind" at "events/event-bind"
    (event: text = "event", handler: text = "handler") -> bool {
        /// The user in whose name the handler is told; without it whoever caused the event.
        auth_type: u64 = "auth_type",
        /// Told at once, or kept in the queue. Default: at once.
        event_type: EventType = "event_type",
        /// A name for the source of events, so that what it causes itself is kept from it.
        auth_connector: text = "auth_connector",
        /// Settings: names and values.
        options: json = "options",
    }
    errors [ErrorEventNotFound, AccessDenied];

    /// The application's handlers.
    read get = EventGet, "event.get" of "basic" at "events/event-get"
    () -> Vec<answers::BoundEvent> {};

    /// Takes handlers off an event.
    set unbind = EventUnbind, "event.unbind" at "events/event-unbind"
    (event: text = "event", handler: text = "handler") -> answers::Unbound {
        /// The user in whose name the handler is told; without it whoever caused the event.
        auth_type: u64 = "auth_type",
        /// Told at once, or kept in the queue. Default: at once.
        event_type: EventType = "event_type",
    }
    errors [AccessDenied];
}

namespace! {
    /// The queue of events kept offline: `event.offline.*`.
    Offline, scope None;

    /// Takes events out of the queue that were fetched with a process id.
    set clear = OfflineClear, "event.offline.clear" at "events/event-offline-clear"
    (process_id: text = "process_id") -> bool {
        /// Only these entries.
        id: [EntryNumber] = "id",
        /// Only the entries with these message ids.
        message_id: [text] = "message_id",
    }
    errors [AccessDenied];

    /// Marks fetched events as failed.
    set error = OfflineError, "event.offline.error" at "events/event-offline-error"
    (process_id: text = "process_id") -> bool {
        /// The message ids of the entries that failed.
        message_id: [text] = "message_id",
    }
    errors [AccessDenied];

    /// Takes events out of the queue. What is returned is deleted unless `extra("clear", 0)` says otherwise.
    act get = OfflineGet, "event.offline.get" at "events/event-offline-get"
    () -> answers::OfflineEvents {
        /// The filter: fields and what they shall be.
        filter: json = "filter",
        /// The order: a field's name and `ASC` or `DESC`.
        order: json = "order",
        /// How many at most.
        limit: u64 = "limit",
        /// 1 deletes what is returned, 0 keeps it until `event.offline.clear`. Default: 1.
        clear: u8 = "clear",
        /// Go on with what was fetched under this id.
        process_id: text = "process_id",
        /// Without the events that this source caused itself.
        auth_connector: text = "auth_connector",
        /// 1 returns the events that failed before. Default: 0.
        error: u8 = "error",
    }
    errors [AccessDenied];

    /// The events in the queue; it leaves them there.
    read list = OfflineList, "event.offline.list" at "events/event-offline-list"
    () -> Vec<answers::OfflineEvent> {
        /// The filter: fields and what they shall be.
        filter: json = "filter",
        /// The order: a field's name and `ASC` or `DESC`.
        order: json = "order",
        /// Where the page begins; pages have 50 entries.
        start: u64 = "start",
        /// A name for the source of events, so that what it causes itself is kept from it.
        auth_connector: text = "auth_connector",
    }
    errors [AccessDenied]
    pages next "start";
}
