//! A portal that answers as a test says, and writes down what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::eventually;

/// One REST request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The path: `/rest/im.message.like`.
    pub path: String,
    /// The body, and in it `auth` if it was given there.
    pub params: Value,
}

/// The portal. Unless told otherwise it answers `true`.
#[derive(Clone, Debug)]
pub struct Scripted {
    url: String,
    state: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    calls: Mutex<Vec<Call>>,
    answers: Mutex<VecDeque<(u16, String)>>,
    open: watch::Sender<bool>,
}

impl Scripted {
    /// Starts it at any free port.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Inner {
            calls: Mutex::default(),
            answers: Mutex::default(),
            open: watch::Sender::new(true),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `[portal]` credentials for it.
    #[must_use]
    pub fn webhook(&self) -> String {
        format!("[portal]\nwebhook = \"{}/rest/1/hushhush/\"\nclient_id = \"key\"", self.url)
    }

    /// The next request is answered with that.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    pub fn then(&self, status: u16, body: &str) -> &Self {
        self.state.answers.lock().unwrap().push_back((status, body.to_owned()));
        self
    }

    /// The next request is answered with that error.
    pub fn then_error(&self, status: u16, code: &str) -> &Self {
        self.then(status, &json!({"error": code, "error_description": "As told."}).to_string())
    }

    /// Answers nothing until [`open`](Scripted::open).
    pub fn close(&self) {
        self.state.open.send_replace(false);
    }

    /// Answers again.
    pub fn open(&self) {
        self.state.open.send_replace(true);
    }

    /// What it was asked so far.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// Waits until it was asked that often.
    pub async fn asked(&self, times: usize) -> Vec<Call> {
        let asked = || async { Some(self.calls()).filter(|calls| calls.len() >= times) };
        eventually(&format!("{times} requests at the portal"), asked).await
    }
}

async fn answer(State(state): State<Arc<Inner>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let params = serde_json::from_slice(&body).unwrap_or(Value::Null);
    state.calls.lock().unwrap().push(Call { path, params });
    let _ = state.open.subscribe().wait_for(|open| *open).await;
    let (status, body) = state.answers.lock().unwrap().pop_front().unwrap_or_else(|| {
        (200, json!({"result": true, "time": {"start": 1_772_625_907, "finish": 1_772_625_908.04, "operating": 0}}).to_string())
    });
    (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body).into_response()
}
