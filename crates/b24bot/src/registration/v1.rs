//! Bots of the first generation: `imbot.register`, `imbot.update`.

use b24bot_actions::{Client, Error as CallError, ErrorCode};
use b24bot_core::BotId;
use b24bot_rules::BotType;
use serde_json::{Value as Json, json};

use super::{Listed, Registered, Wanted, changes, code_taken, difference::has_to_be_told, events, refused};
use crate::Error;

pub(super) async fn ensure(client: &Client, wanted: &Wanted) -> Result<Registered, Error> {
    let key = wanted.signature(client)?;
    let bots = client.imbot().bot().list().await;
    let bots = bots.map_err(|error| refused("the portal does not list its bots", error))?;
    let there = bots.into_values().find(|bot| bot.code == wanted.bot.code);
    // A code that is known returns that bot and changes nothing, if it is the caller's own.
    let id = register(client, wanted, key).await.map_err(|error| match error.code() {
        Some(ErrorCode::WrongRequest | ErrorCode::BotCodeAlreadyTaken) if there.is_some() => {
            code_taken(&wanted.bot.code, error)
        }
        _ => refused("the portal does not register the bot", error),
    })?;
    let Some(there) = there else { return Ok(Registered { bot: id, is_new: true, changed: Vec::new() }) };
    let (kind, handlers) =
        (kind(client, key, id).await, events::bot_handlers(client, &["ONIMBOTMESSAGEADD"]).await);
    let there = Listed { id, code: there.code, name: there.name, kind, mode: None, handlers, own: true };
    let changed = changes(wanted, &there)?;
    if !changed.is_empty() || has_to_be_told(wanted, &there) {
        update(client, wanted, key, id).await?;
    }
    Ok(Registered { bot: id, is_new: false, changed })
}

async fn register(client: &Client, wanted: &Wanted, key: &str) -> Result<BotId, CallError> {
    let bot = &wanted.bot;
    let kind = match bot.bot_type {
        BotType::Supervisor | BotType::Personal => "S",
        BotType::OpenLine => "O",
        _ => "B",
    };
    let mut params = handlers(&wanted.handler);
    params["CODE"] = json!(bot.code);
    params["TYPE"] = json!(kind);
    params["PROPERTIES"] = profile(&bot.name);
    sign(&mut params, key);
    let id: u64 = client.call("imbot.register", &params).await?;
    Ok(BotId::from(id))
}

async fn update(client: &Client, wanted: &Wanted, key: &str, id: BotId) -> Result<(), Error> {
    let mut fields = handlers(&wanted.handler);
    fields["PROPERTIES"] = profile(&wanted.bot.name);
    let mut params = json!({"BOT_ID": id, "FIELDS": fields});
    sign(&mut params, key);
    let done: Result<Json, _> = client.call("imbot.update", &params).await;
    done.map(drop).map_err(|error| refused("the portal does not change the bot", error))
}

/// The type, which the first generation does not show. An old portal has no method that does.
async fn kind(client: &Client, key: &str, id: BotId) -> Option<String> {
    let mut get = client.imbot().v2().bot().get().bot_id(id);
    if !key.is_empty() {
        get = get.bot_token(key);
    }
    Some(get.await.ok()?.bot.type_?.as_str().to_owned())
}

/// All events to one address; older portals do not know the general one.
fn handlers(url: &str) -> Json {
    json!({
        "EVENT_HANDLER": url, "EVENT_MESSAGE_ADD": url, "EVENT_WELCOME_MESSAGE": url, "EVENT_BOT_DELETE": url,
        "EVENT_MESSAGE_UPDATE": url, "EVENT_MESSAGE_DELETE": url,
    })
}

fn profile(name: &str) -> Json {
    json!({"NAME": name, "LAST_NAME": ""})
}

pub(super) fn sign(params: &mut Json, key: &str) {
    if !key.is_empty() {
        params["CLIENT_ID"] = json!(key);
    }
}
