//! Which portals are paused: kept in the store, known to every machine that shares it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use b24bot_core::{Expected, InboxError, Store};
use b24bot_dispatcher::Pauses;
use tokio::task::JoinHandle;

use crate::follow;

/// Before the portal's name.
const PREFIX: &str = "pause/";

/// The portals that are paused, each since when, in milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct PausedPortals {
    since: Mutex<BTreeMap<String, u64>>,
    /// None where nothing is handled.
    dispatcher: Option<Pauses>,
}

impl PausedPortals {
    /// Pauses in a dispatcher what is paused in the store, now and from now on, whichever machine says so. Returns once
    /// all that is paused now is known.
    pub(crate) async fn follow(
        store: &Arc<dyn Store>,
        dispatcher: Option<Pauses>,
    ) -> Result<(Arc<Self>, JoinHandle<()>), InboxError> {
        let paused = Arc::new(Self { since: Mutex::default(), dispatcher });
        tell(0);
        let applied = Arc::clone(&paused);
        let following =
            follow::follow(store, PREFIX, move |portal, since| applied.apply(portal, since)).await?;
        Ok((paused, following))
    }

    /// Pauses a portal; whether it was not paused before.
    pub(crate) async fn pause(&self, store: &dyn Store, portal: &str) -> Result<bool, InboxError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
        let is_new = store.set(&key(portal), now.clone().into_bytes(), Expected::Nothing).await?.is_some();
        if is_new {
            // The store will tell as well, but not before the next event may be begun.
            self.apply(portal, Some(now.as_bytes()));
        }
        Ok(is_new)
    }

    /// Lets a portal go on; whether it was paused.
    pub(crate) async fn resume(&self, store: &dyn Store, portal: &str) -> Result<bool, InboxError> {
        let was_paused = store.get(&key(portal)).await?.is_some();
        store.remove(&key(portal), Expected::Anything).await?;
        self.apply(portal, None);
        Ok(was_paused)
    }

    /// Those that are paused now.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.since().clone()
    }

    fn apply(&self, portal: &str, since: Option<&[u8]>) {
        let mut known = self.since();
        if let Some(since) = since {
            let since = std::str::from_utf8(since).ok().and_then(|since| since.parse().ok());
            known.insert(portal.to_owned(), since.unwrap_or_default());
        } else {
            known.remove(portal);
        }
        // Under the lock: what the dispatcher is told last is what is known here.
        match (&self.dispatcher, since) {
            (Some(dispatcher), Some(_)) => dispatcher.pause(portal),
            (Some(dispatcher), None) => dispatcher.resume(portal),
            (None, _) => {}
        }
        tell(known.len());
    }

    fn since(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        // Sound after every step: a panic elsewhere does not matter.
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(paused: usize) {
    metrics::gauge!("b24bot_portals_paused").set(paused as f64);
}

fn key(portal: &str) -> String {
    format!("{PREFIX}{portal}")
}
