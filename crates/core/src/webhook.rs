//! The endpoint to which portals post events.

mod counts;
mod page;
mod reading;

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::FutureExt;

use self::{
    counts::{Accepted, Name},
    reading::Room,
};
use crate::{
    ApplicationTokens, Declined, DecodeError, DecodeErrorKind, Delivery, Envelope, Inbox, InboxError,
    InstallRequest, Installer, Page, Rejection, Stored,
};

/// How long a sender may take for its body.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is said that events cannot be stored.
const UNSTORED_PAUSE: Duration = Duration::from_secs(10);

/// The verified webhook endpoint: `POST` at one path, as a router to serve or to mount.
///
/// | answer | when |
/// |---|---|
/// | 200 | a verified event is stored, was stored before, or is of no interest |
/// | 400 | the body cannot be read as an event |
/// | 403 | the application token is missing, wrong, or none is known for that portal |
/// | 405, 408 | another method; a body that does not arrive in time |
/// | 413, 415 | a body over 1 MiB; one with a `Content-Encoding` |
/// | 503 with `Retry-After` | it cannot be stored now, or too many large bodies come at once |
///
/// With an [`installer`](Webhook::installer), ONAPPINSTALL is taken as well when that confirms it, and an application's
/// page is shown to who opens it.
///
/// Errors are JSON, in the platform's own form: `{"error": "CODE", "error_description": "…"}`.
#[derive(Clone)]
pub struct Webhook {
    inbox: Arc<dyn Inbox>,
    tokens: Arc<ApplicationTokens>,
    installer: Option<Arc<dyn Installer>>,
    read_timeout: Duration,
    room: Room,
    accepted: Arc<Accepted>,
    refused: Arc<AtomicU64>,
    unstored: Arc<AtomicU64>,
    unstored_told: Arc<Mutex<Option<Instant>>>,
}

impl Webhook {
    /// An endpoint that believes what those tokens prove, and puts it into that inbox.
    #[must_use]
    pub fn new(inbox: Arc<dyn Inbox>, tokens: Arc<ApplicationTokens>) -> Self {
        Self {
            inbox,
            tokens,
            installer: None,
            read_timeout: READ_TIMEOUT,
            room: Room::default(),
            accepted: Arc::new(Accepted::new()),
            refused: Arc::default(),
            unstored: Arc::default(),
            unstored_told: Arc::default(),
        }
    }

    /// How long a sender may take for its body; 10 seconds unless told.
    #[must_use]
    pub fn read_timeout(self, read_timeout: Duration) -> Self {
        Self { read_timeout, ..self }
    }

    /// Asks that one about ONAPPINSTALL, and about the form that a browser posts when the application's page is opened.
    /// Events of the application are then stored without the tokens in them: the installer has those.
    #[must_use]
    pub fn installer(self, installer: Arc<dyn Installer>) -> Self {
        Self { installer: Some(installer), ..self }
    }

    /// The endpoint at a path such as `/bitrix24/events`, to be served or merged into another router.
    ///
    /// # Panics
    ///
    /// When axum takes the path for a pattern, or for none: if it does not begin with `/`,
    /// holds braces, or has a segment that begins with `:` or `*`.
    pub fn router(self, path: &str) -> Router {
        Router::new().route(path, any(receive)).with_state(self)
    }

