//! Serving a router on a socket, with what anyone may cost bounded.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
};

/// How long a sender may take for its headers, and a connection may idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connections may take to end once the server stops: longer than a sender may take for its body.
const LAST_ANSWERS: Duration = Duration::from_secs(12);
/// How many connections there are at once; whoever comes then waits in the system's queue.
const CONNECTIONS: usize = 512;

/// A server that runs until it is told to stop.
#[derive(Debug)]
pub(crate) struct Server {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        let (stopping, stop) = watch::channel(false);
        Self { stopping, task: tokio::spawn(serve(listener, router, stop)) }
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

async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut connections = Builder::new(TokioExecutor::new());
    connections.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, place) = tokio::select! {
            next = accept(&listener, &places) => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = connections.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // Whatever ends it, the sender knows; there is nobody else to tell.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // The sender went away, or there are too many open files: neither is made better by trying at once.
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
