//! The file beside a store that says where its desk is served, and proves that one may ask.

use std::{fs, io, net::SocketAddr, path::Path};

use b24bot_core::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::{
    beside::{beside, remove, write_private},
    secrets,
};

const ENDING: &str = ".desk.json";

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
        Ok(Self { address, token: secrets::word()? })
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
        let written = Written { address: self.address, token: self.token.expose().to_owned() };
        write_private(&beside(store, ENDING), &serde_json::to_string(&written)?)
    }

    pub(super) fn read(store: &Path) -> io::Result<Self> {
        let Written { address, token } = serde_json::from_slice(&fs::read(beside(store, ENDING))?)?;
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
            let _ = remove(&beside(store, ENDING));
        }
    }
}
