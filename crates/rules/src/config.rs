//! `bot.toml`.

mod addresses;
mod commands;
mod network;
mod quantities;
mod rules;
mod sections;
mod settings;

use std::{fs, net::Ipv4Addr, path::Path};

pub use network::Network;
pub use settings::{
    AdminSettings, Api, AppSettings, BotSettings, BotType, InDoubt, LimitSettings, Mode, PortalSettings,
    RetryOrder, RetrySettings, SecuritySettings, ServerSettings, StorePlace, StoreSettings, TlsSettings,
    WhenFull,
};

use rules::Voice;
pub(crate) use sections::SECTIONS;

use crate::{
    CommandSettings, ConfigError, ConfigErrorKind, Diagnostic, Rule,
    document::{Document, Root, Table, not_utf8},
};

/// Where `bot.toml` is unless said otherwise.
const DEFAULT_PATH: &str = "bot.toml";

/// What `bot.toml` says, checked. The default is what an empty file says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Who the bot is.
    pub bot: BotSettings,
    /// One portal through an inbound webhook.
    pub portal: Option<PortalSettings>,
    /// An application that portals install.
    pub app: Option<AppSettings>,
    /// Where events come in.
    pub server: ServerSettings,
    /// How the portal proves that it is the portal.
    pub security: SecuritySettings,
    /// Where accepted events wait.
    pub store: StoreSettings,
    /// What happens when a handler fails.
    pub retry: RetrySettings,
    /// How fast the portal may be called.
    pub limits: LimitSettings,
    /// Health, metrics and the dashboard.
    pub admin: Option<AdminSettings>,
    /// The bot's slash commands, in file order.
    pub commands: Vec<CommandSettings>,
    /// The rules, in file order.
    pub rules: Vec<Rule>,
    /// What the file asks for and may not work, in file order.
    pub warnings: Vec<Diagnostic>,
}

/// What the configuration is for.
#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Portal,
    LocalPortal,
    Registration,
    Calls,
    Store,
}

impl Config {
    /// A `bot.toml` to start from: a supervisor that likes thanks. The local portal runs it when there is no file.
    pub const STARTER: &str = include_str!("starter.toml");

