//! The key that seals portals' credentials, and the installations it opens.

use std::{fs, io, path::Path, sync::Arc};

use b24bot_actions::{Installations, SealingKey};
use b24bot_core::{States, Store};
use b24bot_rules::{StorePlace, StoreSettings};

use crate::{
    Error, ErrorKind,
    beside::{beside, write_private},
};

const ENDING: &str = ".key";

/// The installations in a store, sealed as `[store]` says.
pub(crate) async fn open_installations(
    settings: &StoreSettings,
    store: &Arc<dyn Store>,
) -> Result<Installations, Error> {
    let key = key(settings, store.is_durable())?;
    let states: Arc<dyn States> = Arc::<dyn Store>::clone(store);
    let opened = Installations::open(states, key).await;
    opened.map_err(|error| Error::caused(ErrorKind::Inbox, "what is known of portals cannot be read", error))
}

fn key(settings: &StoreSettings, is_durable: bool) -> Result<SealingKey, Error> {
    if let Some(key) = &settings.key {
        return Ok(key.clone());
    }
    // What is gone at the end is opened by nobody later.
    if !is_durable {
        return generated();
    }
    match (&settings.key_file, &settings.place) {
        // Machines that each made one of their own could not read each other's.
        (Some(file), StorePlace::Nats(_)) => read(file),
        (Some(file), _) => read_or_make(file),
        (None, StorePlace::Embedded(store)) => read_or_make(&beside(store, ENDING)),
        (None, _) => Err(Error::new(
            ErrorKind::Config,
            "portals' credentials are sealed in a shared store: `key` or `key_file` in [store] has to be given",
        )),
    }
}

fn read_or_make(file: &Path) -> Result<SealingKey, Error> {
    match file.try_exists() {
        Ok(false) => make(file),
        _ => read(file),
    }
}

fn read(file: &Path) -> Result<SealingKey, Error> {
    let failed = |error: io::Error| {
        let advice = "`openssl rand -base64 32` makes one";
        unusable(file, &format!("the key that seals portals' credentials cannot be read ({advice})"), error)
    };
    let text = fs::read_to_string(file).map_err(failed)?;
    warn_if_open(file);
    text.parse().map_err(|error| unusable(file, "there is no key where one should be", error))
}

/// Safely on the disk before anything is sealed with it.
fn make(file: &Path) -> Result<SealingKey, Error> {
    let key = generated()?;
    write_private(file, &format!("{}\n", key.to_text().expose())).map_err(|error| {
        unusable(file, "the key that seals portals' credentials cannot be written", error)
    })?;
    tracing::info!(
        file = %file.display(),
        "made the key that seals portals' credentials: without it, and a copy of it, they cannot be read"
    );
    Ok(key)
}

fn generated() -> Result<SealingKey, Error> {
    SealingKey::generate().map_err(|error| Error::caused(ErrorKind::Config, "no key can be made", error))
}

fn unusable(file: &Path, what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::caused(ErrorKind::Config, format!("{what}: {}", file.display()), error)
}

#[cfg(unix)]
fn warn_if_open(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let is_open = fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
    if is_open {
        tracing::warn!(file = %file.display(), "others on this machine can read the key: `chmod 600` it");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path) {}

#[cfg(test)]
mod tests {
    use b24bot_rules::Config;

    use super::*;

    fn settings(text: &str) -> StoreSettings {
        let app = "[app]\nclient_id = 'a'\nclient_secret = 's'\n";
        let text = format!("[bot]\ncode = 'b'\n{app}[store]\n{text}");
        Config::parse("bot.toml", &text, &|_| None).unwrap().store
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("b24bot.db");
        let settings = settings(&format!("path = '{}'", store.display()));
        let made = key(&settings, true).unwrap();
        assert_eq!(key(&settings, true).unwrap().name(), made.name());
        let files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["b24bot.db.key"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("b24bot.db.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn by_a_link_to_the_store_the_key_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (store, link) = (folder.path().join("b24bot.db"), folder.path().join("link.db"));
        fs::write(&store, "").unwrap();
        std::os::unix::fs::symlink(&store, &link).unwrap();
        let name = |path: &Path| {
            key(&settings(&format!("path = '{}'", path.display())), true).unwrap().name().clone()
        };
        assert_eq!(name(&link), name(&store));
    }

    #[test]
    fn what_is_in_memory_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&format!("path = '{}'", folder.path().join("b24bot.db").display()));
        let (one, other) = (key(&settings, false).unwrap(), key(&settings, false).unwrap());
        assert_ne!(one.name(), other.name());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_without_a_key_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("k");
        for (text, settings) in [
            ("", settings(&format!("key_file = '{}'", file.display()))),
            ("s3cr3t", settings(&format!("key_file = '{}'", file.display()))),
            ("x", settings(&format!("nats = 'nats://a'\nkey_file = '{}'", file.display()))),
        ] {
            fs::write(&file, text).unwrap();
            let error = key(&settings, true).unwrap_err().to_string();
            assert!(error.contains("openssl rand") && !error.contains("s3cr3t"), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        fs::remove_file(&file).unwrap();
        let shared = settings(&format!("nats = 'nats://a'\nkey_file = '{}'", file.display()));
        let error = key(&shared, true).unwrap_err().to_string();
        assert!(error.contains("cannot be read") && !file.exists(), "{error}");
    }
}
