//! What a handler has done in earlier attempts, so that calling it again does not do it twice.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

use b24bot_core::{Effect, Ended, EntryEffects};
use tracing::{debug, warn};

use crate::{
    answer::Received,
    error::{Error, ErrorKind},
    promise::Promise,
};

/// Names the effects of one attempt of one handler.
#[derive(Debug)]
pub(crate) struct Recorder {
    effects: EntryEffects,
    /// The handler, with the scope below it.
    scope: Arc<str>,
    /// How many effects there were of each scope, method and target. All scopes share it: one that is entered twice
    /// counts on.
    counts: Arc<Mutex<HashMap<String, u32>>>,
}

impl Recorder {
    pub(crate) fn new(effects: EntryEffects, handler: Arc<str>) -> Self {
        Self { effects, scope: handler, counts: Arc::default() }
    }

    /// Names effects below that name.
    pub(crate) fn scoped(&self, name: &str) -> Self {
        // One level, whatever is in it: no name reaches into another's scope.
        let name = name.replace('%', "%25").replace('/', "%2F");
        let scope = format!("{}/{name}", self.scope).into();
        Self { effects: self.effects.clone(), scope, counts: Arc::clone(&self.counts) }
    }

    /// The next effect of a method on a target, a dialog or message as a rule.
    ///
    /// Its place among its like tells it from others, not its content: a text that holds the time is another in every
    /// attempt.
    pub(crate) fn next(&self, method: &str, target: impl Display, promise: Promise) -> Once {
        let mut name = format!("{}/{method}/{target}", self.scope);
        // Counting is sound after every step: a panic elsewhere does not matter.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name.clone()).or_default();
        name.push_str(&format!("/{count}"));
        *count += 1;
        drop(counts);
        Once { effects: self.effects.clone(), name, promise, noted: Noted::Nothing }
    }
}

/// A call that must not be made twice.
#[derive(Debug)]
pub(crate) struct Once {
    effects: EntryEffects,
    name: String,
    promise: Promise,
    noted: Noted,
}

/// What is noted of a call by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noted {
    /// Nothing that this attempt would have to take back.
    Nothing,
    /// That this attempt has begun it.
    Begun,
    /// That this attempt had begun it and did not make it; unless that could not be noted.
    PutOff { noted: bool },
    /// That it was begun, by an earlier attempt too: that one may have made it already.
    InDoubt,
}

impl Once {
    /// Notes that the call is about to be made; returns what it returned if it was made before.
    pub(crate) async fn begin(&mut self, method: &str) -> Result<Option<Received>, Error> {
        if matches!(self.noted, Noted::Begun | Noted::InDoubt) {
            return Ok(None);
        }
        // Should this fail, the entry may be another process's by now, and what is noted with it.
        let before = std::mem::replace(&mut self.noted, Noted::Nothing);
        let known = self.effects.begin(&self.name).await;
        match known.map_err(|error| Error::new(ErrorKind::Store, method).source_from(error))? {
            Effect::New => {
                self.noted = Noted::Begun;
                Ok(None)
            }
            Effect::Had(result) => {
                debug!(effect = %self.name, "done in an earlier attempt");
                Received::recorded(method, result).map(Some)
            }
            // It was begun here, and that it was not made has not reached the store.
            _ if matches!(before, Noted::PutOff { .. }) => {
                self.noted = Noted::Begun;
                Ok(None)
            }
            _ if self.promise == Promise::AtLeastOnce => {
                warn!(effect = %self.name, "in doubt since an earlier attempt, and done again");
                self.noted = Noted::InDoubt;
                Ok(None)
            }
            _ => Err(Error::new(ErrorKind::InDoubt, method).note(
                "an earlier attempt was cut short before the portal's answer was recorded; it is not called again \
                 since at_most_once is promised (`messages` and `likes` under `[retry]` in bot.toml: at_least_once \
                 would call again, perhaps for the second time)",
            )),
        }
    }

    /// Notes before a pause that the call was not made, if that is certain: it is to be begun again after it.
    pub(crate) async fn put_off(&mut self, error: &Error) {
        // That it was not done this time says nothing of the time before.
        if error.is_not_done() && self.noted == Noted::Begun {
            self.noted = Noted::PutOff { noted: self.finish(Ended::NotHad).await };
        }
    }

    /// Notes how the call ended, if that is known. What cannot be noted stays in doubt: the call itself is over.
    pub(crate) async fn end(self, outcome: Result<&Received, &Error>) {
        let ended = match (outcome, self.noted) {
            (Ok(received), Noted::Begun | Noted::InDoubt) => {
                Ended::Had(received.result().as_bytes().to_vec())
            }
            (Err(error), Noted::Begun | Noted::PutOff { noted: false }) if error.is_not_done() => {
                Ended::NotHad
            }
            _ => return,
        };
        self.finish(ended).await;
    }

    /// Whether that could be noted.
    async fn finish(&self, ended: Ended) -> bool {
        let finished = self.effects.finish(&self.name, ended).await;
        if let Err(error) = &finished {
            let error = error as &dyn std::error::Error;
            warn!(effect = %self.name, error, "how a call ended cannot be recorded: it is in doubt");
        }
        finished.is_ok()
    }
}
