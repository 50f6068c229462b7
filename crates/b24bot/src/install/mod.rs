//! Portals install the application: what is asked before that is believed, and what follows from it.
//!
//! A claim that is confirmed is kept first, then its application token is trusted, then the bot is registered. What
//! fails in between is made up for later: the portal will not tell again.

mod claims;
mod events;
mod notices;
mod oauth;
mod page;
mod schedule;
mod upkeep;

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use b24bot_actions::{
    Claim, ErrorKind as CallErrorKind, Grant, Installation, InstallationState, Installations, Portals,
};
use b24bot_core::{ApplicationTokens, Declined, InstallRequest, Installer, MemberId, Page, Secret, Store};
use b24bot_rules::{BotType, Config, Mode};
use tokio::sync::{Notify, watch};

pub(crate) use self::events::AppEvents;
pub(crate) use self::notices::PortalHooks;
pub(crate) use self::oauth::router;
pub(crate) use self::upkeep::Upkeep;
use self::{
    claims::{Claims, later},
    oauth::Authorization,
    page::{Frame, Language, Shows},
    schedule::Schedule,
};
use crate::{
    bot::reach,
    portals::{Here, PortalDesk},
    registration::Wanted,
    trust,
};

/// How long whoever opened the page waits for the registration.
const PATIENCE: Duration = Duration::from_secs(20);

/// Receives portals that install the application.
#[derive(Debug)]
pub(crate) struct Reception {
    portals: Portals,
    installations: Installations,
    store: Arc<dyn Store>,
    tokens: Arc<ApplicationTokens>,
    desk: PortalDesk,
    /// What is registered on each portal; nothing if nobody knows where the bot can be reached.
    wanted: Option<Wanted>,
    bot: String,
    sees_groups: bool,
    claims: Claims,
    authorization: Authorization,
    schedule: Mutex<Schedule>,
    /// Portals whose page says that it is finished: they tell of their installation once more.
    finishing: Mutex<HashSet<MemberId>>,
    /// There is something in the schedule to look at.
    woken: Notify,
    /// Changes whenever a registration has ended.
    ended: watch::Sender<u64>,
}

/// What came of a claim that was confirmed.
struct Taken {
    installation: Installation,
    /// Whether the portal waits for the page to say that it is finished.
    is_unfinished: bool,
    /// Whether it was kept, and the registration looked at anew.
    is_new: bool,
}

/// Why a confirmed claim is not taken.
enum Untaken {
    /// Only an administrator can do that, and it is none. The portal's origin and domain are known.
    NotAllowed(String),
    Declined(Declined),
}

impl From<Declined> for Untaken {
    fn from(declined: Declined) -> Self {
        Self::Declined(declined)
    }
}

impl Reception {
    /// A reception for the application of that configuration; `None` if there is none, or events are not posted.
    /// `address` is where the bot listens.
    pub(crate) fn new(config: &Config, here: &Here, address: SocketAddr) -> Option<Arc<Self>> {
        // With an inbound webhook there is one portal, and everything goes there.
        let is_served = config.portal.is_none() && config.bot.mode == Mode::Webhook;
        let app = config.app.as_ref().filter(|_| is_served)?;
        let installations = here.portals.installations()?.clone();
        let path = &config.server.path;
        let base = match &config.server.public_url {
            Some(url) => Some(url.clone()),
            None if address.ip().is_loopback() => Some(format!("http://{address}")),
            None => None,
        };
        if base.is_none() {
            tracing::error!(
                "the bot cannot be registered where the application is installed: set `public_url` in [server]"
            );
        }
        Some(Arc::new(Self {
            portals: here.portals.clone(),
            installations,
            store: Arc::clone(&here.store),
            tokens: Arc::clone(&here.tokens),
            desk: PortalDesk::here(here.clone()),
            authorization: Authorization::new(
                app,
                base.as_ref().is_none_or(|base| base.starts_with("https:")),
                reach(config),
                path,
            ),
            wanted: base.map(|base| Wanted::at(config, Some(&base))),
            bot: config.bot.name.clone(),
            sees_groups: matches!(config.bot.bot_type, BotType::Supervisor | BotType::Personal),
            claims: Claims::new(),
            schedule: Mutex::default(),
            finishing: Mutex::default(),
            woken: Notify::new(),
            ended: watch::Sender::new(0),
        }))
    }

    /// Takes the application token of an event, if its own token is the bot's on that portal, or of somebody who may
    /// install the application there.
    async fn learn(self: &Arc<Self>, request: InstallRequest) -> Result<(), Declined> {
        let Some(application_token) = request.application_token.clone() else {
            return Err(Declined::NotConfirmed);
        };
        let reception = Arc::clone(self);
        let learnt = tokio::spawn(async move {
            let grant = reception.claims.ask(&request, reception.portals.confirm(&claim(&request))).await?;
            reception.take_token(&grant, &application_token).await
        });
        learnt.await.unwrap_or_else(|_| Err(later()))
    }

