//! A portal that counts what was done to it, whether it is well or not.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::load::{NUMBER, dialog_of};

/// How the portal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It answers within some milliseconds.
    Well,
    /// It takes requests, and does and answers nothing until that changes.
    Hanging,
    /// It drops connections and answers pages, halves of JSON and errors, having done what it was asked or not.
    Ill,
}

/// What is done for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// It is liked.
    Like,
    /// It is answered.
    Reply,
}

/// What was done to it.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// How often each message was liked: beyond the first time nothing changed.
    pub likes: HashMap<u64, u32>,
    /// How often each message was answered.
    pub replies: HashMap<u64, u32>,
    /// The messages of each dialog by the first that was done for them. Answers may go ahead of likes, so each are by
    /// themselves.
    pub order: HashMap<(u64, Act), Vec<u64>>,
    /// What else was asked for.
    pub strange: Vec<String>,
}

/// The portal: it likes with `im.message.like` and answers with `imbot.message.add`, as the platform does.
#[derive(Clone, Debug)]
pub struct Recorder {
    url: String,
    state: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    done: Mutex<Done>,
    mood: watch::Sender<Mood>,
    arrived: watch::Sender<u64>,
}

impl Recorder {
    /// Starts it at any free port, well.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Inner {
            done: Mutex::default(),
            mood: watch::Sender::new(Mood::Well),
            arrived: watch::Sender::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// `[portal]` credentials for it.
    #[must_use]
    pub fn webhook(&self) -> String {
        format!("[portal]\nwebhook = \"{}/rest/1/hushhush/\"\nclient_id = \"key\"", self.url)
    }

    /// From now on it is like that. What hung is answered as soon as it does not hang.
    pub fn is(&self, mood: Mood) {
        self.state.mood.send_replace(mood);
    }

    /// What was done so far.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    #[must_use]
    pub fn done(&self) -> Done {
        self.state.done.lock().unwrap().clone()
    }

    /// How many requests have arrived, whatever became of them.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        *self.state.arrived.borrow()
    }
}

async fn answer(State(state): State<Arc<Inner>>, request: Request) -> Response {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let params: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    state.arrived.send_modify(|arrived| *arrived += 1);
    let mut moods = state.mood.subscribe();
    let mood = moods.wait_for(|mood| *mood != Mood::Hanging).await.map_or(Mood::Well, |mood| *mood);
    // Long enough for a crash to come between the deed and its answer.
    let before = fastrand::u64(0..3);
    tokio::time::sleep(Duration::from_millis(before)).await;
    if mood == Mood::Well {
        let answer = carry_out(&state, &method, &params);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..3))).await;
        return answer;
    }
    if fastrand::bool() {
        carry_out(&state, &method, &params);
    }
    match fastrand::u8(0..6) {
        0 => {
            tokio::time::sleep(Duration::from_millis(500)).await;
            broken()
        }
        1 => broken(),
        2 => (StatusCode::BAD_GATEWAY, "<html><h1>502 Bad Gateway</h1></html>").into_response(),
        3 => (StatusCode::OK, "<html><p>We are working on it.</p></html>").into_response(),
        4 => json_answer(StatusCode::OK, "{\"result\": tr"),
        _ => json_answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"error":"INTERNAL_SERVER_ERROR","error_description":"As told."}"#,
        ),
    }
}

fn carry_out(state: &Inner, method: &str, params: &Value) -> Response {
    let time = json!({"start": 1_772_625_907, "finish": 1_772_625_908.04, "operating": 0});
    if method != "batch" {
        return match act(state, method, params) {
            Ok(result) => json_answer(StatusCode::OK, &json!({"result": result, "time": time}).to_string()),
            Err(error) => json_answer(StatusCode::BAD_REQUEST, &error.to_string()),
        };
    }
    let (mut results, mut errors) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, command) in params["cmd"].as_object().into_iter().flatten() {
        let (method, query) = command.as_str().unwrap_or_default().split_once('?').unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let params: Value = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        match act(state, method, &params) {
            Ok(result) => results.insert(name.clone(), result),
            Err(error) => errors.insert(name.clone(), error),
        };
    }
    let result = json!({"result": results, "result_error": errors, "result_total": [], "result_next": []});
    json_answer(StatusCode::OK, &json!({"result": result, "time": time}).to_string())
}

/// Does one call; the result, or the error.
fn act(state: &Inner, method: &str, params: &Value) -> Result<Value, Value> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let text = params["MESSAGE"].as_str().unwrap_or_default();
    let said = text.split_once(NUMBER).and_then(|(_, number)| number.trim().parse().ok());
    let mut done = state.done.lock().unwrap();
    let (id, act, times) = match (method, number(&params["MESSAGE_ID"]), said) {
        ("im.message.like", Some(id), _) if params["ACTION"] == "plus" => {
            (id, Act::Like, done.likes.entry(id))
        }
        ("imbot.message.add", _, Some(id)) => (id, Act::Reply, done.replies.entry(id)),
        _ => {
            done.strange.push(format!("{method} {params}"));
            return Err(json!({"error": "INVALID_REQUEST"}));
        }
    };
    let times = times.or_default();
    *times += 1;
    let first = *times == 1;
    if first {
        done.order.entry((dialog_of(id), act)).or_default().push(id);
    }
    match act {
        Act::Reply => Ok((id + 1).into()),
        Act::Like if first => Ok(true.into()),
        Act::Like => Err(json!({"error": "WITHOUT_CHANGES", "error_description": "Nothing to change"})),
    }
}

fn json_answer(status: StatusCode, body: &str) -> Response {
    (status, [("content-type", "application/json")], body.to_owned()).into_response()
}

/// The connection ends in the middle of the answer.
fn broken() -> Response {
    let pieces = [Ok(Bytes::from_static(b"{\"res")), Err(io::Error::other("as told"))];
    Body::from_stream(futures_util::stream::iter(pieces)).into_response()
}
