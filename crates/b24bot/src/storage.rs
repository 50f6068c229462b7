//! The store that a configuration tells of.

use std::{path::PathBuf, sync::Arc};

use b24bot_core::Store;
use b24bot_rules::{StorePlace, StoreSettings};
use b24bot_store::{EmbeddedOptions, EmbeddedStore, NatsOptions, NatsStore, OpenError};

use crate::{Error, ErrorKind};

/// Opens the store that `[store]` in `bot.toml` tells of.
///
/// # Errors
///
/// When it cannot be opened; the source is an [`OpenError`].
pub async fn open_store(settings: &StoreSettings) -> Result<Arc<dyn Store>, Error> {
    open(settings, true).await
}

/// The same, where a bot that has one portal only need not share the room.
pub(crate) async fn open(settings: &StoreSettings, share_room: bool) -> Result<Arc<dyn Store>, Error> {
    match &settings.place {
        StorePlace::Nats(address) => {
            let mut options = NatsOptions::default();
            options.prefix.clone_from(&settings.nats_prefix);
            options.max_events = settings.max_events;
            options.max_size = settings.max_size;
            options.max_age = settings.max_age;
            options.remember = settings.remember;
            options.keep_dead = settings.keep_dead;
            let store = NatsStore::connect(address, options).await.map_err(unopened)?;
            Ok(Arc::new(store))
        }
        StorePlace::Embedded(path) => open_file(path.clone(), settings, share_room).await,
        other => Err(Error::new(ErrorKind::Config, format!("this version cannot keep events in {other:?}"))),
    }
}

async fn open_file(
    path: PathBuf,
    settings: &StoreSettings,
    share_room: bool,
) -> Result<Arc<dyn Store>, Error> {
    let mut options = EmbeddedOptions::default();
    options.max_events = settings.max_events;
    options.max_size = settings.max_size;
    options.share_room = share_room;
    options.remember = settings.remember;
    options.keep_dead = settings.keep_dead;
    // It reads the keys that are remembered, which takes a moment if they are many.
    let opened = tokio::task::spawn_blocking(move || EmbeddedStore::open(path, options)).await;
    let opened =
        opened.map_err(|error| Error::caused(ErrorKind::Inbox, "opening the store broke off", error))?;
    Ok(Arc::new(opened.map_err(unopened)?))
}

fn unopened(error: OpenError) -> Error {
    Error::caused(ErrorKind::Inbox, "the store cannot be opened", error)
}
