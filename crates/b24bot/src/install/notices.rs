//! What becomes of portals, for the log, the metrics and the operator's own code.

use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use b24bot_actions::{InstallationState, Installations, Notice, NoticeKind};
use b24bot_core::MemberId;
use tokio::sync::mpsc;

use super::upkeep::to_f64;

/// What the operator's code is told by.
#[derive(Default)]
pub(crate) struct PortalHooks(Vec<Box<Hook>>);

type Hook = dyn Fn(&Notice) + Send + Sync;

impl PortalHooks {
    pub(crate) fn add(&mut self, hook: impl Fn(&Notice) + Send + Sync + 'static) {
        self.0.push(Box::new(hook));
    }
}

impl fmt::Debug for PortalHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}

/// Notices as they come.
pub(super) struct Notices {
    coming: mpsc::UnboundedReceiver<Notice>,
    installations: Installations,
    hooks: PortalHooks,
    states: HashMap<MemberId, InstallationState>,
}

impl Notices {
    pub(super) fn follow(installations: &Installations, hooks: PortalHooks) -> Self {
        let (sender, coming) = mpsc::unbounded_channel();
        installations.on_change(move |notice| {
            // Nobody listens any more once the bot has stopped.
            let _ = sender.send(notice.clone());
        });
        Self { coming, installations: installations.clone(), hooks, states: HashMap::new() }
    }

    /// The next one, which the log, the metrics and the hooks have been told of.
    pub(super) async fn next(&mut self) -> Option<Notice> {
        let notice = self.coming.recv().await?;
        self.tell(&notice);
        self.count(&notice.member_id);
        self.show();
        for hook in &self.hooks.0 {
            if catch_unwind(AssertUnwindSafe(|| hook(&notice))).is_err() {
                tracing::error!(portal = %notice.member_id, "a hook of `on_portal` panicked");
            }
        }
        Some(notice)
    }

    /// Takes note of the state that a portal has now.
    pub(super) fn count(&mut self, portal: &MemberId) {
        match self.installations.get(portal) {
            Ok(Some(found)) => drop(self.states.insert(portal.clone(), found.state)),
            Ok(None) | Err(_) => drop(self.states.remove(portal)),
        }
    }

    /// How many portals are in which state.
    pub(super) fn show(&self) {
        for (state, label) in [
            (InstallationState::Active, "active"),
            (InstallationState::NeedsReinstallation, "needs_reinstallation"),
            (InstallationState::PaymentRequired, "payment_required"),
        ] {
            let portals = self.states.values().filter(|other| **other == state).count();
            metrics::gauge!("b24bot_portals", "state" => label).set(to_f64(portals));
        }
    }

    fn tell(&self, Notice { member_id: portal, kind, .. }: &Notice) {
        let found = self.installations.get(portal).ok().flatten();
        let domain = found.map(|found| found.domain);
        match kind {
            NoticeKind::Installed => tracing::info!(%portal, domain, "a portal installed the application"),
            NoticeKind::Active => tracing::info!(%portal, domain, "the portal's tokens are good again"),
            NoticeKind::Moved => tracing::info!(%portal, domain, "the portal has another address"),
            NoticeKind::Removed => tracing::info!(%portal, "the portal is gone"),
            NoticeKind::NeedsReinstallation => tracing::warn!(
                %portal, domain,
                "the portal's tokens cannot be renewed: the application has to be installed there again"
            ),
            NoticeKind::PaymentRequired => {
                tracing::warn!(%portal, domain, "the portal has not paid for the application");
            }
            _ => tracing::info!(%portal, domain, kind = ?kind, "something has become of the portal"),
        }
    }
}
