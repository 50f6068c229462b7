//! REST as the platform serves it: reads a request, lets it meet its fault or its method, and answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::batch;
use crate::body::read_body;
use crate::credentials::{Caller, WEBHOOK_SECRET, authenticate, expired};
use crate::faults::{Fault, Kind};
use crate::journal::{Entry, LONGEST_ANSWER, LONGEST_NAME};
use crate::listener::Peer;
use crate::methods::{self, Done};
use crate::params::{Unreadable, merge, read_form};
use crate::refusal::{Refusal, bad, json_response};
use crate::ring::cut;
use crate::secrets::{mask, mask_answer};
use crate::shared::Shared;
use crate::state::{Change, State};
use crate::trace::About;
use crate::tree::Tree;
use crate::work::{Operating, blocked, time};

/// How long a request hangs that meets the fault `timeout`.
const HANG: Duration = Duration::from_secs(60);
/// Marks answers that are, or contain, an example.
const EXAMPLE: HeaderName = HeaderName::from_static("x-b24bot-example");

/// What `not_json` answers with.
const PAGE: &str =
    "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body><h1>Bad Gateway</h1></body>\r\n</html>\r\n";

/// What a request is about to get.
enum Reply {
    Json {
        status: u16,
        body: Value,
        example: bool,
        sent: Sent,
    },
    /// The same path elsewhere.
    Moved(String),
    Page(u16),
    Hang,
    HangUp,
}

/// How an answer arrives.
enum Sent {
    AtOnce,
    Late(Duration),
    /// It breaks off in the middle.
    Cut,
}

/// `/rest/METHOD` and `/rest/USER/SECRET/METHOD`.
pub(crate) async fn serve(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let uri = request.uri().clone();
    let called = Called {
        host: host_of(request.headers()).to_owned(),
        path: uri.path_and_query().map_or("", |path| path.as_str()).to_owned(),
        target: Target::of(uri.path()),
    };
    if request.method() != Method::GET && request.method() != Method::POST {
        return Refusal::new(405, "INVALID_REQUEST", "Only GET and POST are allowed").into_response();
    }
    // A page that shows somebody's picture must not call a method by its address.
    let dest = request.headers().get("sec-fetch-dest");
    if dest.is_some_and(|dest| dest != "empty" && dest != "document") {
        return Refusal::new(403, "INVALID_REQUEST", "Nothing here is part of a page").into_response();
    }
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let params = read_form(uri.query().unwrap_or_default()).and_then(|query| Ok(merge(query, &body?)));
    match shared.with(|state| answer(state, &peer, &called, params)) {
        Reply::Json { status, body, example, sent } => {
            let mut response = match sent {
                Sent::AtOnce => json_response(status, &body),
                Sent::Late(late) => {
                    wait(&shared, late).await;
                    json_response(status, &body)
                }
                Sent::Cut => broken_off(status, &body),
            };
            if example {
                response.headers_mut().insert(EXAMPLE, HeaderValue::from_static("1"));
            }
            response
        }
        Reply::Moved(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Reply::Page(status) => {
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), Html(PAGE)).into_response()
        }
        Reply::HangUp => hang_up(&peer),
        Reply::Hang => {
            wait(&shared, HANG).await;
            hang_up(&peer)
        }
    }
}

/// Waits, but not for longer than the portal runs.
async fn wait(shared: &Shared, time: Duration) {
    let mut stop = shared.stop.clone();
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

/// The first half of an answer, which says that it is longer; then the connection closes.
fn broken_off(status: u16, body: &Value) -> Response {
    let text = Bytes::from(body.to_string());
    let length = text.len();
    let half = stream::iter([Ok(text.slice(..length / 2))]);
    let end = stream::once(async {
        // Lets the half go out first.
        tokio::task::yield_now().await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
    });
    let mut response = json_response(status, body);
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    *response.body_mut() = Body::from_stream(half.chain(end));
    response
}

/// Where a request came to.
struct Called {
    host: String,
    /// With its query.
    path: String,
    target: Target,
}

/// What the path asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Target {
    webhook: Option<(String, String)>,
    pub(crate) method: String,
}

impl Target {
    pub(crate) fn of(path: &str) -> Self {
        let segments: Vec<String> = path
            .trim_start_matches("/rest")
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(crate::params::decode)
            .collect();
        let (webhook, method) = match segments.as_slice() {
            [user, secret, method @ ..] if user.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Some((user.clone(), secret.clone())), method.join("/"))
            }
            method => (None, method.join("/")),
        };
        let method = method.strip_suffix(".json").unwrap_or(&method).to_owned();
        Self { webhook, method }
    }

    /// The path as the record shows it.
    fn shown(&self) -> String {
        match self.webhook.as_ref().map(|(user, secret)| (user, secret.as_str())) {
            Some((user, WEBHOOK_SECRET)) => format!("/rest/{user}/{WEBHOOK_SECRET}/{}", self.method),
            Some((user, _)) => format!("/rest/{user}/***/{}", self.method),
            None => format!("/rest/{}", self.method),
        }
    }
}

