//! A bot: configuration, handlers, and what runs them.

use std::{net::IpAddr, path::Path, sync::Arc};

use b24bot_actions::{
    Application, Limits, Notice, Overflow, Portals, PortalsBuilder, Promise, Promises, Reach, RegisteredBot,
};
use b24bot_core::{ApplicationTokens, Secret, Store};
use b24bot_dispatcher::{BoxError, Dispatcher, Failure, Handler, Order, Retries};
use b24bot_rules::{
    CommandSettings, Config, InDoubt, Mode, RetryOrder, RetrySettings, RuleHandler, WhenFull,
};

use crate::{
    Error, ErrorKind, Running, Signals,
    fetch::BotLog,
    install::{AppEvents, PortalHooks},
    office,
};

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
    /// What the portals tell of the application.
    pub(crate) app_events: AppEvents,
    pub(crate) portal_hooks: PortalHooks,
    /// Whether another port will do where the configured one is taken.
    pub(crate) any_port: bool,
    /// What `bot.toml` said, for other programs that read it.
    pub(crate) read: String,
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
        let app_events = AppEvents::default();
        let mut dispatcher = Dispatcher::new(portals);
        if config.app.is_some() {
            dispatcher = dispatcher.handler(app_events.clone());
        }
        let rules = RuleHandler::new(config.rules.clone());
        Ok(Self {
            dispatcher: dispatcher
                .handler(rules)
                .retries(retries(&config.retry))
                .max_age(config.store.max_age),
            tokens: tokens(&config),
            store: None,
            log,
            app_events,
            portal_hooks: PortalHooks::default(),
            any_port: false,
            read: office::fingerprint(&config),
            config,
        })
    }

    /// Adds a handler. Every event goes to all of them, in the order they were added.
    pub fn handler<H: Handler>(mut self, handler: H) -> Self {
        self.dispatcher = self.dispatcher.handler(handler);
        self
    }

    /// Adds a slash command beside those in `bot.toml`, in place of one of the same name. The portal learns of it when this
    /// bot is registered there: by [`dev`](Bot::dev), and as an application's. `b24bot register` with an inbound webhook
    /// knows the commands in `bot.toml` only, and takes others away: there they belong into the file.
    ///
    /// ```no_run
    /// # use b24bot::prelude::*;
    /// # fn main() -> Result<()> {
    /// let bot = Bot::from_config("bot.toml")?
    ///     .command(CommandSettings::new("reverse").title("Says it backwards").title_in("de", "Sagt es rückwärts"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn command(mut self, command: CommandSettings) -> Self {
        self.config.commands.retain(|other| other.name != command.name);
        self.config.commands.push(command);
        self
    }

    /// Is told of every error and panic of a handler, instead of the log.
    pub fn on_error(mut self, hook: impl Fn(&Failure<'_>) + Send + Sync + 'static) -> Self {
        self.dispatcher = self.dispatcher.on_error(hook);
        self
    }

    /// Is told what becomes of the portals that install the application: see
    /// [`NoticeKind`](b24bot_actions::NoticeKind). Every machine that shares the store is told. It must not wait.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), b24bot::Error> {
    /// use b24bot::{Bot, actions::NoticeKind};
    ///
    /// let bot = Bot::from_config("bot.toml")?.on_portal(|notice| {
    ///     if notice.kind == NoticeKind::NeedsReinstallation {
    ///         println!("call the administrator of {}", notice.member_id);
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn on_portal(mut self, hook: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.portal_hooks.add(hook);
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
        let learns = self.any_port || (self.config.app.is_some() && self.config.portal.is_none());
        if self.log.is_none() && self.tokens.is_empty() && !learns {
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
    let mut portals = portals.reach(reach(config));
    if let Some(app) = &config.app {
        let application = Application::new(app.client_id.as_str(), app.client_secret.clone());
        portals = portals.application(application).authorization_servers(app.authorization_servers.clone());
    }
    let Some(portal) = &config.portal else { return portals };
    let mut bot = RegisteredBot::default();
    bot.id = portal.bot_id;
    bot.client_id.clone_from(&portal.client_id);
    bot.token.clone_from(&portal.bot_token);
    portals.webhook(portal.webhook.clone()).bot(bot)
}

/// Which addresses portals may have: a bot that is reached by nobody outside may call this very machine. Otherwise anyone
/// could have it call what only this machine can reach, and be believed by what answers there.
pub(crate) fn reach(config: &Config) -> Reach {
    let is_here = |url: &str| {
        let url = reqwest::Url::parse(url).ok();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || host.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
    };
    let is_reached_from_here_only = match config.server.public_url.as_deref() {
        Some(url) => is_here(url),
        None => config.bot.mode == Mode::Fetch || config.server.listen.ip().is_loopback(),
    };
    if config.security.private_networks {
        Reach::Private
    } else if is_reached_from_here_only {
        Reach::Development
    } else {
        Reach::Public
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_reached_from_this_machine_alone_may_call_it() {
        let here = "listen = '127.0.0.1:8080'";
        for (server, rest, expected) in [
            ("", "", Reach::Public),
            ("listen = '[::]:8080'", "", Reach::Public),
            ("listen = '192.168.1.1:8080'", "", Reach::Public),
            (here, "", Reach::Development),
            ("listen = '[::1]:8080'", "", Reach::Development),
            ("public_url = 'http://localhost:8080'", "", Reach::Development),
            ("public_url = 'https://bot.example'", "", Reach::Public),
            ("listen = '127.0.0.1:8080'\npublic_url = 'https://bot.example'", "", Reach::Public),
            ("", "[security]\nprivate_networks = true", Reach::Private),
        ] {
            let text = format!("[bot]\ncode = 'tea'\n[server]\n{server}\n{rest}");
            let config = Config::parse("bot.toml", &text, &|_| None).unwrap();
            assert_eq!(reach(&config), expected, "{text}");
        }
        let config = Config::parse("bot.toml", "[bot]\ncode = 'tea'\nmode = 'fetch'", &|_| None);
        assert_eq!(reach(&config.unwrap()), Reach::Development, "nobody can post to it");
        let config = Config::parse_for_local_portal("bot.toml", "[bot]\ncode = 'tea'", &|_| None).unwrap();
        assert_eq!(reach(&config), Reach::Development);
    }
}
