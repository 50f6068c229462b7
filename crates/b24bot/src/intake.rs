//! How events come in: a portal posts them, or the bot fetches them.

use std::{fmt, net::SocketAddr, sync::Arc};

use axum::{http::StatusCode, response::IntoResponse};
use b24bot_core::{ApplicationTokens, Inbox, Store, Webhook};
use tokio::net::TcpListener;

use crate::{
    fetch::{BotLog, Fetching, Log as _, Poller},
    install::{self, Door, Reception},
    server::{Server, Terms},
};

/// What events will come from.
pub(crate) enum Source {
    Portal { listener: TcpListener, path: String, terms: Terms },
    Log(BotLog),
}

/// What events come in by.
#[derive(Debug)]
pub(crate) enum Intake {
    Endpoint(Server),
    Fetching(Fetching),
}

impl Intake {
    /// `reception` is asked about installations, if there can be any.
    pub(crate) fn start(
        source: Source,
        store: &Arc<dyn Store>,
        tokens: &Arc<ApplicationTokens>,
        reception: Option<Arc<Reception>>,
    ) -> Self {
        let inbox: Arc<dyn Inbox> = Arc::<dyn Store>::clone(store);
        match source {
            Source::Portal { listener, path, terms } => {
                let webhook = Webhook::new(inbox, Arc::clone(tokens));
                let router = match reception {
                    Some(reception) => {
                        let pages = install::router(&reception);
                        webhook.installer(Arc::new(Door(reception))).router(&path).merge(pages)
                    }
                    None => webhook.router(&path),
                };
                Self::Endpoint(Server::start_on(listener, router.fallback(unknown_path), terms))
            }
            Source::Log(log) => Self::Fetching(Fetching::start(log, inbox)),
        }
    }

    /// Takes no more events.
    pub(crate) fn close(&self) {
        match self {
            Self::Endpoint(server) => server.close(),
            Self::Fetching(fetching) => fetching.close(),
        }
    }

    /// Takes no more events and waits until those that have come are stored. What is returned can confirm them, once
    /// they are handled.
    pub(crate) async fn stop(self) -> Option<Poller<BotLog>> {
        match self {
            Self::Endpoint(server) => {
                server.stop().await;
                None
            }
            Self::Fetching(fetching) => fetching.stop().await,
        }
    }

    /// Waits until no more events come, though nobody has asked for that.
    pub(crate) async fn broken(&mut self) {
        match self {
            // It ends only when told to.
            Self::Endpoint(_) => std::future::pending().await,
            Self::Fetching(fetching) => fetching.ended().await,
        }
    }
}

/// What the log says at the start.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portal { path, terms, .. } => {
                write!(f, "taking events at {path}{}", if terms.tls.is_some() { " over https" } else { "" })
            }
            Self::Log(log) => write!(f, "fetching events of the bot {}", log.name()),
        }
    }
}

impl Source {
    /// Where events come in; nowhere if the bot fetches them.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Portal { listener, .. } => listener.local_addr().ok(),
            Self::Log(_) => None,
        }
    }
}

async fn unknown_path() -> impl IntoResponse {
    let description = "Nothing is served here: see `path` under [server] in bot.toml.";
    let body = serde_json::json!({"error": "NOT_FOUND", "error_description": description});
    (StatusCode::NOT_FOUND, axum::Json(body))
}
