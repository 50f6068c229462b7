//! What would keep a bot from working on a portal, and what to do about each finding.
//!
//! `b24bot doctor` shows it. Everything is asked of the portal as it is now; nothing is changed there.

mod address;
mod judge;

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use b24bot_actions::Client;
use b24bot_core::BotId;
use b24bot_rules::{Api, Config};
use serde::{Deserialize, Serialize};

pub use address::examine_address;

use crate::registration::{self, Wanted};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is about: `credentials`, `scopes`, `bot`, …
    pub section: String,
    /// Whether it keeps the bot from working.
    pub grade: Grade,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub todo: Option<String>,
}

/// Whether a finding keeps the bot from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Worth knowing; the bot works.
    Note,
    /// Something does not work.
    Bad,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn good(section: &str, found: impl Into<String>) -> Self {
        Self { section: section.to_owned(), grade: Grade::Good, found: found.into(), todo: None }
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(section: &str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        let (section, todo) = (section.to_owned(), Some(todo.into()));
        Self { section, grade: Grade::Note, found: found.into(), todo }
    }

    /// Something does not work.
    #[must_use]
    pub fn bad(section: &str, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { grade: Grade::Bad, ..Self::note(section, found, todo) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Good => "ok",
            Grade::Note => "note",
            Grade::Bad => "BAD",
        };
        write!(f, "{grade:<5}{:<14}{}", self.section, self.found)?;
        if let Some(todo) = &self.todo {
            write!(f, "\n{:<19}-> {todo}", "")?;
        }
        Ok(())
    }
}

/// Looks at everything that one portal shows: the credentials, their scopes, the platform's revision, the application's
/// installation, the bot, its events and commands, what is left of earlier handlers, and the clock.
pub async fn examine(client: &Client, wanted: &Wanted, bot_id: Option<BotId>) -> Vec<Finding> {
    let scopes = match client.scope().send().await {
        Ok(answer) => answer,
        Err(error) => return vec![judge::credentials(&error, client.is_webhook())],
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let owner = if client.is_webhook() { "the inbound webhook" } else { "the application's token" };
    let mut findings = vec![Finding::good("credentials", format!("{owner} works on {}", client.domain()))];
    // The portal stamps what it answers; the way there and back does not make up a minute.
    findings.extend(judge::clock(scopes.time.finish, now));
    let scopes = scopes.result;
    findings.push(judge::scopes(&scopes, client.is_webhook()));
    if !client.is_webhook() {
        findings.push(judge::application(client.app().info().await));
    }
    if !scopes.iter().any(|scope| scope == "imbot") {
        // All that follows needs it.
        return findings;
    }
    findings.push(revision(client, wanted.bot.api).await);
    findings.extend(bots(client, wanted, bot_id).await);
    findings
}

async fn revision(client: &Client, api: Api) -> Finding {
    let answer = match api {
        Api::V1 => client.im().revision().get().await,
        Api::V2 => client.imbot().v2().revision().get().await,
    };
    judge::revision(api, answer.map(|revision| revision.rest))
}

async fn bots(client: &Client, wanted: &Wanted, bot_id: Option<BotId>) -> Vec<Finding> {
    let bots = match registration::bots(client, wanted.key.as_ref()).await {
        Ok(bots) => bots,
        Err(error) => return vec![judge::unanswered("bot", &error)],
    };
    let mut findings = judge::bot(wanted, &bots, bot_id, client.is_webhook());
    let bound = if client.is_webhook() { None } else { registration::bound_events(client).await.ok() };
    findings.extend(judge::leftovers(wanted, &bots, bound.as_deref()));
    if let Some(bot) = bots.iter().find(|bot| bot.code == wanted.bot.code && bot.own) {
        findings.push(match registration::other_commands(client, wanted, bot.id).await {
            Ok(changes) => judge::commands(&changes, wanted.commands.len()),
            Err(error) => judge::unanswered("commands", &error),
        });
    }
    findings
}

/// What the configuration alone says.
#[must_use]
pub fn examine_configuration(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> = config
        .warnings
        .iter()
        .map(|warning| {
            let place = format!("line {}: {}", warning.line(), warning.message());
            Finding::note("configuration", place, warning.help().unwrap_or("see `b24bot check`"))
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::good("configuration", format!("bot `{}`, no mistakes", config.bot.code)));
    }
    findings
}

#[cfg(test)]
mod tests;
