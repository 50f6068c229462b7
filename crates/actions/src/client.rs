//! Calls to one portal with one set of credentials.

mod credentials;

use std::{fmt, sync::Arc, time::Duration};

use b24bot_core::Secret;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;
use tracing::{debug, warn};
use url::Url;

pub(crate) use credentials::{Credentials, Installed};

use crate::{
    address,
    answer::{Answer, Received},
    call::Call,
    carriage::Flight,
    error::{Error, ErrorKind},
    files::Body,
    measure,
    once::Once,
    outgoing::Outgoing,
    portal::PortalState,
    queue::Actor,
    redirect,
    retry::RetryPolicy,
    transport::{Reply, Transport},
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
