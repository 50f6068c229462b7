//! An application's own pages within the portal's: the frame they open in, and the script they speak to it with.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State as Extract};
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::page::{HTML, SCRIPT};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::state::applications::Application;

const NOT_SNIFFED: (HeaderName, &str) = (X_CONTENT_TYPE_OPTIONS, "nosniff");

pub(crate) fn router() -> Router<Arc<Shared>> {
    let script = async || ([(CONTENT_TYPE, SCRIPT), NOT_SNIFFED], include_str!("page/bx24.js"));
    Router::new().route("/application/{id}", get(frame)).route("/api/v1/", get(script))
}

/// The page that posts an application's form into a frame. Forms and frames may go where this application is, and
/// nowhere else.
async fn frame(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Some(places) = shared.read(|state| state.find_application(&id).map(origins)) else {
        return Refusal::new(404, "NOT_FOUND", "There is no such application").into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action {places}; frame-src {places}; frame-ancestors 'self'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    let headers = [
        (CONTENT_TYPE, HTML),
        (CONTENT_SECURITY_POLICY, &policy),
        NOT_SNIFFED,
        // As the platform's pages: without one the form would come from nowhere.
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, include_str!("page/frame.html")).into_response()
}

/// Where an application's pages are.
fn origins(application: &Application) -> String {
    let settings = &application.settings;
    let origins: Vec<String> = [&settings.handler, settings.install_address()]
        .into_iter()
        .filter_map(|address| Some(reqwest::Url::parse(address).ok()?.origin().ascii_serialization()))
        .collect();
    if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") }
}
