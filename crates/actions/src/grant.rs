//! What an application is given by a portal: claimed first, then granted.

use std::fmt;

use b24bot_core::{MemberId, Secret, UserId};

/// An application, as its developer registered it: what `[app]` in `bot.toml` names.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id.
    pub client_id: String,
    /// Its key.
    pub client_secret: Secret,
}

impl Application {
    /// An application with its id and key.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Self { client_id: client_id.into(), client_secret: client_secret.into() }
    }
}

/// What somebody says of an installation: anyone's text until [`Portals::confirm`](crate::Portals::confirm) has asked.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Claim {
    /// The portal that is said to have installed the application.
    pub member_id: MemberId,
    /// The token that came along.
    pub access_token: Secret,
    /// What renews it.
    pub refresh_token: Option<Secret>,
    /// Where the portal's methods are said to be. Called only in development, on this very machine.
    pub client_endpoint: Option<String>,
    /// The authorization server that is said to be the portal's. It chooses among those that are known.
    pub server_endpoint: Option<String>,
}

impl Claim {
    /// A claim by its two necessary parts.
    pub fn new(member_id: impl Into<MemberId>, access_token: impl Into<Secret>) -> Self {
        Self {
            member_id: member_id.into(),
            access_token: access_token.into(),
            refresh_token: None,
            client_endpoint: None,
            server_endpoint: None,
        }
    }
}

/// What a portal granted the application, in the words of the authorization server.
#[non_exhaustive]
#[derive(Clone)]
pub struct Grant {
    /// The portal.
    pub member_id: MemberId,
    /// Where its methods are.
    pub client_endpoint: String,
    /// Where its tokens are renewed.
    pub server_endpoint: Option<String>,
    /// Acts for whoever installed the application.
    pub access_token: Secret,
    /// Renews it, once.
    pub refresh_token: Option<Secret>,
    /// When the access token expires, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// What the application may do: `im`, `imbot`.
    pub scope: Vec<String>,
    /// `F` free, `D` demo, `T` trial, `P` paid, `L` local, `S` by subscription.
    pub status: Option<String>,
    /// Who installed it.
    pub user_id: Option<UserId>,
    /// Whether the installation is finished, if that is known.
    pub installed: Option<bool>,
    /// The application's version there, if that is known.
    pub version: Option<String>,
}

impl Grant {
    /// A grant by its necessary parts: for whoever has confirmed an installation in a way of their own.
    pub fn new(
        member_id: impl Into<MemberId>,
        client_endpoint: impl Into<String>,
        access_token: impl Into<Secret>,
    ) -> Self {
        Self {
            member_id: member_id.into(),
            client_endpoint: client_endpoint.into(),
            server_endpoint: None,
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
            scope: Vec::new(),
            status: None,
            user_id: None,
            installed: None,
            version: None,
        }
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("member_id", &self.member_id)
            .field("client_endpoint", &self.client_endpoint)
            .field("scope", &self.scope)
            .field("status", &self.status)
            .field("user_id", &self.user_id)
            .field("installed", &self.installed)
            .finish_non_exhaustive()
    }
}
