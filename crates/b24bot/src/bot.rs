//! A bot: configuration, handlers, and what runs them.

use std::{path::Path, sync::Arc};

use b24bot_actions::{Limits, Overflow, Portals, PortalsBuilder, Promise, Promises, RegisteredBot};
use b24bot_core::{ApplicationTokens, Secret, Store};
use b24bot_dispatcher::{BoxError, Dispatcher, Failure, Handler, Order, Retries};
use b24bot_rules::{Config, InDoubt, RetryOrder, RetrySettings, RuleHandler, WhenFull};

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
    /// Where events are kept; the configured place unless given.
    pub(crate) store: Option<Arc<dyn Store>>,
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
        let portals = portals(&config)
            .build()
            .map_err(|error| Error::caused(ErrorKind::Config, "portals cannot be called", error))?;
        let log = BotLog::configured(&config, &portals)?;
        let rules = RuleHandler::new(config.rules.clone());
        Ok(Self {
            dispatcher: Dispatcher::new(portals)
                .handler(rules)
                .retries(retries(&config.retry))
                .max_age(config.store.max_age),
            tokens: tokens(&config),
            store: None,
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

    /// Keeps accepted events, and what was done about them, in another store than `[store]` tells of.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Serves the bot, or with `mode = "fetch"` asks for its events, until SIGINT or SIGTERM. Then takes no more events,
    /// handles those it has taken for as long as `drain` in `[server]` says, and returns; what is left is stored, and
    /// handled after the next start. A second signal ends it at once.
    ///
    /// # Errors
    ///
    /// When it cannot listen, when the store cannot be opened or fails, or when a second signal came: an [`Error`], boxed so that a `main`
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
    /// When it cannot listen, the store cannot be opened, or the certificate is of no use.
    ///
    /// With `tls_certificate` in `bot.toml`, SIGHUP no longer ends this process: the certificate is read again.
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

fn retries(settings: &RetrySettings) -> Retries {
    let order = match settings.order {
        RetryOrder::Pass => Order::Pass,
        RetryOrder::Wait => Order::Wait,
    };
    Retries::default()
        .attempts(settings.attempts)
        .first_pause(settings.first_pause)
        .max_pause(settings.max_pause)
        .order(order)
}

fn promise(in_doubt: InDoubt) -> Promise {
    match in_doubt {
        InDoubt::AtLeastOnce => Promise::AtLeastOnce,
        InDoubt::AtMostOnce => Promise::AtMostOnce,
    }
}

/// What a configuration says about calling portals: the credentials and the limits.
pub fn portals(config: &Config) -> PortalsBuilder {
    let settings = &config.limits;
    let limits =
        Limits::default().burst(settings.burst).per_second(settings.per_second).work_time(settings.work_time);
    let overflow = match settings.when_full {
        WhenFull::Wait => Overflow::Wait,
        WhenFull::Refuse => Overflow::Refuse,
    };
    let promises =
        Promises::default().messages(promise(config.retry.messages)).likes(promise(config.retry.likes));
    let portals = Portals::builder().limits(limits).queue(settings.queue, overflow).promises(promises);
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
