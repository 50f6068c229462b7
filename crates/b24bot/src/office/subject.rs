//! A portal that an order is about.

use b24bot_actions::{Client, InstallationState, Portals};
use b24bot_core::MemberId;

use crate::{Error, ErrorKind};

pub(super) struct Subject {
    pub(super) domain: String,
    pub(super) member_id: Option<MemberId>,
    pub(super) way: Way,
}

/// What the portal is called with.
pub(super) enum Way {
    Webhook,
    Installation(InstallationState),
    /// What is stored of it cannot be read.
    Unreadable(String),
}

impl Subject {
    pub(super) fn client(&self, portals: &Portals) -> Result<Client, Error> {
        let missing = || Error::new(ErrorKind::Config, "there is nothing to call the portal with");
        match (&self.way, &self.member_id) {
            (Way::Installation(_), Some(portal)) => portals.installation_client(portal).map_err(|error| {
                Error::caused(ErrorKind::Portal, "the portal cannot be called with its installation", error)
            }),
            (Way::Unreadable(why), _) => Err(Error::new(ErrorKind::Portal, why.clone())),
            _ => portals.webhook_client().ok_or_else(missing),
        }
    }
}
