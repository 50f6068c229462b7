//! The operator's view of a store, from outside the bot: `b24bot inbox` stands on it.
//!
//! A store on this machine can be opened by one process only. While the bot runs it is the bot that has it open, so it
//! [serves](serve) its desk to whoever can read a file beside the store, and [`open`] asks there.

mod access;
mod remote;
mod server;
mod wire;

use std::{error::Error as StdError, path::Path, sync::Arc};

use b24bot_core::{Desk, Store};
use b24bot_rules::{StorePlace, StoreSettings};
use b24bot_store::{OpenError, OpenErrorKind};

pub use remote::Remote;
pub use server::{DeskServer, serve};
pub(crate) use server::{answer, serve_with};

use crate::{Error, ErrorKind, open_store};

/// The desk of a store: of the running bot that has it open, or else of the store itself. `None` if there is no store
/// yet.
///
/// # Errors
///
/// When it cannot be opened, or the bot that has it open does not answer.
pub async fn open(settings: &StoreSettings) -> Result<Option<Arc<dyn Desk>>, Error> {
    Ok(match find(settings).await? {
        Found::Nothing => None,
        Found::Store(store) => Some(store),
        Found::Bot(remote) => Some(remote),
    })
}

/// Where there is something to look at.
pub(crate) enum Found {
    Nothing,
    Store(Arc<dyn Store>),
    /// A running bot has the store open.
    Bot(Arc<Remote>),
}

pub(crate) async fn find(settings: &StoreSettings) -> Result<Found, Error> {
    let path = match &settings.place {
        StorePlace::Embedded(path) => Some(path),
        _ => None,
    };
    if let Some(path) = path {
        let unseen = |error| {
            let message = format!("{} cannot be looked at by this user", path.display());
            Error::caused(ErrorKind::Inbox, message, error)
        };
        if !path.try_exists().map_err(unseen)? {
            return Ok(Found::Nothing);
        }
    }
    match (open_store(settings).await, path) {
        (Ok(store), _) => Ok(Found::Store(store)),
        (Err(error), Some(path)) if is_locked(&error) => ask(path).await.map(Found::Bot),
        (Err(error), _) => Err(error),
    }
}

/// The desk of the bot that has the store open.
async fn ask(path: &Path) -> Result<Arc<Remote>, Error> {
    let failed = |source: Box<dyn StdError + Send + Sync>| {
        let message = format!(
            "{} is in use by another process, which does not let anyone look into it: if that is a bot that is \
             starting or stopping, try again; if it is another `b24bot` command, let it end",
            path.display()
        );
        Error::caused(ErrorKind::Inbox, message, source)
    };
    let remote = Remote::beside(path).map_err(|error| failed(error.into()))?;
    // Better told now, with what to do, than by whatever is asked first.
    remote.stats().await.map_err(|error| failed(error.into()))?;
    Ok(Arc::new(remote))
}

fn is_locked(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(open) = cause.downcast_ref::<OpenError>() {
            return open.kind() == OpenErrorKind::Locked;
        }
        source = cause.source();
    }
    false
}

#[cfg(test)]
mod tests;
