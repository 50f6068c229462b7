//! Serving a router on a socket, with what anyone may cost bounded.

mod gate;
mod places;
mod rarely;
#[cfg(test)]
mod tests;
mod tls;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;

use self::places::{Places, Visit};
pub(crate) use self::{
    gate::Gate,
    tls::{Acceptors, Certificates},
};

/// How long a sender may take for its headers, and a connection may idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a sender may take for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may wait for its reader to take any of it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connections may take to end once the server stops: longer than a sender may take for its body.
const LAST_ANSWERS: Duration = Duration::from_secs(12);
/// How many connections there are at once.
const CONNECTIONS: usize = 512;
/// How many of them one address has, this machine and known proxies excepted.
const SHARE: usize = 64;
/// The largest head of a request, in bytes, give or take what is read at once: so much a connection keeps.
const HEAD_LIMIT: usize = 32 * 1024;
/// How many headers it has. Portals and proxies send some twenty.
const HEADERS: usize = 64;

/// A server that runs until it is told to stop.
#[derive(Debug)]
pub(crate) struct Server {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Who is served, and how: anyone in plain HTTP by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) gate: Gate,
    /// With what, where TLS is spoken.
    pub(crate) tls: Option<Acceptors>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        Self::start_on(listener, router, Terms::default())
    }

    /// Starts one that serves on terms.
    pub(crate) fn start_on(listener: TcpListener, router: Router, terms: Terms) -> Self {
        let (stopping, stop) = watch::channel(false);
        Self { stopping, task: tokio::spawn(serve(listener, router, terms, stop)) }
    }

    /// Takes no more connections.
    pub(crate) fn close(&self) {
        self.stopping.send_replace(true);
    }

    /// Takes no more connections and waits until those there are have got their answers.
    pub(crate) async fn stop(self) {
        self.close();
        // It ends by itself, and cannot be cancelled by anyone else.
        let _ = self.task.await;
    }
}

async fn serve(listener: TcpListener, router: Router, terms: Terms, mut stop: watch::Receiver<bool>) {
    let places = Places::new(CONNECTIONS, SHARE);
    let graceful = GracefulShutdown::new();
    let service = TowerToHyperService::new(router);
    loop {
        let (stream, visit) = tokio::select! {
            next = accept(&listener, &places, &terms.gate) => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (service, terms, watcher) = (service.clone(), terms.clone(), graceful.watcher());
        tokio::spawn(async move {
            let visit = Arc::new(visit);
            tokio::select! {
                () = converse(stream, service, terms, Arc::clone(&visit), watcher) => {}
                // Someone else needs the place more.
                () = visit.ended() => {}
            }
        });
    }
    drop(listener);
    let _ = timeout(LAST_ANSWERS, graceful.shutdown()).await;
}

/// The next who gets a place.
async fn accept(listener: &TcpListener, places: &Places, gate: &Gate) -> (TcpStream, Visit) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let address = from.ip().to_canonical();
                if let Some(visit) = places.take(address, gate.is_exempt(address)).await {
                    return (stream, visit);
                }
            }
            Err(error) => {
                // The sender went away, or there are too many open files: neither is made better by trying at once.
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// All that happens on a connection. Whatever ends it, the sender knows; there is nobody else to tell.
async fn converse(
    stream: TcpStream,
    router: TowerToHyperService<Router>,
    terms: Terms,
    visit: Arc<Visit>,
    watcher: Watcher,
) {
    // Answers are small: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let stream = Box::pin(stream);
    match terms.tls {
        None => talk(stream, router, terms.gate, visit, watcher).await,
        Some(acceptors) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, acceptors.current().accept(stream)).await {
                talk(stream, router, terms.gate, visit, watcher).await;
            }
        }
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    router: TowerToHyperService<Router>,
    gate: Gate,
    visit: Arc<Visit>,
    watcher: Watcher,
) {
    let door = Arc::new(Door { router, gate, visit });
    let service = service_fn(|request| {
        let door = Arc::clone(&door);
        async move { door.answer(request).await }
    });
    // HTTP/1.1 alone: it is what portals and proxies speak, and all that is bounded here.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_LIMIT)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let _ = watcher.watch(connection).await;
}

/// What a connection leads to.
struct Door {
    router: TowerToHyperService<Router>,
    gate: Gate,
    visit: Arc<Visit>,
}

impl Door {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        self.visit.begin();
        let answer = if self.gate.admits(self.visit.address(), request.headers()) {
            self.router.call(request).await
        } else {
            Ok(refused())
        };
        self.visit.finish();
        answer
    }
}

fn refused() -> Response {
    let description = "Requests are not taken from there: see `senders` under [security] in bot.toml.";
    let body = serde_json::json!({"error": "ACCESS_DENIED", "error_description": description});
    (StatusCode::FORBIDDEN, axum::Json(body)).into_response()
}
