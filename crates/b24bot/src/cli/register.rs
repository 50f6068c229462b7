//! `b24bot register`, `b24bot unregister` and `b24bot bots`.

use std::{collections::BTreeMap, fmt::Write, path::Path, process::ExitCode};

use b24bot::{
    core::{BotId, Secret},
    office::{self, Act, Clerk, Done, Order, Outcome as Became},
    registration::{Listed, Wanted},
    rules::{Api, Config, Mode},
};
use serde_json::{Value as Json, json};

use super::{Outcome, check::explained, harmless, inbox::table::aligned, say};

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn register(path: &Path, portal: Option<String>, as_json: bool) -> Outcome {
    let mut config = explained(Config::load_for_registration(path))?;
    // Before a key is made for nothing.
    Wanted::of(&config)?;
    let made = make_key(&mut config)?;
    let clerk = office::open(config.clone()).await?;
    let done = clerk.carry_out(&Order::new(Act::Register).portal(portal)).await?;
    let bot = bot_now(&clerk, &config.bot.code, &done, made.is_some()).await;
    let lines = lines(&config, &bot, made.as_ref());
    if as_json {
        say(harmless::json(&json!({"portals": done, "bot_toml": lines}))?);
        return Ok(exit_code(&done));
    }
    for one in &done {
        say(told(one, &config.bot.code));
    }
    if !lines.is_empty() {
        say(advice(&lines, made.is_some()));
    }
    Ok(exit_code(&done))
}

pub(super) async fn unregister(path: &Path, portal: Option<String>, sure: bool, as_json: bool) -> Outcome {
    let config = explained(Config::load_for_registration(path))?;
    let code = config.bot.code.clone();
    let order = Order::new(Act::Unregister).portal(portal).sure(sure);
    show(&office::open(config).await?.carry_out(&order).await?, &code, as_json)
}

fn show(done: &[Done], code: &str, as_json: bool) -> Outcome {
    if as_json {
        say(harmless::json(&json!({ "portals": done }))?);
    } else {
        done.iter().for_each(|one| say(told(one, code)));
    }
    Ok(exit_code(done))
}

pub(super) async fn bots(path: &Path, portal: Option<String>, as_json: bool) -> Outcome {
    let config = explained(Config::load_for_registration(path))?;
    let clerk: Clerk = office::open(config).await?;
    let done = clerk.carry_out(&Order::new(Act::Bots).portal(portal)).await?;
    if as_json {
        return show(&done, "", true);
    }
    for (n, one) in done.iter().enumerate() {
        if done.len() > 1 {
            say(format_args!("{}{}:", if n > 0 { "\n" } else { "" }, harmless::line(&one.portal)));
        }
        match &one.outcome {
            Became::Bots(bots) if bots.is_empty() => say("there are no bots"),
            Became::Bots(bots) => {
                say(aligned(TITLES, bots.iter().map(row)));
            }
            _ => say(told(one, "")),
        }
    }
    Ok(exit_code(&done))
}

const TITLES: [&str; 7] = ["ID", "CODE", "NAME", "TYPE", "MODE", "WHOSE", "HANDLER"];

fn row(bot: &Listed) -> [String; 7] {
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), harmless::line);
    let whose = if bot.own { "own" } else { "another's" };
    [
        bot.id.to_string(),
        harmless::line(&bot.code),
        harmless::line(&bot.name),
        or_dash(&bot.kind),
        or_dash(&bot.mode),
        whose.to_owned(),
        or_dash(&Some(bot.handlers.join(", ")).filter(|handlers| !handlers.is_empty())),
    ]
}

/// What became of it on one portal.
fn told(done: &Done, code: &str) -> String {
    let portal = &done.portal;
    harmless::line(&match &done.outcome {
        Became::Registered { bot, is_new: true, .. } => {
            format!("{portal}: bot {bot} (`{code}`) is registered")
        }
        Became::Registered { bot, changed, .. } if changed.is_empty() => {
            format!("{portal}: bot {bot} (`{code}`) is there as it should be, nothing is changed")
        }
        Became::Registered { bot, changed, .. } => {
            format!("{portal}: bot {bot} (`{code}`) is changed: {}", changed.join(", "))
        }
        Became::Removed(Some(bot)) => format!("{portal}: bot {bot} (`{code}`) is gone, its commands with it"),
        Became::Removed(None) => format!("{portal}: there is no bot with the code `{code}`"),
        Became::Failed(why) => format!("{portal}: error: {why}"),
        _ => portal.clone(),
    })
}

fn exit_code(done: &[Done]) -> ExitCode {
    let has_failed = done.iter().any(|one| matches!(one.outcome, Became::Failed(_)));
    if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A key for a bot that belongs to an inbound webhook and has none yet.
fn make_key(config: &mut Config) -> Result<Option<Secret>, Failed> {
    let api = config.bot.api;
    let Some(portal) = &mut config.portal else { return Ok(None) };
    let key = match api {
        Api::V1 => &mut portal.client_id,
        Api::V2 => &mut portal.bot_token,
    };
    if key.is_some() {
        return Ok(None);
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    *key = Some(format!("{:032x}", u128::from_be_bytes(bytes)).into());
    Ok(key.clone())
}

/// The bot that is there now. A key that was made here must not get lost because of what failed later.
async fn bot_now(
    clerk: &Clerk,
    code: &str,
    done: &[Done],
    has_new_key: bool,
) -> Result<Option<BotId>, Failed> {
    match done {
        [Done { outcome: Became::Registered { bot, .. }, .. }] => Ok(Some(*bot)),
        [_] if has_new_key => match &clerk.carry_out(&Order::new(Act::Bots)).await?[..] {
            [Done { outcome: Became::Bots(bots), .. }] => {
                Ok(bots.iter().find(|bot| bot.own && bot.code == code).map(|bot| bot.id))
            }
            _ => Err("nobody knows whether the bot was registered".into()),
        },
        _ => Ok(None),
    }
}

/// What `[portal]` in `bot.toml` lacks now. The key is among it only if it was made here: nobody else knows it.
fn lines(
    config: &Config,
    bot: &Result<Option<BotId>, Failed>,
    made: Option<&Secret>,
) -> BTreeMap<&'static str, Json> {
    let mut lines = BTreeMap::new();
    let Some(portal) = &config.portal else { return lines };
    if let Some(key) = made.filter(|_| !matches!(bot, Ok(None))) {
        let name = match config.bot.api {
            Api::V1 => "client_id",
            Api::V2 => "bot_token",
        };
        lines.insert(name, json!(key.expose()));
    }
    if let Ok(Some(bot)) = *bot {
        // To bots whose events are posted each event tells the id.
        let is_needed = made.is_some() || config.bot.mode == Mode::Fetch || portal.bot_id.is_some();
        if is_needed && portal.bot_id != Some(bot) {
            lines.insert("bot_id", json!(bot));
        }
    }
    lines
}

fn advice(lines: &BTreeMap<&str, Json>, has_key: bool) -> String {
    let why = if has_key {
        " The key is shown only now, and whoever knows it\nspeaks as the bot: keep it in the environment if the file is shared."
    } else {
        ""
    };
    let mut text = format!("\nPut this below [portal] in bot.toml.{why}\n");
    for (name, value) in lines {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n{name} = {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_portal_says_does_not_steer_the_terminal() {
        let failed = json!({"portal": "p\u{202e}", "failed": "no\u{1b}[2J"});
        let done: Done = serde_json::from_value(failed).unwrap();
        assert_eq!(told(&done, "b"), "p\\u{202e}: error: no\\u{1b}[2J");
    }
}
