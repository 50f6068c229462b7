//! One HTTP request and its answer.

use std::time::Duration;

use reqwest::{Client, header, redirect::Policy};
use url::Url;

use crate::{
    address,
    error::{Error, ErrorKind},
    redirect,
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// Shorter than servers keep connections, so that none is used in the moment it is closed: that would be in doubt.
const IDLE: Duration = Duration::from_secs(20);

/// The largest answer that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The HTTP clients: proxies of the environment are not asked for addresses on this machine.
#[derive(Debug)]
pub(crate) struct Transport {
    abroad: Client,
    loopback: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer { status: u16, body: Vec<u8> },
    Moved { status: u16, location: Option<String> },
}

impl Transport {
    /// `timeout` is that of one whole request.
    pub(crate) fn new(timeout: Duration) -> Result<Self, Error> {
        let builder = || {
            Client::builder()
                .user_agent(concat!("b24bot/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT.min(timeout))
                .timeout(timeout)
                .pool_idle_timeout(IDLE)
                // A redirected POST must stay a POST and keep its body.
                .redirect(Policy::none())
                .referer(false)
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| Error::new(ErrorKind::Setup, "HTTP client").source_from(error))
        };
        Ok(Self { abroad: build(builder())?, loopback: build(builder().no_proxy())? })
    }

    /// Posts a JSON body. No error shows the address.
    pub(crate) async fn post(&self, method: &str, url: &Url, body: &[u8]) -> Result<Reply, Error> {
        let client = if address::is_loopback(url) { &self.loopback } else { &self.abroad };
        let failed = |error| failure(method, error);
        let request = client
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(body.to_vec());
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        if redirect::is_redirect(status) {
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
            return Ok(Reply::Moved { status, location });
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
}

/// Connecting comes before sending: a failure there leaves nothing in doubt.
fn failure(method: &str, error: reqwest::Error) -> Error {
    let kind = if error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::TimedOut
    } else {
        ErrorKind::Transport
    };
    Error::new(kind, method).source_from(error.without_url())
}
