//! Registers the bot where it is not yet as it is wanted: after an installation, after a change of `bot.toml`, and again
//! after a failure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use b24bot_actions::{Error as CallError, ErrorKind as CallErrorKind, InstallationState, NoticeKind};
use b24bot_core::MemberId;
use tokio::task::{JoinHandle, JoinSet};

use super::{
    Reception,
    notices::{Notices, PortalHooks},
};
use crate::{Error, registration};

/// How long the registration on one portal may take.
const LIMIT: Duration = Duration::from_secs(120);
/// After a start, portals are looked at in this distance of each other: ten thousand take three quarters of an hour.
const DISTANCE: Duration = Duration::from_millis(250);
/// What another machine has begun is left to it for so long.
const OF_OTHERS: Duration = Duration::from_secs(60);
/// After so many records the start lets others have their turn.
const RECORDS: usize = 64;

/// Keeps the bot registered on all portals until it is dropped.
#[derive(Debug)]
pub(crate) struct Upkeep(JoinHandle<()>);

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Upkeep {
    /// Begins with the portals that are known; hears of others by notices.
    pub(crate) fn start(reception: &Arc<Reception>, hooks: PortalHooks) -> Self {
        let notices = Notices::follow(&reception.installations, hooks);
        Self(tokio::spawn(work(Arc::clone(reception), notices)))
    }
}

async fn work(reception: Arc<Reception>, mut notices: Notices) {
    let mut running = JoinSet::new();
    look_through(&reception, &mut notices).await;
    loop {
        let next_due = {
            let mut schedule = reception.schedule();
            while let Some((portal, has_arrived)) = schedule.take(Instant::now()) {
                let reception = Arc::clone(&reception);
                running.spawn(async move {
                    let done = if has_arrived || !is_done(&reception, &portal) {
                        register_within(&reception, &portal).await
                    } else {
                        Ok(())
                    };
                    reception.ended_with(&portal, done);
                });
            }
            metrics::gauge!("b24bot_portals_unregistered").set(to_f64(schedule.len()));
            schedule.next_due()
        };
        tokio::select! {
            Some(_) = running.join_next() => {}
            () = reception.woken.notified() => {}
            Some(notice) = notices.next() => match notice.kind {
                NoticeKind::Removed => reception.schedule().forget(&notice.member_id),
                // Whoever took the installation registers the bot, and nobody could while the tokens were no good.
                NoticeKind::Installed | NoticeKind::Active if !is_done(&reception, &notice.member_id) => {
                    reception.schedule().add(&notice.member_id, Instant::now() + OF_OTHERS);
                }
                _ => {}
            },
            () = until(next_due) => {}
        }
    }
}

/// What is not as it is wanted now: `bot.toml` has changed, or the last start ended too early.
async fn look_through(reception: &Reception, notices: &mut Notices) {
    let mut due = Instant::now();
    for (n, portal) in reception.installations.list().into_iter().enumerate() {
        notices.count(&portal);
        if !is_done(reception, &portal) {
            reception.schedule().add(&portal, due);
            due += DISTANCE;
        }
        if n % RECORDS == 0 {
            tokio::task::yield_now().await;
        }
    }
    notices.show();
    let behind = reception.schedule().len();
    if behind > 0 {
        tracing::info!(portals = behind, "the bot is brought up to date where it is registered otherwise");
    }
}

/// Whether there is nothing to do, or nothing that can be done.
fn is_done(reception: &Reception, portal: &MemberId) -> bool {
    match reception.installations.get(portal) {
        Ok(Some(found)) => {
            found.state != InstallationState::Active
                || registration::is_taken_away(&found)
                || reception.is_up_to_date(&found)
        }
        // What cannot be opened was complained of when it was read.
        Ok(None) | Err(_) => true,
    }
}

impl Reception {
    /// Takes the portal off the schedule, or puts it there for another time.
    fn ended_with(&self, portal: &MemberId, done: Result<(), Failure>) {
        let now = Instant::now();
        let outcome = match done {
            Ok(()) => {
                self.schedule().finish(portal, now);
                "ok"
            }
            Err(Failure::InVain) => {
                self.schedule().finish(portal, now);
                "impossible"
            }
            Err(Failure::Again(error)) => {
                let again_in = self.schedule().fail(portal, now);
                tracing::warn!(%portal, ?again_in, error = %one_line(&error), "the bot cannot be registered; this is tried again");
                "failed"
            }
        };
        metrics::counter!("b24bot_registrations_total", "outcome" => outcome).increment(1);
        self.ended.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Why the bot is not registered.
enum Failure {
    /// It may be the next time.
    Again(Error),
    /// Not before something else changes.
    InVain,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Again(error)
    }
}

async fn register_within(reception: &Reception, portal: &MemberId) -> Result<(), Failure> {
    let late = |_| Failure::Again(Error::new(crate::ErrorKind::Portal, "the registration took too long"));
    tokio::time::timeout(LIMIT, register(reception, portal)).await.map_err(late)?
}

/// The bot, its commands and the application's events, as they are wanted; and what was done is recorded.
async fn register(reception: &Reception, portal: &MemberId) -> Result<(), Failure> {
    let Some(wanted) = &reception.wanted else { return Err(Failure::InVain) };
    let client = match reception.portals.installation_client(portal) {
        Ok(client) => client.in_bulk(),
        Err(error) => {
            let what = "the installation cannot be used";
            return Err(telling(Error::caused(crate::ErrorKind::Portal, what, error)));
        }
    };
    let installation = Some((&reception.installations, portal));
    let registered = registration::establish(&client, wanted, installation).await.map_err(telling)?;
    tracing::info!(%portal, bot = %registered.bot, new = registered.is_new, changed = ?registered.changed, "the bot is registered");
    Ok(())
}

/// Of what a registration failed, told by the call that did.
fn telling(error: Error) -> Failure {
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if cause.downcast_ref::<CallError>().is_some_and(is_in_vain) {
            return Failure::InVain;
        }
        source = cause.source();
    }
    Failure::Again(error)
}

/// Whether the portal has to do something first. Its notice will come then.
fn is_in_vain(error: &CallError) -> bool {
    matches!(error.kind(), CallErrorKind::Uninstalled | CallErrorKind::NeedsReinstallation)
}

/// An error shows its causes on lines of their own, which a log would break.
fn one_line(error: &Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

#[allow(clippy::cast_precision_loss, reason = "there are not that many portals")]
pub(super) fn to_f64(count: usize) -> f64 {
    count as f64
}
