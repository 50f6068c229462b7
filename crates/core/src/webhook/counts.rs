//! `b24bot_events_total`.

use std::sync::OnceLock;

use metrics::{Counter, counter};

/// Counts events that are accepted, by name.
pub(super) struct Accepted {
    /// By the place of their name: kept, since to find a counter takes longer than to count.
    counters: [OnceLock<Counter>; KNOWN.len()],
}

/// An event's name as it is counted.
#[derive(Clone, Copy)]
pub(super) struct Name(usize);

impl Name {
    /// Of what names no event that is known.
    pub(super) const OTHER: Self = Self(0);

    /// Names come from anyone, and a metric's labels are kept for ever: unknown ones are counted together.
    pub(super) fn of(name: &str) -> Self {
        KNOWN.iter().position(|known| *known == name).map_or(Self::OTHER, Self)
    }

    pub(super) fn as_str(self) -> &'static str {
        KNOWN[self.0]
    }
}

impl Accepted {
    pub(super) const fn new() -> Self {
        Self { counters: [const { OnceLock::new() }; KNOWN.len()] }
    }

    pub(super) fn add(&self, name: Name) {
        self.counters[name.0].get_or_init(|| find(name, "accepted")).increment(1);
    }
}

pub(super) fn add(name: Name, outcome: &'static str) {
    find(name, outcome).increment(1);
}

fn find(name: Name, outcome: &'static str) -> Counter {
    counter!("b24bot_events_total", "event" => name.as_str(), "outcome" => outcome)
}

/// The names of the platform's events, behind the one for all others.
const KNOWN: [&str; 36] = [
    "other",
    "ONIMBOTMESSAGEADD",
    "ONIMBOTMESSAGEUPDATE",
    "ONIMBOTMESSAGEDELETE",
    "ONIMBOTJOINCHAT",
    "ONIMBOTDELETE",
    "ONIMCOMMANDADD",
    "ONIMBOTV2MESSAGEADD",
    "ONIMBOTV2MESSAGEUPDATE",
    "ONIMBOTV2MESSAGEDELETE",
    "ONIMBOTV2JOINCHAT",
    "ONIMBOTV2DELETE",
    "ONIMBOTV2COMMANDADD",
    "ONIMBOTV2REACTIONCHANGE",
    "ONIMBOTV2CONTEXTGET",
    "ONAPPINSTALL",
    "ONAPPUPDATE",
    "ONAPPUNINSTALL",
    "ONAPPPAYMENT",
    "ONAPPMETHODCONFIRM",
    "ONIMCONNECTORDIALOGSTART",
    "ONIMCONNECTORDIALOGFINISH",
    "ONIMCONNECTORLINEDELETE",
    "ONIMCONNECTORMESSAGEADD",
    "ONIMCONNECTORMESSAGEUPDATE",
    "ONIMCONNECTORMESSAGEDELETE",
    "ONIMCONNECTORSTATUSDELETE",
    "ONOPENLINEMESSAGEADD",
    "ONOPENLINEMESSAGEUPDATE",
    "ONOPENLINEMESSAGEDELETE",
    "ONSESSIONSTART",
    "ONSESSIONFINISH",
    "ONIMV2MESSAGEADD",
    "ONIMV2MESSAGEUPDATE",
    "ONIMV2MESSAGEDELETE",
    "ONIMV2REACTIONCHANGE",
];
