//! Small values by key.

use std::collections::{HashSet, VecDeque};

use async_nats::HeaderMap;
use async_trait::async_trait;
use b24bot_core::{Changes, Expected, InboxError, State, StateChange, States, Version};
use bytes::Bytes;
use tokio::sync::watch;

use super::{
    NatsStore,
    names::Names,
    streams::{self, PATIENCE},
    tail::{Start, Tail, Tailed},
};

/// Marks a message that says that its key has no value any more.
const GONE: &str = "B24bot-Gone";

#[async_trait]
impl States for NatsStore {
    async fn get(&self, key: &str) -> Result<Option<State>, InboxError> {
        let (state, _) = self.current(&self.subject(key)?).await?;
        Ok(state)
    }

    async fn set(
        &self,
        key: &str,
        value: Vec<u8>,
        expected: Expected,
    ) -> Result<Option<Version>, InboxError> {
        let subject = self.subject(key)?;
        let value = Bytes::from(value);
        let write = async |expected| {
            let written =
                self.node.streams.write(subject.clone(), value.clone(), expected, HeaderMap::new()).await?;
            Ok(written.map(Version))
        };
        match expected {
            Expected::Anything => write(None).await,
            Expected::Version(Version(version)) => match self.current(&subject).await? {
                (Some(state), _) if state.version.0 == version => write(Some(version)).await,
                _ => Ok(None),
            },
            Expected::Nothing => match self.current(&subject).await? {
                (None, last) => write(Some(last)).await,
                (Some(_), _) => Ok(None),
            },
        }
    }

    async fn remove(&self, key: &str, expected: Expected) -> Result<bool, InboxError> {
        let subject = self.subject(key)?;
        loop {
            let (state, last) = self.current(&subject).await?;
            let is_expected = expected.is(state.as_ref().map(|state| state.version));
            if !is_expected || state.is_none() {
                return Ok(is_expected);
            }
            let mut headers = HeaderMap::new();
            headers.insert(GONE, "1");
            let written = self.node.streams.write(subject.clone(), Bytes::new(), Some(last), headers).await?;
            if written.is_some() {
                return Ok(true);
            }
        }
    }

    async fn watch(&self, prefix: &str) -> Result<Box<dyn Changes>, InboxError> {
        let streams = &self.node.streams;
        streams.connected()?;
        let filter = streams.names.states(prefix).ok_or_else(too_long)?;
        // Subjects never go: at least so many messages come at once.
        let (there, _) = streams::subjects(&streams.states, &filter).await?;
        let mut tail = Tail::follow(streams.jetstream.clone(), streams.states.clone(), filter, Start::Latest);
        let mut initial = VecDeque::with_capacity(there.len());
        for _ in there {
            let message = tokio::time::timeout(PATIENCE, tail.next()).await;
            initial.extend(message.map_err(InboxError::storage)?);
        }
        Ok(Box::new(Watched {
            initial,
            tail,
            names: streams.names.clone(),
            prefix: prefix.to_owned(),
            present: HashSet::new(),
            gone: self.node.gone.subscribe(),
        }))
    }
}

impl NatsStore {
    fn subject(&self, key: &str) -> Result<String, InboxError> {
        self.node.streams.names.state(key).ok_or_else(too_long)
    }

    /// The value, and the number of the latest message of its subject, which may say that there is none.
    async fn current(&self, subject: &str) -> Result<(Option<State>, u64), InboxError> {
        Ok(match streams::latest(&self.node.streams.states, subject).await? {
            None => (None, 0),
            Some(message) if message.headers.get(GONE).is_some() => (None, message.sequence),
            Some(message) => {
                (Some(State::new(message.payload.to_vec(), Version(message.sequence))), message.sequence)
            }
        })
    }
}

fn too_long() -> InboxError {
    InboxError::storage("a key is too long for NATS: about 900 letters and digits fit, or 300 other bytes")
}

struct Watched {
    /// What was there when the watch began.
    initial: VecDeque<Tailed>,
    tail: Tail,
    names: Names,
    prefix: String,
    /// Keys with a value, so that only what was there is said to be gone.
    present: HashSet<String>,
    gone: watch::Receiver<bool>,
}

#[async_trait]
impl Changes for Watched {
    async fn next(&mut self) -> Option<StateChange> {
        loop {
            let message = match self.initial.pop_front() {
                Some(message) => message,
                None => tokio::select! {
                    biased;
                    message = self.tail.next() => message?,
                    _ = self.gone.wait_for(|gone| *gone) => return None,
                },
            };
            let Some(key) = self.names.key_of_state(&message.subject) else { continue };
            if !key.starts_with(&self.prefix) {
                continue;
            }
            let version = Version(message.seq);
            if message.headers.as_ref().is_some_and(|headers| headers.get(GONE).is_some()) {
                if self.present.remove(&key) {
                    return Some(StateChange::new(key, None, version));
                }
            } else {
                self.present.insert(key.clone());
                return Some(StateChange::new(key, Some(message.payload.to_vec()), version));
            }
        }
    }
}
