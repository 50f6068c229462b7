//! One HTTP request and its answer.

mod names;
mod obstacle;
#[cfg(test)]
mod tests;

use std::time::Duration;

use b24bot_core::Secret;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, Client, Response, header, redirect::Policy};
use tokio::time::timeout;
use url::Url;

use crate::{
    address,
    error::{Error, ErrorKind},
    files::{Body, NoFile},
    reach::Reach,
    redirect,
};
use names::{Names, NoAddress};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// Shorter than servers keep connections, so that none is used in the moment it is closed: that would be in doubt.
const IDLE: Duration = Duration::from_secs(20);

/// How many HTTP/1.1 connections to one portal outlive a burst, for the next.
const MAX_IDLE: usize = 128;

/// One dead HTTP/2 connection would hold up all calls to its portal: while any is under way, it is asked this often
/// whether it lives. Idle ones are not, they are closed soon.
const PING: Duration = Duration::from_secs(15);

/// How long the answer to that may take: it can wait behind a megabyte of an upload that is slow but not given up.
const PONG: Duration = Duration::from_secs(20);

/// How long an authorization server may take.
pub(crate) const ASKING: Duration = Duration::from_secs(10);

/// The largest answer that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// How long a download may stand still.
const STALL: Duration = Duration::from_secs(60);

/// Longer than any download: what ends one is that it stands still.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// The HTTP clients: proxies of the environment are not asked for addresses on this machine.
#[derive(Debug)]
pub(crate) struct Transport {
    abroad: Client,
    /// For addresses that others name: leads nowhere but to public ones.
    public: Client,
    loopback: Client,
    /// By the rules by which the client abroad chooses: messages name the proxy.
    proxies: Matcher,
    timeout: Duration,
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer { status: u16, body: Vec<u8> },
    Moved { status: u16, location: Option<String> },
}

