//! A bot and a local portal in one process: everything works, and nothing outside is needed.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use b24bot_actions::Portals;
use b24bot_core::{BotId, MemberId, Secret};
use b24bot_dispatcher::BoxError;
use b24bot_portal::{Application, Portal, PortalBuilder};
use b24bot_rules::{BotType, Config, Mode};
use b24bot_store::MemoryStore;

use crate::{
    Bot, Error, ErrorKind, Running, Signals,
    registration::{self, Wanted},
};

/// What the local portal lets an application do here: like as the bot itself, and all that bots do.
const SCOPE: [&str; 2] = ["im", "imbot"];

impl Bot {
    /// A bot to be run with [`dev`](Bot::dev): the `bot.toml` counts except for `[portal]`, `[app]` and `[security]`,
    /// so that none of their environment variables is needed. Without the file, the built-in rules like thanks.
    ///
    /// # Errors
    ///
    /// When the file has mistakes (the error shows all of them), or wants to fetch events.
    pub fn for_dev(path: impl AsRef<Path>) -> Result<Self, Error> {
        let config = Config::load_for_local_portal(path)?;
        refuse_fetch(&config)?;
        Self::new(config)
    }

    /// Starts the bot together with a local portal on that address, to which it is registered as an application's
    /// bot: its likes are its own.
    ///
    /// # Errors
    ///
    /// When an address cannot be listened on, or the bot was made for a real portal: its calls would go there.
    pub async fn dev(self, portal: SocketAddr) -> Result<Dev, Error> {
        self.dev_with(Portal::builder().listen(portal)).await
    }

    /// The same, with a local portal of any kind.
    ///
    /// # Errors
    ///
    /// As for [`dev`](Bot::dev).
    pub async fn dev_with(mut self, portal: PortalBuilder) -> Result<Dev, Error> {
        refuse_fetch(&self.config)?;
        if self.config.portal.is_some() || self.config.app.is_some() {
            let message = "this bot has credentials of a real portal: make it with `Bot::for_dev`, which leaves them out";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let Config { bot, commands, server, security, admin, .. } = &mut self.config;
        // Nothing outside knows the bot here: it keeps to this machine, and another port will do.
        server.listen.set_ip(Ipv4Addr::LOCALHOST.into());
        server.tls = None;
        security.senders.clear();
        if let Some(admin) = admin {
            admin.listen.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        self.any_port = true;
        // The portal forgets everything at the end, so what is left of it would mean nothing to the next one.
        self.store.get_or_insert_with(|| Arc::new(MemoryStore::default()));
        let path = server.path.clone();
        let mut wanted = Wanted::new(bot.clone(), "").commands(commands.clone());
        let portals = self.dispatcher.portals().clone();

        let portal = portal.start().await.map_err(|error| {
            use b24bot_portal::ErrorKind::{AddressInUse, Listen};
            match error.kind() {
                AddressInUse | Listen => {
                    let message =
                        "the local portal cannot start (another address can be given with --portal)";
                    Error::caused(ErrorKind::Listen, message, error)
                }
                _ => Error::caused(ErrorKind::Portal, "the local portal cannot start", error),
            }
        })?;
        let application = portal.install_application(&SCOPE);
        let running = self.start().await?;
        let portal_id = MemberId::from(application.member_id.as_str());
        running.trust(&portal_id, &Secret::from(application.application_token.as_str())).await?;
        let address = running.address().ok_or_else(|| {
            Error::new(ErrorKind::Config, "a bot that fetches its events has no address for the local portal")
        })?;
        let handler = format!("http://{address}{path}");
        wanted.handler.clone_from(&handler);
        let bot_id = register(&portals, &application, &wanted).await?;
        let sees_groups = matches!(wanted.bot.bot_type, BotType::Supervisor | BotType::Personal);
        Ok(Dev { running, portal, bot_id, sees_groups, handler })
    }
}

fn refuse_fetch(config: &Config) -> Result<(), Error> {
    if config.bot.mode != Mode::Fetch {
        return Ok(());
    }
    let message = "the local portal of `dev` and of tests posts events: use `mode = \"webhook\"` in [bot], or fetch \
                   from a local portal of its own, with `b24bot portal` and `b24bot run`";
    Err(Error::new(ErrorKind::Config, message))
}

/// A bot and a local portal that run.
#[derive(Debug)]
pub struct Dev {
    running: Running,
    pub(crate) portal: Portal,
    bot_id: BotId,
    sees_groups: bool,
    handler: String,
}

impl Dev {
    /// The chat page: `http://127.0.0.1:9400`.
    #[must_use]
    pub fn page(&self) -> String {
        self.portal.url()
    }

    /// Where the portal posts its events.
    #[must_use]
    pub fn handler(&self) -> &str {
        &self.handler
    }

    /// The bot's id on the local portal.
    #[must_use]
    pub fn bot_id(&self) -> BotId {
        self.bot_id
    }

    /// Whether it sees all messages of its groups, or only those that mention it.
    #[must_use]
    pub fn sees_groups(&self) -> bool {
        self.sees_groups
    }

    /// Writes the chat page's address to the log and goes on until SIGINT or SIGTERM: see [`Bot::run`].
    ///
    /// # Errors
    ///
    /// As for [`Bot::run`].
    pub async fn run(self) -> Result<(), BoxError> {
        tracing::info!("open {}/ and write something", self.page());
        Ok(self.until_signal(Signals::listen()?).await?)
    }

    /// The same, with signals that are listened to already, and silently.
    ///
    /// # Errors
    ///
    /// When the inbox failed, or a second signal came.
    pub async fn until_signal(self, signals: Signals) -> Result<(), Error> {
        let stopped = self.running.until_signal(signals).await;
        self.portal.shutdown().await;
        stopped
    }
}

/// As any application registers its bot and commands.
async fn register(portals: &Portals, application: &Application, wanted: &Wanted) -> Result<BotId, Error> {
    let client = portals.token_client(
        Some(&MemberId::from(application.member_id.as_str())),
        &application.client_endpoint,
        Secret::from(application.access_token.as_str()),
    );
    let client = client
        .map_err(|error| Error::caused(ErrorKind::Portal, "the local portal cannot be called", error))?;
    Ok(registration::ensure(&client, wanted).await?.bot)
}
