//! A portal and its authorization server in one, with tokens that expire and are renewed.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use b24bot_actions::{
    Application, Client, Context, Grant, Installations, Portals, PortalsBuilder, SealingKey,
};
use b24bot_core::{MemberId, States};
use b24bot_store::MemoryStore;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

use crate::portal::quick;

pub(crate) const CLIENT_SECRET: &str = "cl1entsecret";
/// What every access and refresh token here begins with.
pub(crate) const TOKEN: &str = "t0ken";

/// How the authorization server answers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Mood {
    #[default]
    Good,
    Says(u16, &'static str),
    /// With something that is no JSON.
    Garbled,
}

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) mood: Mood,
    /// Access tokens that the portal takes.
    pub(crate) valid: Vec<String>,
    pub(crate) pairs: u32,
    /// How often tokens were asked for.
    pub(crate) renewals: u32,
    /// Methods and tokens of calls that were carried out.
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) requests: u32,
    /// What `app.info` answers.
    pub(crate) info: Value,
    pub(crate) moved_to: Option<String>,
    /// Where the authorization server says the portal is, if not here.
    pub(crate) endpoint: Option<String>,
    /// What the authorization server waits for before it answers.
    pub(crate) gate: Option<Arc<Semaphore>>,
    /// The portal takes no token at all.
    pub(crate) refuses_all: bool,
}

pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<Told>>,
    server: JoinHandle<()>,
}

pub(crate) fn member() -> MemberId {
    MemberId::from("m1")
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(Told::default()));
        let app = Router::new()
            .route("/oauth/token/", get(token))
            .route("/rest/app.info", post(info))
            .route("/rest/{method}", post(rest))
            .with_state((Arc::clone(&told), address));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, told, server }
    }

    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut Told) -> R) -> R {
        change(&mut self.told.lock().unwrap())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Access tokens are good no more.
    pub(crate) fn expire(&self) {
        self.with(|told| told.valid.clear());
    }

    pub(crate) fn renewals(&self) -> u32 {
        self.with(|told| told.renewals)
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.with(|told| std::mem::take(&mut told.calls)).into_iter().map(|(method, _)| method).collect()
    }

    /// What the application was granted here, with a token that is good.
    pub(crate) fn grant(&self) -> Grant {
        let mut grant = Grant::new("m1", self.url("/rest/"), format!("{TOKEN}-access-0"));
        grant.refresh_token = Some(format!("{TOKEN}-refresh-0").into());
        grant.server_endpoint = Some(self.url("/rest/"));
        self.with(|told| told.valid.push(format!("{TOKEN}-access-0")));
        grant
    }

    /// One machine of those that share the store, where the application is installed.
    pub(crate) async fn machine(&self, store: &Arc<MemoryStore>, key: &SealingKey) -> Portals {
        self.machine_with(store, key, quick()).await
    }

    pub(crate) async fn machine_with(
        &self,
        store: &Arc<MemoryStore>,
        key: &SealingKey,
        builder: PortalsBuilder,
    ) -> Portals {
        let portals = builder.application(Application::new("app.1", CLIENT_SECRET)).build().unwrap();
        let states: Arc<dyn States> = Arc::<MemoryStore>::clone(store);
        let installations = Installations::open(states, key.clone()).await.unwrap();
        if installations.is_empty() {
            installations.install(self.grant()).await.unwrap();
        }
        portals.keep(installations);
        portals
    }

    /// The only machine.
    pub(crate) async fn alone(&self) -> (Portals, Client) {
        let portals = self.machine(&Arc::default(), &SealingKey::generate().unwrap()).await;
        let client = portals.installation_client(&member()).unwrap();
        (portals, client)
    }
}

