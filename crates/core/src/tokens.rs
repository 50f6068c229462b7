//! Is it really the portal that calls?

use dashmap::DashMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{MemberId, Secret};

/// The application tokens that prove a webhook's origin, by portal.
///
/// Only digests are kept, and they are compared in constant time. Without a token to compare with, nothing is genuine.
///
/// ```
/// use b24bot_core::{ApplicationTokens, MemberId, Secret};
///
/// let tokens = ApplicationTokens::default();
/// let (portal, token) = (MemberId::from("bac1cd"), Secret::from("831c76"));
/// assert!(tokens.verify(Some(&portal), Some(&token)).is_err());
///
/// tokens.insert(portal.clone(), &token);
/// assert!(tokens.verify(Some(&portal), Some(&token)).is_ok());
/// assert!(tokens.verify(Some(&MemberId::from("other")), Some(&token)).is_err());
/// ```
#[derive(Default)]
pub struct ApplicationTokens {
    by_portal: DashMap<MemberId, TokenDigest>,
    by_configuration: Vec<TokenDigest>,
}

type TokenDigest = [u8; 32];

/// Longer than any application token: what is longer is not worth its digest.
const LONGEST: usize = 1024;

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// It carries no application token.
    Missing,
    /// There is no token to compare with for that portal.
    UnknownPortal,
    /// It is not the portal's token.
    Wrong,
}

impl ApplicationTokens {
    /// Accepts this token from any portal that has none of its own: what `[security] application_token` says.
    /// An empty token is not taken.
    #[must_use]
    pub fn accept(mut self, token: &Secret) -> Self {
        if !token.expose().is_empty() {
            self.by_configuration.push(Self::digest(token));
        }
        self
    }

    /// Remembers a portal's own token; from then on that portal is believed with no other.
    pub fn insert(&self, portal: MemberId, token: &Secret) {
        self.by_portal.insert(portal, Self::digest(token));
    }

    /// The same, with the token's [`digest`](Self::digest): what a store keeps.
    pub fn insert_digest(&self, portal: MemberId, digest: [u8; 32]) {
        self.by_portal.insert(portal, digest);
    }

    /// A token's SHA-256, from which nobody learns the token. Digests have one length, so that comparing them says
    /// nothing about the token's.
    #[must_use]
    pub fn digest(token: &Secret) -> [u8; 32] {
        Sha256::digest(token.expose()).into()
    }

    /// Forgets a portal's own token.
    pub fn remove(&self, portal: &MemberId) {
        self.by_portal.remove(portal);
    }

    /// Whether that portal has a token of its own.
    #[must_use]
    pub fn knows(&self, portal: &MemberId) -> bool {
        self.by_portal.contains_key(portal)
    }

    /// Whether there is no token at all: then nothing is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_configuration.is_empty() && self.by_portal.is_empty()
    }

    /// Whether the token is the one of that portal.
    ///
    /// # Errors
    ///
    /// When it is not, or there is none, or there is nothing to compare it with.
    pub fn verify(&self, portal: Option<&MemberId>, token: Option<&Secret>) -> Result<(), Rejection> {
        let presented = token.filter(|token| !token.expose().is_empty()).ok_or(Rejection::Missing)?;
        let own = portal.and_then(|portal| self.by_portal.get(portal));
        let expected =
            own.as_ref().map_or(self.by_configuration.as_slice(), |own| std::slice::from_ref(own.value()));
        if expected.is_empty() {
            return Err(Rejection::UnknownPortal);
        }
        if presented.expose().len() > LONGEST {
            return Err(Rejection::Wrong);
        }
        let presented = Self::digest(presented);
        let genuine = expected.iter().fold(0, |found, token| found | token.ct_eq(&presented).unwrap_u8());
        if genuine == 1 { Ok(()) } else { Err(Rejection::Wrong) }
    }
}

impl std::fmt::Debug for ApplicationTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApplicationTokens")
            .field("portals", &self.by_portal.len())
            .field("configured", &self.by_configuration.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(tokens: &ApplicationTokens, portal: &str, token: &str) -> Result<(), Rejection> {
        tokens.verify(Some(&MemberId::from(portal)), Some(&Secret::from(token)))
    }

    #[test]
    fn nothing_is_genuine_without_a_token_to_compare_with() {
        let tokens = ApplicationTokens::default().accept(&Secret::from(""));
        assert_eq!(verify(&tokens, "m", ""), Err(Rejection::Missing));
        assert_eq!(verify(&tokens, "m", "t"), Err(Rejection::UnknownPortal));
        assert_eq!(tokens.verify(None, Some(&Secret::from("t"))), Err(Rejection::UnknownPortal));
    }

    #[test]
    fn a_portal_with_a_token_of_its_own_is_believed_with_no_other() {
        let tokens = ApplicationTokens::default().accept(&Secret::from("configured"));
        assert_eq!(verify(&tokens, "m", "configured"), Ok(()));
        tokens.insert(MemberId::from("m"), &Secret::from("own"));
        assert_eq!(verify(&tokens, "m", "configured"), Err(Rejection::Wrong));
        assert_eq!(verify(&tokens, "m", "own"), Ok(()));
        assert_eq!(verify(&tokens, "n", "own"), Err(Rejection::Wrong));
        assert!(tokens.knows(&MemberId::from("m")) && !tokens.knows(&MemberId::from("n")));
        tokens.remove(&MemberId::from("m"));
        assert_eq!(verify(&tokens, "m", "configured"), Ok(()));
    }

    #[test]
    fn almost_right_is_wrong() {
        let tokens = ApplicationTokens::default().accept(&Secret::from("831c76"));
        let long = "831c76".repeat(LONGEST);
        for token in ["831c7", "831c761", "831C76", "831c76 ", &long] {
            assert_eq!(verify(&tokens, "m", token), Err(Rejection::Wrong), "{token}");
        }
    }
}
