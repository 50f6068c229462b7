//! Portals as this process has them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use b24bot_actions::{InstallationState, Installations, Portals, SealingKey};
use b24bot_core::{ApplicationTokens, InboxError, Lane, MemberId, Store};
use b24bot_rules::Config;

use super::{ListedPortal, PausedPortals, PortalState, RemovedPortal};
use crate::{Error, ErrorKind, sealing::open_installations, trust};

/// What is needed to look at portals.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tokens: Arc<ApplicationTokens>,
    /// Those that calls are made to, which know what is installed.
    pub(crate) portals: Portals,
    pub(crate) paused: Arc<PausedPortals>,
}

impl Here {
    /// Of a store that no bot has open.
    pub(super) async fn of_store(config: &Config, store: Arc<dyn Store>) -> Result<Self, Error> {
        let portals = crate::portals(config)
            .build()
            .map_err(|error| Error::caused(ErrorKind::Config, "portals cannot be called", error))?;
        let installations = if config.app.is_some() {
            open_installations(&config.store, &store).await?
        } else {
            installations_unread(&store).await?
        };
        portals.keep(installations);
        // It ends with the store.
        let (paused, _following) = PausedPortals::follow(&store, None).await?;
        Ok(Self { store, tokens: Arc::default(), portals, paused })
    }

    pub(super) async fn list(&self) -> Result<Vec<ListedPortal>, InboxError> {
        let mut portals = BTreeMap::new();
        for depth in self.store.portals().await? {
            let listed = of(&mut portals, &depth.portal);
            (listed.pending, listed.dead, listed.latest) = (depth.pending, depth.dead, depth.latest);
        }
        for (portal, since) in self.paused.all() {
            of(&mut portals, &portal).paused_at = Some(since);
        }
        let installations = self.portals.installations();
        for member_id in installations.iter().flat_map(|installations| installations.list()) {
            let listed = of(&mut portals, member_id.as_str());
            match installations.map(|installations| installations.get(&member_id)) {
                Some(Ok(Some(installation))) => {
                    listed.domain = Some(installation.domain);
                    listed.bot = installation.bot;
                    listed.installed_at = Some(installation.installed_at.saturating_mul(1000));
                    listed.state = match installation.state {
                        InstallationState::NeedsReinstallation => PortalState::NeedsReinstallation,
                        InstallationState::PaymentRequired => PortalState::PaymentRequired,
                        _ => PortalState::Active,
                    };
                }
                Some(Err(_)) => listed.state = PortalState::Unreadable,
                // It has just gone.
                _ => {}
            }
        }
        Ok(portals.into_values().collect())
    }

    pub(super) async fn pause(&self, portal: &MemberId) -> Result<bool, InboxError> {
        self.paused.pause(&*self.store, portal.as_str()).await
    }

    pub(super) async fn resume(&self, portal: &MemberId) -> Result<bool, InboxError> {
        self.paused.resume(&*self.store, portal.as_str()).await
    }

    /// First nothing more can be done, then nothing more is accepted, then what waits goes. A portal that is installed and
    /// not believed would learn its application token again.
    pub(super) async fn remove(
        &self,
        portal: &MemberId,
        keep: Option<&Lane>,
    ) -> Result<RemovedPortal, InboxError> {
        let mut removed = RemovedPortal::default();
        if let Some(installations) = self.portals.installations() {
            // What cannot be opened is there all the same.
            removed.installed = !matches!(installations.get(portal), Ok(None));
            installations.remove(portal).await.map_err(InboxError::storage)?;
        }
        trust::distrust(&self.store, &self.tokens, portal).await?;
        self.portals.forget(portal);
        removed.events = self.store.drop_portal(portal.as_str(), keep).await?;
        removed.paused = self.resume(portal).await?;
        Ok(removed)
    }
}

/// Those in a store whose key is not known: which there are, and no more.
async fn installations_unread(store: &Arc<dyn Store>) -> Result<Installations, Error> {
    let failed = |error| Error::caused(ErrorKind::Inbox, "what is known of portals cannot be read", error);
    let key = SealingKey::generate().map_err(failed)?;
    Installations::open(Arc::<dyn Store>::clone(store), key).await.map_err(failed)
}

fn of<'a>(portals: &'a mut BTreeMap<String, ListedPortal>, portal: &str) -> &'a mut ListedPortal {
    portals.entry(portal.to_owned()).or_insert_with(|| ListedPortal {
        portal: portal.to_owned(),
        domain: None,
        state: PortalState::default(),
        paused_at: None,
        bot: None,
        installed_at: None,
        pending: 0,
        dead: 0,
        latest: None,
    })
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").field("store", &self.store).finish_non_exhaustive()
    }
}