/// An event for bot 1001, with its own token if there is one. It names another address than the installation does.
pub(crate) fn event(portals: &Portals, generation: &str, own: Option<(&str, u64)>) -> Context {
    let elsewhere = "https://elsewhere.example/rest/";
    let own = own.map_or_else(
        || json!({}),
        |(token, expires)| json!({ "access_token": token, "client_endpoint": elsewhere, "expires": expires, "user_id": 1001 }),
    );
    let auth = json!({ "access_token": "auth0rs", "member_id": "m1", "client_endpoint": elsewhere, "application_token": "t" });
    let body = match generation {
        "v1" => {
            let mut bot = own;
            bot["BOT_ID"] = json!("1001");
            let params =
                json!({ "MESSAGE": "thanks", "MESSAGE_ID": "5", "DIALOG_ID": "27", "FROM_USER_ID": "27" });
            json!({ "event": "ONIMBOTMESSAGEADD", "data": { "BOT": { "1001": bot }, "PARAMS": params }, "auth": auth })
        }
        "app" => json!({ "event": "ONAPPUPDATE", "data": { "VERSION": "2" }, "auth": auth }),
        _ => json!({
            "event": "ONIMBOTV2MESSAGEADD",
            "data": {
                "bot": { "id": 1001, "code": "like_bot", "auth": own },
                "message": { "id": 5, "chatId": 3, "authorId": 27, "text": "thanks" },
                "chat": { "id": 3, "dialogId": "27", "type": "private" },
                "user": { "id": 27, "name": "Ann" },
            },
            "auth": auth,
        }),
    };
    let mut events = b24bot_core::decode(body.to_string().as_bytes()).unwrap();
    portals.context(Arc::new(events.remove(0)))
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Shared = (Arc<Mutex<Told>>, SocketAddr);

fn refusal(status: u16, code: &str) -> Response {
    let body = Json(json!({ "error": code, "error_description": format!("about {code}") }));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn token(State((told, address)): State<Shared>, uri: Uri) -> Response {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned();
    let query: Value =
        pairs.map(|(name, value)| (name, Value::from(value))).collect::<serde_json::Map<_, _>>().into();
    let gate = {
        let mut told = told.lock().unwrap();
        told.renewals += 1;
        told.gate.clone()
    };
    if let Some(gate) = gate {
        drop(gate.acquire().await.unwrap());
    }
    let mut told = told.lock().unwrap();
    match told.mood {
        Mood::Good => {}
        Mood::Says(status, code) => return refusal(status, code),
        Mood::Garbled => return (StatusCode::BAD_GATEWAY, "<html>").into_response(),
    }
    assert_eq!((&query["client_id"], &query["client_secret"]), (&json!("app.1"), &json!(CLIENT_SECRET)));
    let expected = format!("{TOKEN}-refresh-{}", told.pairs);
    let is_known = query["refresh_token"] == json!(expected) || query["code"] == json!("c0de");
    if !is_known {
        return refusal(400, "invalid_grant");
    }
    told.pairs += 1;
    let access = format!("{TOKEN}-access-{}", told.pairs);
    told.valid = vec![access.clone()];
    Json(json!({
        "access_token": access, "refresh_token": format!("{TOKEN}-refresh-{}", told.pairs), "expires_in": 3600,
        "domain": "oauth.example", "client_endpoint": told.endpoint.clone().unwrap_or_else(|| format!("http://{address}/rest/")),
        "member_id": "m1", "scope": "im,imbot", "status": "L", "user_id": 1,
    }))
    .into_response()
}

async fn info(State((told, _)): State<Shared>, body: Bytes) -> Response {
    let told = told.lock().unwrap();
    if let Mood::Says(status, code) = told.mood {
        return refusal(status, code);
    }
    assert_eq!(body, format!("auth={TOKEN}-access-0"));
    Json(json!({ "result": told.info })).into_response()
}

async fn rest(State((told, _)): State<Shared>, Path(method): Path<String>, body: Bytes) -> Response {
    let mut told = told.lock().unwrap();
    told.requests += 1;
    if let Some(to) = &told.moved_to {
        return (StatusCode::FOUND, [(header::LOCATION, format!("{to}/rest/{method}"))]).into_response();
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    if told.refuses_all || !told.valid.iter().any(|valid| body["auth"] == json!(valid)) {
        return refusal(401, "expired_token");
    }
    if method != "batch" {
        told.calls.push((method, body));
        return Json(json!({ "result": true })).into_response();
    }
    let mut results = serde_json::Map::new();
    // In the order of their numbers, as they were written.
    for at in 0..body["cmd"].as_object().unwrap().len() {
        let name = format!("c{at}");
        let command = &body["cmd"][&name];
        told.calls.push((command.as_str().unwrap().to_owned(), body["auth"].clone()));
        results.insert(name, json!(true));
    }
    Json(json!({ "result": { "result": results } })).into_response()
}
