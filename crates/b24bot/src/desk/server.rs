//! Serving a desk to other programs on this machine.

use std::{
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{Path as PathPart, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use b24bot_core::{Desk, EntryId, InboxError};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use tokio::net::TcpListener;

use super::{
    access::Access,
    wire::{List, Refusal, Shown},
};
use crate::server::Server;

/// A desk that is served until this is dropped.
#[derive(Debug)]
#[must_use = "the desk is served until this is dropped"]
pub struct DeskServer {
    access: Access,
    store: PathBuf,
    server: Option<Server>,
}

/// Serves a desk on loopback, at any free port, to whoever can read the file `STORE.desk.json` that it writes for the
/// user of this process only. `store` is the store's path, and the caller has the store open.
///
/// # Errors
///
/// When it cannot listen, or the file cannot be written.
pub async fn serve(desk: Arc<dyn Desk>, store: impl AsRef<Path>) -> io::Result<DeskServer> {
    serve_with(desk, Router::new(), store.as_ref()).await
}

/// The same, and more that is answered to whoever may ask.
pub(crate) async fn serve_with(desk: Arc<dyn Desk>, more: Router, store: &Path) -> io::Result<DeskServer> {
    let store = store.to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let access = Access::new(listener.local_addr()?)?;
    let server = Server::start(listener, router(desk, more, access.clone()));
    access.write(&store)?;
    Ok(DeskServer { access, store, server: Some(server) })
}

impl DeskServer {
    /// Removes the file, and waits until whoever has asked has got an answer. To be called before the store is closed.
    pub async fn stop(mut self) {
        self.access.remove(&self.store);
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

impl Drop for DeskServer {
    fn drop(&mut self) {
        self.access.remove(&self.store);
    }
}

fn router(desk: Arc<dyn Desk>, more: Router, access: Access) -> Router {
    Router::new()
        .route("/stats", get(stats))
        .route("/list", post(list))
        .route("/entries/{id}", get(show).delete(purge))
        .route("/entries/{id}/retry", post(retry))
        .with_state(desk)
        .merge(more)
        .layer(middleware::from_fn_with_state(access, admit))
}

async fn admit(State(access): State<Access>, request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION);
    if authorization.is_some_and(|header| access.admits(header.as_bytes())) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn stats(State(desk): State<Arc<dyn Desk>>) -> Response {
    answer(desk.stats().await)
}

async fn list(State(desk): State<Arc<dyn Desk>>, Json(asked): Json<List>) -> Response {
    answer(desk.list(asked.which, asked.after, asked.limit).await)
}

async fn show(State(desk): State<Arc<dyn Desk>>, PathPart(id): PathPart<EntryId>) -> Response {
    let shown = desk.show(id).await.map(|found| {
        found.map(|(listed, envelope)| Shown { listed, envelope: STANDARD.encode(envelope.to_stored()) })
    });
    answer(shown)
}

async fn retry(State(desk): State<Arc<dyn Desk>>, PathPart(id): PathPart<EntryId>) -> Response {
    answer(desk.retry(id).await)
}

async fn purge(State(desk): State<Arc<dyn Desk>>, PathPart(id): PathPart<EntryId>) -> Response {
    answer(desk.purge(id).await)
}

/// As [`Remote`](super::Remote) understands it.
pub(crate) fn answer<T: Serialize>(outcome: Result<T, InboxError>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Json(Refusal::from(&error))).into_response(),
    }
}