    async fn accept(&self, request: Request) -> Result<Option<Page>, Refusal> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            let query = head.uri.query().filter(|_| head.method == Method::GET);
            let elsewhere = self.installer.as_ref().and_then(|installer| installer.elsewhere(query?));
            return Err(elsewhere.map_or(Refusal::Method, Refusal::Elsewhere));
        }
        if head.headers.get_all(header::CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
            return Err(Refusal::Encoded);
        }
        let received = tokio::time::timeout(self.read_timeout, self.room.read(body))
            .await
            .map_err(|_| Refusal::TooSlow)??;
        let stripped: Arc<[u8]>;
        let mut delivery = match Delivery::parse(&received.body) {
            Ok(delivery) => delivery,
            Err(error) => {
                let page = self.page(&error, &received.body, head.uri.query().unwrap_or_default()).await;
                return page.map(Some).ok_or_else(|| {
                    counts::add(Name::OTHER, "malformed");
                    Refusal::Unreadable(error)
                });
            }
        };
        let event = Name::of(delivery.event_name());
        let portal = delivery.portal().member_id.as_ref();
        let vouched = self.tokens.verify(portal, delivery.application_token());
        if let Err(refusal) = self.believe(&delivery, vouched).await {
            counts::add(event, "rejected");
            return Err(refusal);
        }
        if self.installer.is_some() && delivery.is_of_application() {
            stripped = delivery.without_tokens()?.into();
            delivery = Delivery::parse(&stripped)?;
        }
        let now = SystemTime::now();
        let events = delivery.into_events().inspect_err(|error| {
            counts::add(event, "malformed");
            // The portal will not send it again, and only its operator can find out why.
            tracing::warn!(event = event.as_str(), %error, "a genuine event cannot be read");
        })?;
        let envelopes: Vec<Envelope> = events.into_iter().map(|event| Envelope::new(event, now)).collect();
        let mut put = Box::pin(put(Arc::clone(&self.inbox), envelopes));
        let stored = match (&mut put).now_or_never() {
            Some(stored) => stored,
            // In a task of its own: a sender that hangs up now takes only its request with it.
            None => tokio::spawn(put).await.map_err(InboxError::storage).flatten(),
        };
        for stored in stored.inspect_err(|error| self.tell_unstored(event, error))? {
            match stored {
                Stored::New => self.accepted.add(event),
                Stored::Duplicate => counts::add(event, "duplicate"),
            }
        }
        Ok(None)
    }

    /// Whether a delivery is genuine: by its application token, or because the installer finds that it is.
    async fn believe(&self, delivery: &Delivery<'_>, vouched: Result<(), Rejection>) -> Result<(), Refusal> {
        let installer = self.installer.as_ref().filter(|_| vouched.is_err() || delivery.is_installation());
        let asked = match installer {
            Some(installer) if delivery.is_installation() => match delivery.install_request() {
                Some(request) => installer.install(request, vouched.is_ok()).await,
                None => Err(Declined::NotConfirmed),
            },
            Some(installer) if delivery.application_token().is_some() => match delivery.learn_request() {
                Some(request) => installer.learn(request).await,
                None => Err(Declined::NotConfirmed),
            },
            _ => Err(Declined::NotConfirmed),
        };
        match (vouched, asked) {
            (Err(rejection), Err(declined)) => {
                self.tell_refusal(rejection);
                Err(declined.into())
            }
            _ => Ok(()),
        }
    }

    /// What is shown to who opens the application's page, if the body is that.
    async fn page(&self, error: &DecodeError, body: &[u8], query: &str) -> Option<Page> {
        let installer = self.installer.as_ref().filter(|_| error.kind() == DecodeErrorKind::NoEvent)?;
        let request = InstallRequest::of_page(body, query).ok()??;
        Some(installer.page(request).await)
    }

    /// Says that events are lost, which is bad news, but not once for each while a disk is full.
    fn tell_unstored(&self, event: Name, error: &InboxError) {
        counts::add(event, "unstored");
        let times = self.unstored.fetch_add(1, Ordering::Relaxed) + 1;
        let mut told = self.unstored_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= UNSTORED_PAUSE) {
            *told = Some(Instant::now());
            let error = error as &dyn std::error::Error;
            tracing::error!(
                times,
                error,
                "events cannot be stored, and their sender will not send them again"
            );
        }
    }

    /// Says that events are refused: the first time, the tenth, the hundredth … since anyone can cause it. Nothing of
    /// the request itself may reach the log: it is anyone's text.
    fn tell_refusal(&self, rejection: Rejection) {
        let times = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        if times == 10_u64.pow(times.ilog10()) {
            tracing::warn!(times, reason = ?rejection, "refused events that no known application token vouches for");
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("inbox", &self.inbox)
            .field("tokens", &self.tokens)
            .field("installer", &self.installer)
            .finish_non_exhaustive()
    }
}

