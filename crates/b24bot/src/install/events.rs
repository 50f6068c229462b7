//! What the portal says later of the application: updated, paid for, removed.
//!
//! These events are stored and handled like any other, so that a crash in between loses nothing, and whoever writes a
//! handler hears of them as well.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use b24bot_actions::{Context, InstallationState};
use b24bot_core::{AppPayment, AppUninstall, AppUpdate, Desk, Event, EventKey, Lane, MemberId, Which};
use b24bot_dispatcher::{BoxError, Handler};

use super::Reception;
use crate::registration;

/// How many entries are looked at together.
const AT_ONCE: usize = 256;

/// The handler of those events, which does nothing until there is a reception.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppEvents(Arc<OnceLock<Arc<Reception>>>);

impl AppEvents {
    pub(crate) fn serve(&self, reception: &Arc<Reception>) {
        // Once for each start; a bot is started once.
        let _ = self.0.set(Arc::clone(reception));
    }

    fn concerned<'a>(&'a self, ctx: &'a Context) -> Option<(&'a Reception, &'a MemberId)> {
        Some((self.0.get()?, ctx.event().portal.member_id.as_ref()?))
    }
}

#[async_trait]
impl Handler for AppEvents {
    async fn on_app_update(&self, ctx: &Context, update: &AppUpdate) -> Result<(), BoxError> {
        let Some((reception, portal)) = self.concerned(ctx) else { return Ok(()) };
        let known = reception.installations.change(portal, |installation| {
            installation.version = Some(update.version.clone()).filter(|version| !version.is_empty());
        });
        if known.await?.is_some_and(|known| !registration::is_taken_away(&known)) {
            reception.arrive(portal);
        }
        Ok(())
    }

    async fn on_app_payment(&self, ctx: &Context, payment: &AppPayment) -> Result<(), BoxError> {
        let Some((reception, portal)) = self.concerned(ctx) else { return Ok(()) };
        let known = reception.installations.change(portal, |installation| {
            if !payment.status.is_empty() {
                installation.status = Some(payment.status.clone());
            }
            match installation.state {
                InstallationState::Active if payment.expired => {
                    installation.state = InstallationState::PaymentRequired;
                }
                InstallationState::PaymentRequired if !payment.expired => {
                    installation.state = InstallationState::Active;
                }
                _ => {}
            }
        });
        known.await?;
        Ok(())
    }

    async fn on_app_uninstall(&self, ctx: &Context, _: &AppUninstall) -> Result<(), BoxError> {
        let Some((reception, portal)) = self.concerned(ctx) else { return Ok(()) };
        reception.remove(portal, ctx.event()).await
    }
}

impl Reception {
    /// Removes all that is kept of a portal but the event that says so: others have to hear of it as well. Done again,
    /// it does the rest.
    pub(super) async fn remove(&self, portal: &MemberId, event: &Event) -> Result<(), BoxError> {
        let known = self.installations.get(portal).ok().flatten();
        if let Some(known) = known
            && let Some(received_at) = received_at(self.store.as_ref(), event).await?
            && known.granted_at > received_at
        {
            tracing::info!(%portal, "the application was installed again before its removal was handled");
            return Ok(());
        }
        let removed = self.desk.remove_but(portal, &Lane::of_dialog(event)).await?;
        tracing::info!(%portal, events = removed.events, "all that was kept of the portal is removed");
        Ok(())
    }
}

/// When an event that is being handled was accepted, by this side's clock.
async fn received_at(desk: &dyn Desk, event: &Event) -> Result<Option<u64>, BoxError> {
    let (key, mut after) = (EventKey::of(event), None);
    loop {
        let listed = desk.list(Which::Pending, after, AT_ONCE).await?;
        let Some(last) = listed.last() else { return Ok(None) };
        after = Some(last.id);
        if let Some(own) = listed.iter().find(|entry| entry.key == key.as_str()) {
            return Ok(Some(own.received_at));
        }
    }
}
