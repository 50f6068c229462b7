//! All portals this process talks to.

use std::{fmt, sync::Arc, time::Duration};

use b24bot_core::{BotId, Event, MemberId, Secret};
use dashmap::DashMap;

use crate::{
    address,
    bucket::Limits,
    client::{Client, Credentials},
    context::Context,
    error::{Error, ErrorKind},
    measure,
    portal::PortalState,
    promise::Promises,
    retry::RetryPolicy,
    transport::Transport,
    way_out::{Overflow, WayOut},
    webhook::WebhookUrl,
};

/// The platform lets a request last 60 seconds: whoever hangs up earlier does not learn what became of it.
const TIMEOUT: Duration = Duration::from_secs(65);

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
    /// [`ErrorKind::Address`] if that address cannot be called: https only, plain http for loopback.
    pub fn token_client(
        &self,
        portal: Option<&MemberId>,
        endpoint: &str,
        token: Secret,
    ) -> Result<Client, Error> {
        let unusable = || Error::new(ErrorKind::Address, "client_endpoint");
        let mut endpoint = address::parse(endpoint).map_err(|error| unusable().source_from(error))?;
        if !endpoint.path().ends_with('/') {
            endpoint.set_path(&format!("{}/", endpoint.path()));
        }
        let key = portal.map_or_else(|| address::domain(&endpoint), |portal| portal.as_str().to_owned());
        // A portal's bucket is one, whoever calls.
        let of_webhook =
            self.0.webhook.as_ref().filter(|webhook| webhook.domain() == address::domain(&endpoint));
        let state = match of_webhook {
            Some(webhook) => Arc::clone(webhook.portal()),
            None => Arc::clone(&self.0.states.entry(key).or_insert_with(|| self.0.state())),
        };
        let credentials = Credentials::Token { endpoint, token };
        Ok(Client::new(credentials, state, Arc::clone(&self.0.transport), self.0.retry))
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

    /// Builds the portals; opens no connection yet.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] for limits that let nothing through, or when TLS cannot be set up on this system.
    pub fn build(self) -> Result<Portals, Error> {
        let Self { webhook, bot, limits, retry, timeout, promises, queue, roots } = self;
        if !limits.are_sound() {
            let sentence =
                "burst must be at least 1, per_second between 0.001 and 1000000, work_time between 1 and 600";
            return Err(Error::new(ErrorKind::Setup, "limits").note(sentence));
        }
        measure::describe();
        let transport = Arc::new(Transport::new(timeout, &roots)?);
        let mut portals =
            Inner { transport, retry, limits, webhook: None, bot, promises, queue, states: DashMap::new() };
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
            .finish()
    }
}
