//! Calls to one portal with one set of credentials.

use std::{fmt, sync::Arc, time::Duration};

use b24bot_core::{BotId, MemberId, Secret};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;
use tracing::{debug, warn};
use url::Url;

use crate::{
    address,
    answer::{Answer, Received},
    authority::Authority,
    call::Call,
    carriage::Flight,
    code::ErrorCode,
    error::{Error, ErrorKind},
    files::Body,
    installation::{Installation, InstallationState},
    installations::unix_now,
    measure,
    once::Once,
    outgoing::Outgoing,
    portal::PortalState,
    queue::Actor,
    reach::Reach,
    redirect,
    renewing::{NotRenewed, unpaid},
    retry::RetryPolicy,
    transport::{Reply, Transport},
    webhook::WebhookUrl,
};

/// One portal, called with one set of credentials: an inbound webhook or an access token. Cheap to clone.
///
/// Calls leave as fast as the portal's limits allow, together where they queue up; what failed is repeated where that is safe, as the
/// [`RetryPolicy`] says; a portal that has moved is followed.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    manner: Manner,
}

struct Inner {
    credentials: Credentials,
    /// Calls of one actor may share a request.
    actor: Actor,
    portal: Arc<PortalState>,
    transport: Arc<Transport>,
    retry: RetryPolicy,
}

pub(crate) enum Credentials {
    Webhook(WebhookUrl),
    Token {
        endpoint: Url,
        token: Secret,
        reach: Reach,
    },
    /// The application's own token on a portal, which is renewed.
    Installation(Installed),
    /// The newest of a bot's own tokens.
    Own(Installed, BotId),
    /// Whichever of the two fits a call.
    Bot(Installed, BotId),
}

/// A portal that installed the application.
#[derive(Clone)]
pub(crate) struct Installed {
    pub(crate) authority: Arc<Authority>,
    pub(crate) portal: MemberId,
}

/// How calls wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) within: Option<Duration>,
    pub(crate) is_bulk: bool,
    /// The dialog that calls count for which name none.
    pub(crate) dialog: Option<Arc<str>>,
    /// Told when a call has its place in the queue.
    pub(crate) placed: Option<Placed>,
}

/// What is to happen when a call has its place in the queue.
#[derive(Clone)]
pub(crate) struct Placed(pub(crate) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placed")
    }
}

impl Client {
    pub(crate) fn new(
        credentials: Credentials,
        portal: Arc<PortalState>,
        transport: Arc<Transport>,
        retry: RetryPolicy,
    ) -> Self {
        let actor = match &credentials {
            // A portal's state knows one webhook at most.
            Credentials::Webhook(_) => Actor::default(),
            Credentials::Installation(_) => Actor("installation".into()),
            Credentials::Own(_, bot) | Credentials::Bot(_, bot) => Actor(format!("bot {bot}").into()),
            Credentials::Token { endpoint, token, .. } => {
                Actor(format!("{endpoint} {}", token.expose()).into())
            }
        };
        let inner = Arc::new(Inner { credentials, actor, portal, transport, retry });
        Self { inner, manner: Manner::default() }
    }

