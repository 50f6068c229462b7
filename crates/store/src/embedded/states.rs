//! States by key.

use std::sync::Arc;

use async_trait::async_trait;
use b24bot_core::{Changes, Expected, InboxError, State, StateChange, States, Version};

use super::{
    EmbeddedStore,
    job::{Job, SetState},
    rows,
};

#[async_trait]
impl States for EmbeddedStore {
    async fn get(&self, key: &str) -> Result<Option<State>, InboxError> {
        let key = key.to_owned();
        self.read(move |connection| rows::state(connection, &key)).await
    }

    async fn set(
        &self,
        key: &str,
        value: Vec<u8>,
        expected: Expected,
    ) -> Result<Option<Version>, InboxError> {
        let set = SetState { key: key.to_owned(), value: Some(value), expected };
        self.ask(|reply| Job::SetState(set, reply)).await
    }

    async fn remove(&self, key: &str, expected: Expected) -> Result<bool, InboxError> {
        let set = SetState { key: key.to_owned(), value: None, expected };
        Ok(self.ask(|reply| Job::SetState(set, reply)).await?.is_some())
    }

    async fn watch(&self, prefix: &str) -> Result<Box<dyn Changes>, InboxError> {
        let (shared, prefix) = (Arc::clone(&self.shared), prefix.to_owned());
        let task = tokio::task::spawn_blocking(move || {
            // What changes while this looks is told after what it sees: at worst twice, and never in the wrong order.
            let mut watchers = shared.watchers();
            let there = rows::states(&shared.reader(), &prefix)?;
            let there = there.into_iter();
            let there = there.map(|(key, state)| StateChange::new(key, Some(state.value), state.version));
            Ok(Box::new(watchers.watch(&prefix, there)) as Box<dyn Changes>)
        });
        task.await.map_err(InboxError::storage)?.map_err(|error: rusqlite::Error| InboxError::storage(error))
    }
}
