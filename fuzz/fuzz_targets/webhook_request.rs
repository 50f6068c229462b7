//! Whatever a request looks like, the endpoint answers it: with 200 if the application token is right, else with 4xx
//! and nothing stored. The input is a method, a path with its query, headers, an empty line and a body.

#![no_main]

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request};
use b24bot_core::{ApplicationTokens, Depth, Entry, Envelope, Inbox, InboxError, Secret, Settled, Stored, Webhook};
use libfuzzer_sys::{Corpus, fuzz_target};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const TOKEN: &str = "t0ken";

static STORED: AtomicUsize = AtomicUsize::new(0);
static ENDPOINT: LazyLock<Router> = LazyLock::new(|| {
    let tokens = ApplicationTokens::default().accept(&Secret::from(TOKEN));
    Webhook::new(Arc::new(Counter), Arc::new(tokens)).router("/events")
});
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap());

/// Counts what is stored.
#[derive(Debug)]
struct Counter;

#[async_trait]
impl Inbox for Counter {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        STORED.fetch_add(envelopes.len(), Ordering::Relaxed);
        Ok(vec![Stored::New; envelopes.len()])
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        Ok(None)
    }

    async fn settle(&self, _: &Entry, _: Settled) -> Result<(), InboxError> {
        Ok(())
    }

    fn close(&self) {}

    fn depth(&self) -> Depth {
        Depth::default()
    }
}

fn request(input: &[u8]) -> Option<Request<Body>> {
    let end = input.windows(2).position(|end| end == b"\n\n")?;
    let mut lines = input[..end].split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(words.next()?).uri(words.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(Body::from(input[end + 2..].to_vec())).ok()
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(request) = request(input) else { return Corpus::Reject };
    let before = STORED.load(Ordering::Relaxed);
    let response = RUNTIME.block_on(ENDPOINT.clone().oneshot(request)).unwrap();
    let stored = STORED.load(Ordering::Relaxed) - before;
    let status = response.status();
    assert!(status == 200 || status.is_client_error(), "{status}");
    assert!(status == 200 || stored == 0, "{status} and {stored} stored");
    // The name of a token can be written in many ways, its value in some: none holds fewer of its characters.
    let knows = TOKEN.bytes().all(|byte| input.contains(&byte) || input.contains(&b'%') || input.contains(&b'\\'));
    assert!(stored == 0 || knows, "stored without the token");
    Corpus::Keep
});
