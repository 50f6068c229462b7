//! The portal: `im.message.like`, alone and in batches, as fast as its bucket lets it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    http::{StatusCode, Uri},
    routing::post,
};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
};

use crate::{
    BATCH,
    bucket::{Bucket, moment},
    limits,
    portal::Seen,
};

const LIKE: &str = "im.message.like";

/// Its name, and the message it likes or why it does not.
type Command<'a> = (&'a str, Result<u64, &'static str>);

struct State {
    burst: u32,
    per_second: f64,
    call: Duration,
    /// By access token, which stands for the portal; none for the webhook.
    buckets: HashMap<String, Bucket>,
    seen: Seen,
    /// When each like came first.
    arrivals: HashMap<u64, u64>,
}

/// Serves until its input ends, and answers what is asked there.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve(arguments: &[String]) {
    let [burst, per_second, call] = arguments else { panic!("serve BURST PER_SECOND SECONDS_A_CALL") };
    let state = Arc::new(Mutex::new(State {
        burst: burst.parse().unwrap(),
        per_second: per_second.parse().unwrap(),
        call: Duration::from_secs_f64(call.parse().unwrap()),
        buckets: HashMap::new(),
        seen: Seen::default(),
        arrivals: HashMap::new(),
    }));
    let [listener, stuck] =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    println!("{} {}", listener.local_addr().unwrap(), stuck.local_addr().unwrap());
    let asked = Arc::clone(&state);
    let router = Router::new()
        .route("/bare", post(async |body: Bytes| drop(body)))
        .fallback(move |uri: Uri, body: Bytes| answer(Arc::clone(&asked), uri, body));
    let listener =
        axum::serve::ListenerExt::tap_io(listener, |connection| connection.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    tokio::spawn(never_answer(stuck));
    let mut questions = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(question)) = questions.next_line().await {
        let state = state.lock().unwrap();
        let told = match question.as_str() {
            "seen" => serde_json::to_string(&state.seen),
            _ => serde_json::to_string(&state.arrivals),
        };
        println!("{}", told.unwrap());
    }
}

/// Takes what comes, and keeps the connections.
async fn never_answer(listener: TcpListener) {
    let mut kept = Vec::new();
    while let Ok(connection) = listener.accept().await {
        kept.push(connection);
    }
}

async fn answer(state: Arc<Mutex<State>>, uri: Uri, body: Bytes) -> (StatusCode, Json<Value>) {
    let now = moment();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let commands: Vec<Command<'_>> = match uri.path().rsplit('/').next() {
        Some("batch") => {
            let commands = body["cmd"].as_object().unwrap().iter().enumerate();
            let done =
                |at, command| if at < BATCH { liked(command) } else { Err("ERROR_BATCH_LENGTH_EXCEEDED") };
            commands.map(|(at, (name, command))| (name.as_str(), done(at, command))).collect()
        }
        Some(LIKE) => vec![(LIKE, Ok(body["MESSAGE_ID"].as_u64().unwrap()))],
        _ => return (StatusCode::NOT_FOUND, Json(error("ERROR_METHOD_NOT_FOUND"))),
    };
    let is_batch = uri.path().ends_with("/batch");
    let likes = commands.iter().filter_map(|(_, like)| like.ok());
    if !state.lock().unwrap().admit(body["auth"].as_str().unwrap_or_default(), is_batch, likes, now) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(error("QUERY_LIMIT_EXCEEDED")));
    }
    let call = state.lock().unwrap().call;
    if !call.is_zero() {
        tokio::time::sleep(call * u32::try_from(commands.len()).unwrap()).await;
    }
    let result = if is_batch { batch(&commands) } else { Value::Bool(true) };
    (StatusCode::OK, Json(json!({"result": result, "time": time()})))
}

impl State {
    /// Counts a request, and what is in it if there is room for it.
    fn admit(&mut self, token: &str, is_batch: bool, likes: impl Iterator<Item = u64>, now: u64) -> bool {
        self.seen.requests += 1;
        let limits = limits(self.burst, self.per_second);
        let bucket = self.buckets.entry(token.to_owned()).or_insert_with(|| Bucket::new(limits));
        if bucket.room_at() > now {
            self.seen.refusals += 1;
            return false;
        }
        bucket.add(now);
        self.seen.batches += u64::from(is_batch);
        for like in likes {
            self.seen.calls += 1;
            self.arrivals.entry(like).or_insert(now);
        }
        self.seen.likes = self.arrivals.len() as u64;
        true
    }
}

/// The message that a command of a batch likes.
fn liked(command: &Value) -> Result<u64, &'static str> {
    let query = command.as_str().and_then(|command| command.strip_prefix(LIKE)?.strip_prefix('?'));
    let query = query.ok_or("ERROR_METHOD_NOT_FOUND")?;
    let message = query.split('&').find_map(|field| field.strip_prefix("MESSAGE_ID=")?.parse().ok());
    message.ok_or("MESSAGE_ID_ERROR")
}

/// As PHP writes them, maps with nothing in them are lists.
fn batch(commands: &[Command<'_>]) -> Value {
    let map = |value: fn(&Result<u64, &str>) -> Option<Value>| {
        let named = commands.iter().filter_map(|(name, like)| Some(((*name).to_owned(), value(like)?)));
        let map: Map<_, _> = named.collect();
        if map.is_empty() { json!([]) } else { Value::Object(map) }
    };
    json!({
        "result": map(|like| like.is_ok().then_some(Value::Bool(true))),
        "result_error": map(|like| like.err().map(error)),
        "result_total": [],
        "result_next": [],
        "result_time": map(|like| like.is_ok().then(time)),
    })
}

fn time() -> Value {
    json!({"start": 1_772_625_907, "finish": 1_772_625_908.047_015, "operating": 0})
}

fn error(code: &str) -> Value {
    json!({"error": code, "error_description": ""})
}
