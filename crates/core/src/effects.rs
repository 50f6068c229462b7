//! What handling an event has done already, so that doing it again does not do it twice.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{Entry, InboxError};

/// Remembers the effects of an entry (a message that was sent, say) until the entry is settled as done or purged.
///
/// Before a call that must not be made twice its effect is begun here, and after it finished. A crash between the two
/// leaves the effect in doubt: it was had, or it was not. The entry passed here has its event: the effects belong to
/// the event's key, so that they are known however the entry is numbered.
#[async_trait]
pub trait Effects: fmt::Debug + Send + Sync + 'static {
    /// Notes that an effect is about to be had, durably if the store is; says what was known of it before. `effect`
    /// names it within its entry.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded now, or the entry is no longer this process's to handle: the call must not be made.
    async fn begin(&self, entry: &Entry, effect: &str) -> Result<Effect, InboxError>;

    /// Notes how it ended. Not called where that is unknown.
    ///
    /// # Errors
    ///
    /// When that cannot be recorded; the effect stays in doubt.
    async fn finish(&self, entry: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError>;
}

/// What was known of an effect when it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing, or that it was not had: it may be had now.
    New,
    /// It was had, with this result.
    Had(Vec<u8>),
    /// It was begun before, and not finished.
    InDoubt,
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// It was had; the result, for whoever asks again.
    Had(Vec<u8>),
    /// It was certainly not had, and may be tried again.
    NotHad,
}

/// The effects of one entry.
#[derive(Clone, Debug)]
pub struct EntryEffects {
    effects: Arc<dyn Effects>,
    entry: Entry,
}

impl EntryEffects {
    /// The effects of that entry, which must have been given its event.
    #[must_use]
    pub fn new(effects: Arc<dyn Effects>, entry: Entry) -> Self {
        Self { effects, entry }
    }

    /// See [`Effects::begin`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn begin(&self, effect: &str) -> Result<Effect, InboxError> {
        self.effects.begin(&self.entry, effect).await
    }

    /// See [`Effects::finish`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn finish(&self, effect: &str, ended: Ended) -> Result<(), InboxError> {
        self.effects.finish(&self.entry, effect, ended).await
    }
}
