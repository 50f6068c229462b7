//! The bot's registration on a portal: the bot itself, its slash commands, and the application's own events.
//!
//! `b24bot register` stands on it, and so does what follows the installation of an application. Registering an
//! existing bot changes nothing on it, so [`ensure`] looks first, and tells the portal what is other than wanted.

mod bots;
mod commands;
mod difference;
mod events;
mod v1;
mod v2;

use aws_lc_rs::digest;
use b24bot_actions::{Client, Error as CallError, ErrorCode, Installation, Installations, host};
use b24bot_core::{BotId, MemberId, Secret};
use b24bot_rules::{Api, BotSettings, BotType, CommandSettings, Config, Mode};
use serde_json::json;

pub use bots::{Listed, bots, remove};
pub(crate) use commands::other as other_commands;
pub(crate) use difference::{Difference, differences};
pub use events::{APPLICATION_EVENTS, bind_events, bound_events};

use crate::{Error, ErrorKind, secrets};

/// What is to be registered on a portal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wanted {
    /// Who the bot is.
    pub bot: BotSettings,
    /// Its commands. Others that the bot has on the portal are taken away.
    pub commands: Vec<CommandSettings>,
    /// Where the portal posts events; of no importance with [`Mode::Fetch`].
    pub handler: String,
    /// What a bot that belongs to an inbound webhook is signed with: `botToken` of the second generation, at most 40
    /// characters, `CLIENT_ID` of the first. Applications need none.
    pub key: Option<Secret>,
}

/// Where portals reach the bot, before the path: `public_url`; where that is missing and both are on this machine, the
/// address on which it listens.
pub(crate) fn base(config: &Config) -> Option<String> {
    let listen = config.server.listen;
    let is_here = listen.ip().is_loopback() && listen.port() != 0;
    // Of portals that install an application nothing is known here.
    let has_local_portal =
        config.portal.as_ref().is_none_or(|portal| host::is_this_machine(portal.webhook.domain()));
    config
        .server
        .public_url
        .clone()
        .or_else(|| (is_here && has_local_portal).then(|| format!("http://{listen}")))
}

impl Wanted {
    /// A bot without commands, whose events go to that address.
    #[must_use]
    pub fn new(bot: BotSettings, handler: impl Into<String>) -> Self {
        Self { bot, commands: Vec::new(), handler: handler.into(), key: None }
    }

    /// What a `bot.toml` asks for.
    ///
    /// # Errors
    ///
    /// With [`ErrorKind::Config`] if events are to be posted and `public_url` is missing, unless bot and portal are on
    /// this machine.
    pub fn of(config: &Config) -> Result<Self, Error> {
        let base = base(config);
        if base.is_none() && config.bot.mode == Mode::Webhook {
            let message = "the portal has to know where it posts events: set `public_url` in [server], such as \
                           \"https://bot.example.com\"";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Self::at(config, base.as_deref()))
    }

    /// What a `bot.toml` asks for, where the bot is reached at that address; none where it is of no importance.
    pub(crate) fn at(config: &Config, base: Option<&str>) -> Self {
        let handler = base.map(|base| format!("{base}{}", config.server.path)).unwrap_or_default();
        let key = config.portal.as_ref().and_then(|portal| match config.bot.api {
            Api::V1 => portal.client_id.clone(),
            Api::V2 => portal.bot_token.clone(),
        });
        Self { bot: config.bot.clone(), commands: config.commands.clone(), handler, key }
    }

    /// With these commands beside those that are wanted already. One of the same name takes the other's place.
    #[must_use]
    pub fn commands(mut self, commands: impl IntoIterator<Item = CommandSettings>) -> Self {
        for command in commands {
            self.commands.retain(|other| other.name != command.name);
            self.commands.push(command);
        }
        self
    }

    /// With the key of a bot that belongs to an inbound webhook.
    #[must_use]
    pub fn key(mut self, key: impl Into<Secret>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same for the same wishes, and another for any other. It says nothing about the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let BotSettings { code, name, bot_type, api, mode, .. } = &self.bot;
        let commands: Vec<_> = self
            .commands
            .iter()
            .map(|c| json!([c.name, c.title, c.params, c.hidden, c.common, c.extranet]))
            .collect();
        let wishes = json!([
            code,
            name,
            format!("{bot_type:?}"),
            format!("{api:?}"),
            format!("{mode:?}"),
            self.handler,
            commands,
        ]);
        let digest = digest::digest(&digest::SHA256, wishes.to_string().as_bytes());
        secrets::hex(&digest.as_ref()[..16])
    }

    /// What calls for the bot are signed with: `""` where nothing is needed.
    fn signature(&self, client: &Client) -> Result<&str, Error> {
        match &self.key {
            _ if !client.is_webhook() => Ok(""),
            Some(key) => Ok(key.expose()),
            None => {
                let name = self.key_name();
                let message = format!(
                    "through an inbound webhook a bot needs a key of its own: set `{name}` in [portal], or let \
                     `b24bot register` make one"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }

    /// How events come, as the second generation calls it.
    pub(crate) const fn mode_name(&self) -> &'static str {
        match self.bot.mode {
            Mode::Webhook => "webhook",
            Mode::Fetch => "fetch",
        }
    }

    /// What the key is called in `bot.toml`.
    #[must_use]
    pub fn key_name(&self) -> &'static str {
        match self.bot.api {
            Api::V1 => "client_id",
            Api::V2 => "bot_token",
        }
    }
}

/// A bot as it is registered now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// Its id on the portal.
    pub bot: BotId,
    /// Whether it was not there before.
    pub is_new: bool,
    /// What was found to be other than wanted, and was changed: `name`, `mode`, `handler`, `command /help`. Where the
    /// portal does not show what it has, as with the handler of a bot that belongs to a webhook, it is told again
    /// and nothing is said here.
    pub changed: Vec<String>,
}

