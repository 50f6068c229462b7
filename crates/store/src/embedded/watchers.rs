//! Those who want to hear of changed states.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use b24bot_core::{Changes, StateChange};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<Vec<Watcher>>);

#[derive(Debug)]
struct Watcher {
    prefix: String,
    tell: UnboundedSender<StateChange>,
}

#[derive(Debug)]
struct Watch(UnboundedReceiver<StateChange>);

impl Watchers {
    /// What is there, then everything that is told from now on.
    ///
    /// # Errors
    ///
    /// As `there`.
    pub(crate) fn watch<E>(
        &self,
        prefix: &str,
        there: impl FnOnce() -> Result<Vec<StateChange>, E>,
    ) -> Result<Box<dyn Changes>, E> {
        let (tell, changes) = unbounded_channel();
        // What changes while this looks is told after what it sees: at worst twice, and never in the wrong order.
        let mut watchers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| !watcher.tell.is_closed());
        for change in there()? {
            let _ = tell.send(change);
        }
        watchers.push(Watcher { prefix: prefix.to_owned(), tell });
        Ok(Box::new(Watch(changes)))
    }

    pub(crate) fn tell(&self, change: &StateChange) {
        let watchers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for watcher in watchers.iter().filter(|watcher| change.key.starts_with(&watcher.prefix)) {
            let _ = watcher.tell.send(change.clone());
        }
    }
}

#[async_trait]
impl Changes for Watch {
    async fn next(&mut self) -> Option<StateChange> {
        self.0.recv().await
    }
}
