//! Installations at the endpoint: what is asked about them, what is stored of them, what a page gets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body, http::Request, response::Response};
use b24bot_core::{
    ApplicationTokens, Declined, Depth, Entry, Envelope, EventKey, Inbox, InboxError, InstallRequest,
    Installer, MemberId, Page, Payload, Secret, Settled, Stored, Webhook, decode,
};
use tower::ServiceExt;

const INSTALL: &str = include_str!("bodies/onappinstall.form");

#[derive(Debug, Default)]
struct Shelf(Mutex<Vec<Envelope>>);

#[async_trait]
impl Inbox for Shelf {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        let stored = vec![Stored::New; envelopes.len()];
        self.0.lock().unwrap().extend(envelopes);
        Ok(stored)
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

/// Answers as told, and remembers what it was asked.
#[derive(Debug)]
struct Told {
    answer: Result<(), Declined>,
    asked: Mutex<Vec<(InstallRequest, bool)>>,
}

#[async_trait]
impl Installer for Told {
    async fn install(&self, request: InstallRequest, vouched_for: bool) -> Result<(), Declined> {
        self.asked.lock().unwrap().push((request, vouched_for));
        self.answer
    }

    async fn learn(&self, request: InstallRequest) -> Result<(), Declined> {
        self.asked.lock().unwrap().push((request, false));
        self.answer
    }

    fn elsewhere(&self, query: &str) -> Option<String> {
        query.strip_prefix("code=").map(|code| format!("/elsewhere?code={code}"))
    }

    async fn page(&self, request: InstallRequest) -> Page {
        self.asked.lock().unwrap().push((request, false));
        Page::new(403, "<p>No", "default-src 'none'").retry_after(Duration::from_secs(7))
    }
}

struct Endpoint {
    router: Router,
    shelf: Arc<Shelf>,
    told: Arc<Told>,
}

impl Endpoint {
    fn new(answer: Result<(), Declined>) -> Self {
        let told = Arc::new(Told { answer, asked: Mutex::default() });
        let installer = Arc::clone(&told);
        let (webhook, shelf) = plain();
        Self { router: webhook.installer(installer).router("/events"), shelf, told }
    }

    async fn post(&self, uri: &str, body: &str) -> Response {
        post(&self.router, uri, body).await
    }

