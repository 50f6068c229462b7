//! A portal made of a recording: it answers calls as they were answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::calls::{Answer, Call, Calls};
use crate::body::read_body;
use crate::error::Error;
use crate::params::{merge, read_form};
use crate::refusal::{bad, json_response};
use crate::rest::Target;
use crate::tree::{Tree, php_array};

#[derive(Debug)]
pub(super) struct Stand {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct Shared {
    calls: Mutex<Calls>,
    /// How many calls were made.
    made: watch::Sender<usize>,
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: Call) -> Answer {
        let answer = self.calls().answer(call);
        self.made.send_modify(|made| *made += 1);
        answer
    }
}

impl Stand {
    pub(super) async fn start(listen: SocketAddr, calls: Calls) -> Result<Self, Error> {
        let listener = TcpListener::bind(listen).await.map_err(|error| Error::listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| Error::listen(listen, error))?;
        let (stop, mut stopped) = watch::channel(false);
        let shared = Arc::new(Shared { calls: Mutex::new(calls), made: watch::Sender::new(0) });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            let serve = axum::serve(listener, router).with_graceful_shutdown(async move {
                // An error means that the stand is gone: as good a reason to stop.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            });
            if let Err(error) = serve.await {
                tracing::error!(%error, "the portal's server ended");
            }
        });
        Ok(Self { address, shared, stop })
    }

    /// Where bots call: `http://127.0.0.1:9400/rest/`.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}/rest/", self.address)
    }

    /// Counts the calls.
    pub(super) fn made(&self) -> watch::Receiver<usize> {
        self.shared.made.subscribe()
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.shared.calls()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let uri = request.uri().clone();
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let params = read_form(uri.query().unwrap_or_default()).and_then(|query| Ok(merge(query, &body?)));
    let Ok(params) = params else { return bad("INVALID_REQUEST", "It cannot be read").into_response() };
    let method = Target::of(uri.path()).method;
    if method.eq_ignore_ascii_case("batch") {
        return json_response(200, &batch(&shared, &params));
    }
    let answer = shared.answer(Call::of(&method, &params));
    json_response(answer.status, &answer.body)
}

fn batch(shared: &Shared, params: &Tree) -> Value {
    let (mut results, mut errors) = (IndexMap::new(), IndexMap::new());
    let params = params.with_upper_keys();
    let commands = params.get("CMD").cloned().unwrap_or_else(Tree::new);
    for (name, command) in commands.entries() {
        let answer = shared.answer(Call::of_command(&command.text().unwrap_or_default()));
        if answer.status == 200 {
            results.insert(name.clone(), answer.body["result"].clone());
        } else {
            errors.insert(name.clone(), answer.body);
        }
    }
    json!({"result": {
        "result": php_array(results.into_iter()),
        "result_error": php_array(errors.into_iter()),
        "result_total": [],
        "result_next": [],
        "result_time": [],
    }})
}