    /// Takes an application token that came with a token which was confirmed.
    async fn take_token(&self, grant: &Grant, application_token: &Secret) -> Result<(), Declined> {
        let portal = &grant.member_id;
        let known = self.installations.get(portal).ok().flatten();
        // Any employee has a token of the application, and would be believed from then on in everybody's name.
        let is_bots = known
            .as_ref()
            .and_then(|known| known.bot)
            .is_some_and(|bot| grant.user_id.is_some_and(|user| user.get() == bot.get()));
        if !is_bots && !self.may_install(grant, known.as_ref()).await? {
            return Err(Declined::NotConfirmed);
        }
        let learnt = trust::learn(&self.store, &self.tokens, portal, application_token).await;
        if !learnt.map_err(|error| failed(&error))? {
            return Err(Declined::NotConfirmed);
        }
        // The portal may have been removed meanwhile, and what was written just now would outlive it.
        let still_there = self.installations.change(portal, |_| ()).await;
        if still_there.map_err(|error| failed(&error))?.is_none() {
            trust::distrust(&self.store, &self.tokens, portal).await.map_err(|error| failed(&error))?;
            return Err(Declined::NotConfirmed);
        }
        tracing::info!(%portal, "the portal's application token is known now");
        Ok(())
    }

    async fn trust(&self, portal: &MemberId, token: &Secret) -> Result<(), Declined> {
        let trusted = trust::trust(&self.store, &self.tokens, portal, token).await;
        trusted.map_err(|error| failed(&error))
    }

    /// Asks whether it is so, and does what follows. It goes on to its end even if the sender hangs up: what was renewed
    /// on the way must be kept.
    async fn receive(self: &Arc<Self>, request: InstallRequest, by_page: bool) -> Result<Taken, Untaken> {
        let reception = Arc::clone(self);
        let received = tokio::spawn(async move {
            let grant = reception.claims.ask(&request, reception.portals.confirm(&claim(&request))).await?;
            reception.take(grant, request.application_token.as_ref(), by_page).await
        });
        received.await.unwrap_or_else(|_| Err(later().into()))
    }

    /// Keeps what was granted, if whoever brings it may decide that.
    async fn take(
        &self,
        grant: Grant,
        application_token: Option<&Secret>,
        by_page: bool,
    ) -> Result<Taken, Untaken> {
        // What cannot be opened any more is of no use, and replaced.
        let known = self.installations.get(&grant.member_id).ok().flatten();
        let is_unfinished = grant.installed == Some(false);
        if !self.may_install(&grant, known.as_ref()).await? {
            return match known {
                Some(installation) if by_page => Ok(Taken { installation, is_unfinished, is_new: false }),
                _ => Err(Untaken::NotAllowed(grant.client_endpoint)),
            };
        }
        let was_ready = known.is_some_and(|known| known.bot.is_some() && self.is_up_to_date(&known));
        let kept = self.installations.install(grant).await;
        let installation = kept.map_err(|error| failed(&error))?;
        let portal = &installation.member_id;
        if let Some(token) = application_token {
            self.trust(portal, token).await?;
        }
        // Opened later, or told of once more, nothing has changed. Otherwise ONAPPINSTALL can mean that the portal has
        // taken the bot away before.
        let is_expected = if by_page { !is_unfinished } else { self.finishing().remove(portal) };
        let is_new = !(was_ready && is_expected);
        if is_new {
            self.arrive(portal);
        }
        Ok(Taken { installation, is_unfinished, is_new })
    }

