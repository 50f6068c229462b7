//! `b24bot dev` and `b24bot portal`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use b24bot::{Bot, Signals, portal::Portal};

use super::{Outcome, say, serve::ended};

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

pub(super) async fn portal(listen: SocketAddr, record: Option<PathBuf>) -> Outcome {
    let mut signals = Signals::listen()?;
    let mut portal = Portal::builder().listen(listen);
    if let Some(file) = &record {
        portal = portal.record(file);
    }
    let portal = portal.start().await?;
    let recording =
        record.map_or_else(String::new, |file| format!("\n  recording        {}", file.display()));
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
