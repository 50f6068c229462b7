//! `b24bot portals`: which there are, how they do, and what can be done about one.

use std::{path::Path, process::ExitCode};

use b24bot::{
    core::MemberId,
    portals::{self, ListedPortal, PortalDesk, PortalState},
    rules::Config,
};
use clap::{Args, Subcommand};

use super::{
    ConfigPath, Outcome, harmless,
    inbox::{
        hint, no_store, now, show,
        table::{age, aligned, shortened},
    },
    say,
};

const TITLES: [&str; 7] = ["PORTAL", "DOMAIN", "STATE", "BOT", "PENDING", "DEAD", "LATEST"];

#[derive(Subcommand)]
pub(crate) enum PortalsCommand {
    /// All portals that the application is installed on, that have events stored, or that are paused
    #[command(after_help = "\
PENDING events wait or are being handled, DEAD ones were set aside; LATEST is how long ago the last
of these came.

  b24bot portals list
  b24bot portals list --json")]
    List {
        /// As a JSON list, for scripts; times are milliseconds since 1970
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// All about one portal
    #[command(after_help = "\
Exits with 1 if nothing is known of it.

  b24bot portals show some-domain.bitrix24.com")]
    Show {
        #[command(flatten)]
        named: Named,
        /// As JSON, for scripts; times are milliseconds since 1970
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Begin no more events of a portal until it is resumed
    #[command(after_help = "\
Its events are accepted and wait in the store, also after a restart; those that become older than
`max_age` in [store] are set aside when it is resumed. What is being handled is handled to its end.
An uninstallation does not wait.

  b24bot portals pause some-domain.bitrix24.com")]
    Pause {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Let a paused portal go on, with what has waited, in order
    #[command(after_help = "\
  b24bot portals resume some-domain.bitrix24.com")]
    Resume {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Erase all that is a portal's: credentials, application token, events
    #[command(after_help = "\
As an uninstallation does, for a portal that cannot tell of it any more. Its events are refused from
then on, unless `application_token` in [security] vouches for it, and until the application is
installed there again.

  b24bot portals remove some-domain.bitrix24.com --yes")]
    Remove {
        #[command(flatten)]
        named: Named,
        /// Do it: what is erased cannot be got back
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        config: ConfigPath,
    },
}

#[derive(Args)]
pub(crate) struct Named {
    /// The portal's member id or domain, as `list` shows them
    portal: String,
}

pub(super) async fn run(command: PortalsCommand) -> Outcome {
    match command {
        PortalsCommand::List { json, config } => list(&config.config, json).await,
        PortalsCommand::Show { named, json, config } => show(&config.config, &named.portal, json).await,
        PortalsCommand::Pause { named, config } => pause(&config.config, &named.portal).await,
        PortalsCommand::Resume { named, config } => resume(&config.config, &named.portal).await,
        PortalsCommand::Remove { named, yes, config } => remove(&config.config, &named.portal, yes).await,
    }
}

/// `None` where there is no store yet.
async fn open(config: &Path) -> Result<Option<PortalDesk>, Box<dyn std::error::Error + Send + Sync>> {
    // With what is sealed if it can be opened, without if not: in a shell that lacks the bot's environment, say.
    let config = match Config::load(config) {
        Ok(config) => config,
        Err(_) => super::check::explained(Config::load_for_store(config))?,
    };
    let desk = portals::open(&config).await?;
    if desk.is_none() {
        no_store(&config.store);
    }
    Ok(desk)
}

async fn list(config: &Path, json: bool) -> Outcome {
    let listed = match open(config).await? {
        Some(desk) => desk.list().await?,
        None => Vec::new(),
    };
    if json {
        say(harmless::json(&listed)?);
    } else if listed.is_empty() {
        say("there is no portal");
    } else {
        say(aligned(TITLES, listed.iter().map(|portal| row(portal, now()))));
    }
    Ok(ExitCode::SUCCESS)
}

/// A portal that must be known.
async fn known(
    config: &Path,
    name: &str,
) -> Result<(PortalDesk, ListedPortal), Box<dyn std::error::Error + Send + Sync>> {
    let unknown = || format!("no portal {} is known: see `b24bot portals list`", harmless::line(name));
    let desk = open(config).await?.ok_or_else(unknown)?;
    let portal = desk.find(name).await?.ok_or_else(unknown)?;
    Ok((desk, portal))
}

async fn show(config: &Path, name: &str, json: bool) -> Outcome {
    let (_, portal) = known(config, name).await?;
    say(if json { harmless::json(&portal)? } else { text(&portal, now()) });
    Ok(ExitCode::SUCCESS)
}

async fn pause(config: &Path, name: &str) -> Outcome {
    let Some(desk) = open(config).await? else { return Ok(ExitCode::FAILURE) };
    // A portal of which nothing waits can be paused before something comes.
    let portal = match desk.find(name).await? {
        Some(portal) => portal.portal,
        None => {
            hint("nothing is known of that portal yet; it is paused by the name that was given");
            name.to_owned()
        }
    };
    let is_new = desk.pause(&MemberId::from(portal.as_str())).await?;
    let portal = harmless::line(&portal);
    say(if is_new { format!("{portal} is paused") } else { format!("{portal} was paused already") });
    Ok(ExitCode::SUCCESS)
}

async fn resume(config: &Path, name: &str) -> Outcome {
    let (desk, portal) = known(config, name).await?;
    let was_paused = desk.resume(&MemberId::from(portal.portal.as_str())).await?;
    let name = harmless::line(&portal.portal);
    say(if was_paused { format!("{name} goes on") } else { format!("{name} was not paused") });
    Ok(ExitCode::SUCCESS)
}

async fn remove(config: &Path, name: &str, yes: bool) -> Outcome {
    let (desk, portal) = known(config, name).await?;
    let shown = harmless::line(&portal.portal);
    if !yes {
        let events = portal.pending + portal.dead;
        return Err(format!(
            "the credentials, the application token and {events} events of {shown} would be erased for good: with \
             --yes they are"
        )
        .into());
    }
    let removed = desk.remove(&MemberId::from(portal.portal.as_str())).await?;
    let installed = if removed.installed { ", its installation" } else { "" };
    say(format_args!("{shown} is removed: its application token{installed}, events: {}", removed.events));
    Ok(ExitCode::SUCCESS)
}

fn row(portal: &ListedPortal, now: u64) -> [String; 7] {
    [
        shortened(&harmless::line(&portal.portal), 64),
        portal.domain.as_deref().map_or_else(dash, |domain| shortened(&harmless::line(domain), 64)),
        state(portal),
        portal.bot.map_or_else(dash, |bot| bot.to_string()),
        portal.pending.to_string(),
        portal.dead.to_string(),
        portal.latest.map_or_else(dash, |latest| age(latest, now)),
    ]
}

fn dash() -> String {
    "-".to_owned()
}

/// A pause goes without saying how the portal does otherwise, if it does well.
fn state(portal: &ListedPortal) -> String {
    match (portal.paused_at, portal.state) {
        (None, state) => state.to_string(),
        (Some(_), PortalState::Active | PortalState::NotInstalled) => "paused".to_owned(),
        (Some(_), state) => format!("paused, {state}"),
    }
}

fn text(portal: &ListedPortal, now: u64) -> String {
    let ago = |then| format!("{} ago", age(then, now));
    let mut lines = vec![("portal", portal.portal.clone())];
    lines.extend(portal.domain.clone().map(|domain| ("domain", domain)));
    lines.push(("state", portal.state.to_string()));
    lines.extend(portal.paused_at.map(|since| ("paused", ago(since))));
    lines.extend(portal.bot.map(|bot| ("bot", bot.to_string())));
    lines.extend(portal.installed_at.map(|then| ("installed", ago(then))));
    lines.push(("pending", portal.pending.to_string()));
    lines.push(("dead", portal.dead.to_string()));
    lines.extend(portal.latest.map(|latest| ("latest", ago(latest))));
    show::aligned(&lines)
}
