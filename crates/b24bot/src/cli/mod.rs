//! The commands of the program.

mod call;
mod check;
mod doctor;
mod harmless;
mod inbox;
#[cfg(feature = "portal")]
mod local;
pub(crate) mod logging;
mod new;
mod portals;
mod register;
#[cfg(feature = "portal")]
mod replay;
mod serve;

use std::{
    error::Error,
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use b24bot::actions::LikeAction;
use clap::{Args, Parser, Subcommand};

type Outcome = Result<ExitCode, Box<dyn Error + Send + Sync>>;

/// Chat bots for Bitrix24: the portal posts its events to this server, rules and handlers act on them.
#[derive(Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "\
Start here:
  b24bot dev                      a bot and a portal on this machine: open the page, write \"thanks\"
  b24bot check                    does bot.toml say what it should?
  b24bot register                 tell the portal about the bot
  b24bot doctor                   what would keep it from working there?
  b24bot run                      serve the bot that bot.toml describes
  b24bot inbox list               what failed, and why
  b24bot portals list             with [app]: how each portal does
  b24bot new NAME                 a bot of your own, in Rust

Logs go to stderr (RUST_LOG=debug shows more), results to stdout."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How log lines are written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: logging::LogFormat,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the bot together with a local portal: no account, no network, no setting
    #[cfg(feature = "portal")]
    #[command(after_help = "\
The bot is registered to the local portal as an application's bot, with the rules of bot.toml (or,
without that file, rules that like thanks). [portal], [app] and [security] are not read.

Open the page it prints, write \"thanks\" in the chat, and see the like; or, without a browser:
  curl -d '{\"dialog\": \"chat1\", \"user\": 27, \"text\": \"thanks\"}' http://127.0.0.1:9400/control/messages
  curl http://127.0.0.1:9400/control/messages/101")]
    Dev {
        #[command(flatten)]
        config: ConfigPath,
        /// Where the local portal listens
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9400")]
        portal: std::net::SocketAddr,
    },

    /// The local portal alone: chat page, REST, and /control for tests
    #[cfg(feature = "portal")]
    #[command(after_help = "\
A fresh portal has the users 1 (administrator), 27 and 42, the group chat chat1 with the three of
them, and the inbound webhook /rest/1/local/ with all scopes:
  curl http://127.0.0.1:9400/rest/1/local/profile

With --state it goes on where it was: people, chats, messages, bots, applications and tokens are in
that file.

A session can be recorded, and posted to a bot again; it tells how the bot's calls differ. So can the
body of one event that was captured from a real portal, byte for byte:
  b24bot portal --record session.jsonl
  b24bot portal --replay session.jsonl --to http://127.0.0.1:8080/bitrix24/events --fast
  b24bot portal --replay body.txt --to http://127.0.0.1:8080/bitrix24/events --application-token TOKEN")]
    Portal(local::Portal),

    /// Make a starter project: a bot in Rust that builds and passes its tests
    #[command(after_help = "\
Makes a folder of that name with Cargo.toml, bot.toml, a bot and its tests. Until the crate b24bot is
published it is taken from its repository; --b24bot takes it from a checkout on this machine:

  b24bot new tea-bot
  b24bot new tea-bot --b24bot ~/src/b24bot")]
    New(new::New),

    /// Read bot.toml and show every mistake in it
    #[command(after_help = "\
Exits with 1 if there is any mistake. Environment variables named in the file must be set.

  b24bot check
  b24bot check --config /etc/b24bot/bot.toml")]
    Check(ConfigPath),

    /// Tell the portal about the bot and its commands, as bot.toml has them
    #[command(after_help = "\
With [portal] on that portal, whose webhook needs the scopes im and imbot; a bot without a key gets
one, which is shown once, to be put into bot.toml.

With [app] nobody needs this: a bot that runs registers itself on each portal that installs the
application, and once more after a start with another bot.toml. The command does it at once, on all
of them or on the one that --portal names; if the bot runs on this machine, it is the one to do it.

Once more changes nothing. Commands that are not in bot.toml are taken away; with [portal] also those
that a bot of your own adds in code, since only that bot knows them. Exits with 1 if it failed on
any portal.

  b24bot register
  b24bot register --portal some-domain.bitrix24.com --json")]
    Register(Portal),

    /// Look for what would keep the bot from working, and say what to do
    #[command(after_help = "\
Reads bot.toml, looks into the store, and tries whether [server] public_url leads to the bot. Asks
the portal about credentials, scopes, revision, installation, the bot, its events and commands, what
earlier handlers left, and the clock. Changes nothing. Exits with 1 if anything is bad.

  b24bot doctor
  b24bot doctor --portal some-domain.bitrix24.com --json")]
    Doctor(Portal),

    /// List the bots of the portal
    #[command(after_help = "\
Other applications' bots are listed where the portal shows them, by id, code and name. Where events
of a bot go the portal shows to applications only.

  b24bot bots
  b24bot bots --portal some-domain.bitrix24.com --json")]
    Bots(Portal),

    /// Take the bot off the portal, its commands with it
    #[command(after_help = "\
