//! Answers that come compressed.

use std::io::Write;

use axum::{Router, http::HeaderMap, response::IntoResponse};
use b24bot_actions::{Error, ErrorKind, Repeat, WebhookUrl};
use flate2::{Compression, write::GzEncoder};
use tokio::net::TcpListener;

use crate::portal::{SECRET, quick};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Calls a portal that answers with this body, said to be compressed.
async fn call(body: Vec<u8>) -> Result<String, Error> {
    let answer = move |headers: HeaderMap| async move {
        assert_eq!(headers["accept-encoding"], "gzip");
        ([("content-encoding", "gzip")], body).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}/rest/7/{SECRET}/", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let client =
        quick().webhook(WebhookUrl::parse(&webhook).unwrap()).build().unwrap().webhook_client().unwrap();
    let answer = client.call("profile", &()).await;
    server.abort();
    answer
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let long = "ok".repeat(1 << 20);
    let body = gzip(format!(r#"{{"result":"{long}"}}"#).as_bytes());
    assert!(body.len() < 8192);
    assert_eq!(call(body).await.unwrap(), long);
}

#[tokio::test]
async fn what_is_too_large_when_read_is_refused() {
    let body = gzip(&vec![b' '; (16 << 20) + 1]);
    assert!(body.len() < 32 * 1024);
    let error = call(body).await.unwrap_err();
    assert_eq!((error.kind(), error.repeat()), (&ErrorKind::Answer, Repeat::Never));
    assert!(error.to_string().contains("larger than 16 MiB"), "{error}");
}

#[tokio::test]
async fn what_is_not_compressed_as_said_leaves_it_in_doubt() {
    let mut cut = gzip(br#"{"result":"ok"}"#);
    cut.truncate(cut.len() - 9);
    for body in [br#"{"result":"ok"}"#.to_vec(), cut] {
        let error = call(body).await.unwrap_err();
        assert_eq!(error.repeat(), Repeat::IfIdempotent);
    }
}
