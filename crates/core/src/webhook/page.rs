//! A page as a response.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::with_header;
use crate::Page;

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let mut response = (status, headers, self.html).into_response();
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            response = with_header(response, header::CONTENT_SECURITY_POLICY, policy);
        }
        match self.retry_after {
            Some(pause) => with_header(response, header::RETRY_AFTER, HeaderValue::from(pause.as_secs())),
            None => response,
        }
    }
}
