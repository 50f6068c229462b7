//! All portals this process talks to.

use std::{fmt, sync::Arc, time::Duration};

use b24bot_core::{Bot, BotId, Event, MemberId, Secret};
use dashmap::DashMap;

use crate::{
    address,
    authority::Authority,
    bucket::Limits,
    client::{Client, Credentials, Installed},
    context::Context,
    error::{Error, ErrorKind},
    grant::{Application, Claim, Grant},
    installations::{Installations, NoticeKind},
    measure,
    portal::PortalState,
    promise::Promises,
    reach::Reach,
    retry::RetryPolicy,
    transport::Transport,
    way_out::{Overflow, WayOut},
    webhook::WebhookUrl,
};

/// The platform lets a request last 60 seconds: whoever hangs up earlier does not learn what became of it.
const TIMEOUT: Duration = Duration::from_secs(65);

/// How long a bot's own token lives, in seconds, where an event does not say.
const LIFE: u64 = 3600;

/// How many calls wait for one portal, unless told: some 20 MB, and three minutes' work at two batches a second.
const QUEUE: usize = 20_000;

/// Every portal this process talks to: their limits, present addresses and credentials. Cheap to clone.
///
/// ```
/// use b24bot_actions::{Portals, RegisteredBot, WebhookUrl};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let portals = Portals::builder()
///     .webhook(WebhookUrl::parse("https://portal.example/rest/1/abc123/")?)
///     .bot(RegisteredBot::default().token("the-bots-token"))
///     .build()?;
/// assert!(portals.webhook_client().is_some());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Portals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: Arc<Transport>,
    retry: RetryPolicy,
    limits: Limits,
    webhook: Option<Client>,
    bot: RegisteredBot,
    promises: Promises,
    queue: (usize, Overflow),
    authority: Arc<Authority>,
    /// By member id; by address where an event names no portal.
    states: DashMap<String, Arc<PortalState>>,
}

/// A bot that was registered through an inbound webhook: it has no access token, its calls are signed with what it
/// was registered with.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct RegisteredBot {
    /// Its id, for events that name no bot.
    pub id: Option<BotId>,
    /// v1: the `CLIENT_ID` given to `imbot.register`.
    pub client_id: Option<Secret>,
    /// v2: the `botToken` given to `imbot.v2.Bot.register`.
    pub token: Option<Secret>,
}

impl RegisteredBot {
    /// The bot's id.
    #[must_use]
    pub fn id(mut self, id: impl Into<BotId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The `CLIENT_ID` of a v1 bot.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Secret>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The `botToken` of a v2 bot.
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }
}

impl Inner {
    fn state_of(&self, key: String) -> Arc<PortalState> {
        Arc::clone(&self.states.entry(key).or_insert_with(|| self.state()))
    }

    fn state(&self) -> Arc<PortalState> {
        let (longest, overflow) = self.queue;
        Arc::new(PortalState::new(WayOut::new(self.limits, longest, overflow)))
    }
}

impl Portals {
    /// Nothing configured: calls are made with the bots' own tokens, within the usual limits.
    pub fn builder() -> PortalsBuilder {
        PortalsBuilder {
            webhook: None,
            bot: RegisteredBot::default(),
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            timeout: TIMEOUT,
            promises: Promises::default(),
            queue: (QUEUE, Overflow::default()),
            roots: Vec::new(),
            application: None,
            servers: Vec::new(),
            reach: Reach::default(),
        }
    }

    /// The way to answer an event. The event must have been verified: its token is used, and its address called.
    ///
    /// What it does is not recorded: for that there is [`Context::recording`].
    #[must_use]
    pub fn context(&self, event: Arc<Event>) -> Context {
        Context::new(self.clone(), event)
    }

    /// Calls through the configured webhook, if there is one.
    #[must_use]
    pub fn webhook_client(&self) -> Option<Client> {
        self.0.webhook.clone()
    }