    /// Reads a file, with `${NAME}` from the environment.
    ///
    /// # Errors
    ///
    /// When there is no such file, or with every mistake in it.
    ///
    /// ```no_run
    /// let config = b24bot_rules::Config::load("bot.toml")?;
    /// println!("{} has {} rules", config.bot.name, config.rules.len());
    /// # Ok::<(), b24bot_rules::ConfigError>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load_for(path.as_ref(), Purpose::Portal)
    }

    /// Reads a file for use with the local portal.
    ///
    /// `[portal]`, `[app]`, `[security]` and `public_url` are not needed and their values not looked at, nor are
    /// the environment variables in them; these settings come out empty, and `listen` on this machine. Everything else is
    /// checked as usual. If there is no `bot.toml`, [`STARTER`](Self::STARTER) takes its place.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); also when a file of another name is missing.
    pub fn load_for_local_portal(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        match Self::load_for(path, Purpose::LocalPortal) {
            Err(error) if error.kind() == ConfigErrorKind::Missing && path == Path::new(DEFAULT_PATH) => {
                Self::read("built-in bot.toml", Self::STARTER, &|_| None, Purpose::LocalPortal)
            }
            result => result,
        }
    }

    /// Reads a file to register the bot, as `b24bot register` does.
    ///
    /// The value of `application_token` is not looked at, nor are the environment variables in it: what a portal's events
    /// carry is not known before the bot is registered. Everything else is checked as usual.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_for_registration(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load_for(path.as_ref(), Purpose::Registration)
    }

    /// Reads a file for calls of one's own, as `b24bot like` and `b24bot call` make them.
    ///
    /// Only `[portal]` and `[limits]` count, and come out. Of all else only the syntax is looked at: neither mistakes
    /// nor unset environment variables in it keep a call from being made.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_for_calls(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load_for(path.as_ref(), Purpose::Calls)
    }

    /// Reads a file to look into the store, as `b24bot inbox` does.
    ///
    /// Only `[store]` and the bot's code count, and come out. Of all other sections only the syntax is looked at:
    /// neither mistakes nor unset environment variables in them keep anyone from looking.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_for_store(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::load_for(path.as_ref(), Purpose::Store)
    }

    /// Reads a text. `source_name` is what diagnostics call it, `env` looks up environment variables.
    ///
    /// # Errors
    ///
    /// With every mistake in the text.
    ///
    /// ```
    /// use b24bot_rules::Config;
    ///
    /// let error = Config::parse("bot.toml", "[bot]\ncode = 5\ncolour = 'red'", &|_| None).unwrap_err();
    /// assert_eq!(error.diagnostics().len(), 2);
    /// assert!(error.to_string().contains("bot.toml:2:8"));
    /// ```
    pub fn parse(
        source_name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read(source_name, text, env, Purpose::Portal)
    }

    /// Reads a text as [`load_for_local_portal`](Self::load_for_local_portal) reads a file.
    ///
    /// # Errors
    ///
    /// With every mistake in the text.
    pub fn parse_for_local_portal(
        source_name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read(source_name, text, env, Purpose::LocalPortal)
    }

    /// Reads a text as [`load_for_calls`](Self::load_for_calls) reads a file.
    ///
    /// # Errors
    ///
    /// With every mistake that counts.
    pub fn parse_for_calls(
        source_name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read(source_name, text, env, Purpose::Calls)
    }

    /// Reads a text as [`load_for_store`](Self::load_for_store) reads a file.
    ///
    /// # Errors
    ///
    /// With every mistake that counts.
    pub fn parse_for_store(
        source_name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        Self::read(source_name, text, env, Purpose::Store)
    }

    fn load_for(path: &Path, purpose: Purpose) -> Result<Self, ConfigError> {
        let bytes = fs::read(path).map_err(|error| ConfigError::unreadable(path, error))?;
        let name = path.display().to_string();
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
            ConfigError::invalid(&name, vec![not_utf8(&name, &text)])
        })?;
        Self::read(&name, &text, &|name| std::env::var(name).ok(), purpose)
    }

    fn read(
        name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
        purpose: Purpose,
    ) -> Result<Self, ConfigError> {
        let (document, root) = Document::parse(text, env);
        let config = {
            let root = Root::new(&document, &root, SECTIONS);
            match purpose {
                Purpose::Calls => assemble_for_calls(&root),
                Purpose::Store => assemble_for_store(&root),
                Purpose::Portal | Purpose::LocalPortal | Purpose::Registration => assemble(&root, purpose),
            }
        };
        let diagnostics = document.into_diagnostics(name);
        match config {
            Some(config) if diagnostics.iter().all(Diagnostic::is_warning) => {
                Ok(Self { warnings: diagnostics, ..config })
            }
            _ => Err(ConfigError::invalid(name, diagnostics)),
        }
    }
}

