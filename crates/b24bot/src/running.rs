//! A bot that runs: its servers, its dispatcher, and how they stop.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, serve::ListenerExt};
use b24bot_core::{ApplicationTokens, Inbox, InboxError, Webhook};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{Bot, Error, ErrorKind, admin::Admin, signals, telemetry};

/// How long connections may take to end once the bot stops: longer than a sender may take for its body.
const CONNECTIONS_END: Duration = Duration::from_secs(12);

/// A bot that runs in the background. Dropped without [`stop`](Running::stop), it ends when the runtime does.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    tokens: Arc<ApplicationTokens>,
    inbox: Arc<dyn Inbox>,
    ready: Arc<AtomicBool>,
    stopping: watch::Sender<bool>,
    intake: JoinHandle<()>,
    dispatcher: JoinHandle<Result<(), InboxError>>,
}

impl Running {
    pub(crate) async fn start(bot: Bot) -> Result<Self, Error> {
        let Bot { config, dispatcher, tokens, inbox, any_port } = bot;
        telemetry::recorder();
        let listener = listen("the endpoint", config.server.listen, "`listen` in [server]", any_port).await?;
        let admin_listener = match &config.admin {
            Some(admin) => {
                Some(listen("the admin side", admin.listen, "`listen` in [admin]", any_port).await?)
            }
            None => None,
        };
        let address = local_address(&listener, config.server.listen);
        let admin_address = admin_listener
            .as_ref()
            .zip(config.admin.as_ref())
            .map(|(l, admin)| local_address(l, admin.listen));

        let tokens = Arc::new(tokens);
        let ready = Arc::new(AtomicBool::new(true));
        let (stopping, stop) = watch::channel(false);
        let webhook = Webhook::new(Arc::clone(&inbox), Arc::clone(&tokens));
        let intake = serve(listener, webhook.router(&config.server.path), stop.clone());
        if let Some(listener) = admin_listener {
            let admin = Admin {
                inbox: Arc::clone(&inbox),
                ready: Arc::clone(&ready),
                started: Instant::now(),
                bot: config.bot.name.as_str().into(),
            };
            // Not stopped with the rest: how the bot drains can be watched until the process ends.
            serve(listener, admin.router(), watch::channel(false).1);
        }
        let dispatcher = tokio::spawn(dispatcher.run(Arc::clone(&inbox)));
        tracing::info!(%address, path = config.server.path, admin = admin_address.map(tracing::field::display), "taking events");
        Ok(Self { address, admin_address, tokens, inbox, ready, stopping, intake, dispatcher })
    }

    /// Where events come in.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin side listens, if it does.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The application tokens by which portals are believed; more can be added while the bot runs.
    #[must_use]
    pub fn tokens(&self) -> &ApplicationTokens {
        &self.tokens
    }

    /// Waits until something asks the bot to stop, or its inbox fails; then stops it. A signal that comes while it
    /// stops ends it at once.
    ///
    /// # Errors
    ///
    /// When the inbox failed, or that signal came.
    pub async fn until(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        tokio::select! {
            () = stop => tracing::info!(pending = self.inbox.depth().pending, "stopping: no more events are taken"),
            failed = &mut self.dispatcher => return ended(failed),
        }
        tokio::select! {
            stopped = self.stop() => stopped,
            () = signals::stop_requested() => {
                Err(Error::new(ErrorKind::Interrupted, "stopped at once by a second signal"))
            }
        }
    }

    /// Takes no more events, handles those it has taken, and returns.
    ///
    /// # Errors
    ///
    /// When the inbox failed.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.ready.store(false, Ordering::Relaxed);
        self.stopping.send_replace(true);
        if tokio::time::timeout(CONNECTIONS_END, &mut self.intake).await.is_err() {
            self.intake.abort();
        }
        self.inbox.close();
        ended((&mut self.dispatcher).await)
    }
}

fn ended(dispatcher: Result<Result<(), InboxError>, tokio::task::JoinError>) -> Result<(), Error> {
    match dispatcher {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(Error::caused(ErrorKind::Inbox, "the dispatcher broke off", error)),
    }
}

async fn listen(
    what: &str,
    address: SocketAddr,
    setting: &str,
    any_port: bool,
) -> Result<TcpListener, Error> {
    let listener = match TcpListener::bind(address).await {
        Err(error) if any_port && error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    };
    let advice = format!("another address can be given as {setting}");
    listener.map_err(|error| Error::listen(what, address, &advice, error))
}

fn local_address(listener: &TcpListener, configured: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(configured)
}

fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let listener = listener.tap_io(|connection| {
        // Answers are small: waiting to fill a packet would only delay them.
        let _ = connection.set_nodelay(true);
    });
    let stopped = async move {
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a server ended");
        }
    })
}