/// A question to an authorization server.
#[derive(Clone)]
pub(crate) enum Ask<'a> {
    Get(&'a Url),
    /// With a form.
    Post(&'a Url, String),
}

/// What came back for a download, its content not yet read.
pub(crate) enum Found {
    Content(Response),
    Moved { status: u16, location: Option<String> },
}

impl Transport {
    /// `timeout` is that of one whole request; `roots` are certificates in PEM, one or more in each, of issuers that are
    /// trusted beside those of the system.
    pub(crate) fn new(timeout: Duration, roots: &[Vec<u8>]) -> Result<Self, Error> {
        let roots = certificates(roots)?;
        // A connection that does not come about is told as such, before the time of the request is over.
        let connect = CONNECT.min(timeout / 2);
        let proxies = Matcher::from_system();
        let names = |reach| Names { patience: connect * 4 / 5, reach, proxies: proxy_names(&proxies) };
        let builder = |reach| {
            Client::builder()
                .user_agent(concat!("b24bot/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(names(reach))
                .tls_certs_merge(roots.iter().cloned())
                .connect_timeout(connect)
                .timeout(timeout)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(MAX_IDLE)
                .http2_keep_alive_interval(PING)
                .http2_keep_alive_timeout(PONG)
                // A redirected POST must stay a POST and keep its body.
                .redirect(Policy::none())
                .referer(false)
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| Error::new(ErrorKind::Setup, "HTTP client").source_from(error))
        };
        let (abroad, public) = (build(builder(Reach::Private))?, build(builder(Reach::Public))?);
        let loopback = build(builder(Reach::Private).no_proxy())?;
        Ok(Self { abroad, public, loopback, proxies, timeout })
    }

    /// Posts a JSON body. No error shows the address.
    pub(crate) async fn post(
        &self,
        method: &str,
        url: &Url,
        reach: Reach,
        body: &Body,
        token: Option<&Secret>,
    ) -> Result<Reply, Error> {
        let failed = |error| failure(method, error);
        let request = self
            .client(url, reach)
            .post(url.clone())
            .timeout(self.timeout + body.patience())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(body.open(token).map_err(|error| Error::new(ErrorKind::File, method).source_from(error))?);
        let mut response = request.send().await.map_err(|error| self.unsent(method, url, error))?;
        let status = response.status().as_u16();
        if redirect::is_redirect(status) {
            return Ok(Reply::Moved { status, location: location(&response) });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                let error = Error::new(ErrorKind::Answer, method).with_status(status);
                return Err(error.never_repeated().note("it is larger than 16 MiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply::Answer { status, body })
    }

    /// Asks an authorization server. What is asked for is short, and soon there; a redirection is no answer.
    pub(crate) async fn ask(&self, what: &str, ask: Ask<'_>) -> Result<(u16, Vec<u8>), Error> {
        let (url, request) = match ask {
            Ask::Get(url) => (url, self.client(url, Reach::Private).get(url.clone())),
            Ask::Post(url, form) => {
                let form_type = "application/x-www-form-urlencoded";
                (
                    url,
                    self.client(url, Reach::Private)
                        .post(url.clone())
                        .header(header::CONTENT_TYPE, form_type)
                        .body(form),
                )
            }
        };
        let request = request.timeout(self.timeout.min(ASKING)).header(header::ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| self.unsent(what, url, error))?;
        let status = response.status().as_u16();
        Ok((status, short_body(what, response).await?))
    }

    /// Asks for a file. Nothing goes along but the address itself.
    pub(crate) async fn get(&self, method: &str, url: &Url, reach: Reach) -> Result<Found, Error> {
        let sent = self.client(url, reach).get(url.clone()).timeout(A_DAY).send();
        let response = timely(method, sent, |error| self.unsent(method, url, error)).await?;
        let status = response.status().as_u16();
        Ok(if redirect::is_redirect(status) {
            Found::Moved { status, location: location(&response) }
        } else {
            Found::Content(response)
        })
    }

    /// Connecting comes before sending: a failure there leaves nothing in doubt.
    fn unsent(&self, method: &str, url: &Url, error: reqwest::Error) -> Error {
        if !error.is_connect() || obstacle::find::<NoFile>(&error).is_some() {
            return failure(method, error);
        }
        if let Some(NoAddress::OutOfReach) = obstacle::find(&error) {
            let note = format!(
                "the name {} leads to a private network or to this machine: such addresses are called with \
                 `private_networks = true` in [security] only",
                url.host_str().unwrap_or_default()
            );
            return Error::new(ErrorKind::Address, method).note(note).source_from(error.without_url());
        }
        let sentence = obstacle::sentence(&error, url, self.proxy(url).as_ref());
        Error::new(ErrorKind::Connect, method).note(sentence).source_from(error.without_url())
    }

    /// The proxy that leads to an address.
    fn proxy(&self, url: &Url) -> Option<Url> {
        if address::is_loopback(url) {
            return None;
        }
        let proxy = self.proxies.intercept(&url.as_str().parse().ok()?)?;
        Url::parse(&proxy.uri().to_string()).ok()
    }

    fn client(&self, url: &Url, reach: Reach) -> &Client {
        match reach {
            _ if address::is_loopback(url) => &self.loopback,
            Reach::Private => &self.abroad,
            Reach::Public | Reach::Development => &self.public,
        }
    }
}

/// The next piece of a download.
pub(crate) async fn next_chunk(method: &str, response: &mut Response) -> Result<Option<Vec<u8>>, Error> {
    let chunk = timely(method, response.chunk(), |error| failure(method, error)).await?;
    Ok(chunk.map(Vec::from))
}

/// The beginning of a body that is of interest only if it is short.
pub(crate) async fn short_body(method: &str, mut response: Response) -> Result<Vec<u8>, Error> {
    const SHORT: usize = 64 * 1024;
    let mut body = Vec::new();
    while body.len() < SHORT
        && let Some(chunk) = next_chunk(method, &mut response).await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn timely<T>(
    method: &str,
    step: impl Future<Output = Result<T, reqwest::Error>>,
    failed: impl FnOnce(reqwest::Error) -> Error,
) -> Result<T, Error> {
    match timeout(STALL, step).await {
        Ok(done) => done.map_err(failed),
        Err(elapsed) => Err(Error::new(ErrorKind::TimedOut, method).source_from(elapsed)),
    }
}

fn location(response: &Response) -> Option<String> {
    let location = response.headers().get(header::LOCATION);
    location.and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn certificates(pems: &[Vec<u8>]) -> Result<Vec<Certificate>, Error> {
    let unusable = || Error::new(ErrorKind::Setup, "root certificate").note("it is no certificate in PEM");
    let mut all = Vec::new();
    for pem in pems {
        let some = Certificate::from_pem_bundle(pem).map_err(|error| unusable().source_from(error))?;
        if some.is_empty() {
            return Err(unusable());
        }
        all.extend(some);
    }
    Ok(all)
}

/// The names of the proxies, which are resolved here whatever they lead to: they are the operator's.
fn proxy_names(proxies: &Matcher) -> Vec<String> {
    let samples = ["https://portal.example/", "http://portal.example/"];
    let found = samples.iter().filter_map(|url| proxies.intercept(&url.parse().ok()?));
    found.filter_map(|proxy| proxy.uri().host().map(str::to_owned)).collect()
}

/// What came after the connection.
fn failure(method: &str, error: reqwest::Error) -> Error {
    let kind = if obstacle::find::<NoFile>(&error).is_some() {
        ErrorKind::File
    } else if error.is_timeout() {
        ErrorKind::TimedOut
    } else {
        ErrorKind::Transport
    };
    Error::new(kind, method).source_from(error.without_url())
}