/// Registers the bot and its commands on a portal, or changes what is other than wanted there. A second time it changes
/// nothing.
///
/// Pages of the platform: `imbot.v2.Bot.register`, `imbot.v2.Command.register`; `imbot.register`,
/// `imbot.command.register`.
///
/// # Errors
///
/// With [`ErrorKind::Portal`] when another application has a bot of that code, when the bot there is of another type,
/// which no method changes, and when the portal refuses a call: its answer is the error's source. With
/// [`ErrorKind::Config`] when a webhook's bot has no key.
///
/// ```no_run
/// # async fn example(client: b24bot::actions::Client, config: b24bot::rules::Config) -> Result<(), b24bot::Error> {
/// use b24bot::registration::{Wanted, ensure};
///
/// let registered = ensure(&client, &Wanted::of(&config)?).await?;
/// println!("bot {}: changed {:?}", registered.bot, registered.changed);
/// # Ok(())
/// # }
/// ```
pub async fn ensure(client: &Client, wanted: &Wanted) -> Result<Registered, Error> {
    let mut registered = match wanted.bot.api {
        Api::V1 => v1::ensure(client, wanted).await?,
        Api::V2 => v2::ensure(client, wanted).await?,
    };
    let changed = commands::ensure(client, wanted, &registered).await?;
    registered.changed.extend(changed);
    Ok(registered)
}

/// Registers the bot as [`ensure`] does; has the portal tell of the application, if it is one's own there
/// ([`bind_events`]); and then remembers it with the installation, so that what breaks off is not taken for done.
///
/// # Errors
///
/// As for [`ensure`] and [`bind_events`], and with [`ErrorKind::Inbox`] when the store does not keep it.
pub(crate) async fn establish(
    client: &Client,
    wanted: &Wanted,
    installation: Option<(&Installations, &MemberId)>,
) -> Result<Registered, Error> {
    let registered = ensure(client, wanted).await?;
    let Some((installations, portal)) = installation else { return Ok(registered) };
    if wanted.bot.mode == Mode::Webhook {
        bind_events(client, &wanted.handler).await?;
    }
    remember(installations, portal, Some(registered.bot), &wanted.fingerprint()).await?;
    Ok(registered)
}

/// What is remembered as registered where the bot was taken away on purpose.
const TAKEN_AWAY: &str = "none";

/// Takes the bot away as [`remove`] does, and remembers that with the installation: it is not registered there by itself
/// any more.
///
/// # Errors
///
/// As for [`remove`], and with [`ErrorKind::Inbox`] when the store does not keep it.
pub(crate) async fn take_away(
    client: &Client,
    wanted: &Wanted,
    installation: Option<(&Installations, &MemberId)>,
) -> Result<Option<BotId>, Error> {
    let removed = remove(client, wanted).await?;
    if let Some((installations, portal)) = installation {
        remember(installations, portal, None, TAKEN_AWAY).await?;
    }
    Ok(removed)
}

/// Whether the bot was [taken away](take_away) there, and not registered since.
pub(crate) fn is_taken_away(installation: &Installation) -> bool {
    installation.registered.as_deref() == Some(TAKEN_AWAY)
}

/// Keeps with an installation which bot is registered there, and as what.
async fn remember(
    installations: &Installations,
    portal: &MemberId,
    bot: Option<BotId>,
    as_what: &str,
) -> Result<(), Error> {
    let changed = installations.change(portal, |installation| {
        installation.bot = bot;
        installation.registered = Some(as_what.to_owned());
    });
    changed.await.map(drop).map_err(|error| {
        Error::caused(ErrorKind::Inbox, "the store does not keep what was registered", error)
    })
}

/// What is to be changed on a bot that is there; its type cannot be.
fn changes(wanted: &Wanted, there: &Listed) -> Result<Vec<String>, Error> {
    let differences = differences(wanted, there);
    match &there.kind {
        Some(kind) if differences.contains(&Difference::Kind) => {
            Err(other_type(there.id, kind, wanted.bot.bot_type))
        }
        _ => Ok(differences.into_iter().map(|difference| difference.name().to_owned()).collect()),
    }
}

/// The type as the second generation calls it.
pub(crate) fn type_name(bot_type: BotType) -> &'static str {
    match bot_type {
        BotType::Supervisor => "supervisor",
        BotType::Personal => "personal",
        BotType::OpenLine => "openline",
        _ => "bot",
    }
}

/// A portal's refusal, in words that say what to do where that is known.
pub(crate) fn refused(what: &str, error: CallError) -> Error {
    let advice = match error.code() {
        Some(ErrorCode::InsufficientScope) => {
            ": the webhook or the application lacks a scope, it needs `im` and `imbot`"
        }
        Some(ErrorCode::InvalidCredentials | ErrorCode::NoAuthFound) => {
            ": the webhook was deleted or changed, or the access token is no longer good"
        }
        _ => "",
    };
    Error::caused(ErrorKind::Portal, format!("{what}{advice}"), error)
}

fn code_taken(code: &str, error: CallError) -> Error {
    let message = format!(
        "another application or webhook key has a bot with the code `{code}` on this portal: give yours another \
         `code` in [bot], or use the key that bot was registered with"
    );
    Error::caused(ErrorKind::Portal, message, error)
}

fn other_type(id: BotId, there: &str, wanted: BotType) -> Error {
    let wanted = type_name(wanted);
    let message = format!(
        "the bot {id} is registered as `{there}`, and the platform changes no bot's type to `{wanted}`: take it away \
         with `b24bot unregister` and register it anew (it leaves its chats then), or choose another `code`"
    );
    Error::new(ErrorKind::Portal, message)
}

#[cfg(test)]
mod tests;
