//! `/files/ID/NAME` for the chat page, and `/rest/download.json?token=…`, the address that bots are given.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State as Extract};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::form::encode;
use crate::params::read_form;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::state::files::File;
use crate::tree::Tree;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/files/{id}/{name}", get(page_file)).route("/rest/download.json", get(bot_file))
}

/// The name is for people; the number finds the file.
async fn page_file(Extract(shared): Extract<Arc<Shared>>, Path((id, _)): Path<(u64, String)>) -> Response {
    shared.read(|state| serve(state.files.get(id)))
}

async fn bot_file(Extract(shared): Extract<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let token = read_form(query.as_deref().unwrap_or_default()).ok();
    let token = token.as_ref().and_then(|query| query.get("token")).and_then(Tree::text).unwrap_or_default();
    let key = token.split_once('|').map_or("", |(_, key)| key);
    shared.read(|state| serve(state.files.by_key(key)))
}

fn serve(file: Option<&File>) -> Response {
    let Some(file) = file else {
        return Refusal::new(404, "FILE_NOT_FOUND", "There is no such file").into_response();
    };
    let Some(content) = file.content.clone() else {
        return Refusal::new(410, "FILE_NOT_FOUND", "The file had to make room for newer ones")
            .into_response();
    };
    // What a page could run is never shown, only saved.
    let (media, place) = match file.media_type() {
        Some(media) => (media, "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let name = encode(&file.name).replace('+', "%20");
    let headers = [
        (CONTENT_TYPE, media.to_owned()),
        (CONTENT_DISPOSITION, format!("{place}; filename*=UTF-8''{name}")),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "private".to_owned()),
    ];
    (headers, content).into_response()
}
