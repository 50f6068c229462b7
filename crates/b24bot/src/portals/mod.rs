//! The operator's view of portals: which there are and how they do; one can be paused, or removed with all that is its.
//! `b24bot portals` stands on it.

mod here;
mod pauses;
mod remote;
mod served;

use std::fmt;

use b24bot_core::{BotId, InboxError, Lane, MemberId};
use b24bot_rules::Config;
use serde::{Deserialize, Serialize};

pub(crate) use here::Here;
pub(crate) use pauses::PausedPortals;
use remote::RemotePortals;
pub(crate) use served::router;

use crate::{
    Error, ErrorKind,
    desk::{self, Found},
};

/// Looks at the portals of a bot and puts things right, while it runs ([`Running::portals`](crate::Running::portals)) or
/// from another process ([`open`]). Cheap to clone.
///
/// A portal is named by its member id. Events that were fetched through an inbound webhook bring a domain only: then that
/// is its name.
#[derive(Clone, Debug)]
pub struct PortalDesk(Place);

#[derive(Clone, Debug)]
enum Place {
    Here(Here),
    There(RemotePortals),
}

/// A portal as it is listed: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListedPortal {
    /// Its member id, or its domain where that is all that is known.
    pub portal: String,
    /// Its domain, as its installation has it.
    pub domain: Option<String>,
    /// How it does.
    pub state: PortalState,
    /// Since when it is paused, in milliseconds since 1970.
    pub paused_at: Option<u64>,
    /// The bot that was registered there.
    pub bot: Option<BotId>,
    /// When the application was installed first, in milliseconds since 1970.
    pub installed_at: Option<u64>,
    /// Events that wait or are being handled.
    pub pending: u64,
    /// Events that were set aside.
    pub dead: u64,
    /// When the latest of these was accepted, in milliseconds since 1970.
    pub latest: Option<u64>,
}

/// How a portal does, whether or not it is paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PortalState {
    /// Events have come from it, or it was paused; the application is not installed there. So it is with every bot that
    /// was registered through an inbound webhook.
    #[default]
    NotInstalled,
    /// The application is installed there.
    Active,
    /// Its tokens cannot be renewed any more: somebody has to install the application again.
    NeedsReinstallation,
    /// The portal has not paid: its tokens are not renewed until it has.
    PaymentRequired,
    /// The application is installed there; what is stored of that cannot be opened with the present key.
    Unreadable,
}

impl fmt::Display for PortalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInstalled => "not installed",
            Self::Active => "active",
            Self::NeedsReinstallation => "needs reinstallation",
            Self::PaymentRequired => "payment required",
            Self::Unreadable => "unreadable",
        })
    }
}

/// What was there of a portal that was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemovedPortal {
    /// Whether the application was installed there.
    pub installed: bool,
    /// Whether it was paused.
    pub paused: bool,
    /// How many of its events were dropped.
    pub events: u64,
}

/// The portals of the bot that a configuration describes: asked of the bot, if it runs on this machine; otherwise as its
/// store has them. `None` if there is no store yet. A configuration that was read for the store only
/// ([`Config::load_for_store`]) will do; what is sealed of installations stays unread then, unless the bot runs.
///
/// # Errors
///
/// When the store cannot be opened, or the bot that has it open does not answer.
pub async fn open(config: &Config) -> Result<Option<PortalDesk>, Error> {
    Ok(match desk::find(&config.store).await? {
        Found::Nothing => None,
        Found::Store(store) => Some(PortalDesk(Place::Here(Here::of_store(config, store).await?))),
        Found::Bot(remote) => Some(PortalDesk(Place::There(RemotePortals(remote)))),
    })
}

impl PortalDesk {
    pub(crate) const fn here(here: Here) -> Self {
        Self(Place::Here(here))
    }

    /// All portals that the application is installed on, that have events stored, or that are paused; by name.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(&self) -> Result<Vec<ListedPortal>, Error> {
        failing(match &self.0 {
            Place::Here(here) => here.list().await,
            Place::There(there) => there.list().await,
        })
    }

    /// The listed portal of that member id or domain.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn find(&self, name: &str) -> Result<Option<ListedPortal>, Error> {
        let has_domain =
            |listed: &ListedPortal| listed.domain.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let mut listed = self.list().await?;
        let at = listed.iter().position(|listed| listed.portal == name);
        let at = at.or_else(|| listed.iter().position(has_domain));
        Ok(at.map(|at| listed.swap_remove(at)))
    }

    /// Begins no more events of a portal until it is resumed, on any machine, also after a restart; whether it was not
    /// paused before. Its events are accepted and wait in the store. What is being handled is handled to its end. Events
    /// of the application itself, such as `ONAPPUNINSTALL`, do not wait.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn pause(&self, portal: &MemberId) -> Result<bool, Error> {
        failing(match &self.0 {
            Place::Here(here) => here.pause(portal).await,
            Place::There(there) => there.pause(portal).await,
        })
    }

    /// Lets a portal go on, with what has waited, in order; whether it was paused.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn resume(&self, portal: &MemberId) -> Result<bool, Error> {
        failing(match &self.0 {
            Place::Here(here) => here.resume(portal).await,
            Place::There(there) => there.resume(portal).await,
        })
    }

    /// Removes all that is a portal's: its application token, so that it is believed no more, its credentials, its
    /// events, those that were set aside too, and its pause. Handlers that run are left to end, their calls fail. If it
    /// breaks off, it can be done again.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn remove(&self, portal: &MemberId) -> Result<RemovedPortal, Error> {
        failing(match &self.0 {
            Place::Here(here) => here.remove(portal, None).await,
            Place::There(there) => there.remove(portal).await,
        })
    }

    /// The same, but for the events in one lane: for whoever handles `ONAPPUNINSTALL`, which is still to be handled then,
    /// also after a crash.
    ///
    /// # Errors
    ///
    /// When the store fails, or the bot runs in another process.
    pub(crate) async fn remove_but(&self, portal: &MemberId, keep: &Lane) -> Result<RemovedPortal, Error> {
        match &self.0 {
            Place::Here(here) => failing(here.remove(portal, Some(keep)).await),
            Place::There(_) => Err(Error::new(
                ErrorKind::Inbox,
                "only the bot itself keeps events of a portal that is removed",
            )),
        }
    }
}

fn failing<T>(outcome: Result<T, InboxError>) -> Result<T, Error> {
    Ok(outcome?)
}

#[cfg(test)]
mod tests;
