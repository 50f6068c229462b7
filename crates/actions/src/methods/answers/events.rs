//! Handlers and queues of events.

use b24bot_core::Value;

answer! {
    /// What `imbot.v2.Event.get` returns.
    EventLog {
        /// The events, oldest first.
        events: Vec<LoggedEvent>,
        /// The offset that confirms them.
        next_offset: Option<u64>,
        /// Whether more are waiting.
        has_more: bool,
    }

    /// An event that was fetched.
    LoggedEvent {
        /// The id; an offset above it confirms it.
        event_id: u64,
        /// The event's name.
        type_: String,
        /// When, ISO 8601.
        date: Option<String>,
        /// What it is about, as in a webhook's `data`.
        data: Value,
    }

    /// A handler of the application's.
    BoundEvent {
        /// The event's name.
        event: String,
        /// The URL that is told.
        handler: String,
        /// The user in whose name it is told; 0 for whoever caused it.
        auth_type: u64,
        /// Whether it goes to the queue instead.
        offline: bool,
        /// The name for the source of events.
        connector_id: Option<String>,
    }

    /// What `event.unbind` has done.
    Unbound {
        /// How many handlers are gone.
        count: u64,
    }

    /// What was taken out of the queue.
    OfflineEvents {
        /// The id to confirm them with, if they were not deleted.
        process_id: Option<String>,
        /// The events.
        events: Vec<OfflineEvent>,
    }

    /// An event in the queue.
    OfflineEvent {
        /// The entry's id.
        id: u64,
        /// When, ISO 8601.
        timestamp_x: Option<String>,
        /// The event's name.
        event_name: String,
        /// What it is about.
        event_data: Value,
        /// More about it.
        event_additional: Value,
        /// The message's id within the queue.
        message_id: String,
        /// The id under which it was fetched.
        process_id: Option<String>,
        /// How often handling it failed.
        error: u64,
    }
}