    /// Anyone who can open the application has a token that is confirmed. It must not take the place of the one who
    /// installed it, nor bring an application token that others believe.
    async fn may_install(&self, grant: &Grant, known: Option<&Installation>) -> Result<bool, Declined> {
        let is_the_same =
            known.is_some_and(|known| known.user_id.is_some() && known.user_id == grant.user_id);
        // Before an installation is finished the portal lets nobody else in, and who may install need not be an
        // administrator.
        if is_the_same || grant.installed == Some(false) {
            return Ok(true);
        }
        let token = grant.access_token.clone();
        let client = self.portals.token_client(Some(&grant.member_id), &grant.client_endpoint, token);
        let client = client.map_err(|error| failed(&error))?.within(Duration::from_secs(10));
        match client.call::<bool>("user.admin", &()).await {
            Ok(is_administrator) => Ok(is_administrator),
            Err(error) if matches!(error.kind(), CallErrorKind::Api(_)) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Whether the bot is registered there as it is wanted now.
    fn is_up_to_date(&self, installation: &Installation) -> bool {
        let wanted = self.wanted.as_ref().map(Wanted::fingerprint);
        installation.registered.is_some() && (wanted.is_none() || installation.registered == wanted)
    }

    fn arrive(&self, portal: &MemberId) {
        self.schedule().arrive(portal, Instant::now());
        self.woken.notify_one();
    }

    /// Waits for a registration that is under way, for as long as somebody may wait who looks at a page.
    async fn settled(&self, portal: &MemberId) {
        let mut ended = self.ended.subscribe();
        let settled =
            async { while self.schedule().is_under_way(portal) && ended.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PATIENCE, settled).await;
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finishing(&self) -> MutexGuard<'_, HashSet<MemberId>> {
        self.finishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page about what was taken, once the registration has come to something.
    async fn show(&self, taken: Result<Taken, Untaken>, language: Language, in_frame: bool) -> Page {
        let sees_groups = self.sees_groups;
        let (shows, frame) = match taken {
            Ok(Taken { installation, is_unfinished, is_new }) => {
                let portal = &installation.member_id;
                self.settled(portal).await;
                let now = self.installations.get(portal).ok().flatten().unwrap_or(installation);
                let shows = match now.state {
                    InstallationState::PaymentRequired => Shows::Unpaid,
                    _ if now.bot.is_none() || !self.is_up_to_date(&now) => Shows::Unfinished,
                    _ if is_new => Shows::Installed { sees_groups },
                    _ => Shows::Ready { sees_groups },
                };
                let finishes = is_unfinished && matches!(shows, Shows::Installed { .. });
                if finishes {
                    self.finishing().insert(now.member_id.clone());
                }
                (shows, Frame { finishes, ..frame_of(&now.client_endpoint) })
            }
            Err(Untaken::NotAllowed(endpoint)) => (Shows::NeedsAdministrator, frame_of(&endpoint)),
            Err(Untaken::Declined(Declined::NotConfirmed)) => (Shows::NotConfirmed, Frame::default()),
            Err(Untaken::Declined(_)) => (Shows::Later, Frame::default()),
        };
        let frame = if in_frame { frame } else { Frame { origin: None, finishes: false, ..frame } };
        self.page(&shows, &frame, language)
    }

    fn page(&self, shows: &Shows, frame: &Frame, language: Language) -> Page {
        let mut nonce = [0; 16];
        let is_random = getrandom::fill(&mut nonce).is_ok();
        // With a nonce that can be guessed it may hold no script.
        let frame = Frame { finishes: frame.finishes && is_random, ..frame.clone() };
        page::render(shows, &self.bot, &frame, language, nonce)
    }
}

/// The reception as the endpoint asks it.
#[derive(Debug)]
pub(crate) struct Door(pub(crate) Arc<Reception>);

#[async_trait]
impl Installer for Door {
    async fn install(&self, request: InstallRequest, vouched_for: bool) -> Result<(), Declined> {
        let received = match self.0.receive(request, false).await {
            Ok(_) => Ok(()),
            Err(Untaken::NotAllowed(_)) => {
                tracing::warn!("an installation was confirmed, and not taken: it is by no administrator");
                Err(Declined::NotConfirmed)
            }
            Err(Untaken::Declined(declined)) => Err(declined),
        };
        count(received.is_ok(), vouched_for);
        received
    }

    async fn learn(&self, request: InstallRequest) -> Result<(), Declined> {
        let portal = &request.member_id;
        // Only where the installation came without it, and nothing has been learnt since.
        let is_missed =
            !self.0.tokens.knows(portal) && matches!(self.0.installations.get(portal), Ok(Some(_)));
        if is_missed { self.0.learn(request).await } else { Err(Declined::NotConfirmed) }
    }

    fn elsewhere(&self, query: &str) -> Option<String> {
        self.0.authorization.came_back(query)
    }

    async fn page(&self, request: InstallRequest) -> Page {
        let language = Language::of(request.language.as_deref());
        let taken = self.0.receive(request, true).await;
        count(taken.is_ok(), false);
        self.0.show(taken, language, true).await
    }
}

fn claim(request: &InstallRequest) -> Claim {
    let mut claim = Claim::new(request.member_id.clone(), request.access_token.clone());
    claim.refresh_token.clone_from(&request.refresh_token);
    claim.client_endpoint.clone_from(&request.client_endpoint);
    claim.server_endpoint.clone_from(&request.server_endpoint);
    claim
}

/// Where the portal's pages are, and what it is called.
fn frame_of(client_endpoint: &str) -> Frame {
    let url = reqwest::Url::parse(client_endpoint).ok();
    let Some((url, host)) = url.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return Frame::default();
    };
    let domain = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let is_local = b24bot_actions::host::is_this_machine(host);
    Frame { origin: Some(format!("{}://{domain}", url.scheme())), domain, is_local, finishes: false }
}

fn count(is_confirmed: bool, vouched_for: bool) {
    let outcome = match (is_confirmed, vouched_for) {
        (true, _) => "confirmed",
        (false, true) => "vouched_for",
        (false, false) => "refused",
    };
    metrics::counter!("b24bot_installs_total", "outcome" => outcome).increment(1);
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Declined {
    tracing::error!(error, "a confirmed installation cannot be taken now");
    later()
}

#[cfg(test)]
mod tests;