    fn stored(&self) -> usize {
        self.shelf.0.lock().unwrap().len()
    }
}

fn plain() -> (Webhook, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    let tokens = ApplicationTokens::default();
    tokens.insert(MemberId::from("known"), &Secret::from("t0ken"));
    let inbox = Arc::clone(&shelf);
    (Webhook::new(inbox, Arc::new(tokens)), shelf)
}

async fn post(router: &Router, uri: &str, body: &str) -> Response {
    let request = Request::post(uri).body(Body::from(body.to_owned())).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

fn with(body: &str, pairs: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(body.as_bytes()) {
        let other = pairs.iter().find(|(name, _)| *name == key);
        form.append_pair(&key, other.map_or(&*value, |(_, other)| other));
    }
    form.finish()
}

fn value_of(key: &str) -> String {
    value_in(INSTALL, key)
}

fn value_in(form: &str, key: &str) -> String {
    form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == key).unwrap().1.into_owned()
}

#[tokio::test]
async fn a_confirmed_installation_is_the_same_event_without_tokens() {
    let endpoint = Endpoint::new(Ok(()));
    assert_eq!(endpoint.post("/events", INSTALL).await.status(), 200);
    let (request, vouched_for) = endpoint.told.asked.lock().unwrap().remove(0);
    assert!(!vouched_for);
    assert_eq!(request.access_token.expose(), value_of("auth[access_token]"));
    assert_eq!(request.refresh_token.unwrap().expose(), value_of("auth[refresh_token]"));
    assert_eq!(request.application_token.unwrap().expose(), value_of("auth[application_token]"));
    assert_eq!(request.member_id.as_str(), value_of("auth[member_id]"));
    assert_eq!(request.client_endpoint.unwrap(), value_of("auth[client_endpoint]"));

    let stored = endpoint.shelf.0.lock().unwrap().remove(0);
    let Payload::AppInstall(install) = &stored.event.payload else { panic!("{stored:?}") };
    assert!(install.auth.is_none() && !install.version.is_empty());
    assert_eq!(stored.key, EventKey::of(&decode(INSTALL.as_bytes()).unwrap()[0]));
    let bytes = String::from_utf8_lossy(&stored.to_stored()).into_owned();
    for token in ["access_token", "refresh_token", "application_token"] {
        assert!(!bytes.contains(&value_of(&format!("auth[{token}]"))), "{bytes}");
    }
    assert_eq!(
        Envelope::from_stored(&stored.to_stored()).unwrap().event.portal.domain,
        stored.event.portal.domain
    );
}

#[tokio::test]
async fn what_is_not_confirmed_is_not_stored() {
    for (answer, status) in [(Declined::NotConfirmed, 403), (Declined::Later(Duration::from_secs(9)), 503)] {
        let endpoint = Endpoint::new(Err(answer));
        let response = endpoint.post("/events", INSTALL).await;
        assert_eq!((response.status().as_u16(), endpoint.stored()), (status, 0));
        assert_eq!(response.headers().get("retry-after").is_some_and(|pause| pause == "9"), status == 503);
    }
}

#[tokio::test]
async fn what_the_known_token_vouches_for_is_an_event_whatever_comes_of_the_rest() {
    let known = [("auth[member_id]", "known"), ("auth[application_token]", "t0ken")];
    let endpoint = Endpoint::new(Err(Declined::NotConfirmed));
    assert_eq!(endpoint.post("/events", &with(INSTALL, &known)).await.status(), 200);
    assert!(endpoint.told.asked.lock().unwrap()[0].1);
    // Nothing is asked about the application's other events, and no token of theirs is kept either.
    let update = with(include_str!("bodies/onappupdate.form"), &known);
    assert_eq!(endpoint.post("/events", &update).await.status(), 200);
    let unknown = with(&update, &[("auth[application_token]", "x"), ("auth[access_token]", "")]);
    assert_eq!(endpoint.post("/events", &unknown).await.status(), 403);
    assert_eq!((endpoint.stored(), endpoint.told.asked.lock().unwrap().len()), (2, 1));
    let stored = endpoint.shelf.0.lock().unwrap().pop().unwrap();
    let Payload::AppUpdate(update) = &stored.event.payload else { panic!("{stored:?}") };
    assert!(update.auth.is_none() && !String::from_utf8_lossy(stored.event.body()).contains("t0ken"));
}

#[tokio::test]
async fn an_unknown_application_token_is_asked_about_where_a_token_comes_with_it() {
    let first = (include_str!("bodies/onimbotmessageadd-group.form"), "data[BOT][1567][access_token]");
    let second = (include_str!("bodies/onimbotv2messageadd.form"), "data[bot][auth][access_token]");
    for ((message, own), answer, status) in
        [(first, Ok(()), 200), (second, Ok(()), 200), (first, Err(Declined::NotConfirmed), 403)]
    {
        let endpoint = Endpoint::new(answer);
        assert_eq!(endpoint.post("/events", message).await.status(), status);
        let asked = endpoint.told.asked.lock().unwrap().clone();
        let [(request, false)] = &asked[..] else { panic!("{asked:?}") };
        // The bot's own token, and not the author's.
        assert_eq!(request.access_token.expose(), value_in(message, own));
        assert!(request.refresh_token.is_none());
        assert_eq!(endpoint.stored(), usize::from(status == 200));
        let bare = with(message, &[("auth[application_token]", "")]);
        assert_eq!(endpoint.post("/events", &bare).await.status(), 403);
        assert_eq!(endpoint.told.asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_browser_that_comes_back_is_sent_on_and_others_may_only_post() {
    let endpoint = Endpoint::new(Ok(()));
    for (method, uri, status) in [
        ("GET", "/events?code=1&state=2", 302),
        ("GET", "/events", 405),
        ("GET", "/events?x=1", 405),
        ("HEAD", "/events?code=1", 405),
    ] {
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let response = endpoint.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{method} {uri}");
        assert_eq!(
            response.headers().get("location").is_some_and(|to| to == "/elsewhere?code=1&state=2"),
            status == 302
        );
    }
}

const PAGE: &str = "AUTH_ID=a&REFRESH_ID=r&AUTH_EXPIRES=3600&APPLICATION_TOKEN=t&APPLICATION_SCOPE=im%2Cimbot\
    &member_id=m&status=L&SERVER_ENDPOINT=https%3A%2F%2Foauth.bitrix.info%2Frest%2F&PLACEMENT=DEFAULT";

#[tokio::test]
async fn a_page_is_answered_as_the_installer_says() {
    let endpoint = Endpoint::new(Ok(()));
    let response = endpoint.post("/events?DOMAIN=p.example&PROTOCOL=1&LANG=ru&APP_SID=x", PAGE).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["retry-after"], "7");
    let (request, _) = endpoint.told.asked.lock().unwrap().remove(0);
    assert_eq!((request.access_token.expose(), request.refresh_token.unwrap().expose()), ("a", "r"));
    assert_eq!((request.member_id.as_str(), request.application_token.unwrap().expose()), ("m", "t"));
    assert_eq!(request.client_endpoint.as_deref(), Some("https://p.example/rest/"));
    assert_eq!(request.server_endpoint.as_deref(), Some("https://oauth.bitrix.info/rest/"));
    assert_eq!((request.language.as_deref(), request.placement.as_deref()), (Some("ru"), Some("DEFAULT")));
}

#[tokio::test]
async fn without_an_installer_or_a_token_a_page_is_no_event() {
    let endpoint = Endpoint::new(Ok(()));
    for body in ["AUTH_ID=a", "member_id=m", "AUTH_ID=&member_id=m", "AUTH_ID[x]=a&member_id=m"] {
        assert_eq!(endpoint.post("/events", body).await.status(), 400, "{body}");
    }
    assert!(endpoint.told.asked.lock().unwrap().is_empty());
    let (webhook, shelf) = plain();
    let router = webhook.router("/events");
    assert_eq!(post(&router, "/events", PAGE).await.status(), 400);
    assert_eq!(post(&router, "/events", INSTALL).await.status(), 403);
    assert!(shelf.0.lock().unwrap().is_empty());
}
