//! Calls to one portal with one set of credentials.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24bot_core::Secret;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, debug, debug_span, info};
use url::Url;

use crate::{
    address,
    answer::{Answer, Received},
    call::Call,
    code::ErrorCode,
    error::{Error, ErrorKind},
    files::Body,
    measure,
    once::Once,
    portal::PortalState,
    redirect,
    retry::{Backoff, Repeat, RetryPolicy},
    transport::{Reply, Transport},
    webhook::WebhookUrl,
};

/// One portal, called with one set of credentials: an inbound webhook or an access token. Cheap to clone.
///
/// Every request waits for its slot in the portal's limit; what failed is repeated where that is safe, as the
/// [`RetryPolicy`] says; a portal that has moved is followed.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    credentials: Credentials,
    portal: Arc<PortalState>,
    transport: Arc<Transport>,
    retry: RetryPolicy,
}

pub(crate) enum Credentials {
    Webhook(WebhookUrl),
    Token { endpoint: Url, token: Secret },
}

impl Client {
    pub(crate) fn new(
        credentials: Credentials,
        portal: Arc<PortalState>,
        transport: Arc<Transport>,
        retry: RetryPolicy,
    ) -> Self {
        Self(Arc::new(Inner { credentials, portal, transport, retry }))
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
        // What cannot be written is no call yet, and its name no label.
        let body = call.body(self.token())?;
        self.send_body(&call, &Body::from(body), once).await
    }

    /// Sends a call whose body has been written.
    pub(crate) async fn send_body<T: DeserializeOwned>(
        &self,
        call: &Call,
        body: &Body,
        once: Option<Once>,
    ) -> Result<Answer<T>, Error> {
        let span = debug_span!("rest", portal = %self.domain(), method = call.method());
        let received = self.deliver(call, body, once).instrument(span).await;
        let made = received.as_ref().map_or_else(Error::outcome, Received::outcome);
        let answer = received.and_then(|received| received.typed(call.method()));
        measure::call(call.method(), answer.as_ref().err().map_or(made, Error::outcome));
        answer
    }

    /// The domain that the credentials are for.
    #[must_use]
    pub fn domain(&self) -> String {
        match &self.0.credentials {
            Credentials::Webhook(webhook) => webhook.domain().to_owned(),
            Credentials::Token { endpoint, .. } => address::domain(endpoint),
        }
    }

    /// Whether calls go through an inbound webhook, and so are made by the employee who made it.
    #[must_use]
    pub fn is_webhook(&self) -> bool {
        matches!(self.0.credentials, Credentials::Webhook(_))
    }

    /// Waits for a slot and sends the call, recording it if it must not be made twice.
    async fn deliver(&self, call: &Call, body: &Body, once: Option<Once>) -> Result<Received, Error> {
        self.0.portal.limiter.slot().await;
        let Some(mut once) = once else {
            return self.insist(call, body, None).await;
        };
        // Begun no earlier than here: whoever is stopped in the queue leaves nothing in doubt.
        if let Some(received) = once.begin(call.method()).await? {
            return Ok(received);
        }
        let outcome = self.insist(call, body, Some(&mut once)).await;
        once.end(outcome.as_ref()).await;
        outcome
    }

    /// Sends the call until it is answered or not worth repeating. What is recorded has been begun, and is repeated
    /// only where it was certainly not carried out.
    async fn insist(&self, call: &Call, body: &Body, mut once: Option<&mut Once>) -> Result<Received, Error> {
        let limiter = &self.0.portal.limiter;
        let harmless = once.is_none() && call.is_idempotent();
        let mut backoff = Backoff::new(self.0.retry, Instant::now().into_std());
        loop {
            let error = match self.request(call.method(), body).await {
                Ok(received) => return Ok(received),
                Err(error) => error,
            };
            if error.is_too_fast() {
                limiter.refused();
            }
            if !body.can_be_sent_again() {
                return Err(error);
            }
            let Some(pause) = pause(harmless, &error, &mut backoff) else { return Err(error) };
            info!(error = &error as &dyn std::error::Error, ?pause, "repeating");
            // Whoever is stopped in the pause leaves nothing in doubt either.
            if let Some(once) = &mut once {
                once.put_off(&error).await;
            }
            let again = async {
                sleep(pause).await;
                limiter.slot_again().await;
            };
            if timeout_at(backoff.deadline().into(), again).await.is_err() {
                return Err(error);
            }
            if let Some(once) = &mut once
                && let Some(received) = once.begin(call.method()).await?
            {
                return Ok(received);
            }
        }
    }

