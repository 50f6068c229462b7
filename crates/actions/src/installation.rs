//! One portal that installed the application, and what was granted there.

mod form;
mod sealing;

use std::fmt;

use b24bot_core::{BotId, MemberId, Secret, UserId};
use serde_json::{Map, Value};

pub use sealing::SealingKey;

use crate::grant::Grant;

/// A portal that installed the application.
///
/// Its tokens are not to be had: [`Portals::installation_client`](crate::Portals::installation_client) calls with them.
#[non_exhaustive]
#[derive(Clone)]
pub struct Installation {
    /// The portal.
    pub member_id: MemberId,
    /// Its domain: `some-domain.bitrix24.com`.
    pub domain: String,
    /// Where its methods are.
    pub client_endpoint: String,
    /// What the application may do there: `im`, `imbot`.
    pub scope: Vec<String>,
    /// `F` free, `D` demo, `T` trial, `P` paid, `L` local, `S` by subscription.
    pub status: Option<String>,
    /// Who installed it: the installation's token acts for them.
    pub user_id: Option<UserId>,
    /// Whether its tokens are any good.
    pub state: InstallationState,
    /// The bot that was registered there.
    pub bot: Option<BotId>,
    /// A fingerprint of what was registered there last; `none` where the bot was taken away on purpose.
    pub registered: Option<String>,
    /// The application's version there.
    pub version: Option<String>,
    /// When it was installed first, in seconds since 1970.
    pub installed_at: u64,
    /// When it was installed last, in milliseconds since 1970.
    pub granted_at: u64,
    pub(crate) server_endpoint: Option<String>,
    pub(crate) tokens: Tokens,
    /// Who renews the tokens at present.
    pub(crate) lease: Option<String>,
    /// When the portal was found not to have paid, in seconds since 1970.
    pub(crate) unpaid_at: Option<u64>,
    /// What a later version wrote, and this one does not know.
    pub(crate) rest: Map<String, Value>,
}

/// What becomes of an installation's tokens.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InstallationState {
    /// They are renewed when they expire.
    #[default]
    Active,
    /// They cannot be renewed any more: somebody has to install the application again.
    NeedsReinstallation,
    /// The portal has not paid: they are not renewed until it has.
    PaymentRequired,
}

/// A pair of tokens.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    pub(crate) expires_at: Option<u64>,
}

impl Installation {
    /// What was granted, where nothing was known; at `now`, in milliseconds since 1970.
    pub(crate) fn granted(grant: Grant, domain: String, now: u64) -> Self {
        let tokens =
            Tokens { access: grant.access_token, refresh: grant.refresh_token, expires_at: grant.expires_at };
        Self {
            member_id: grant.member_id,
            domain,
            client_endpoint: grant.client_endpoint,
            scope: grant.scope,
            status: grant.status,
            user_id: grant.user_id,
            state: InstallationState::Active,
            bot: None,
            registered: None,
            version: grant.version,
            installed_at: now / 1000,
            granted_at: now,
            server_endpoint: grant.server_endpoint,
            tokens,
            lease: None,
            unpaid_at: None,
            rest: Map::new(),
        }
    }

    /// What was granted anew keeps what is known of the portal otherwise.
    pub(crate) fn after(self, earlier: &Self) -> Self {
        let mut rest = earlier.rest.clone();
        rest.extend(self.rest);
        Self {
            scope: if self.scope.is_empty() { earlier.scope.clone() } else { self.scope },
            status: self.status.or_else(|| earlier.status.clone()),
            user_id: self.user_id.or(earlier.user_id),
            bot: earlier.bot,
            registered: earlier.registered.clone(),
            version: self.version.or_else(|| earlier.version.clone()),
            installed_at: earlier.installed_at,
            server_endpoint: self.server_endpoint.or_else(|| earlier.server_endpoint.clone()),
            tokens: Tokens {
                refresh: self.tokens.refresh.or_else(|| earlier.tokens.refresh.clone()),
                ..self.tokens
            },
            rest,
            ..self
        }
    }

    /// Whether both would be written the same.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        form::write(self) == form::write(other)
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation")
            .field("member_id", &self.member_id)
            .field("domain", &self.domain)
            .field("state", &self.state)
            .field("bot", &self.bot)
            .field("version", &self.version)
            .field("installed_at", &self.installed_at)
            .finish_non_exhaustive()
    }
}
