//! A bot that runs: its servers, its dispatcher, and how they stop.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use b24bot_actions::Portals;
use b24bot_core::{ApplicationTokens, InboxError, MemberId, Secret, Store};
use b24bot_dispatcher::{Drain, Drained};
use b24bot_rules::StorePlace;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinHandle},
};

use crate::{
    Bot, Error, ErrorKind, Signals,
    admin::{Admin, Guard},
    desk::{self, DeskServer},
    install::{Reception, Upkeep},
    intake::{Intake, Source},
    office::{self, Office},
    portals::{self, Here, PausedPortals, PortalDesk},
    sealing::open_installations,
    server::{Certificates, Gate, Server, Terms},
    storage, telemetry, trust,
};

/// A bot that runs in the background. Dropped without [`stop`](Running::stop), it runs until the runtime ends.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    admin_address: Option<SocketAddr>,
    tokens: Arc<ApplicationTokens>,
    portals: PortalDesk,
    calls: Portals,
    /// Keeps tokens and pauses as the store has them, and the certificate as its files have it.
    following: Vec<JoinHandle<()>>,
    store: Arc<dyn Store>,
    ready: Arc<AtomicBool>,
    intake: Intake,
    admin: Option<Server>,
    desk: Option<DeskServer>,
    /// Keeps the bot registered where the application is installed.
    upkeep: Option<Upkeep>,
    dispatcher: JoinHandle<Result<Drained, InboxError>>,
    drain: Drain,
    drain_limit: Duration,
}

impl Running {
    pub(crate) async fn start(bot: Bot) -> Result<Self, Error> {
        let Bot { config, dispatcher, tokens, store, log, app_events, portal_hooks, any_port, read } = bot;
        let office = Office::new(config.clone(), dispatcher.portals().clone()).read(read);
        let server = config.server.clone();
        // An inbound webhook is of one portal, which may have all the room.
        let is_shared = config.portal.is_none();
        // First of all: two bots on one store would fetch and answer side by side.
        let (store, file) = match (store, &config.store.place) {
            (Some(store), _) => (store, None),
            (None, StorePlace::Embedded(path)) => {
                (storage::open(&config.store, is_shared).await?, Some(path))
            }
            (None, _) => (storage::open(&config.store, is_shared).await?, None),
        };
        // With an inbound webhook every call goes through it: what other portals ask for must not be done there.
        if config.app.is_some() && config.portal.is_none() {
            let installations = open_installations(&config.store, &store).await?;
            tracing::info!(portals = installations.len(), "the application's portals are known");
            dispatcher.portals().keep(installations);
        }
        let certificates = server.tls.map(Certificates::open).transpose()?;
        let source = match log {
            Some(log) => Source::Log(log),
            None => {
                let listener =
                    listen("the endpoint", server.listen, "`listen` in [server]", any_port).await?;
                let gate = Gate::new(&config.security.senders, &server.proxies);
                let tls = certificates.as_ref().map(Certificates::acceptors);
                Source::Portal { listener, path: server.path, terms: Terms { gate, tls } }
            }
        };
        let address = source.address();
        let ready = Arc::new(AtomicBool::new(false));
        let (mut admin, mut admin_address) = (None, None);
        if let Some(settings) = &config.admin {
            telemetry::recorder();
            let listener = listen("the admin side", settings.listen, "`listen` in [admin]", any_port).await?;
            admin_address = Some(local_address(&listener, settings.listen));
            let router = Admin {
                store: Arc::clone(&store),
                ready: Arc::clone(&ready),
                started: Instant::now(),
                bot: config.bot.name.as_str().into(),
                guard: Guard::new(settings)?,
            };
            admin = Some(Server::start(listener, router.router()));
        }
        let tokens = Arc::new(tokens);
        let mut following = vec![trust::follow(&store, &tokens).await?];
        let (paused, following_pauses) = PausedPortals::follow(&store, Some(dispatcher.pauses())).await?;
        following.push(following_pauses);
        if let Some(certificates) = certificates {
            following.push(certificates.follow()?);
        }
        let here = Here {
            store: Arc::clone(&store),
            tokens: Arc::clone(&tokens),
            portals: dispatcher.portals().clone(),
            paused,
        };
        let desk = match file {
            Some(file) => serve_desk(here.clone(), office, file).await,
            None => None,
        };
        let from = source.to_string();
        let reception = address.and_then(|address| Reception::new(&config, &here, address));
        let upkeep = reception.as_ref().map(|reception| {
            app_events.serve(reception);
            Upkeep::start(reception, portal_hooks)
        });
        let intake = Intake::start(source, &store, &tokens, reception);
        let drain = dispatcher.drain();
        let dispatcher = tokio::spawn(dispatcher.run(Arc::clone(&store)));
        ready.store(true, Ordering::Relaxed);
        let (address_shown, admin_shown) =
            (address.map(tracing::field::display), admin_address.map(tracing::field::display));
        tracing::info!(address = address_shown, admin = admin_shown, "{from}");
        Ok(Self {
            address,
            admin_address,
            tokens,
            calls: here.portals.clone(),
            portals: PortalDesk::here(here),
            following,
            store,
            ready,
            intake,
            admin,
            desk,
            upkeep,
            dispatcher,
            drain,
            drain_limit: server.drain,
        })
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

    /// The application tokens by which portals are believed.
    #[must_use]
    pub fn tokens(&self) -> &ApplicationTokens {
        &self.tokens
    }

    /// Where events and states are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The portals: which there are and how they do; to pause one, or remove it.
    #[must_use]
    pub fn portals(&self) -> &PortalDesk {
        &self.portals
    }

    /// Believes a portal from now on by this application token and no other. It is kept in the store, and known to all
    /// machines that share it.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn trust(&self, portal: &MemberId, token: &Secret) -> Result<(), Error> {
        Ok(trust::trust(&self.store, &self.tokens, portal, token).await?)
    }

