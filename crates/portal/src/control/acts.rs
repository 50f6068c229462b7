//! What people do, and what a test orders.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Body};
use crate::faults::{Fault, Kind};
use crate::methods::is_reaction;
use crate::refusal::{Refusal, bad, forbidden};
use crate::shared::Shared;
use crate::state::State;
use crate::state::messages::{Draft, LIKE, LikeAction, Untouched};

fn not_found(what: &'static str) -> Refusal {
    Refusal::new(404, "NOT_FOUND", what)
}

fn known_user(state: &State, user: u64) -> Result<(), Refusal> {
    if state.users.contains_key(&user) { Ok(()) } else { Err(bad("USER_NOT_FOUND", "There is no such user")) }
}

fn untouched(error: Untouched) -> Refusal {
    match error {
        Untouched::NoAccess => forbidden("ACCESS_DENIED", "That message or chat is not open to this user"),
        Untouched::NoChange => bad("WITHOUT_CHANGES", "It is that way already"),
        Untouched::Empty => bad("MESSAGE_EMPTY", "The text is empty"),
    }
}

/// Ids and dialogs come as numbers and as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Number(u64),
    Text(String),
}

impl Name {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.trim().to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    dialog: Name,
    user: u64,
    text: String,
    #[serde(default)]
    reply_to: Option<u64>,
}

/// `POST /control/messages`
pub(super) async fn type_message(Extract(shared): Extract<Arc<Shared>>, Body(typed): Body<Typed>) -> Answer {
    let id = shared.with(|state| {
        known_user(state, typed.user)?;
        let chat = dialog(state, typed.user, &typed.dialog.text())
            .ok_or_else(|| not_found("There is no such dialog"))?;
        if let Some(reply) = typed.reply_to
            && state.visible(reply, typed.user).is_none_or(|message| message.chat != chat)
        {
            return Err(bad("REPLY_NOT_FOUND", "There is no such message in this dialog to reply to"));
        }
        let mut draft = Draft::new(chat, typed.user, typed.text);
        draft.reply_to = typed.reply_to;
        state.post(draft).map_err(untouched)
    })?;
    Ok(Json(json!({"message_id": id})))
}

/// The chat a user means. Their own id stands for their chat with the portal's only bot.
fn dialog(state: &mut State, user: u64, dialog: &str) -> Option<u64> {
    if dialog.parse() == Ok(user) {
        let mut bots = state.bots.keys().copied();
        let only = bots.next().filter(|_| bots.next().is_none())?;
        return state.dialog(user, &only.to_string());
    }
    state.dialog(user, dialog)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    text: String,
    /// The author, unless said otherwise.
    user: Option<u64>,
}

/// `PATCH /control/messages/ID`
pub(super) async fn edit_message(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<u64>,
    Body(edit): Body<Edit>,
) -> Answer {
    shared.with(|state| {
        let author = state.messages.get(&id).map(|message| message.author);
        let author = author.ok_or_else(|| not_found("There is no such message"))?;
        state.edit(id, edit.user.unwrap_or(author), &edit.text).map_err(untouched)
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deletion {
    user: Option<u64>,
}

/// `DELETE /control/messages/ID`
pub(super) async fn delete_message(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<u64>,
    Body(deletion): Body<Deletion>,
) -> Answer {
    shared.with(|state| {
        let author = state.messages.get(&id).map(|message| message.author);
        let author = author.ok_or_else(|| not_found("There is no such message"))?;
        state.delete(id, deletion.user.unwrap_or(author)).map_err(untouched)
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Like {
    message: u64,
    user: u64,
    #[serde(default)]
    action: String,
}

/// `POST /control/likes`
pub(super) async fn like(Extract(shared): Extract<Arc<Shared>>, Body(like): Body<Like>) -> Answer {
    let message = shared.with(|state| {
        known_user(state, like.user)?;
        state.like(like.message, like.user, LikeAction::of(&like.action)).map_err(untouched)?;
        Ok::<_, Refusal>(state.show_message(like.message))
    })?;
    Ok(Json(message.unwrap_or(Value::Null)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reaction {
    message: u64,
    user: u64,
    reaction: String,
    /// `add`, `delete`, or `auto`, which toggles.
    #[serde(default)]
    action: String,
}

/// `POST /control/reactions`
pub(super) async fn react(Extract(shared): Extract<Arc<Shared>>, Body(wanted): Body<Reaction>) -> Answer {
    if !is_reaction(&wanted.reaction) {
        return Err(bad("REACTION_NOT_FOUND", format!("There is no such reaction; try {LIKE} or fire")));
    }
    let message = shared.with(|state| {
        known_user(state, wanted.user)?;
        let set = state
            .messages
            .get(&wanted.message)
            .is_some_and(|message| message.has_mark(wanted.user, &wanted.reaction));
        let add = match wanted.action.as_str() {
            "add" => true,
            "delete" => false,
            _ => !set,
        };
        if add {
            state.react(wanted.message, wanted.user, &wanted.reaction).map_err(untouched)?;
        } else {
            state.unreact(wanted.message, wanted.user, &wanted.reaction).map_err(untouched)?;
        }
        Ok::<_, Refusal>(state.show_message(wanted.message))
    })?;
    Ok(Json(message.unwrap_or(Value::Null)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    kind: String,
    method: Option<String>,
    #[serde(default = "once")]
    times: u64,
}

fn once() -> u64 {
    1
}

/// `POST /control/faults`
pub(super) async fn order_fault(Extract(shared): Extract<Arc<Shared>>, Body(order): Body<Order>) -> Answer {
    let kind = Kind::of(&order.kind).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|(name, _)| *name).collect();
        bad("UNKNOWN_FAULT", format!("There is no fault {:?}; there are {}", order.kind, known.join(", ")))
    })?;
    let method = order.method.filter(|method| !method.is_empty() && method != "*");
    let pending = shared.with(|state| {
        state.faults.add(Fault { kind, method, times: order.times });
        state.faults.show()
    });
    Ok(Json(json!(pending)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    #[serde(default)]
    all: bool,
}

/// `POST /control/reset`
pub(super) async fn reset(Extract(shared): Extract<Arc<Shared>>, Body(reset): Body<Reset>) -> Answer {
    shared.with(|state| state.reset(reset.all));
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    advance_seconds: u64,
}

/// `POST /control/clock`: the portal's time goes forward, and with it tokens expire and buckets drain.
pub(super) async fn put_clock_forward(
    Extract(shared): Extract<Arc<Shared>>,
    Body(advance): Body<Advance>,
) -> Answer {
    const MOST: u64 = 100 * 365 * 24 * 3600;
    if advance.advance_seconds > MOST {
        return Err(bad("INVALID_REQUEST", "advance_seconds is more than a hundred years"));
    }
    shared.put_clock_forward(advance.advance_seconds);
    Ok(Json(json!({"now": shared.with(|state| state.now.iso())})))
}
