//! The key that seals portals' credentials, and the installations it opens.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use b24bot_actions::{Installations, SealingKey};
use b24bot_core::{States, Store};
use b24bot_rules::{StorePlace, StoreSettings};

use crate::{Error, ErrorKind};

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
        (None, StorePlace::Embedded(store)) => read_or_make(&beside(store)),
        (None, _) => Err(Error::new(
            ErrorKind::Config,
            "portals' credentials are sealed in a shared store: `key` or `key_file` in [store] has to be given",
        )),
    }
}

fn beside(store: &Path) -> PathBuf {
    let mut file = store.as_os_str().to_owned();
    file.push(".key");
    file.into()
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

/// Written beside and moved, so that there is no half of a key after a crash; and safely on the disk before anything is
/// sealed with it.
fn make(file: &Path) -> Result<SealingKey, Error> {
    let key = generated()?;
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let write = || {
        let _ = fs::remove_file(&new);
        let mut opened = private(&mut OpenOptions::new()).write(true).create_new(true).open(&new)?;
        writeln!(opened, "{}", key.to_text().expose())?;
        opened.sync_all()?;
        fs::rename(&new, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Where folders cannot be opened, they need no sync either.
        File::open(folder.unwrap_or(Path::new("."))).map_or(Ok(()), |folder| folder.sync_all())
    };
    write().map_err(|error| {
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
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
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
            let mode = fs::metadata(beside(&store)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // What a crash left behind is in nobody's way.
        fs::remove_file(beside(&store)).unwrap();
        fs::write(folder.path().join("b24bot.db.key.new"), "half").unwrap();
        assert_ne!(key(&settings, true).unwrap().name(), made.name());
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