    /// Calls with an access token: to be had from a verified event, or from an installation. `endpoint` is the
    /// portal's `client_endpoint`; what is known of the portal is kept by its id.
    ///
    /// # Errors
    /// [`ErrorKind::Address`] if that address is not within [`Reach`].
    pub fn token_client(
        &self,
        portal: Option<&MemberId>,
        endpoint: &str,
        token: Secret,
    ) -> Result<Client, Error> {
        let endpoint = self.0.authority.endpoint(endpoint)?;
        let key = portal.map_or_else(|| address::domain(&endpoint), |portal| portal.as_str().to_owned());
        // A portal's bucket is one, whoever calls.
        let of_webhook =
            self.0.webhook.as_ref().filter(|webhook| webhook.domain() == address::domain(&endpoint));
        let state = match of_webhook {
            Some(webhook) => Arc::clone(webhook.portal()),
            None => self.0.state_of(key),
        };
        let credentials = Credentials::Token { endpoint, token, reach: self.0.authority.reach };
        Ok(Client::new(credentials, state, Arc::clone(&self.0.transport), self.0.retry))
    }

    /// Asks the authorization server whether an installation is as it is said to be, and what was granted. Nothing of the
    /// claim is believed, and no address out of it is called. The one exception is [`Reach::Development`]: a portal on this
    /// very machine is asked itself.
    ///
    /// What comes back is not kept: that is [`Installations::install`].
    ///
    /// # Errors
    /// [`ErrorKind::NotConfirmed`] if it is not so, [`ErrorKind::NoCredentials`] without an
    /// [`application`](PortalsBuilder::application). Otherwise the authorization server could not be asked, or did not
    /// say: the claim may be true.
    pub async fn confirm(&self, claim: &Claim) -> Result<Grant, Error> {
        self.0.authority.confirm(claim).await
    }

    /// Exchanges a code that somebody was sent back with from the portal's `/oauth/authorize/` for tokens, at that
    /// authorization server (its address, if the request named one), or the first that is known.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidGrant`](crate::ErrorCode::InvalidGrant) for a code that is no good, or none any more: it lasts
    /// half a minute. Otherwise see [`ErrorKind`].
    pub async fn exchange(&self, code: &Secret, server: Option<&str>) -> Result<Grant, Error> {
        self.0.authority.exchange(code, server).await
    }

    /// Calls with the tokens of these installations from now on, and keeps them renewed. To be told once, when the store
    /// is open: what is told later changes nothing.
    pub fn keep(&self, installations: Installations) {
        let portals = Arc::downgrade(&self.0);
        let kept = self.0.authority.installations.get_or_init(|| installations);
        kept.on_change(move |notice| {
            if let (NoticeKind::Removed, Some(inner)) = (notice.kind, portals.upgrade()) {
                Self(inner).forget(&notice.member_id);
            }
        });
    }

    /// Renews no more tokens, and comes back when the renewals that are under way have ended and what they brought is
    /// stored: whoever ended the process before would lose it, and what is stored until then is good no more. Gives up after
    /// 15 seconds; whether all have ended.
    pub async fn stop_renewing(&self) -> bool {
        self.0.authority.stop_renewing().await
    }

    /// The installations that calls are made with, once they are [kept](Self::keep).
    #[must_use]
    pub fn installations(&self) -> Option<&Installations> {
        self.0.authority.installations.get()
    }

    /// Calls with the application's own token on a portal, which is renewed by itself: it acts for whoever installed the
    /// application there, so nothing is said in that person's name that should come from a bot. Methods that name
    /// the bot (`imbot.*`) act as the bot.
    ///
    /// # Errors
    /// [`ErrorKind::Uninstalled`] where the application is not installed, [`ErrorKind::Store`] if what is stored cannot be
    /// opened.
    pub fn installation_client(&self, portal: &MemberId) -> Result<Client, Error> {
        self.client_of(portal, Credentials::Installation)
    }

    /// Calls as a bot of an installed application: with its own newest token while that is good, then with the
    /// installation's where that acts as the bot.
    pub(crate) fn bot_client(
        &self,
        portal: &MemberId,
        bot: &Bot,
        sent_at: Option<u64>,
    ) -> Result<Client, Error> {
        let client = self.client_of(portal, |installed| Credentials::Bot(installed, bot.id))?;
        if let Some(auth) = &bot.auth {
            let expires_at = auth.expires_at.or(sent_at.map(|at| at + LIFE));
            client.portal().own.learn(bot.id, &auth.access_token, expires_at.unwrap_or_default());
        }
        Ok(client)
    }

    fn client_of(
        &self,
        portal: &MemberId,
        credentials: impl FnOnce(Installed) -> Credentials,
    ) -> Result<Client, Error> {
        let installed = Installed { authority: Arc::clone(&self.0.authority), portal: portal.clone() };
        installed.known()?;
        let state = self.0.state_of(portal.to_string());
        Ok(Client::new(credentials(installed), state, Arc::clone(&self.0.transport), self.0.retry))
    }

