//! A bot that runs: its servers, its dispatcher, and how they stop.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use b24bot_core::{ApplicationTokens, Inbox, InboxError};
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinHandle},
};

use crate::{
    Bot, Error, ErrorKind, Signals,
    admin::Admin,
    fetch::Log,
    intake::{Intake, Source},
    server::Server,
    telemetry,
};

/// A bot that runs in the background. Dropped without [`stop`](Running::stop), it runs until the runtime ends.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    admin_address: Option<SocketAddr>,
    tokens: Arc<ApplicationTokens>,
    inbox: Arc<dyn Inbox>,
    ready: Arc<AtomicBool>,
    intake: Intake,
    admin: Option<Server>,
    dispatcher: JoinHandle<Result<(), InboxError>>,
}

impl Running {
    pub(crate) async fn start(bot: Bot) -> Result<Self, Error> {
        let Bot { config, dispatcher, tokens, inbox, log, any_port } = bot;
        let server = config.server;
        let source = match log {
            Some(log) => Source::Log(log),
            None => {
                let listener =
                    listen("the endpoint", server.listen, "`listen` in [server]", any_port).await?;
                Source::Portal { listener, path: server.path }
            }
        };
        let address = source.address();
        let ready = Arc::new(AtomicBool::new(true));
        let (mut admin, mut admin_address) = (None, None);
        if let Some(settings) = &config.admin {
            telemetry::recorder();
            let listener = listen("the admin side", settings.listen, "`listen` in [admin]", any_port).await?;
            admin_address = Some(local_address(&listener, settings.listen));
            let router = Admin {
                inbox: Arc::clone(&inbox),
                ready: Arc::clone(&ready),
                started: Instant::now(),
                bot: config.bot.name.as_str().into(),
            };
            admin = Some(Server::start(listener, router.router()));
        }
        let shown = admin_address.map(tracing::field::display);
        match &source {
            Source::Portal { path, .. } => {
                let address = address.map(tracing::field::display);
                tracing::info!(address, path, admin = shown, "taking events");
            }
            Source::Log(log) => tracing::info!(bot = log.name(), admin = shown, "fetching events"),
        }
        let tokens = Arc::new(tokens);
        let intake = Intake::start(source, &inbox, &tokens);
        let dispatcher = tokio::spawn(dispatcher.run(Arc::clone(&inbox)));
        Ok(Self { address, admin_address, tokens, inbox, ready, intake, admin, dispatcher })
    }

    /// Where events come in; nowhere if the bot fetches them.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
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

    /// Waits until something asks the bot to stop, or it cannot go on; then stops it.
    ///
    /// # Errors
    ///
    /// When the inbox failed, or no more events can be fetched.
    pub async fn until(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        tokio::select! {
            () = stop => self.stop().await,
            failed = &mut self.dispatcher => {
                // With nobody to handle events, none may be taken.
                self.close();
                ended(failed)
            }
            () = self.intake.broken() => {
                self.close();
                ended(self.dispatcher.await)?;
                Err(Error::new(ErrorKind::Portal, "fetching events broke off"))
            }
        }
    }

    /// Waits for a signal, then stops the bot; another signal ends it at once.
    ///
    /// # Errors
    ///
    /// When the inbox failed, or that other signal came.
    pub async fn until_signal(self, mut signals: Signals) -> Result<(), Error> {
        let (mut first, inbox) = (signals.clone(), Arc::clone(&self.inbox));
        let stopped = self.until(async move { first.next().await });
        let second = async {
            signals.next().await;
            signals.next().await;
        };
        tokio::select! {
            stopped = stopped => stopped,
            () = second => {
                let pending = inbox.depth().pending;
                tracing::warn!(pending, "stopped at once: what was being handled is left as it is");
                Err(Error::new(ErrorKind::Interrupted, "stopped at once by a second signal"))
            }
        }
    }

    /// Takes no more events, handles those it has taken, and returns.
    ///
    /// # Errors
    ///
    /// When the inbox failed.
    pub async fn stop(self) -> Result<(), Error> {
        tracing::info!(pending = self.inbox.depth().pending, "stopping: no more events are taken");
        self.ready.store(false, Ordering::Relaxed);
        let fetched = self.intake.stop().await;
        self.inbox.close();
        let ended = ended(self.dispatcher.await);
        // Only now: what is confirmed never comes again.
        if let (Ok(()), Some(fetched)) = (&ended, fetched) {
            fetched.confirm().await;
        }
        // Last, so that one can watch how the bot drains.
        if let Some(admin) = self.admin {
            admin.stop().await;
        }
        ended
    }

    fn close(&self) {
        self.ready.store(false, Ordering::Relaxed);
        self.intake.close();
        self.inbox.close();
    }
}

fn ended(dispatcher: Result<Result<(), InboxError>, JoinError>) -> Result<(), Error> {
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