fn answer(state: &mut State, peer: &Peer, called: &Called, params: Result<Tree, Unreadable>) -> Reply {
    let (start, clock) = (state.now, Instant::now());
    let target = &called.target;
    let (params, unreadable) = match params {
        Ok(params) => (params, None),
        Err(Unreadable(why)) => (Tree::new(), Some(why)),
    };
    let webhook = target.webhook.as_ref().map(|(user, secret)| (user.as_str(), secret.as_str()));
    let caller = authenticate(state, webhook, &params);
    let (user, via) = caller.as_ref().ok().map(|caller| (caller.user, caller.via.clone())).unzip();
    let mut calls = Vec::new();
    let moved = state.moved_to(&called.host, &called.path);
    // The authorization server has this method too, and does not move.
    let moved = moved.filter(|_| !(target.method == "app.info" && state.is_home(&called.host)));
    let reply = if let Some(location) = moved {
        Reply::Moved(location)
    } else if !state.buckets.admit(peer.address.ip(), start) {
        Reply::refuse(&too_many())
    } else {
        let fault = state.faults.take(&target.method);
        fault.as_ref().and_then(|fault| fail(state, fault, called)).unwrap_or_else(|| {
            let ran = match unreadable {
                Some(why) => Err(bad("INVALID_REQUEST", why)),
                None => caller.and_then(|caller| run(state, &caller, &target.method, &params, &mut calls)),
            };
            Reply::from(ran, fault.as_ref())
        })
    };
    let (status, error, example) = match &reply {
        Reply::Json { sent: Sent::Cut, status, example, .. } => {
            (*status, Some("truncated".to_owned()), *example)
        }
        Reply::Json { status, body, example, .. } => {
            (*status, body["error"].as_str().map(str::to_owned), *example)
        }
        Reply::Moved(_) => (302, None, false),
        Reply::Page(status) => (*status, Some("not_json".to_owned()), false),
        Reply::Hang => (0, Some("timeout".to_owned()), false),
        Reply::HangUp => (0, Some("drop".to_owned()), false),
    };
    let body = if let Reply::Json { body, .. } = &reply { Some(body) } else { None };
    let messages = state.messages_changed_since(0);
    let about = About::of_request(&target.method, &params, &calls, body.unwrap_or(&Value::Null), &messages);
    let answer = body.map(|body| cut(mask_answer(body).to_string(), LONGEST_ANSWER));
    // A slow answer waits outside of the state's lock.
    let waits = if let Reply::Json { sent: Sent::Late(late), .. } = &reply { *late } else { Duration::ZERO };
    let number = state.journal.add(Entry {
        at: start,
        path: cut(target.shown(), LONGEST_NAME),
        method: cut(target.method.clone(), LONGEST_NAME),
        params: mask(&params),
        user,
        via,
        status,
        error,
        answer,
        milliseconds: u64::try_from((clock.elapsed() + waits).as_millis()).unwrap_or(u64::MAX),
        waits,
        example,
        calls,
        weight: 0,
        about,
        messages,
    });
    state.changes.push(Change::Request(number));
    reply
}

fn run(
    state: &mut State,
    caller: &Caller,
    method: &str,
    params: &Tree,
    calls: &mut Vec<Value>,
) -> Result<Done, Refusal> {
    if method.eq_ignore_ascii_case("batch") {
        let clock = Instant::now();
        let result = batch::run(state, caller, params, calls);
        let example = calls.iter().any(|call| call["example"] == true);
        // Its calls count, each for its method; the batch itself does not.
        let time = time(state.now, clock.elapsed(), Operating::none(state.now));
        return Ok(Done { result, total: None, time, example });
    }
    methods::call(state, caller, method, params)
}

impl Reply {
    fn refuse(refusal: &Refusal) -> Self {
        Self::Json { status: refusal.status, body: refusal.body(), example: false, sent: Sent::AtOnce }
    }

    /// What came of a call, sent as its fault has it.
    fn from(ran: Result<Done, Refusal>, fault: Option<&Fault>) -> Self {
        let sent = match fault {
            Some(fault) if fault.kind == Kind::Slow => Sent::Late(fault.late()),
            Some(fault) if fault.kind == Kind::Truncated => Sent::Cut,
            _ => Sent::AtOnce,
        };
        match ran {
            Ok(done) => Self::Json { status: 200, example: done.example, body: done.body(), sent },
            Err(refusal) => Self::Json { status: refusal.status, body: refusal.body(), example: false, sent },
        }
    }
}

fn too_many() -> Refusal {
    Refusal::new(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
}

/// What a request gets instead of being looked at. `None` for faults that only spoil its answer.
fn fail(state: &State, fault: &Fault, called: &Called) -> Option<Reply> {
    Some(Reply::refuse(&match fault.kind {
        Kind::QueryLimit => too_many(),
        Kind::OperationLimit => blocked(),
        Kind::Overload => Refusal::new(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload."),
        Kind::ExpiredToken => expired(),
        Kind::Error500 => Refusal::new(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
        Kind::Moved => {
            return Some(Reply::Moved(format!("http://{}{}", state.other_name(&called.host), called.path)));
        }
        Kind::NotJson => return Some(Reply::Page(fault.page_status())),
        Kind::Timeout => return Some(Reply::Hang),
        Kind::Drop => return Some(Reply::HangUp),
        Kind::Slow | Kind::Truncated => return None,
    }))
}

fn hang_up(peer: &Peer) -> Response {
    peer.hang_up();
    // Never arrives: writing it fails, and the connection closes.
    StatusCode::NO_CONTENT.into_response()
}

/// The name and port a client called.
pub(crate) fn host_of(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_webhook_or_a_method() {
        let webhook = Some(("1".to_owned(), "local".to_owned()));
        for (path, expected) in [
            ("/rest/1/local/im.message.like", (webhook.clone(), "im.message.like")),
            ("/rest/1/local/im.message.like.json", (webhook.clone(), "im.message.like")),
            ("/rest/1/local/profile/", (webhook.clone(), "profile")),
            ("/rest/profile.json", (None, "profile")),
            ("/rest/1/local/", (webhook, "")),
            ("/rest/", (None, "")),
            ("/rest/a/b/c", (None, "a/b/c")),
        ] {
            let target = Target::of(path);
            assert_eq!((target.webhook, target.method.as_str()), expected, "{path}");
        }
    }
}