    /// Drops what is known of a portal while the process runs: its limits, its address, its bots' tokens. Calls that wait
    /// for it fail with [`ErrorKind::Uninstalled`]. What is stored stays.
    pub fn forget(&self, portal: &MemberId) {
        if let Some((_, state)) = self.0.states.remove(portal.as_str()) {
            state.way_out.close();
        }
    }

    pub(crate) fn registered_bot(&self) -> &RegisteredBot {
        &self.0.bot
    }

    pub(crate) fn promises(&self) -> Promises {
        self.0.promises
    }
}

/// Builds [`Portals`].
#[must_use]
pub struct PortalsBuilder {
    webhook: Option<WebhookUrl>,
    bot: RegisteredBot,
    limits: Limits,
    retry: RetryPolicy,
    timeout: Duration,
    promises: Promises,
    queue: (usize, Overflow),
    roots: Vec<Vec<u8>>,
    application: Option<Application>,
    servers: Vec<String>,
    reach: Reach,
}

impl PortalsBuilder {
    /// Makes all calls through this webhook.
    pub fn webhook(mut self, webhook: WebhookUrl) -> Self {
        self.webhook = Some(webhook);
        self
    }

    /// The bot that was registered through the webhook.
    pub fn bot(mut self, bot: RegisteredBot) -> Self {
        self.bot = bot;
        self
    }

    /// How fast each portal may be asked.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How patiently calls are repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long one request may last, connecting included: 65 seconds, 5 more than the platform allows.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What becomes of calls that are in doubt.
    pub fn promises(mut self, promises: Promises) -> Self {
        self.promises = promises;
        self
    }

    /// How many calls may wait for one portal, 20,000 unless told, and what becomes of one more. A quarter of that room is
    /// not for calls [in bulk](crate::Client::in_bulk).
    pub fn queue(mut self, calls: usize, overflow: Overflow) -> Self {
        self.queue = (calls, overflow);
        self
    }

    /// Trusts an issuer of certificates beside those the system trusts: a self-hosted portal's company has its own, as a
    /// rule. PEM, one certificate or several.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The application that portals install.
    pub fn application(mut self, application: Application) -> Self {
        self.application = Some(application);
        self
    }

    /// Authorization servers that may be asked about installations and learn the application's key, beside the vendor's
    /// own: `https://oauth.example`. The first is asked where it is not said which.
    pub fn authorization_servers(mut self, servers: impl IntoIterator<Item = String>) -> Self {
        self.servers.extend(servers);
        self
    }

    /// Which addresses installations and events may have; [`Reach::Development`] unless told. The configured webhook is
    /// not bound by it.
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Builds the portals; opens no connection yet.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] for limits that let nothing through, for authorization servers that are no addresses, or when TLS cannot be set up on this system.
    pub fn build(self) -> Result<Portals, Error> {
        let Self {
            webhook,
            bot,
            limits,
            retry,
            timeout,
            promises,
            queue,
            roots,
            application,
            servers,
            reach,
        } = self;
        if !limits.are_sound() {
            let sentence =
                "burst must be at least 1, per_second between 0.001 and 1000000, work_time between 1 and 600";
            return Err(Error::new(ErrorKind::Setup, "limits").note(sentence));
        }
        measure::describe();
        let transport = Arc::new(Transport::new(timeout, &roots)?);
        let authority = Authority::new(application, &servers, reach, Arc::clone(&transport))?;
        let authority = Arc::new(authority);
        let mut portals = Inner {
            authority,
            transport,
            retry,
            limits,
            webhook: None,
            bot,
            promises,
            queue,
            states: DashMap::new(),
        };
        portals.webhook = webhook.map(|webhook| {
            let transport = Arc::clone(&portals.transport);
            Client::new(Credentials::Webhook(webhook), portals.state(), transport, retry)
        });
        Ok(Portals(Arc::new(portals)))
    }
}

impl fmt::Debug for PortalsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalsBuilder")
            .field("webhook", &self.webhook)
            .field("bot", &self.bot)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .field("timeout", &self.timeout)
            .field("promises", &self.promises)
            .field("queue", &self.queue)
            .field("application", &self.application)
            .field("servers", &self.servers)
            .field("reach", &self.reach)
            .finish()
    }
}
