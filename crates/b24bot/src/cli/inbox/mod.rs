//! `b24bot inbox`: what was accepted and waits, or failed.

pub(super) mod show;
pub(super) mod table;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use b24bot::{
    core::{Desk, EntryId, InboxError, Which},
    desk,
    rules::{Config, StorePlace, StoreSettings},
    store::MemoryStore,
};
use clap::Subcommand;

use super::{ConfigPath, Outcome, harmless, say};

/// How many entries are asked for at once where all are meant.
const PAGE: usize = 1_000;

#[derive(Subcommand)]
pub(crate) enum Inbox {
    /// How many events wait, are tried again, and were set aside
    #[command(after_help = "\
  b24bot inbox stats
  b24bot inbox stats --json")]
    Stats {
        /// As JSON, for scripts; times are milliseconds since 1970
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// The events that were set aside, or those that wait
    #[command(after_help = "\
An event is set aside when its handlers have failed as often as [retry] allows, or for good, or when
it has waited for too long.

  b24bot inbox list
  b24bot inbox list --pending --limit 10
  b24bot inbox list --after 4711")]
    List {
        /// Those that were set aside (this is what is listed unless told otherwise)
        #[arg(long, conflicts_with = "pending")]
        dead: bool,
        /// Those that wait, are being handled, or will be tried again
        #[arg(long)]
        pending: bool,
        /// How many at the most
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
        /// Only those that come after this one
        #[arg(long, value_name = "ID")]
        after: Option<u64>,
        /// As a JSON list, for scripts; times are milliseconds since 1970
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// All about one event: why it failed, and what the portal sent
    #[command(after_help = "\
Tokens and secrets are stars. Exits with 1 if there is no such event: those that were handled are
gone.

  b24bot inbox show 4711")]
    Show {
        /// The event's number, as `list` shows it
        id: u64,
        /// As JSON, for scripts; times are milliseconds since 1970
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Handle events again that were set aside
    #[command(after_help = "\
Handlers that were content are not called again, and what was sent is not sent again. A bot that runs
begins at once, another one when it is started. Exits with 1 if one of them was not set aside.

  b24bot inbox retry 4711 4712
  b24bot inbox retry --all")]
    Retry {
        /// Their numbers, as `list` shows them
        #[arg(value_name = "ID", required_unless_present = "all")]
        ids: Vec<u64>,
        /// All that were set aside
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        config: ConfigPath,
    },

    /// Remove events for good, without asking
    #[command(after_help = "\
What is being handled is handled to its end. Exits with 1 if there is no such event.

  b24bot inbox purge 4711
  b24bot inbox purge --all-dead")]
    Purge {
        /// Their numbers, as `list` shows them
        #[arg(value_name = "ID", required_unless_present_any = ["all_dead", "all_pending"])]
        ids: Vec<u64>,
        /// All that were set aside
        #[arg(long, conflicts_with = "ids")]
        all_dead: bool,
        /// All that wait
        #[arg(long, conflicts_with = "ids")]
        all_pending: bool,
        #[command(flatten)]
        config: ConfigPath,
    },
}

pub(super) async fn run(command: Inbox) -> Outcome {
    match command {
        Inbox::Stats { json, config } => stats(&config.config, json).await,
        Inbox::List { dead: _, pending, limit, after, json, config } => {
            let which = if pending { Which::Pending } else { Which::Dead };
            list(&config.config, which, after.map(EntryId), limit, json).await
        }
        Inbox::Show { id, json, config } => show(&config.config, EntryId(id), json).await,
        Inbox::Retry { ids, all, config } => {
            let desk = open(&config.config).await?.desk;
            retry(&*desk, ids, all).await
        }
        Inbox::Purge { ids, all_dead, all_pending, config } => {
            let desk = open(&config.config).await?.desk;
            let dead = all_dead.then_some(Which::Dead);
            purge(&*desk, ids, dead.into_iter().chain(all_pending.then_some(Which::Pending))).await
        }
    }
}

struct Opened {
    desk: Arc<dyn Desk>,
    /// Where a store would be, if there is none.
    nowhere: Option<String>,
}

/// The desk of the store that `bot.toml` names. Where there is none yet, there is nothing in it.
async fn open(config: &Path) -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
    let settings = super::check::explained(Config::load_for_store(config))?.store;
    if let Some(desk) = desk::open(&settings).await? {
        return Ok(Opened { desk, nowhere: None });
    }
    let place = no_store(&settings);
    Ok(Opened { desk: Arc::new(MemoryStore::default()), nowhere: Some(place) })
}

/// Says that there is no store, and where it would be.
pub(super) fn no_store(settings: &StoreSettings) -> String {
    let place = match &settings.place {
        // It is relative to where this was started, which need not be where the bot was.
        StorePlace::Embedded(path) => {
            std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
        }
        _ => "the server".to_owned(),
    };
    hint(&format!("there is no store at {place} yet: `b24bot run` makes it"));
    place
}

async fn stats(config: &Path, json: bool) -> Outcome {
    let Opened { desk, nowhere } = open(config).await?;
    let mut stats = desk.stats().await?;
    if let Some(place) = nowhere {
        stats.store = place;
    }
    say(if json { harmless::json(&stats)? } else { show::stats(&stats, now()) });
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Path, which: Which, after: Option<EntryId>, limit: usize, json: bool) -> Outcome {
    let desk = open(config).await?.desk;
    let listed = desk.list(which, after, limit).await?;
    if json {
        say(harmless::json(&listed)?);
    } else if listed.is_empty() {
        let later = if after.is_some() { " after that one" } else { "" };
        say(match which {
            Which::Dead => format!("nothing was set aside{later}"),
            Which::Pending => format!("nothing waits{later}"),
        });
    } else {
        say(table::listed(&listed, now()));
    }
    if let Some(last) = listed.last().filter(|_| listed.len() == limit) {
        hint(&format!("there may be more: --after {}", last.id));
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(config: &Path, id: EntryId, json: bool) -> Outcome {
    let desk = open(config).await?.desk;
    let Some((listed, envelope)) = desk.show(id).await? else {
        return Err(format!("there is no event {id}: it was handled, or removed").into());
    };
    say(if json { show::json(&listed, &envelope)? } else { show::text(&listed, &envelope, now())? });
    Ok(ExitCode::SUCCESS)
}

async fn retry(desk: &dyn Desk, ids: Vec<u64>, all: bool) -> Outcome {
    let ids = if all { all_of(desk, Which::Dead).await? } else { ids.into_iter().map(EntryId).collect() };
    let (mut retried, mut missed) = (0, 0);
    for id in ids {
        match desk.retry(id).await? {
            Some(new) if new == id => retried += 1,
            Some(new) => {
                say(format_args!("event {id} is event {new} now"));
                retried += 1;
            }
            // Whoever asked for all may find that someone else was quicker.
            None if all => {}
            None => {
                hint(&format!("error: no event {id} was set aside"));
                missed += 1;
            }
        }
    }
    say(match retried {
        0 => "nothing is handled again".to_owned(),
        1 => "1 event is handled again".to_owned(),
        _ => format!("{retried} events are handled again"),
    });
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn purge(desk: &dyn Desk, ids: Vec<u64>, all: impl Iterator<Item = Which>) -> Outcome {
    let (mut removed, mut missed) = (0, 0);
    for id in ids.into_iter().map(EntryId) {
        if desk.purge(id).await? {
            removed += 1;
        } else {
            hint(&format!("error: there is no event {id}"));
            missed += 1;
        }
    }
    for which in all {
        for id in all_of(desk, which).await? {
            removed += u64::from(desk.purge(id).await?);
        }
    }
    say(match removed {
        0 => "nothing was removed".to_owned(),
        1 => "1 event was removed".to_owned(),
        _ => format!("{removed} events were removed"),
    });
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All at one time: what fails again while these are gone through is not gone through again.
async fn all_of(desk: &dyn Desk, which: Which) -> Result<Vec<EntryId>, InboxError> {
    let mut ids = Vec::new();
    loop {
        let page = desk.list(which, ids.last().copied(), PAGE).await?;
        if page.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.iter().map(|listed| listed.id));
    }
}

/// Something beside the result, to stderr.
pub(super) fn hint(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_millis().try_into().unwrap_or(u64::MAX)
}
