//! What a running bot's desk says and does about portals.

use axum::{
    Json, Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use b24bot_core::MemberId;
use serde::{Deserialize, Serialize};

use super::Here;
use crate::desk::answer;

/// Which portal is meant.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Named {
    portal: String,
}

impl Named {
    pub(super) fn of(portal: &MemberId) -> Self {
        Self { portal: portal.as_str().to_owned() }
    }
}

impl From<Named> for MemberId {
    fn from(Named { portal }: Named) -> Self {
        Self::from(portal)
    }
}

pub(crate) fn router(here: Here) -> Router {
    Router::new()
        .route("/portals", get(list))
        .route("/portals/pause", post(pause))
        .route("/portals/resume", post(resume))
        .route("/portals/remove", post(remove))
        .with_state(here)
}

async fn list(State(here): State<Here>) -> Response {
    answer(here.list().await)
}

async fn pause(State(here): State<Here>, Json(named): Json<Named>) -> Response {
    answer(here.pause(&named.into()).await)
}

async fn resume(State(here): State<Here>, Json(named): Json<Named>) -> Response {
    answer(here.resume(&named.into()).await)
}

async fn remove(State(here): State<Here>, Json(named): Json<Named>) -> Response {
    // Whoever asks may give up waiting: it is done to its end all the same.
    let removing = tokio::spawn(async move { here.remove(&named.into(), None).await });
    answer(removing.await.map_err(b24bot_core::InboxError::storage).flatten())
}
