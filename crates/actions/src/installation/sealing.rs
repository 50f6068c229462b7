//! How installations are sealed: whoever reads the store learns no token, and cannot put one record in another's place.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest, rand,
};
use b24bot_core::Secret;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::{
    Installation,
    form::{self, Unread},
};
use crate::error::{Error, ErrorKind};

/// Bytes of a key.
const KEY: usize = 32;
/// Begins everything that is sealed, with the number of the form of what surrounds it.
const MAGIC: [u8; 4] = *b"b24\x01";
/// Bytes of a key's name.
const NAME: usize = 8;
/// What stands before the nonce: the magic and the key's name.
const HEAD: usize = MAGIC.len() + NAME;

/// What seals the credentials of installations in the store: 32 random bytes.
///
/// Written in hexadecimal digits or Base64, as `openssl rand -base64 32` does.
///
/// ```
/// use b24bot_actions::SealingKey;
///
/// let key = SealingKey::generate()?;
/// let again: SealingKey = key.to_text().expose().parse()?;
/// assert_eq!(key.name(), again.name());
/// assert!(!format!("{key:?}").contains(key.to_text().expose()));
/// # Ok::<(), b24bot_actions::Error>(())
/// ```
#[derive(Clone)]
pub struct SealingKey {
    bytes: [u8; KEY],
    name: [u8; NAME],
}

impl SealingKey {
    /// A key by its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"b24bot sealing key\0");
        context.update(&bytes);
        let mut name = [0; NAME];
        name.copy_from_slice(&context.finish().as_ref()[..NAME]);
        Self { bytes, name }
    }

    /// A new one.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when the system has no randomness to give.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0; KEY];
        rand::fill(&mut bytes).map_err(|_| unusable("the system gives no random bytes"))?;
        Ok(Self::from_bytes(bytes))
    }

    /// The key in Base64, to be kept where nobody else reads it.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        STANDARD.encode(self.bytes).into()
    }

    /// What the key is called in what it seals: it tells keys apart, and nothing about them.
    #[must_use]
    pub fn name(&self) -> String {
        hex(&self.name)
    }

    /// Seals an installation for the state key under which it is kept.
    pub(crate) fn seal(&self, key: &str, installation: &Installation) -> Result<Vec<u8>, Error> {
        let broken = |_| Error::new(ErrorKind::Store, "installation").note("it cannot be sealed");
        let mut sealed = Vec::from(MAGIC);
        sealed.extend(self.name);
        let mut content = form::write(installation);
        let aad = Aad::from([&sealed, key.as_bytes()].concat());
        let nonce =
            self.cipher().map_err(broken)?.seal_in_place_append_tag(aad, &mut content).map_err(broken)?;
        sealed.extend(nonce.as_ref());
        sealed.extend(content);
        Ok(sealed)
    }

    /// Opens what was sealed for that state key.
    pub(crate) fn open(&self, key: &str, sealed: &[u8]) -> Result<Installation, Error> {
        let failed = |note: String| Error::new(ErrorKind::Store, "installation").never_repeated().note(note);
        let again = "remove the portal, and have the application installed there again";
        if sealed.len() < HEAD + NONCE_LEN || sealed[..MAGIC.len()] != MAGIC {
            return Err(failed(format!("what is stored is no sealed installation: {again}")));
        }
        let (head, rest) = sealed.split_at(HEAD);
        let name = &head[MAGIC.len()..MAGIC.len() + NAME];
        if name != self.name {
            return Err(failed(format!(
                "it is sealed with the key {}, and the configured one is {}: give the earlier key back (`key` or `key_file` \
                 in [store]), or {again}",
                hex(name),
                self.name(),
            )));
        }
        let (nonce, content) = rest.split_at(NONCE_LEN);
        let damaged =
            |_| failed(format!("what is stored is damaged, or was put there by somebody else: {again}"));
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(damaged)?;
        let aad = Aad::from([head, key.as_bytes()].concat());
        let mut content = content.to_vec();
        let json =
            self.cipher().map_err(damaged)?.open_in_place(nonce, aad, &mut content).map_err(damaged)?;
        form::read(json).map_err(|unread| match unread {
            Unread::Malformed => failed(format!("what is sealed is no installation: {again}")),
            Unread::Later(form) => {
                failed(format!("a later version of the bot wrote it, in the form {form}: run that version"))
            }
        })
    }

    /// Whether something was sealed with this key.
    pub(crate) fn is_of(&self, sealed: &[u8]) -> bool {
        sealed.get(MAGIC.len()..MAGIC.len() + NAME).is_some_and(|name| name == self.name)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, aws_lc_rs::error::Unspecified> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.bytes)
    }
}

impl FromStr for SealingKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let bytes = unhex(text).or_else(|| {
            let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD];
            engines.into_iter().find_map(|engine| engine.decode(text).ok())
        });
        let bytes: Option<[u8; KEY]> = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self::from_bytes).ok_or_else(|| {
            unusable(
                "expected 32 random bytes, as 64 hexadecimal digits or in Base64: `openssl rand -base64 32` \
                 makes such a key",
            )
        })
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.name())
    }
}

fn unusable(note: &'static str) -> Error {
    Error::new(ErrorKind::Setup, "sealing key").note(note)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * KEY || !text.is_ascii() {
        return None;
    }
    (0..KEY).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()).collect()
}
