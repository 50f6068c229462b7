//! What a handler has done in earlier attempts, so that calling it again does not do it twice.

use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Mutex, PoisonError},
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
    handler: String,
    /// How many effects there were of each handler, method and target.
    counts: Mutex<HashMap<String, u32>>,
}

impl Recorder {
    pub(crate) fn new(effects: EntryEffects, handler: String) -> Self {
        Self { effects, handler, counts: Mutex::default() }
    }

    /// The next effect of a method on a target, a dialog or message as a rule.
    ///
    /// Its place among its like tells it from others, not its content: a text that holds the time is another in every
    /// attempt.
    pub(crate) fn next(&self, method: &str, target: impl Display, promise: Promise) -> Once {
        let mut name = format!("{}/{method}/{target}", self.handler);
        // Counting is sound after every step: a panic elsewhere does not matter.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name.clone()).or_default();
        name.push_str(&format!("/{count}"));
        *count += 1;
        drop(counts);
        Once { effects: self.effects.clone(), name, promise, in_doubt: false }
    }
}

/// A call that must not be made twice.
#[derive(Debug)]
pub(crate) struct Once {
    effects: EntryEffects,
    name: String,
    promise: Promise,
    /// An earlier attempt may have made it already.
    in_doubt: bool,
}

impl Once {
    /// Notes that the call is about to be made; returns what it returned if it was made before.
    pub(crate) async fn begin(&mut self, method: &str) -> Result<Option<Received>, Error> {
        let known = self.effects.begin(&self.name).await;
        match known.map_err(|error| Error::new(ErrorKind::Store, method).source_from(error))? {
            Effect::New => Ok(None),
            Effect::Had(result) => {
                debug!(effect = %self.name, "done in an earlier attempt");
                Received::recorded(method, result).map(Some)
            }
            _ if self.promise == Promise::AtLeastOnce => {
                warn!(effect = %self.name, "in doubt since an earlier attempt, and done again");
                self.in_doubt = true;
                Ok(None)
            }
            _ => Err(Error::new(ErrorKind::InDoubt, method).note(
                "an earlier attempt was cut short before the portal's answer was recorded; it is not called again \
                 since at_most_once is promised (`messages` and `likes` under `[retry]` in bot.toml: at_least_once \
                 would call again, perhaps for the second time)",
            )),
        }
    }

    /// Notes how the call ended, if that is known. What cannot be noted stays in doubt: the call itself is over.
    pub(crate) async fn end(self, outcome: Result<&Received, &Error>) {
        let ended = match outcome {
            Ok(received) => Ended::Had(received.result().as_bytes().to_vec()),
            // That it was not done this time says nothing of the time before.
            Err(error) if error.is_not_done() && !self.in_doubt => Ended::NotHad,
            Err(_) => return,
        };
        if let Err(error) = self.effects.finish(&self.name, ended).await {
            let error = &error as &dyn std::error::Error;
            warn!(effect = %self.name, error, "how a call ended cannot be recorded: it is in doubt");
        }
    }
}
