//! A portal, a bot that writes down what it is sent, and shorthands for both.
#![allow(dead_code, reason = "not every test file uses everything")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test panics")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use b24bot_portal::{Application, Portal};
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Nothing here takes this long unless it is broken.
const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn portal() -> Portal {
    Portal::builder().listen("127.0.0.1:0".parse().unwrap()).unlimited().start().await.unwrap()
}

/// One POST as a bot received it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) uri: Uri,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Received {
    /// The decoded pairs of the form, in order.
    pub(crate) fn pairs(&self) -> IndexMap<String, String> {
        let address = reqwest::Url::parse(&format!("http://x/?{}", self.body)).unwrap();
        address.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    pub(crate) fn get(&self, key: &str) -> String {
        self.pairs().get(key).unwrap_or_else(|| panic!("no {key} in {:#?}", self.pairs())).clone()
    }

    pub(crate) fn event(&self) -> String {
        self.get("event")
    }
}

/// A web server that takes events.
pub(crate) struct Bot {
    pub(crate) url: String,
    events: mpsc::UnboundedReceiver<Received>,
}

impl Bot {
    pub(crate) async fn start() -> Self {
        Self::answering(StatusCode::OK).await
    }

    pub(crate) async fn answering(status: StatusCode) -> Self {
        Self::with(status, Arc::new(Semaphore::new(Semaphore::MAX_PERMITS))).await
    }

    /// Each answer takes a permit away; there are none at first.
    pub(crate) async fn slow() -> (Self, Arc<Semaphore>) {
        let answers = Arc::new(Semaphore::new(0));
        (Self::with(StatusCode::OK, Arc::clone(&answers)).await, answers)
    }

    async fn with(status: StatusCode, answers: Arc<Semaphore>) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let take = async move |State(sender): State<mpsc::UnboundedSender<Received>>,
                               uri: Uri,
                               headers: HeaderMap,
                               body: String| {
            let content_type = headers["content-type"].to_str().unwrap().to_owned();
            let _ = sender.send(Received { uri, content_type, body });
            answers.acquire().await.unwrap().forget();
            status
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let app = Router::new().route("/events", post(take)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, events }
    }

    pub(crate) async fn next(&mut self) -> Received {
        timeout(DEADLINE, self.events.recv()).await.expect("no event within the deadline").unwrap()
    }

    /// The next event, which has to be of that name.
    pub(crate) async fn expect(&mut self, event: &str) -> Received {
        let received = self.next().await;
        assert_eq!(received.event(), event);
        received
    }

    /// Whether nothing comes any more, once the portal has sent all it had.
    pub(crate) async fn is_silent(&mut self, portal: &Portal) -> bool {
        portal.delivered().await;
        self.events.try_recv().is_err()
    }
}

/// Calls on a portal.
pub(crate) struct Caller {
    url: String,
    webhook: String,
    client: reqwest::Client,
}

impl Caller {
    pub(crate) fn new(portal: &Portal) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .unwrap();
        Self { url: portal.url(), webhook: portal.webhook_url(), client }
    }

    /// Calls through the webhook; gives the status and the whole answer.
    pub(crate) async fn webhook(&self, method: &str, params: Value) -> (u16, Value) {
        self.post(&format!("{}{method}", self.webhook), params).await
    }

    /// Calls with an access token.
    pub(crate) async fn oauth(&self, token: &str, method: &str, mut params: Value) -> (u16, Value) {
        params["auth"] = json!(token);
        self.post(&format!("{}/rest/{method}", self.url), params).await
    }

    /// A call that has to succeed.
    pub(crate) async fn result(&self, method: &str, params: Value) -> Value {
        let (status, answer) = self.webhook(method, params).await;
        assert_eq!(status, 200, "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) async fn post(&self, url: &str, body: Value) -> (u16, Value) {
        let request = self.client.post(url).header("content-type", "application/json").body(body.to_string());
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn try_post(&self, url: &str, body: Value) -> Result<reqwest::Response, reqwest::Error> {
        self.client.post(url).header("content-type", "application/json").body(body.to_string()).send().await
    }

    /// A GET whose headers are of interest.
    pub(crate) async fn try_get(&self, url: &str) -> reqwest::Response {
        self.client.get(url).send().await.unwrap()
    }

    /// The status of a GET by a browser for such a part of a page.
    pub(crate) async fn part_of_page(&self, url: &str, part: &str) -> u16 {
        let request = self.client.get(url).header("sec-fetch-dest", part);
        request.send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn form(&self, url: &str, body: &str) -> (u16, Value) {
        self.typed(url, "application/x-www-form-urlencoded", body).await
    }

    pub(crate) async fn typed(&self, url: &str, content_type: &str, body: &str) -> (u16, Value) {
        let request = self.client.post(url).header("content-type", content_type);
        read(request.body(body.to_owned()).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.url);
        read(self.client.get(url).send().await.unwrap()).await
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        self.post(&format!("{}/control/{path}", self.url), body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        let url = format!("{}/control/{path}", self.url);
        read(self.client.delete(url).send().await.unwrap()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/control/{path}", self.url);
        read(self.client.patch(url).body(body.to_string()).send().await.unwrap()).await
    }

    /// Types a message and gives its id.
    pub(crate) async fn say(&self, user: u64, dialog: &str, text: &str) -> u64 {
        let (status, answer) =
            self.control("messages", json!({"dialog": dialog, "user": user, "text": text})).await;
        assert_eq!(status, 200, "{answer}");
        answer["message_id"].as_u64().unwrap()
    }

    pub(crate) async fn likes(&self, message: u64) -> Value {
        self.get(&format!("/control/messages/{message}")).await.1["likes"].clone()
    }

    /// Registers a generation 1 bot with an application's token.
    pub(crate) async fn v1_bot(&self, application: &Application, bot: &Bot, code: &str, kind: &str) -> u64 {
        let params =
            json!({"CODE": code, "TYPE": kind, "EVENT_HANDLER": bot.url, "PROPERTIES": {"NAME": "Echo"}});
        let (status, answer) = self.oauth(&application.access_token, "imbot.register", params).await;
        assert_eq!(status, 200, "{answer}");
        answer["result"].as_u64().unwrap()
    }

    /// Registers a generation 2 bot with an application's token.
    pub(crate) async fn v2_bot(&self, application: &Application, bot: &Bot, code: &str, kind: &str) -> u64 {
        let fields = json!({"code": code, "type": kind, "eventMode": "webhook", "webhookUrl": bot.url,
            "properties": {"name": "Echo"}});
        let (status, answer) =
            self.oauth(&application.access_token, "imbot.v2.Bot.register", json!({"fields": fields})).await;
        assert_eq!(status, 200, "{answer}");
        answer["result"]["bot"]["id"].as_u64().unwrap()
    }
}

async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}
