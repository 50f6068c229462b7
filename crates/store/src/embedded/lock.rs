//! The file beside the store that says whose it is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::{OpenError, OpenErrorKind};

/// The store is this process's until this is dropped, or the process ends however it may.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the store at that path.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let shown = path.display();
        let failed = |error: std::io::Error| {
            let message =
                format!("the store {shown} cannot be locked: give a `path` in [store] that can be written");
            OpenError::new(OpenErrorKind::Storage, message).because(error)
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // Whoever can open it can lock it, and so keep the bot from starting.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(lock_path(path));
        let mut file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "unknown" } else { holder.trim() };
                let message = format!(
                    "the store {shown} is in use by another process ({holder}): stop that one, or give this one a \
                     `path` of its own in [store]"
                );
                return Err(OpenError::new(OpenErrorKind::Locked, message));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Only to be told to whoever comes second; nothing depends on it.
        let _ = file
            .rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| write!(file, "pid {}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_belongs_to_one_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("b24bot.db");
        let first = Lock::take(&path).unwrap();
        let second = Lock::take(&path).unwrap_err();
        assert_eq!(second.kind(), OpenErrorKind::Locked);
        assert!(second.to_string().contains(&format!("pid {}", std::process::id())), "{second}");
        drop(first);
        assert!(Lock::take(&path).is_ok());
    }
}