It leaves its chats; what it wrote stays. Registered again it is a new bot. With [app] it stays away from that
portal until `b24bot register`, or until an administrator installs or opens the application there.

  b24bot unregister
  b24bot unregister --yes            on all portals that installed the application")]
    Unregister {
        #[command(flatten)]
        portal: Portal,
        /// On all portals, if there are several
        #[arg(long)]
        yes: bool,
    },

    /// Serve the bot until SIGINT or SIGTERM
    #[command(after_help = "\
The first signal stops the intake; what was accepted is still handled, for `drain` in [server] at the
most, then the program exits with 0 and leaves the rest stored. A second signal ends it at once, and
loses nothing either.

The portal posts its events to [server] public_url + path; see the README for how to stand behind a
reverse proxy, and what a bad request gets.

  b24bot run
  b24bot run --config /etc/b24bot/bot.toml")]
    Run(ConfigPath),

    /// Accepted events: how many wait, which failed and why; handle them again
    #[command(after_help = "\
Works while the bot runs and while it does not. Results go to stdout; `--json` is for scripts.

  b24bot inbox list               what was set aside, and why
  b24bot inbox show 4711          all about one of them
  b24bot inbox retry 4711         handle it again, now that the cause is mended
  b24bot inbox purge --all-dead   forget what is not worth it")]
    Inbox {
        #[command(subcommand)]
        command: inbox::Inbox,
    },

    /// Portals: how each of them does; pause one, or remove it
    #[command(after_help = "\
Works while the bot runs and while it does not. A portal is named by its member id or its domain.

  b24bot portals list                  all of them, with what waits
  b24bot portals pause PORTAL          its events wait until it is resumed
  b24bot portals remove PORTAL --yes   erase its credentials, its token and its events")]
    Portals {
        #[command(subcommand)]
        command: portals::PortalsCommand,
    },

    /// Like one message: im.message.like
    #[command(after_help = "\
The like is from the employee who made the inbound webhook in [portal], who must be in that chat.
The portal's answer goes to stdout as JSON. Exits with 1 if it is an error, such as WITHOUT_CHANGES (the
like stood already, or the message cannot be seen) or MESSAGE_ID_ERROR.

  b24bot like 84331
  b24bot like 84331 --action minus")]
    Like {
        /// The message's id
        message_id: u64,
        /// plus sets the like, minus removes it, auto toggles it
        #[arg(long, default_value = "plus", value_parser = ["plus", "minus", "auto"])]
        action: String,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Call any REST method with the inbound webhook in [portal]
    #[command(after_help = "\
The portal's answer goes to stdout as JSON; exits with 1 if it is an error. Brackets nest:

  b24bot call profile
  b24bot call imbot.message.add BOT_ID=5 DIALOG_ID=chat1 MESSAGE='Good morning'
  b24bot call imbot.register CODE=tea 'PROPERTIES[NAME]=Tea bot'
  b24bot call imbot.v2.Chat.Message.send --json '{\"botId\": 5, \"dialogId\": \"chat1\", \"fields\": {\"message\": \"Hi\"}}'")]
    Call {
        /// The method's name, such as im.dialog.get; its case counts
        method: String,
        /// Parameters; brackets nest, as in PROPERTIES[NAME]=Tea
        #[arg(value_name = "KEY=VALUE")]
        params: Vec<String>,
        /// Parameters as a JSON object; KEY=VALUE adds to it
        #[arg(long, value_name = "TEXT")]
        json: Option<String>,
        #[command(flatten)]
        config: ConfigPath,
    },
}

#[derive(Args)]
pub(crate) struct Portal {
    /// Only this portal: its domain or member_id
    #[arg(long, value_name = "PORTAL")]
    portal: Option<String>,
    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigPath,
}

#[derive(Args)]
pub(crate) struct ConfigPath {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "bot.toml")]
    config: PathBuf,
}

pub(crate) async fn run(command: Command) -> Outcome {
    match command {
        Command::Run(config) => serve::run(&config.config).await,
        #[cfg(feature = "portal")]
        Command::Dev { config, portal } => local::dev(&config.config, portal).await,
        #[cfg(feature = "portal")]
        Command::Portal(wanted) => local::portal(wanted).await,
        Command::New(wanted) => new::new(&wanted),
        Command::Check(config) => check::check(&config.config),
        Command::Register(Portal { portal, json, config }) => {
            register::register(&config.config, portal, json).await
        }
        Command::Unregister { portal: Portal { portal, json, config }, yes } => {
            register::unregister(&config.config, portal, yes, json).await
        }
        Command::Bots(Portal { portal, json, config }) => register::bots(&config.config, portal, json).await,
        Command::Doctor(Portal { portal, json, config }) => {
            doctor::doctor(&config.config, portal, json).await
        }
        Command::Like { message_id, action, config } => {
            let action: LikeAction = action.parse()?;
            call::like(&config.config, message_id, action).await
        }
        Command::Call { method, params, json, config } => {
            call::call(&config.config, &method, &params, json.as_deref()).await
        }
        Command::Inbox { command } => inbox::run(command).await,
        Command::Portals { command } => portals::run(command).await,
    }
}

/// A result, to stdout. A reader that has gone away is no failure of ours.
fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// What went wrong, to stderr, with all that caused it.
pub(crate) fn complain(error: &dyn Error) {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors name their cause themselves.
        if !text.contains(&cause_text) {
            text.push_str("\n  because ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    let _ = writeln!(io::stderr(), "{text}");
}