    /// One request, and as many more as the portal has moved.
    async fn request(&self, method: &str, body: &Body) -> Result<Received, Error> {
        let home = self.url(method)?;
        let mut url = self.0.portal.present(&home);
        let mut hops = Vec::new();
        loop {
            let step = self.step(method, &url, body).await;
            measure::request(method, step.as_ref().map_or_else(Error::outcome, Step::outcome));
            match step {
                Ok(Step::Received(received)) => {
                    self.0.portal.moved(&hops);
                    return Ok(received);
                }
                Ok(Step::To(next)) if hops.len() < redirect::MAX_HOPS => {
                    debug!(from = %address::domain(&url), to = %address::domain(&next), "the portal has moved");
                    hops.push((std::mem::replace(&mut url, next.clone()), next));
                    self.0.portal.limiter.slot_again().await;
                }
                Ok(Step::To(_)) => {
                    return Err(Error::new(ErrorKind::Redirect, method).note("redirected again and again"));
                }
                Err(error) => {
                    match error.kind() {
                        ErrorKind::Api(_) => self.0.portal.moved(&hops),
                        ErrorKind::Connect if hops.is_empty() => self.0.portal.not_moved(&home),
                        _ => {}
                    }
                    return Err(error);
                }
            }
        }
    }

    async fn step(&self, method: &str, url: &Url, body: &Body) -> Result<Step, Error> {
        let started = Instant::now();
        let reply = self.0.transport.post(method, url, body).await;
        let elapsed = started.elapsed();
        match reply {
            Ok(Reply::Answer { status, body }) => {
                debug!(status, ?elapsed, "answered");
                Received::read(method, status, body).map(Step::Received)
            }
            Ok(Reply::Moved { status, location }) => redirect::target(url, location.as_deref())
                .map(Step::To)
                .map_err(|why| Error::new(ErrorKind::Redirect, method).with_status(status).note(why)),
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, ?elapsed, "not answered");
                Err(error)
            }
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        match &self.0.credentials {
            Credentials::Webhook(_) => None,
            Credentials::Token { token, .. } => Some(token.expose()),
        }
    }

    fn url(&self, method: &str) -> Result<Url, Error> {
        let base = match &self.0.credentials {
            Credentials::Webhook(webhook) => webhook.base(),
            Credentials::Token { endpoint, .. } => endpoint,
        };
        // The name's characters were checked when the body was written: nothing but a path can come of it.
        base.join(&format!("./{method}"))
            .map_err(|error| Error::new(ErrorKind::Params, method).source_from(error))
    }

    /// Where a method is asked for at present.
    pub(crate) fn present_url(&self, method: &str) -> Result<Url, Error> {
        Ok(self.0.portal.present(&self.url(method)?))
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn portal(&self) -> &PortalState {
        &self.0.portal
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("domain", &self.domain())
            .field("credentials", &if self.is_webhook() { "webhook" } else { "access token" })
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

/// The pause before the call goes out again, if it may.
fn pause(harmless: bool, error: &Error, backoff: &mut Backoff) -> Option<Duration> {
    let may = match error.repeat() {
        Repeat::Later => true,
        Repeat::IfIdempotent => harmless,
        Repeat::Never | Repeat::AfterRefresh => false,
    };
    let now = Instant::now().into_std();
    let least = match error.code() {
        // Where the end is not told, or is too far away to wait for, it can still come sooner than feared.
        Some(ErrorCode::OperationTimeLimit) => {
            let unix_now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            let reset =
                error.time().until_reset(unix_now).and_then(|wait| Duration::try_from_secs_f64(wait).ok());
            reset.filter(|wait| now + *wait < backoff.deadline()).unwrap_or_default()
        }
        _ => Duration::ZERO,
    };
    if may { backoff.pause(least, now, fastrand::f64()) } else { None }
}
