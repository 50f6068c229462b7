//! `b24bot dev` and `b24bot portal`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use b24bot::{Bot, Signals, portal};
use clap::Args;

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
    let portal = builder.start().await?;
    let recording =
        wanted.record.map_or_else(String::new, |file| format!("\n  recording        {}", file.display()));
    say(format_args!(
        "b24bot portal: a portal on this machine

  chat page        {}/
  inbound webhook  {}{recording}

Ctrl-C stops it.",
        portal.url(),
        portal.webhook_url(),
    ));
    signals.next().await;
    portal.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