/// Reads all sections, whatever is wrong with any of them.
fn assemble(root: &Root<'_>, purpose: Purpose) -> Option<Config> {
    root.refuse_unknown_sections();
    let is_local = purpose == Purpose::LocalPortal;
    let bot = root.section("bot");
    let api = bot.as_ref().map_or_else(|| Some(BotSettings::default().api), sections::api);
    let bot = bot.map(|table| sections::bot(&table, api));
    let portal = root.section("portal");
    let app = root.section("app");
    let security = root.section("security");
    let rest = |table| if is_local { Table::unimportant(table) } else { table };
    let (portal, app, security) = (portal.map(rest), app.map(rest), security.map(rest));
    let has_app = app.is_some() && !is_local;
    let voice = match &portal {
        Some(portal) if !is_local => Voice::through_webhook(portal, api),
        _ => Voice::default(),
    };
    let portal = portal.map(|table| sections::portal(&table));
    let app_head = app.as_ref().map(|table| (table.document, table.head.clone()));
    let app = app.map(|table| {
        let app = sections::app(&table);
        // One mistake is no reason to doubt the rest.
        if let (Some(Some(_)), Some(_), false) = (&portal, &app, is_local) {
            table.document.doubt(
                table.head.clone(),
                "[app] is not used beside [portal]",
                "every call goes through the inbound webhook, and no portal can install the application: leave one of them out",
            );
        }
        app
    });
    // Beside [portal] it is not used, and needs no address.
    let is_app_read = matches!(app, Some(Some(_)));
    let app_head = app_head.filter(|_| has_app && is_app_read && portal.is_none());
    let with_token = purpose != Purpose::Registration;
    let security = security.map(|table| sections::security(&table, with_token));
    let server = or_default(root.section("server").map(|table| sections::server(&table, is_local)));
    if let (Some((document, head)), Some(server)) = (app_head, &server) {
        let is_webhook =
            bot.as_ref().is_none_or(|bot| bot.as_ref().is_some_and(|bot| bot.mode == Mode::Webhook));
        if is_webhook && server.public_url.is_none() && !server.listen.ip().is_loopback() {
            document.doubt(
                head,
                "`[app]` needs `public_url` in [server]",
                "without it the bot is registered nowhere: add the address at which portals reach it, \
                 `public_url = \"https://bot.example.com\"`; for a portal on this machine, \
                 `listen = \"127.0.0.1:8080\"` will do",
            );
        }
    }
    let nobody = BotSettings::default();
    let code = bot.as_ref().map_or(Some(&nobody), Option::as_ref).map(|bot| bot.code.as_str());
    // Where the bot has mistakes no settings come out, whatever its code.
    let store = store(root, code.unwrap_or_default(), has_app);
    let retry = root.section("retry").map(|table| sections::retry(&table));
    let limits = root.section("limits").map(|table| sections::limits(&table));
    let admin = root.section("admin").map(|table| sections::admin(&table, is_local));
    let commands = commands::commands(&root.sections("command"));
    let rules = rules::rules(&root.sections("rule"), &voice);
    let (portal, app, security) = if is_local { (None, None, None) } else { (portal, app, security) };
    let mut server = server?;
    if is_local {
        server.listen.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Some(Config {
        bot: or_default(bot)?,
        portal: or_none(portal)?,
        app: or_none(app)?,
        server,
        security: or_default(security)?,
        store: store?,
        retry: or_default(retry)?,
        limits: or_default(limits)?,
        admin: or_none(admin)?,
        commands,
        rules,
        warnings: Vec::new(),
    })
}

/// Reads what calls need, and looks at nothing else.
fn assemble_for_calls(root: &Root<'_>) -> Option<Config> {
    let portal = root.section("portal").map(|table| sections::portal(&table));
    let limits = root.section("limits").map(|table| sections::limits(&table));
    Some(Config { portal: or_none(portal)?, limits: or_default(limits)?, ..Config::default() })
}

/// Reads what it takes to look into the store, and looks at nothing else.
fn assemble_for_store(root: &Root<'_>) -> Option<Config> {
    let code =
        root.section("bot").and_then(|table| table.get("code")).map(|item| item.filled_text("\"like_bot\""));
    let bot = match code {
        Some(code) => BotSettings::named(code?.value),
        None => BotSettings::default(),
    };
    let store = store(root, &bot.code, false)?;
    Some(Config { bot, store, ..Config::default() })
}

fn store(root: &Root<'_>, bot_code: &str, has_app: bool) -> Option<StoreSettings> {
    match root.section("store") {
        Some(table) => sections::store(&table, bot_code, has_app),
        None => Some(StoreSettings::of(bot_code)),
    }
}

#[expect(clippy::option_option, reason = "absent and wrong are different")]
fn or_default<T: Default>(section: Option<Option<T>>) -> Option<T> {
    section.unwrap_or_else(|| Some(T::default()))
}

#[expect(clippy::option_option, reason = "absent and wrong are different")]
fn or_none<T>(section: Option<Option<T>>) -> Option<Option<T>> {
    section.map_or(Some(None), |read| read.map(Some))
}