async fn receive(State(webhook): State<Webhook>, request: Request) -> Response {
    match webhook.accept(request).await {
        Ok(None) => StatusCode::OK.into_response(),
        Ok(Some(page)) => page.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Whatever goes wrong in a store, its sender gets an answer.
async fn put(inbox: Arc<dyn Inbox>, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
    let stored = AssertUnwindSafe(inbox.put(envelopes)).catch_unwind().await;
    stored.map_err(|_| InboxError::storage("the store panicked")).flatten()
}

/// Why a request is not accepted.
enum Refusal {
    Method,
    Elsewhere(String),
    TooSlow,
    TooLarge,
    Encoded,
    Crowded,
    Interrupted,
    Unreadable(DecodeError),
    NotGenuine,
    Later(Duration),
    Unstored(InboxError),
}

impl From<Declined> for Refusal {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::NotConfirmed => Self::NotGenuine,
            Declined::Later(pause) => Self::Later(pause),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<InboxError> for Refusal {
    fn from(error: InboxError) -> Self {
        Self::Unstored(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Method => {
                let refused =
                    answer(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Events come by POST.");
                with_header(refused, header::ALLOW, HeaderValue::from_static("POST"))
            }
            Self::Elsewhere(place) => match HeaderValue::try_from(place) {
                Ok(place) => with_header(StatusCode::FOUND.into_response(), header::LOCATION, place),
                Err(_) => Self::Method.into_response(),
            },
            Self::TooSlow => {
                answer(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "The body did not arrive in time.")
            }
            Self::TooLarge => {
                answer(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "The body is over 1 MiB.")
            }
            Self::Encoded => {
                let refused = answer(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "UNSUPPORTED_MEDIA_TYPE",
                    "Bodies are taken as they are, without Content-Encoding.",
                );
                with_header(refused, header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            }
            Self::Crowded => {
                let refused = answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "SERVICE_UNAVAILABLE",
                    "Too many large bodies at once.",
                );
                with_header(refused, header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            Self::Interrupted => answer(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "The body broke off."),
            Self::Unreadable(error) => answer(StatusCode::BAD_REQUEST, "INVALID_REQUEST", &error.to_string()),
            Self::NotGenuine => {
                answer(StatusCode::FORBIDDEN, "ACCESS_DENIED", "The application token is not the portal's.")
            }
            Self::Later(pause) => {
                let description = "Whether this is so cannot be found out now.";
                let refused = answer(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", description);
                with_header(refused, header::RETRY_AFTER, HeaderValue::from(pause.as_secs()))
            }
            Self::Unstored(error) => {
                let refused =
                    answer(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", &error.to_string());
                with_header(refused, header::RETRY_AFTER, HeaderValue::from(error.retry_after().as_secs()))
            }
        }
    }
}

fn answer(status: StatusCode, code: &'static str, description: &str) -> Response {
    let body = serde_json::json!({"error": code, "error_description": description});
    (status, axum::Json(body)).into_response()
}

fn with_header(mut response: Response, name: header::HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::{reading::BODY_LIMIT, *};
    use crate::{Depth, Entry, InboxErrorKind, Secret, Settled};

    /// Stores up to two events, and takes its time.
    #[derive(Debug, Default)]
    struct Shelf(Mutex<Vec<Envelope>>);

    #[async_trait]
    impl Inbox for Shelf {
        async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
            tokio::task::yield_now().await;
            let mut shelf = self.0.lock().unwrap();
            if shelf.len() + envelopes.len() > 2 {
                return Err(InboxError::new(InboxErrorKind::Full));
            }
            let stored = vec![Stored::New; envelopes.len()];
            shelf.extend(envelopes);
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

    const MESSAGE: &str = "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=101\
        &data[PARAMS][DIALOG_ID]=chat1&auth[member_id]=m&auth[application_token]=t";

    fn endpoint() -> (Router, Arc<Shelf>) {
        let shelf = Arc::new(Shelf::default());
        let tokens = Arc::new(ApplicationTokens::default().accept(&Secret::from("t")));
        let inbox: Arc<dyn Inbox> = Arc::<Shelf>::clone(&shelf);
        (Webhook::new(inbox, tokens).router("/events"), shelf)
    }

    async fn send(router: &Router, method: &str, uri: &str, body: impl Into<Body>) -> Response {
        let request = Request::builder().method(method).uri(uri).body(body.into()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_that_would_have_to_be_unpacked_is_refused_unread() {
        let (router, shelf) = endpoint();
        for (encoding, status) in [("gzip", 415), ("br, identity", 415), ("identity", 200)] {
            // Reading it would take for ever.
            let unread = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
            let body = if status == 200 { Body::from(MESSAGE) } else { Body::from_stream(unread) };
            let request = Request::post("/events").header("content-encoding", encoding).body(body).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{encoding}");
            if status == 415 {
                assert_eq!(response.headers()["accept-encoding"], "identity");
                assert_eq!(error_code(response).await, "UNSUPPORTED_MEDIA_TYPE");
            }
        }
        assert_eq!(shelf.0.lock().unwrap().len(), 1);
    }

    /// Whatever a sender makes up, the answer repeats none of it.
    #[tokio::test]
    async fn no_refusal_repeats_what_was_sent() {
        let (router, _) = endpoint();
        for body in [
            "event=needle<script>",
            "event=NEEDLE&auth[application_token]=needle&auth[member_id]=needle",
            r#"{"needle": {"event": needle}}"#,
            "event=ONIMBOTMESSAGEADD&data[needle]=needle&auth[application_token]=t",
            "needle",
        ] {
            let response = send(&router, "POST", "/events?needle=needle", body).await;
            assert!(response.status().is_client_error(), "{body}");
            let headers = format!("{:?}", response.headers()).to_lowercase();
            let answered = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let answered = String::from_utf8_lossy(&answered).to_lowercase();
            assert!(!answered.contains("needle") && !headers.contains("needle"), "{body}: {answered}");
        }
    }

    async fn error_code(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(body["error_description"].is_string(), "{body}");
        body["error"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_genuine_event_is_stored_and_taken() {
        let (router, shelf) = endpoint();
        assert_eq!(send(&router, "POST", "/events?CLIENT_ID=abc", MESSAGE).await.status(), 200);
        assert_eq!(shelf.0.lock().unwrap()[0].event.name, "ONIMBOTMESSAGEADD");
    }

    #[tokio::test]
    async fn each_refusal_has_its_status_and_code_and_stores_nothing() {
        let (router, shelf) = endpoint();
        let token = "&auth[application_token]=t";
        let inner_only = MESSAGE.replace(token, "") + "&data[BOT][5][application_token]=t";
        let large = format!("{MESSAGE}&x={}", "a".repeat(BODY_LIMIT));
        for (method, uri, body, status, code) in [
            ("GET", "/events", String::new(), 405, "METHOD_NOT_ALLOWED"),
            ("PUT", "/events", MESSAGE.to_owned(), 405, "METHOD_NOT_ALLOWED"),
            ("POST", "/events", String::new(), 400, "INVALID_REQUEST"),
            ("POST", "/events", "hello=world".to_owned(), 400, "INVALID_REQUEST"),
            ("POST", "/events", "event=<script>".to_owned(), 400, "INVALID_REQUEST"),
            ("POST", "/events", MESSAGE.replace("MESSAGE_ID", "X"), 400, "INVALID_REQUEST"),
            ("POST", "/events", MESSAGE.replace("=t", "=wrong"), 403, "ACCESS_DENIED"),
            ("POST", "/events", MESSAGE.replace(token, ""), 403, "ACCESS_DENIED"),
            ("POST", "/events", inner_only, 403, "ACCESS_DENIED"),
            ("POST", "/events", large, 413, "PAYLOAD_TOO_LARGE"),
        ] {
            let case = format!("{method} {uri} {}", &body[..body.len().min(80)]);
            let response = send(&router, method, uri, body).await;
            assert_eq!(response.status(), status, "{case}");
            assert_eq!(response.headers().contains_key("allow"), status == 405, "{case}");
            assert_eq!(error_code(response).await, code, "{case}");
        }
        assert!(shelf.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_full_inbox_asks_to_come_back() {
        let (router, _) = endpoint();
        for _ in 0..2 {
            assert_eq!(send(&router, "POST", "/events", MESSAGE).await.status(), 200);
        }
        let response = send(&router, "POST", "/events", MESSAGE).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "5");
        assert_eq!(error_code(response).await, "SERVICE_UNAVAILABLE");
    }

    #[tokio::test]
    async fn what_came_from_a_sender_that_hangs_up_is_stored() {
        let (router, shelf) = endpoint();
        assert!(send(&router, "POST", "/events", MESSAGE).now_or_never().is_none());
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(shelf.0.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_store_that_panics_is_answered_for() {
        let (router, shelf) = endpoint();
        let poisoning = Arc::clone(&shelf);
        let _ = tokio::spawn(async move {
            let _shelf = poisoning.0.lock();
            panic!("nobody can use the shelf any more");
        })
        .await;
        assert_eq!(send(&router, "POST", "/events", MESSAGE).await.status(), 503);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let (router, _) = endpoint();
        let endless = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        let response = send(&router, "POST", "/events", Body::from_stream(endless)).await;
        assert_eq!(response.status(), 408);
    }

    #[tokio::test]
    async fn several_bots_in_one_body_are_several_events() {
        let (router, shelf) = endpoint();
        let body = format!("{MESSAGE}&data[BOT][6][BOT_ID]=6");
        assert_eq!(send(&router, "POST", "/events", body).await.status(), 200);
        let bots: Vec<u64> = shelf
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|envelope| envelope.event.bot.as_ref().unwrap().id.get())
            .collect();
        assert_eq!(bots, [5, 6]);
    }
}
