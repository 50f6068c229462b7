//! Bots of the second generation: `imbot.v2.Bot.*`.

use b24bot_actions::{
    Client, Error as CallError, ErrorCode,
    methods::{BotProperties, EventMode, answers},
};
use b24bot_rules::Mode;

use super::{
    Difference, Listed, Registered, Wanted, changes, code_taken, difference::has_to_be_told, events, refused,
    type_name,
};
use crate::Error;

/// A bot of the caller's own, and what people call it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bot: answers::Bot,
    pub(super) name: String,
}

impl Found {
    /// As it is listed, where these are the handlers of bots of the second generation.
    pub(super) fn listed(&self, handlers: &[String]) -> Listed {
        let Self { bot, name } = self;
        let mode = bot.event_mode.as_ref().map(|mode| mode.as_str().to_owned());
        let is_fetched = mode.as_deref() == Some("fetch");
        Listed {
            id: bot.id,
            code: bot.code.clone(),
            name: name.clone(),
            kind: bot.type_.as_ref().map(|kind| kind.as_str().to_owned()),
            mode,
            handlers: if is_fetched { Vec::new() } else { handlers.to_vec() },
            own: true,
        }
    }
}

pub(super) async fn ensure(client: &Client, wanted: &Wanted) -> Result<Registered, Error> {
    let key = wanted.signature(client)?;
    match find(client, key, &wanted.bot.code)
        .await
        .map_err(|error| refused("the portal does not list its bots", error))?
    {
        Some(found) => update(client, wanted, key, &found).await,
        None => register(client, wanted, key).await,
    }
}

/// The caller's own bot of that code.
async fn find(client: &Client, key: &str, code: &str) -> Result<Option<Found>, CallError> {
    Ok(own(client, key).await?.into_iter().find(|found| found.bot.code == code))
}

/// All bots of the caller's own.
pub(super) async fn own(client: &Client, key: &str) -> Result<Vec<Found>, CallError> {
    /// What one owner can have, at most.
    const MOST: usize = 100;
    let mut all = Vec::new();
    loop {
        let mut list = client.imbot().v2().bot().list().limit(50).offset(all.len() as u64);
        if !key.is_empty() {
            list = list.bot_token(key);
        }
        let answers::Bots { bots, users, has_next_page, .. } = list.await?;
        let is_last = !has_next_page || bots.is_empty();
        all.extend(bots.into_iter().map(|bot| {
            let user = users.iter().find(|user| user.id.get() == bot.id.get());
            let name = user.map(|user| user.name.clone()).unwrap_or_default();
            Found { bot, name }
        }));
        if is_last || all.len() > MOST {
            return Ok(all);
        }
    }
}

async fn register(client: &Client, wanted: &Wanted, key: &str) -> Result<Registered, Error> {
    let bot = &wanted.bot;
    let bots = client.imbot().v2().bot();
    let mut call = bots
        .register(bot.code.as_str(), BotProperties::new(bot.name.as_str()))
        .kind(type_name(bot.bot_type))
        .event_mode(mode(wanted));
    if bot.mode == Mode::Webhook {
        call = call.webhook_url(wanted.handler.as_str());
    }
    if !key.is_empty() {
        call = call.bot_token(key);
    }
    let answer = call.await.map_err(|error| match error.code() {
        Some(ErrorCode::BotCodeAlreadyTaken) => code_taken(&bot.code, error),
        _ => refused("the portal does not register the bot", error),
    })?;
    Ok(Registered { bot: answer.bot.id, is_new: true, changed: Vec::new() })
}

async fn update(client: &Client, wanted: &Wanted, key: &str, found: &Found) -> Result<Registered, Error> {
    let id = found.bot.id;
    let handlers = match wanted.bot.mode {
        Mode::Webhook => events::bot_handlers(client, &["ONIMBOTV2MESSAGEADD"]).await,
        Mode::Fetch => Vec::new(),
    };
    let there = found.listed(&handlers);
    let changed = changes(wanted, &there)?;
    let is_other = |what: Difference| changed.iter().any(|changed| changed == what.name());
    let mut call = client.imbot().v2().bot().update(id);
    if is_other(Difference::Name) {
        // A name may have been split in two by whoever registered it.
        call = call.properties(BotProperties::new(wanted.bot.name.as_str()).last_name(""));
    }
    let tell = is_other(Difference::Mode) || there.mode.is_none() || has_to_be_told(wanted, &there);
    if tell {
        // In this mode alone: said again, the other one would drop events that wait to be fetched.
        call = call.event_mode(mode(wanted));
        if wanted.bot.mode == Mode::Webhook {
            call = call.webhook_url(wanted.handler.as_str());
        }
    }
    if tell || !changed.is_empty() {
        if !key.is_empty() {
            call = call.bot_token(key);
        }
        call.await.map_err(|error| refused("the portal does not change the bot", error))?;
    }
    Ok(Registered { bot: id, is_new: false, changed })
}

fn mode(wanted: &Wanted) -> EventMode {
    match wanted.bot.mode {
        Mode::Webhook => EventMode::Webhook,
        Mode::Fetch => EventMode::Fetch,
    }
}
