//! `/control`: what a person at the portal could do, and what a test wants to know.

mod acts;
mod applications;
mod conditions;
mod conversation;
mod insight;
mod members;
mod number;
mod presses;
mod stream;
mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::de::DeserializeOwned;

use crate::refusal::{Refusal, bad, forbidden};
use crate::shared::Shared;

/// An answer of `/control`: JSON, or a refusal.
type Answer = Result<axum::Json<serde_json::Value>, Refusal>;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/messages", post(acts::type_message))
        .route("/messages/{id}", get(insight::message).patch(acts::edit_message).delete(acts::delete_message))
        .route("/dialogs/{dialog}/messages", get(insight::dialog))
        .route("/chats", post(acts::found_chat))
        .route("/chats/{id}/members", post(members::invite))
        .route("/chats/{id}/members/{user}", delete(members::leave))
        .route("/contexts", post(members::give_context))
        .route("/bots", post(members::add_bot))
        .route("/files", post(uploads::send_file))
        .route("/presses", post(presses::press))
        .route("/typing", post(members::typing))
        .route("/likes", post(acts::like))
        .route("/reactions", post(acts::react))
        .route("/state", get(insight::state))
        .route("/requests", get(insight::requests))
        .route("/conversation", get(conversation::conversation))
        .route("/deliveries", get(insight::deliveries))
        .route("/trace/{id}", get(insight::trace))
        .route("/faults", get(insight::faults).post(conditions::order_fault).delete(conditions::clear_faults))
        .route("/limits", get(conditions::limits).post(conditions::set_limits))
        .route("/work", post(conditions::charge_work))
        .route("/domain", post(conditions::change_domain))
        .route("/reset", post(acts::reset))
        .route("/applications", get(applications::list).post(applications::install))
        .route("/applications/{id}", get(applications::one))
        .route("/applications/{id}/secrets", get(applications::secrets))
        .route("/applications/{id}/page", post(applications::page))
        .route("/applications/{id}/finish", post(applications::finish))
        .route("/applications/{id}/reinstall", post(applications::reinstall))
        .route("/applications/{id}/expire", post(applications::expire))
        .route("/applications/{id}/revoke", post(applications::revoke))
        .route("/applications/{id}/uninstall", post(applications::uninstall))
        .route("/applications/{id}/update", post(applications::update))
        .route("/applications/{id}/payment", post(applications::pay))
        .route("/clock", post(conditions::put_clock_forward))
        .route("/events", get(stream::events))
        .fallback(async || Refusal::new(404, "NOT_FOUND", "There is no such page under /control"))
        .layer(from_fn(own_pages_only))
}

/// Refuses what a foreign web page sends through somebody's browser.
async fn own_pages_only(request: Request, next: Next) -> Response {
    if is_own(request.headers()) {
        next.run(request).await
    } else {
        forbidden("FOREIGN_ORIGIN", "Not from another site").into_response()
    }
}

/// No origin, as of programs, or the portal itself.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = text(header::HOST).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// A JSON body, whatever its content type says; an empty one counts as `{}`.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        const MAX: usize = 1024 * 1024;
        let bytes = axum::body::to_bytes(request.into_body(), MAX)
            .await
            .map_err(|_| Refusal::new(413, "INVALID_REQUEST", "The body is larger than 1 MiB"))?;
        let text = if bytes.trim_ascii().is_empty() { b"{}" as &[u8] } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| bad("INVALID_REQUEST", error.to_string()))
    }
}
