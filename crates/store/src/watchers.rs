//! Those who want to hear of changed states.

use async_trait::async_trait;
use b24bot_core::{Changes, StateChange};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Those who watch. Whoever calls sees to it that nothing changes between reading what is there and watching.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Vec<Watcher>);

#[derive(Debug)]
struct Watcher {
    prefix: String,
    // Every change is owed to the watcher, so nothing bounds what it has not looked at.
    changes: UnboundedSender<StateChange>,
}

/// Ends with the store, which has the other end.
#[derive(Debug)]
pub(crate) struct Watch(UnboundedReceiver<StateChange>);

impl Watchers {
    /// What is there, then everything that is told from now on.
    pub(crate) fn watch(&mut self, prefix: &str, there: impl IntoIterator<Item = StateChange>) -> Watch {
        let (sender, changes) = unbounded_channel();
        for change in there {
            // The receiver is here.
            let _ = sender.send(change);
        }
        self.0.retain(|watcher| !watcher.changes.is_closed());
        self.0.push(Watcher { prefix: prefix.to_owned(), changes: sender });
        Watch(changes)
    }

    pub(crate) fn tell(&mut self, change: &StateChange) {
        self.0.retain(|watcher| {
            if change.key.starts_with(&watcher.prefix) {
                watcher.changes.send(change.clone()).is_ok()
            } else {
                !watcher.changes.is_closed()
            }
        });
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[async_trait]
impl Changes for Watch {
    async fn next(&mut self) -> Option<StateChange> {
        self.0.recv().await
    }
}
