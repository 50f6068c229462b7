//! What there is to see.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State as Extract};
use serde_json::{Value, json};

use super::Answer;
use crate::params::read_form;
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::State;
use crate::trace;
use crate::tree::Tree;

/// `GET /control/messages/ID`
pub(super) async fn message(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<u64>) -> Answer {
    shared
        .read(|state| state.show_message(id))
        .map(Json)
        .ok_or_else(|| Refusal::new(404, "NOT_FOUND", "There is no such message"))
}

fn number(query: Option<&str>, name: &str) -> Result<Option<u64>, Refusal> {
    let unreadable = || bad("INVALID_REQUEST", format!("{name} has to be a number"));
    let query = read_form(query.unwrap_or_default()).map_err(|_| unreadable())?;
    match query.get(name).and_then(Tree::text) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| unreadable()),
    }
}

/// `GET /control/dialogs/DIALOG/messages`: a chat's messages, oldest first.
///
/// A private dialog is named by the other one's id, seen from `?user=`; without it, it is the chat that
/// was written in last among those of that person or bot.
pub(super) async fn dialog(
    Extract(shared): Extract<Arc<Shared>>,
    Path(dialog): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let user = number(query.as_deref(), "user")?;
    let messages = shared.read(|state| {
        let chat = find(state, &dialog, user)?;
        let chat = state.chats.get(&chat)?;
        Some(chat.messages.iter().filter_map(|id| state.show_message(*id)).collect::<Vec<_>>())
    });
    match messages {
        Some(messages) => Ok(Json(Value::Array(messages))),
        None => Err(Refusal::new(404, "NOT_FOUND", "There is no such dialog")),
    }
}

fn find(state: &State, dialog: &str, user: Option<u64>) -> Option<u64> {
    if let Some(chat) = dialog.strip_prefix("chat") {
        return chat.parse().ok();
    }
    let partner: u64 = dialog.parse().ok()?;
    match user {
        Some(user) => state.find_private_chat(user, partner),
        None => state
            .chats
            .values()
            .filter(|chat| chat.is_private() && chat.has(partner))
            .max_by_key(|chat| chat.messages.last().copied())
            .map(|chat| chat.id),
    }
}

/// `GET /control/requests?since=N`
pub(super) async fn requests(Extract(shared): Extract<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let since = number(query.as_deref(), "since")?.unwrap_or(0);
    Ok(Json(shared.read(|state| Value::Array(state.journal.show(since)))))
}

/// `GET /control/deliveries`
pub(super) async fn deliveries(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(|state| Value::Array(state.deliveries.show()))))
}

/// `GET /control/trace/ID`: the events that told of a message, whole, and the requests that followed.
pub(super) async fn trace(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<u64>) -> Answer {
    let shown = shared.read(|state| state.messages.contains_key(&id).then(|| trace::trace(state, id)));
    shown.map(Json).ok_or_else(|| Refusal::new(404, "NOT_FOUND", "There is no such message"))
}

/// `GET /control/faults`
pub(super) async fn faults(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(|state| Value::Array(state.faults.show()))))
}

/// `GET /control/state`: people, chats, bots and their commands.
pub(super) async fn state(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(describe)))
}

fn describe(state: &State) -> Value {
    let users: Vec<Value> = state
        .users
        .values()
        .map(|user| {
            json!({
                "id": user.id,
                "name": user.name(),
                "position": user.work_position,
                "color": user.color,
                "bot": user.is_bot,
                "gone": user.is_bot && !state.is_bot(user.id),
            })
        })
        .collect();
    let chats: Vec<Value> = state
        .chats
        .values()
        .map(|chat| {
            json!({
                "id": chat.id,
                "dialog": format!("chat{}", chat.id),
                "title": chat.title,
                "private": chat.is_private(),
                "entity_type": chat.entity().kind,
                "members": chat.members,
                "last_message": chat.messages.last(),
            })
        })
        .collect();
    let bots: Vec<Value> = state
        .bots
        .values()
        .map(|bot| {
            let commands = state.commands.values().filter(|command| command.bot == bot.id);
            let commands: Vec<Value> = commands.map(crate::state::commands::Command::show).collect();
            json!({
                "id": bot.id,
                "code": bot.code,
                "name": state.name_of(bot.id),
                "type": bot.kind.v2_name(),
                "api": match bot.generation {
                    crate::state::bots::Generation::V1 => "v1",
                    crate::state::bots::Generation::V2 => "v2",
                },
                "mode": bot.mode(),
                "hidden": bot.hidden,
                "commands": commands,
            })
        })
        .collect();
    let portals: Vec<Value> =
        state.portals.iter().map(|url| json!({"url": url, "own": *url == state.domain.home})).collect();
    json!({"users": users, "chats": chats, "bots": bots, "url": state.url, "portals": portals})
}