    /// Calls made through this clone are over within so much time, waiting and repetitions included: what could not be
    /// sent by then fails with [`ErrorKind::Expired`], what was sent and not answered with [`ErrorKind::TimedOut`].
    /// Without it a call waits for its turn as long as that takes.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: b24bot_actions::Client) -> Result<(), b24bot_actions::Error> {
    /// let user: serde_json::Value = client.within(Duration::from_secs(5)).call("user.current", &()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        let mut hurried = self.clone();
        hurried.manner.within = Some(patience);
        hurried
    }

    /// Calls made through this clone are those that nobody waits for: where calls queue up, others go first. They are
    /// not put off for good: of five calls that leave one is such a one, if any wait.
    #[must_use]
    pub fn in_bulk(&self) -> Self {
        let mut bulk = self.clone();
        bulk.manner.is_bulk = true;
        bulk
    }

    pub(crate) fn in_manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Calls a method and returns its result.
    ///
    /// ```no_run
    /// # async fn example(client: b24bot_actions::Client) -> Result<(), b24bot_actions::Error> {
    /// let scopes: Vec<String> = client.call("scope", &()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn call<T: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Result<T, Error> {
        Ok(self.send(Call::new(method).params(params)?).await?.result)
    }

    /// Sends a call and returns the result with everything around it.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<Answer<T>, Error> {
        self.send_once(call, None).await
    }

    /// Sends a call unless what is recorded of it says that it was made before.
    pub(crate) async fn send_once<T: DeserializeOwned>(
        &self,
        call: Call,
        once: Option<Once>,
    ) -> Result<Answer<T>, Error> {
        self.send_outgoing(Outgoing::new(call, None)?, once).await
    }

    /// Sends a call that has been written.
    pub(crate) async fn send_outgoing<T: DeserializeOwned>(
        &self,
        outgoing: Outgoing,
        once: Option<Once>,
    ) -> Result<Answer<T>, Error> {
        let outgoing = Arc::new(outgoing);
        let method = outgoing.call.method();
        let received = self.deliver(&outgoing, once).await;
        let made = received.as_ref().map_or_else(Error::outcome, Received::outcome);
        let answer = received.and_then(|received| received.typed(method));
        measure::call(method, answer.as_ref().err().map_or(made, Error::outcome));
        answer
    }

    /// The domain that the credentials are for.
    #[must_use]
    pub fn domain(&self) -> String {
        match &self.inner.credentials {
            Credentials::Webhook(webhook) => webhook.domain().to_owned(),
            Credentials::Token { endpoint, .. } => address::domain(endpoint),
            Credentials::Installation(installed)
            | Credentials::Own(installed, _)
            | Credentials::Bot(installed, _) => match installed.known() {
                Ok(known) => known.domain.clone(),
                Err(_) => installed.portal.to_string(),
            },
        }
    }

    /// Whether calls go through an inbound webhook, and so are made by the employee who made it.
    #[must_use]
    pub fn is_webhook(&self) -> bool {
        matches!(self.inner.credentials, Credentials::Webhook(_))
    }

    /// One request, and as many more as the portal has moved.
    pub(crate) async fn request(
        &self,
        method: &str,
        body: &Body,
        token: Option<&Secret>,
        flight: &mut Flight,
    ) -> Result<Received, Error> {
        let home = self.url(method)?;
        let mut url = self.inner.portal.present(&home);
        let mut hops = Vec::new();
        loop {
            let step = self.step(method, &url, body, token).await;
            measure::request(method, step.as_ref().map_or_else(Error::outcome, Step::outcome));
            match step {
                Ok(Step::Received(received)) => {
                    self.moved(&hops);
                    return Ok(received);
                }
                Ok(Step::To(next)) if hops.len() < redirect::MAX_HOPS => {
                    debug!(from = %address::domain(&url), to = %address::domain(&next), "the portal has moved");
                    hops.push((std::mem::replace(&mut url, next.clone()), next));
                    flight.hop().await;
                }
                Ok(Step::To(_)) => {
                    return Err(Error::new(ErrorKind::Redirect, method).note("redirected again and again"));
                }
                Err(error) => {
                    match error.kind() {
                        ErrorKind::Api(_) => self.moved(&hops),
                        ErrorKind::Connect if hops.is_empty() => self.inner.portal.not_moved(&home),
                        _ => {}
                    }
                    return Err(error);
                }
            }
        }
    }

    /// The portal answered after these redirections. An installation's address is written down.
    fn moved(&self, hops: &[(Url, Url)]) {
        self.inner.portal.moved(hops);
        let (Credentials::Installation(installed) | Credentials::Own(installed, _)) = &self.inner.credentials
        else {
            return;
        };
        let Ok(endpoint) = installed.endpoint() else { return };
        let present = self.inner.portal.present(&endpoint);
        if present == endpoint {
            return;
        }
        let installed = installed.clone();
        tokio::spawn(async move {
            let Some(installations) = installed.authority.installations.get() else { return };
            let moved = installations.change(&installed.portal, |known| known.move_to(&present)).await;
            if let Err(error) = moved {
                let error = &error as &dyn std::error::Error;
                warn!(portal = %installed.portal, error, "where the portal has moved to cannot be stored");
            }
        });
    }

    async fn step(
        &self,
        method: &str,
        url: &Url,
        body: &Body,
        token: Option<&Secret>,
    ) -> Result<Step, Error> {
        let started = Instant::now();
        let reply = self.inner.transport.post(method, url, self.reach(), body, token).await;
        let elapsed = started.elapsed();
        match reply {
            Ok(Reply::Answer { status, body }) => {
                debug!(status, ?elapsed, "answered");
                Received::read(method, status, body).map(Step::Received)
            }
            Ok(Reply::Moved { status, location }) => redirect::target(url, location.as_deref(), self.reach())
                .map(Step::To)
                .map_err(|why| Error::new(ErrorKind::Redirect, method).with_status(status).note(why)),
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, ?elapsed, "not answered");
                Err(error)
            }
        }
    }

    /// Who signs a call: itself, unless these are credentials of which one has to be chosen.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] if only the installation's token is good, and the call would act for whoever
    /// installed the application.
    pub(crate) fn signer(&self, call: &Call) -> Result<Self, Error> {
        let Credentials::Bot(installed, bot) = &self.inner.credentials else { return Ok(self.clone()) };
        let credentials = if self.portal().own.usable(*bot, unix_now()).is_some() {
            Credentials::Own(installed.clone(), *bot)
        } else if call.is_as_bot(*bot) {
            Credentials::Installation(installed.clone())
        } else {
            return Err(Error::new(ErrorKind::NoCredentials, call.method()).note(
                "the bot's own token has expired, and with the installation's the call would be made in the name of                  whoever installed the application: the bot's next event brings a new one",
            ));
        };
        let Inner { portal, transport, retry, .. } = &*self.inner;
        let signer = Self::new(credentials, Arc::clone(portal), Arc::clone(transport), *retry);
        Ok(signer.in_manner(self.manner.clone()))
    }

    /// Whether it may turn out that calls cannot be made in the bot's name.
    pub(crate) fn is_bot(&self) -> bool {
        matches!(self.inner.credentials, Credentials::Bot(..))
    }

    /// Whether calls act for whoever installed the application.
    pub(crate) fn is_installation(&self) -> bool {
        matches!(self.inner.credentials, Credentials::Installation(_))
    }

    /// The token to write a request with; none for a webhook, whose address has it all.
    ///
    /// # Errors
    /// [`Repeat::AfterRefresh`](crate::Repeat::AfterRefresh) for one that is known to be good no more.
    pub(crate) fn token(&self, method: &str) -> Result<Option<Secret>, Error> {
        let expired = || Error::new(ErrorKind::Api(ErrorCode::ExpiredToken), method);
        match &self.inner.credentials {
            Credentials::Webhook(_) => Ok(None),
            Credentials::Token { token, .. } => Ok(Some(token.clone())),
            Credentials::Own(_, bot) | Credentials::Bot(_, bot) => {
                self.portal().own.usable(*bot, unix_now()).map(Some).ok_or_else(expired)
            }
            Credentials::Installation(installed) => {
                let known = installed.known()?;
                match known.state {
                    InstallationState::NeedsReinstallation => {
                        Err(Error::new(ErrorKind::NeedsReinstallation, method))
                    }
                    InstallationState::PaymentRequired if !known.may_ask_unpaid(unix_now()) => {
                        Err(unpaid(method))
                    }
                    InstallationState::PaymentRequired => Err(expired()),
                    InstallationState::Active if self.portal().renewing.is_refused(&known.tokens.access) => {
                        Err(expired())
                    }
                    InstallationState::Active => Ok(Some(known.tokens.access.clone())),
                }
            }
        }
    }

    /// The portal takes that token no more.
    pub(crate) fn refuse(&self, token: &Secret) {
        match &self.inner.credentials {
            Credentials::Webhook(_) | Credentials::Token { .. } => {}
            Credentials::Own(_, bot) | Credentials::Bot(_, bot) => self.portal().own.refuse(*bot, token),
            Credentials::Installation(_) => self.portal().renewing.refuse(token),
        }
    }

    /// Whether another token can be had when this one is good no more.
    pub(crate) fn can_refresh(&self) -> bool {
        !matches!(self.inner.credentials, Credentials::Webhook(_) | Credentials::Token { .. })
    }

    /// Comes back when there is another token than the one that was refused.
    pub(crate) async fn refresh(&self) -> Result<(), NotRenewed> {
        // Bots' own tokens come with events: whoever signs the call then is chosen anew.
        let Credentials::Installation(installed) = &self.inner.credentials else { return Ok(()) };
        let known = installed.known().map_err(|error| NotRenewed { error, until: None })?;
        let used = &known.tokens.access;
        let renewing = &self.portal().renewing;
        if known.state == InstallationState::Active && !renewing.is_refused(used) {
            return Ok(());
        }
        renewing.renew(&installed.authority, &installed.portal, used).await
    }

    pub(crate) fn reach(&self) -> Reach {
        match &self.inner.credentials {
            // The operator's own word.
            Credentials::Webhook(_) => Reach::Private,
            Credentials::Token { reach, .. } => *reach,
            Credentials::Installation(installed)
            | Credentials::Own(installed, _)
            | Credentials::Bot(installed, _) => installed.authority.reach,
        }
    }

    fn url(&self, method: &str) -> Result<Url, Error> {
        let own;
        let base = match &self.inner.credentials {
            Credentials::Webhook(webhook) => webhook.base(),
            Credentials::Token { endpoint, .. } => endpoint,
            Credentials::Installation(installed)
            | Credentials::Own(installed, _)
            | Credentials::Bot(installed, _) => {
                own = installed.endpoint()?;
                &own
            }
        };
        // The name's characters were checked when the body was written: nothing but a path can come of it.
        base.join(&format!("./{method}"))
            .map_err(|error| Error::new(ErrorKind::Params, method).source_from(error))
    }

    /// Where a method is asked for at present.
    pub(crate) fn present_url(&self, method: &str) -> Result<Url, Error> {
        Ok(self.inner.portal.present(&self.url(method)?))
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(crate) fn portal(&self) -> &Arc<PortalState> {
        &self.inner.portal
    }

    pub(crate) fn actor(&self) -> Actor {
        self.inner.actor.clone()
    }

    pub(crate) fn manner(&self) -> &Manner {
        &self.manner
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        self.inner.retry
    }
}

impl Installed {
    pub(crate) fn known(&self) -> Result<Arc<Installation>, Error> {
        self.authority.installation(&self.portal)
    }

    fn endpoint(&self) -> Result<Url, Error> {
        self.authority.endpoint(&self.known()?.client_endpoint)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("domain", &self.domain())
            .field(
                "credentials",
                &match &self.inner.credentials {
                    Credentials::Webhook(_) => "webhook",
                    Credentials::Token { .. } => "access token",
                    Credentials::Installation(_) => "installation",
                    Credentials::Own(..) | Credentials::Bot(..) => "bot of an installation",
                },
            )
            .finish_non_exhaustive()
    }
}

enum Step {
    Received(Received),
    To(Url),
}

impl Step {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Received(_) => "ok",
            Self::To(_) => "redirect",
        }
    }
}
