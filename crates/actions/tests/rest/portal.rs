//! A portal that answers requests in turn with what a test prepared, and keeps what it was asked.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use b24bot_actions::{Client, Context, Limits, Portals, PortalsBuilder, RetryPolicy, WebhookUrl};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// The parts of credentials that nobody may ever see.
pub(crate) const SECRET: &str = "webh00ksecret";
pub(crate) const BOT_TOKEN: &str = "b0tsowntoken";
pub(crate) const AUTHOR_TOKEN: &str = "auth0rstoken";

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Text(u16, String),
    To(u16, String),
    Hang,
}

/// The answer to a call that worked.
pub(crate) fn ok(result: impl Into<Value>) -> Reply {
    let time = json!({ "start": 1_772_625_907, "finish": 1_772_625_908.5, "operating": 0 });
    Reply::Text(200, json!({ "result": result.into(), "time": time }).to_string())
}

/// An error as the platform writes it.
pub(crate) fn error(status: u16, code: &str) -> Reply {
    Reply::Text(status, json!({ "error": code, "error_description": format!("about {code}") }).to_string())
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

pub(crate) struct Portal {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

impl Portal {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Arc::new(Shared { replies: Mutex::new(replies.into_iter().collect()), ..Shared::default() });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, shared, server }
    }

    pub(crate) fn prepare(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.replies.lock().unwrap().extend(replies);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn webhook(&self) -> WebhookUrl {
        WebhookUrl::parse(&self.url(&format!("/rest/7/{SECRET}/"))).unwrap()
    }

    /// Calls through the portal's webhook.
    pub(crate) fn client(&self) -> Client {
        quick().webhook(self.webhook()).build().unwrap().webhook_client().unwrap()
    }

    /// Whether so many prepared answers are left.
    pub(crate) fn is_expecting(&self, answers: usize) -> bool {
        self.shared.replies.lock().unwrap().len() == answers
    }

    /// What was asked since the last time; every prepared answer was asked for.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        assert!(self.shared.replies.lock().unwrap().is_empty(), "answers are left over");
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    /// What was asked since the last time; prepared answers that nobody asked for are taken back.
    pub(crate) fn asked_so_far(&self) -> Vec<Asked> {
        self.shared.replies.lock().unwrap().clear();
        self.asked()
    }

    /// The methods that were asked since the last time.
    pub(crate) fn methods(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.method).collect()
    }

    /// The answer to an event with the bot's own token, if it has one. Message 5 in dialog 27, bot 1001.
    pub(crate) fn event(&self, portals: &Portals, generation: &str, own_token: bool) -> Context {
        let endpoint = self.url("/rest/");
        let author = json!({
            "access_token": AUTHOR_TOKEN, "member_id": "m1", "domain": self.address.to_string(),
            "client_endpoint": endpoint, "application_token": "t",
        });
        let own = if own_token {
            json!({ "access_token": BOT_TOKEN, "client_endpoint": endpoint, "scope": "im,imbot", "user_id": 1001 })
        } else {
            json!({})
        };
        let body = match generation {
            "v1" => {
                let mut bot = own;
                bot["BOT_ID"] = json!("1001");
                bot["BOT_CODE"] = json!("like_bot");
                let params = json!({ "MESSAGE": "thanks", "MESSAGE_ID": "5", "DIALOG_ID": "27", "FROM_USER_ID": "27" });
                json!({
                    "event": "ONIMBOTMESSAGEADD", "data": { "BOT": { "1001": bot }, "PARAMS": params }, "auth": author,
                })
            }
            _ => json!({
                "event": "ONIMBOTV2MESSAGEADD",
                "data": {
                    "bot": { "id": 1001, "code": "like_bot", "auth": own },
                    "message": { "id": 5, "chatId": 3, "authorId": 27, "text": "thanks" },
                    "chat": { "id": 3, "dialogId": "27", "type": "private" },
                    "user": { "id": 27, "name": "Ann" },
                },
                "auth": author,
            }),
        };
        let mut events = b24bot_core::decode(body.to_string().as_bytes()).unwrap();
        assert_eq!(events.len(), 1);
        portals.context(Arc::new(events.remove(0)))
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    let method = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&body).unwrap();
    shared.asked.lock().unwrap().push(Asked { method, path: uri.path().to_owned(), body });
    let reply = shared.replies.lock().unwrap().pop_front();
    let status = |status| StatusCode::from_u16(status).unwrap();
    match reply {
        Some(Reply::Text(code, text)) => (status(code), text).into_response(),
        Some(Reply::To(code, location)) => (status(code), [(header::LOCATION, location)]).into_response(),
        Some(Reply::Hang) => std::future::pending().await,
        None => (StatusCode::IM_A_TEAPOT, format!("no answer was prepared for {uri}")).into_response(),
    }
}

/// Repeats at once, waits for no slot.
pub(crate) fn quick() -> PortalsBuilder {
    let millis = Duration::from_millis;
    Portals::builder()
        .retry(RetryPolicy::default().attempts(3).pauses(millis(1), millis(2)))
        .limits(Limits::default().burst(1000).per_second(1000.0))
}

/// The bots' own tokens only.
pub(crate) fn tokens() -> Portals {
    quick().build().unwrap()
}
