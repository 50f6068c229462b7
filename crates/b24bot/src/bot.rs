//! A bot: configuration, handlers, and what runs them.

use std::{path::Path, sync::Arc};

use b24bot_actions::{Limits, Portals, PortalsBuilder, RegisteredBot};
use b24bot_core::{ApplicationTokens, Inbox, Secret};
use b24bot_dispatcher::{BoxError, Dispatcher, Failure, Handler};
use b24bot_rules::{Config, RuleHandler, StoreSettings};
use b24bot_store::MemoryInbox;

use crate::{Error, ErrorKind, Running, Signals, fetch::BotLog};

/// A bot, ready to be run.
///
/// The rules in its `bot.toml` are a handler like any other, and come first.
///
/// ```no_run
/// use b24bot::prelude::*;
///
/// struct LikeThanks;
///
/// #[async_trait]
/// impl Handler for LikeThanks {
///     async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
///         if message.text.to_lowercase().contains("thank") {
///             ctx.like(message.id).await?;
///         }
///         Ok(())
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     Bot::from_config("bot.toml")?.handler(LikeThanks).run().await
/// }
/// ```
#[derive(Debug)]
#[must_use = "a bot does nothing until it is run"]
pub struct Bot {
    pub(crate) config: Config,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) tokens: ApplicationTokens,
    pub(crate) inbox: Arc<dyn Inbox>,
    /// Where events are fetched from, if they are.
    pub(crate) log: Option<BotLog>,
    /// Whether another port will do where the configured one is taken.
    pub(crate) any_port: bool,
}

impl Bot {
    /// A bot as a `bot.toml` describes it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or has mistakes; the error shows all of them.
    pub fn from_config(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(Config::load(path)?)
    }

    /// A bot with a configuration that was read already.
    ///
    /// # Errors
    ///
    /// When it asks for what this version cannot do, or to fetch events without saying of which bot.
    pub fn new(config: Config) -> Result<Self, Error> {
        refuse_what_is_missing(&config)?;
        let portals = portals(&config)
            .build()
            .map_err(|error| Error::caused(ErrorKind::Config, "portals cannot be called", error))?;
        let log = BotLog::configured(&config, &portals)?;
        let rules = RuleHandler::new(config.rules.clone());
        Ok(Self {
            dispatcher: Dispatcher::new(portals).handler(rules),
            tokens: tokens(&config),
            inbox: Arc::new(MemoryInbox::default()),
            log,
            any_port: false,
            config,
        })
    }

    /// Adds a handler. Every event goes to all of them, in the order they were added.
    pub fn handler<H: Handler>(mut self, handler: H) -> Self {
        self.dispatcher = self.dispatcher.handler(handler);
        self
    }

    /// Is told of every error and panic of a handler, instead of the log.
    pub fn on_error(mut self, hook: impl Fn(&Failure<'_>) + Send + Sync + 'static) -> Self {
        self.dispatcher = self.dispatcher.on_error(hook);
        self
    }

    /// How many events are handled at once: see [`Dispatcher::concurrency`].
    pub fn concurrency(mut self, events: usize) -> Self {
        self.dispatcher = self.dispatcher.concurrency(events);
        self
    }

    /// Keeps accepted events in another inbox.
    pub fn inbox(mut self, inbox: Arc<dyn Inbox>) -> Self {
        self.inbox = inbox;
        self
    }

    /// Serves the bot, or with `mode = "fetch"` asks for its events, until SIGINT or SIGTERM, then takes no more events, handles those it has taken, and returns.
    /// A second signal ends it at once.
    ///
    /// # Errors
    ///
    /// When it cannot listen, when the inbox fails, or when a second signal came: an [`Error`], boxed so that a `main`
    /// can return it as it returns a handler's.
    pub async fn run(self) -> Result<(), BoxError> {
        // Before anything listens: whoever sees the port open may signal already.
        let signals = Signals::listen()?;
        Ok(self.start().await?.until_signal(signals).await?)
    }

    /// Starts the bot in the background.
    ///
    /// # Errors
    ///
    /// When it cannot listen.
    ///
    /// With `[admin]` in `bot.toml`, this process's metrics are recorded for its `/metrics`, unless it has installed
    /// another recorder of the `metrics` crate before.
    pub async fn start(self) -> Result<Running, Error> {
        for warning in &self.config.warnings {
            tracing::warn!(
                line = warning.line(),
                "{}: {}",
                warning.message(),
                warning.help().unwrap_or_default()
            );
        }
        if self.log.is_none() && self.tokens.is_empty() && !self.any_port {
            tracing::warn!("every event will be refused with 403: set `application_token` in [security]");
        }
        Running::start(self).await
    }
}

/// What `bot.toml` can say and this version cannot do is refused, not passed over.
fn refuse_what_is_missing(config: &Config) -> Result<(), Error> {
    if matches!(config.store, StoreSettings::Nats(_)) {
        let message = "`nats` in [store] is not in this version yet: events are kept in memory";
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(())
}

/// What a configuration says about calling portals: the credentials and the limits.
pub fn portals(config: &Config) -> PortalsBuilder {
    let limits = Limits { burst: config.limits.burst, per_second: config.limits.per_second };
    let portals = Portals::builder().limits(limits);
    let Some(portal) = &config.portal else { return portals };
    let mut bot = RegisteredBot::default();
    bot.id = portal.bot_id;
    bot.client_id.clone_from(&portal.client_id);
    bot.token.clone_from(&portal.bot_token);
    portals.webhook(portal.webhook.clone()).bot(bot)
}

/// The application tokens that `bot.toml` tells of: the one it names, and what vouches for a bot that was registered
/// through an inbound webhook, which is the word `custom` and its key.
fn tokens(config: &Config) -> ApplicationTokens {
    let keys = config.portal.iter().flat_map(|portal| [&portal.bot_token, &portal.client_id]).flatten();
    let derived = keys.map(|key| format!("custom{}", key.expose()));
    let configured = config.security.application_token.iter().map(|token| token.expose().to_owned());
    derived.chain(configured).fold(ApplicationTokens::default(), |tokens, token| {
        // The platform cuts these to 50 characters.
        let sent = if token.starts_with("custom") { token.chars().take(50).collect() } else { token };
        tokens.accept(&Secret::from(sent))
    })
}
