//! `GET /control/events`: everything that happens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use crate::shared::Shared;

/// One JSON object an event: `{"kind": "message" | "state" | "typing" | "delivery" | "request" | "reset", …}`.
///
/// The first is `hello`. A reader that falls too far behind gets a `reset`: it has to read everything anew.
pub(super) async fn events(
    Extract(shared): Extract<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut stop = shared.stop.clone();
    let stopped = async move {
        // An error means that the portal is gone.
        let _ = stop.wait_for(|stopped| *stopped).await;
    };
    let hello = futures_util::stream::iter([Event::default().data(r#"{"kind":"hello"}"#)]);
    let news = BroadcastStream::new(shared.subscribe())
        .map(|news| Event::default().data(news.as_deref().unwrap_or(r#"{"kind":"reset"}"#)));
    let stream = hello.chain(news).map(Ok).take_until(Box::pin(stopped));
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
