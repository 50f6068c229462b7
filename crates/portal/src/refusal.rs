//! A refused call: status, code, and the platform's words.

use std::borrow::Cow;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) description: Cow<'static, str>,
}

/// 400 with a code and a description: what most methods answer.
pub(crate) fn bad(code: &'static str, description: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal { status: 400, code, description: description.into() }
}

/// 403 with a code and a description.
pub(crate) fn forbidden(code: &'static str, description: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal { status: 403, code, description: description.into() }
}

/// What most methods answer about what is not open to the caller.
pub(crate) fn denied() -> Refusal {
    forbidden("ACCESS_DENIED", "Access denied")
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, description: description.into() }
    }

    pub(crate) fn body(&self) -> Value {
        json!({"error": self.code, "error_description": self.description})
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json_response(self.status, &self.body())
    }
}

pub(crate) fn json_response(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}
