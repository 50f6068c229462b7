//! The file beside a store that says where its desk is served, and proves that one may ask.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use b24bot_core::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Where a desk is served, and the word without which it says nothing.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) address: SocketAddr,
    token: Secret,
}

#[derive(Serialize, Deserialize)]
struct Written {
    address: SocketAddr,
    token: String,
}

impl Access {
    /// With a word that nobody can guess.
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { address, token: token.into() })
    }

    /// As the `Authorization` header has it.
    pub(super) fn authorization(&self) -> Secret {
        format!("Bearer {}", self.token.expose()).into()
    }

    /// Whether a header proves that its sender has read the file.
    pub(super) fn admits(&self, authorization: &[u8]) -> bool {
        self.authorization().expose().as_bytes().ct_eq(authorization).into()
    }

    /// Writes the file, for the user of this process only. What is there is of a bot that has ended.
    pub(super) fn write(&self, store: &Path) -> io::Result<()> {
        let (path, draft) = (beside(store, ".desk.json"), beside(store, ".desk.new"));
        remove(&draft)?;
        let written = Written { address: self.address, token: self.token.expose().to_owned() };
        let text = serde_json::to_string(&written)?;
        create_private(&draft)?.write_all(text.as_bytes())?;
        // Whoever reads sees all of it or nothing.
        fs::rename(draft, path)
    }

    pub(super) fn read(store: &Path) -> io::Result<Self> {
        let Written { address, token } = serde_json::from_slice(&fs::read(beside(store, ".desk.json"))?)?;
        if !address.ip().is_loopback() {
            // The word is not for other machines to hear.
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the address is not of this machine"));
        }
        Ok(Self { address, token: token.into() })
    }

    /// Removes the file, unless another bot has written its own there.
    pub(super) fn remove(&self, store: &Path) {
        if Self::read(store).is_ok_and(|there| there.token.expose() == self.token.expose()) {
            // If it stays, it says something that is no longer true and harms nobody.
            let _ = remove(&beside(store, ".desk.json"));
        }
    }
}

fn beside(store: &Path, ending: &str) -> PathBuf {
    // Whatever link led to it.
    let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let mut name = store.into_os_string();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
