//! `POST /control/files`: somebody drops a file into a chat.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State as Extract};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use super::acts::{Name, dialog, known_user, not_found, untouched};
use super::number::Number;
use crate::body::MAX_BODY;
use crate::methods::{NoContent, decode};
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::files::{MAX_SIZE, Upload};

#[derive(Deserialize)]
struct Sent {
    dialog: Name,
    user: Number,
    name: String,
    /// Base64.
    content: String,
    #[serde(default)]
    text: String,
}

/// What both forms of the request say.
#[derive(Default)]
struct Wanted {
    dialog: String,
    user: u64,
    name: String,
    content: Bytes,
    text: String,
}

pub(super) async fn send_file(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Answer {
    let wanted = read(request).await?;
    let name = wanted.name.trim();
    if name.is_empty() || wanted.content.is_empty() {
        return Err(bad("FILE_EMPTY", "The file's name or its content is empty"));
    }
    if wanted.content.len() > MAX_SIZE {
        return Err(too_large());
    }
    let upload = Upload { name: name.to_owned(), content: wanted.content };
    let (file, message) = shared.with(|state| {
        known_user(state, wanted.user)?;
        let chat = dialog(state, wanted.user, wanted.dialog.trim());
        let chat = chat.ok_or_else(|| not_found("There is no such dialog"))?;
        state.send_file(chat, wanted.user, upload, &wanted.text).map_err(untouched)
    })?;
    Ok(Json(json!({"message_id": message, "file_id": file})))
}

fn too_large() -> Refusal {
    Refusal::new(413, "FILE_TOO_LARGE", "A file has at most 100 MB")
}

fn unreadable(why: impl Into<Cow<'static, str>>) -> Refusal {
    bad("INVALID_REQUEST", why)
}

async fn read(request: Request) -> Result<Wanted, Refusal> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| too_large())?;
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return read_parts(Request::from_parts(parts, Body::from(body))).await;
    }
    let sent: Sent = serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))?;
    let content = decode(&sent.content).map_err(|why| match why {
        NoContent::Empty => bad("FILE_EMPTY", "The file's content is empty"),
        NoContent::NotBase64 => bad("FILE_INVALID_CONTENT", "The content is not Base64"),
        NoContent::TooLarge => too_large(),
    })?;
    Ok(Wanted { dialog: sent.dialog.text(), user: sent.user.0, name: sent.name, content, text: sent.text })
}

/// The same fields as parts; the part `file` brings the name and the content.
async fn read_parts(mut request: Request) -> Result<Wanted, Refusal> {
    // It has been read already, and limited then.
    DefaultBodyLimit::disable().apply(&mut request);
    let broken = |error: MultipartError| unreadable(error.body_text());
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|error| unreadable(error.body_text()))?;
    let mut wanted = Wanted::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            wanted.name = part.file_name().unwrap_or_default().to_owned();
            wanted.content = part.bytes().await.map_err(broken)?;
            continue;
        }
        let text = part.text().await.map_err(broken)?;
        match name.as_str() {
            "dialog" => wanted.dialog = text,
            "user" => wanted.user = text.trim().parse().map_err(|_| unreadable("user has to be a number"))?,
            "text" => wanted.text = text,
            _ => {}
        }
    }
    Ok(wanted)
}
