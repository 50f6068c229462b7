//! The bots of a portal, and taking one away.

use std::collections::BTreeMap;

use b24bot_actions::{Client, ErrorCode};
use b24bot_core::{BotId, Secret};
use b24bot_rules::Api;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Wanted, events, refused, v1, v2};
use crate::{Error, ErrorKind};

/// A bot on a portal, as far as the portal tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Listed {
    /// Its id.
    pub id: BotId,
    /// Its code.
    pub code: String,
    /// What people see.
    pub name: String,
    /// `bot`, `supervisor`, `personal`, `openline`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `webhook` or `fetch`.
    pub mode: Option<String>,
    /// Where messages for bots of the caller's own are posted, as far as the portal shows it. With several bots it does
    /// not tell which goes where.
    pub handlers: Vec<String>,
    /// Whether it belongs to the caller's application or key.
    pub own: bool,
}

/// The bots of a portal: all of them where the portal shows those of others as well. `key` is what a webhook's bots are
/// signed with; without it none of them is known as one's own.
///
/// # Errors
///
/// With [`ErrorKind::Portal`] when the portal refuses.
pub async fn bots(client: &Client, key: Option<&Secret>) -> Result<Vec<Listed>, Error> {
    let failed = |error| refused("the portal does not list its bots", error);
    let key = key.filter(|_| client.is_webhook()).map_or("", Secret::expose);
    let mut all: BTreeMap<u64, Listed> = BTreeMap::new();
    let everybodys = client.imbot().bot().list().await;
    let own = if client.is_webhook() && key.is_empty() { Ok(Vec::new()) } else { v2::own(client, key).await };
    // Old portals know only the first, and one day only the second may be left.
    let (everybodys, own) = match (everybodys, own) {
        (Err(error), Err(_)) => return Err(failed(error)),
        (Err(error), Ok(own)) if own.is_empty() => return Err(failed(error)),
        (everybodys, own) => (everybodys.unwrap_or_default(), own.unwrap_or_default()),
    };
    for bot in everybodys.into_values() {
        let (kind, mode, handlers, own) = (None, None, Vec::new(), false);
        all.insert(
            bot.id.get(),
            Listed { id: bot.id, code: bot.code, name: bot.name, kind, mode, handlers, own },
        );
    }
    let (first, second) = ("ONIMBOTMESSAGEADD", "ONIMBOTV2MESSAGEADD");
    let handlers = events::bot_handlers(client, &[first, second]).await;
    all.extend(own.into_iter().map(|found| (found.bot.id.get(), found.listed(&handlers))));
    Ok(all.into_values().collect())
}

/// Takes the bot away, and its commands with it; `None` if there is none of that code.
///
/// # Errors
///
/// With [`ErrorKind::Portal`] when the portal refuses, as it does for a bot of another application.
pub async fn remove(client: &Client, wanted: &Wanted) -> Result<Option<BotId>, Error> {
    let key = wanted.signature(client)?;
    let code = &wanted.bot.code;
    let found = bots(client, wanted.key.as_ref()).await?.into_iter().find(|bot| bot.code == *code);
    let Some(id) = found.map(|bot| bot.id) else { return Ok(None) };
    let removed = match wanted.bot.api {
        Api::V1 => {
            let mut params = serde_json::json!({ "BOT_ID": id });
            v1::sign(&mut params, key);
            client.call::<Json>("imbot.unregister", &params).await.map(drop)
        }
        Api::V2 => {
            let call = client.imbot().v2().bot().unregister(id);
            let call = if key.is_empty() { call } else { call.bot_token(key) };
            call.await.map(drop)
        }
    };
    match removed {
        Ok(()) => Ok(Some(id)),
        Err(error) if error.code() == Some(&ErrorCode::BotNotFound) => Ok(None),
        Err(error) if matches!(error.code(), Some(ErrorCode::BotOwnershipError | ErrorCode::AppIdError)) => {
            let message =
                format!("the bot {id} with the code `{code}` belongs to another application or key");
            Err(Error::caused(ErrorKind::Portal, message, error))
        }
        Err(error) => Err(refused("the portal does not take the bot away", error)),
    }
}