    /// Forgets a portal's own application token.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn distrust(&self, portal: &MemberId) -> Result<(), Error> {
        Ok(trust::distrust(&self.store, &self.tokens, portal).await?)
    }

    /// Waits until something asks the bot to stop, or it cannot go on; then stops it.
    ///
    /// # Errors
    ///
    /// When the store failed, or no more events can be fetched.
    pub async fn until(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        tokio::select! {
            () = stop => self.stop().await,
            failed = &mut self.dispatcher => {
                // With nobody to handle events, none may be taken.
                self.close();
                drop(self.upkeep);
                settle(&self.calls).await;
                ended(failed).map(drop)
            }
            () = self.intake.broken() => {
                self.close();
                self.drain.within(self.drain_limit);
                let ended = ended(self.dispatcher.await);
                drop(self.upkeep);
                settle(&self.calls).await;
                ended?;
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
        let (mut first, store) = (signals.clone(), Arc::clone(&self.store));
        let stopped = self.until(async move { first.next().await });
        let second = async {
            signals.next().await;
            signals.next().await;
        };
        tokio::select! {
            stopped = stopped => stopped,
            () = second => {
                let pending = store.depth().pending;
                tracing::warn!(pending, "stopped at once: what was being handled is left as it is");
                Err(Error::new(ErrorKind::Interrupted, "stopped at once by a second signal"))
            }
        }
    }

    /// Takes no more events, handles those it has taken for as long as `drain` in `[server]` says, and returns. What is
    /// left is stored, if the store is durable, and handled after the next start.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub async fn stop(self) -> Result<(), Error> {
        tracing::info!(pending = self.store.depth().pending, "stopping: no more events are taken");
        self.ready.store(false, Ordering::Relaxed);
        let fetched = self.intake.stop().await;
        self.store.close();
        self.drain.within(self.drain_limit);
        let ended = ended(self.dispatcher.await);
        // What is under way is done again after the next start.
        drop(self.upkeep);
        settle(&self.calls).await;
        if let Err(error) = self.store.flush().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what was handled last cannot be recorded: it will be handled again");
        }
        // Only now: what is confirmed never comes again, and without a durable store it must have been handled.
        let safe = self.store.is_durable() || ended.as_ref().is_ok_and(|drained| drained.left == 0);
        if let (true, Some(fetched)) = (safe, fetched) {
            fetched.confirm().await;
        }
        if let Ok(drained) = &ended
            && drained.left > 0
        {
            tracing::warn!(
                left = drained.left,
                stored = self.store.is_durable(),
                "stopped before all was handled"
            );
        }
        // Last, so that one can watch how the bot drains.
        self.following.iter().for_each(JoinHandle::abort);
        if let Some(desk) = self.desk {
            desk.stop().await;
        }
        if let Some(admin) = self.admin {
            admin.stop().await;
        }
        ended.map(drop)
    }

    fn close(&self) {
        self.ready.store(false, Ordering::Relaxed);
        self.intake.close();
        self.store.close();
    }
}

/// Lets `b24bot inbox`, `portals` and `register` reach a store that only this process can open. The bot can do without.
async fn serve_desk(here: Here, office: Office, file: &Path) -> Option<DeskServer> {
    let office = office::router(Arc::new(office.store(Arc::clone(&here.store))));
    let store = Arc::<dyn Store>::clone(&here.store);
    match desk::serve_with(store, portals::router(here).merge(office), file).await {
        Ok(server) => Some(server),
        Err(error) => {
            tracing::warn!(%error, "`b24bot inbox`, `portals`, `register` and `doctor` cannot reach the store while this bot runs");
            None
        }
    }
}

/// Waits for the tokens that are being renewed: with the process, the only ones that are any good would be lost.
async fn settle(calls: &Portals) {
    if !calls.stop_renewing().await {
        tracing::warn!(
            "tokens that were being renewed may be lost: the portals' applications may have to be installed again"
        );
    }
}

fn ended(dispatcher: Result<Result<Drained, InboxError>, JoinError>) -> Result<Drained, Error> {
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
