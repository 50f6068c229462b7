//! What a desk that is served and those who ask it say to each other.

use b24bot_core::{EntryId, InboxError, InboxErrorKind, Listed, Which};
use serde::{Deserialize, Serialize};

/// Which entries are to be listed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) which: Which,
    pub(super) after: Option<EntryId>,
    pub(super) limit: usize,
}

/// One entry. It holds tokens, so it is not shown by `Debug`.
#[allow(missing_debug_implementations, reason = "the envelope holds tokens")]
#[derive(Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) listed: Listed,
    /// The envelope as a store keeps it, in base64: its body need not be text.
    pub(super) envelope: String,
}

/// Why an answer cannot be given, in the words of the store's error and of what caused it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    error: Kind,
    error_description: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Full,
    Closed,
    Storage,
}

impl From<&InboxError> for Refusal {
    fn from(error: &InboxError) -> Self {
        let kind = match error.kind() {
            InboxErrorKind::Full => Kind::Full,
            InboxErrorKind::Closed => Kind::Closed,
            _ => Kind::Storage,
        };
        let mut words = Vec::new();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            words.push(cause.to_string());
            source = cause.source();
        }
        Self { error: kind, error_description: words.join(": ") }
    }
}

impl From<Refusal> for InboxError {
    fn from(refusal: Refusal) -> Self {
        match refusal.error {
            Kind::Full => Self::new(InboxErrorKind::Full),
            Kind::Closed => Self::new(InboxErrorKind::Closed),
            Kind::Storage if refusal.error_description.is_empty() => Self::new(InboxErrorKind::Storage),
            Kind::Storage => Self::storage(refusal.error_description),
        }
    }
}
