//! Reads the body of a request: JSON, a form, or a form in parts.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header;

use crate::params::{Unreadable, put_named, read_form, read_json};
use crate::refusal::Refusal;
use crate::tree::Tree;

/// A file of the largest size in Base64, and something around it.
pub(crate) const MAX_BODY: usize = 140 * 1024 * 1024;

/// The outer error is an answer, the inner one concerns the content.
pub(crate) async fn read_body(request: Request) -> Result<Result<Tree, Unreadable>, Refusal> {
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        Refusal::new(413, "INVALID_REQUEST", "The body is too large or was not sent completely")
    })?;
    Ok(match Kind::of(&content_type, &body) {
        Kind::Json => read_json(&body),
        Kind::Form => read_form(&String::from_utf8_lossy(&body)),
        Kind::Parts => read_parts(Request::from_parts(parts, Body::from(body))).await,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Json,
    Form,
    Parts,
}

impl Kind {
    /// The content type, in lower case, decides; but what begins with `{` is JSON all the same, since
    /// `curl -d '{…}'` calls it a form.
    fn of(content_type: &str, body: &Bytes) -> Self {
        match body.trim_ascii_start().first() {
            None => Self::Form,
            Some(b'{') => Self::Json,
            _ if content_type.contains("json") => Self::Json,
            _ if content_type.starts_with("multipart/form-data") => Self::Parts,
            Some(b'[') if !content_type.contains("urlencoded") => Self::Json,
            Some(_) => Self::Form,
        }
    }
}

/// `multipart/form-data`. Files are left out, as PHP keeps them apart from parameters.
async fn read_parts(mut request: Request) -> Result<Tree, Unreadable> {
    // It has been read already, and limited then.
    DefaultBodyLimit::disable().apply(&mut request);
    let unreadable =
        |error: MultipartError| Unreadable(format!("The body is no form in parts: {}", error.body_text()));
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|error| Unreadable(error.body_text()))?;
    let mut tree = Tree::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let Some(name) = part.name().map(str::to_owned).filter(|_| part.file_name().is_none()) else {
            continue;
        };
        let value = part.bytes().await.map_err(unreadable)?;
        put_named(&mut tree, &name, String::from_utf8_lossy(&value).into_owned())?;
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";
    const PARTS: &str = "multipart/form-data; boundary=xYx";

    async fn read(content_type: &str, body: &str) -> Result<String, Unreadable> {
        let request = Request::builder().header(header::CONTENT_TYPE, content_type);
        let tree = read_body(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        tree.map(|tree| tree.to_json().to_string())
    }

    #[tokio::test]
    async fn a_brace_is_json_whatever_the_content_type() {
        for content_type in [FORM, "text/plain", "", "application/json", PARTS] {
            assert_eq!(read(content_type, " \r\n{\"a\": 1}").await.unwrap(), r#"{"a":1}"#, "{content_type}");
            assert_eq!(read(content_type, "").await.unwrap(), "[]", "{content_type}");
        }
        assert_eq!(read(FORM, "a=%7B&b={}").await.unwrap(), r#"{"a":"{","b":"{}"}"#);
        assert_eq!(read(FORM, "[y]=z").await.unwrap(), r#"{"[y]":"z"}"#);
        assert_eq!(read("text/plain", "[5]").await.unwrap(), "[5]");
        assert!(read(FORM, "{\"a\": ").await.is_err());
        assert!(read("application/json", "a=1").await.is_err());
    }

    #[tokio::test]
    async fn parts_are_parameters_and_files_are_none() {
        let part = |name: &str, value: &str| {
            format!("--xYx\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n")
        };
        let body = [
            part("name=\"MESSAGE\"", "100% ж + more\r\nlines"),
            part("name=\"PROPERTIES[NAME]\"", "Echo"),
            part("name=\"USERS[]\"", "1"),
            part("name=\"USERS[]\"", "27"),
            part("name=\"avatar\"; filename=\"a.png\"", "not a parameter"),
        ];
        let expected =
            r#"{"MESSAGE":"100% ж + more\r\nlines","PROPERTIES":{"NAME":"Echo"},"USERS":["1","27"]}"#;
        assert_eq!(read(PARTS, &format!("{}--xYx--\r\n", body.concat())).await.unwrap(), expected);
        assert_eq!(read(PARTS, "--xYx--\r\n").await.unwrap(), "[]");
        for (content_type, body) in [
            (PARTS, body.concat()),
            (PARTS, "a=1".to_owned()),
            ("multipart/form-data", format!("{}--xYx--\r\n", body.concat())),
            (PARTS, format!("{}--xYx--\r\n", part(&format!("name=\"a{}\"", "[x]".repeat(40)), "1"))),
        ] {
            assert!(read(content_type, &body).await.is_err(), "{content_type}: {body}");
        }
    }
}
