//! `b24bot dev` and `b24bot portal`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use b24bot::{Bot, Signals, portal};
use clap::Args;
use tokio::task::JoinSet;

use super::{
    Outcome,
    replay::{self, Options},
    say,
    serve::ended,
};

#[derive(Args)]
pub(crate) struct Portal {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9400")]
    listen: SocketAddr,
    /// Keep everything in this file, and begin with what is in it
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    state: Option<PathBuf>,
    /// What tokens and the member_id of a new portal are made from: the same number, the same portal
    #[arg(long, value_name = "NUMBER", conflicts_with = "replay")]
    seed: Option<u64>,
    /// Records the session in a new file: events and calls with their answers, without secrets
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// So many portals, at ADDRESS and the ports that follow; the state is kept in FILE, FILE.2 and so on
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u16).range(1..=100),
        conflicts_with_all = ["replay", "record"]
    )]
    portals: Option<u16>,
    #[command(flatten)]
    replay: Options,
}

pub(super) async fn dev(config: &Path, portal: SocketAddr) -> Outcome {
    let rules =
        if config.exists() { config.display().to_string() } else { "built in: thanks are liked".to_owned() };
    let signals = Signals::listen()?;
    let dev = Bot::for_dev(config)?.dev(portal).await?;
    let page = dev.page();
    let (user, place) =
        (dev.bot_id(), if dev.sees_groups() { "the group chat" } else { "the chat with the bot" });
    let dialog = if dev.sees_groups() { "chat1".to_owned() } else { user.to_string() };
    say(format_args!(
        "b24bot dev: a portal on this machine, with the bot in it

  chat page  {page}/
  bot        {handler} (user {user})
  rules      {rules}

Open the chat page, write \"thanks\" in {place}, and see the like. Without a browser:

  curl -d '{{\"dialog\": \"{dialog}\", \"user\": 27, \"text\": \"thanks\"}}' {page}/control/messages
  curl {page}/control/messages/101

Ctrl-C stops both.",
        handler = dev.handler(),
    ));
    ended(dev.until_signal(signals).await)
}

pub(super) async fn portal(wanted: Portal) -> Outcome {
    if let Options { replay: Some(file), options } = wanted.replay {
        return replay::replay(&file, wanted.listen, options).await;
    }
    let mut signals = Signals::listen()?;
    let mut builder = portal::Portal::builder().listen(wanted.listen);
    if let Some(file) = &wanted.state {
        builder = builder.state(file);
    }
    if let Some(seed) = wanted.seed {
        builder = builder.seed(seed);
    }
    if let Some(file) = &wanted.record {
        builder = builder.record(file);
    }
    let portals = builder.start_several(wanted.portals.unwrap_or(1)).await?;
    let recording =
        wanted.record.map_or_else(String::new, |file| format!("  recording        {}\n", file.display()));
    let places: Vec<String> = portals
        .iter()
        .map(|portal| {
            let (page, webhook) = (portal.url(), portal.webhook_url());
            format!("  chat page        {page}/\n  inbound webhook  {webhook}\n{recording}")
        })
        .collect();
    let (what, it) = match portals.len() {
        1 => ("a portal".to_owned(), "it"),
        several => (format!("{several} portals"), "them"),
    };
    say(format_args!("b24bot portal: {what} on this machine\n\n{}\nCtrl-C stops {it}.", places.join("\n")));
    signals.next().await;
    portals.into_iter().map(portal::Portal::shutdown).collect::<JoinSet<()>>().join_all().await;
    Ok(ExitCode::SUCCESS)
}
