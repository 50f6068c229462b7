//! What people do.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::number::Number;
use super::{Answer, Body};
use crate::methods::is_reaction;
use crate::refusal::{Refusal, bad, forbidden};
use crate::shared::Shared;
use crate::state::State;
use crate::state::marks::{LIKE, LikeAction};
use crate::state::messages::{self, Draft, Untouched};

pub(super) fn not_found(what: &'static str) -> Refusal {
    Refusal::new(404, "NOT_FOUND", what)
}

pub(super) fn known_user(state: &State, user: u64) -> Result<(), Refusal> {
    if state.users.contains_key(&user) { Ok(()) } else { Err(bad("USER_NOT_FOUND", "There is no such user")) }
}

pub(super) fn untouched(error: Untouched) -> Refusal {
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
pub(super) struct Typed {
    dialog: Name,
    user: Number,
    text: String,
    #[serde(default)]
    reply_to: Option<Number>,
}

/// `POST /control/messages`
pub(super) async fn type_message(Extract(shared): Extract<Arc<Shared>>, Body(typed): Body<Typed>) -> Answer {
    let (user, reply_to) = (typed.user.0, typed.reply_to.map(|Number(id)| id));
    let id = shared.with(|state| {
        known_user(state, user)?;
        let chat =
            dialog(state, user, &typed.dialog.text()).ok_or_else(|| not_found("There is no such dialog"))?;
        if let Some(reply) = reply_to
            && state.visible(reply, user).is_none_or(|message| message.chat != chat)
        {
            return Err(bad("REPLY_NOT_FOUND", "There is no such message in this dialog to reply to"));
        }
        let mut draft = Draft::new(chat, user, typed.text);
        draft.reply_to = reply_to;
        state.post(draft).map_err(untouched)
    })?;
    Ok(Json(json!({"message_id": id})))
}

/// The chat a user means. Their own id stands for their chat with the portal's only bot.
pub(super) fn dialog(state: &mut State, user: u64, dialog: &str) -> Option<u64> {
    if dialog.parse() == Ok(user) {
        let mut bots = state.bots.keys().copied();
        let only = bots.next().filter(|_| bots.next().is_none())?;
        return state.dialog(user, &only.to_string());
    }
    state.dialog(user, dialog)
}

#[derive(Deserialize)]
pub(super) struct Edit {
    text: String,
    /// The author, unless said otherwise.
    user: Option<Number>,
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
        if edit.text.trim().is_empty() {
            return Err(untouched(Untouched::Empty));
        }
        let new = messages::Edit { text: Some(edit.text), ..messages::Edit::default() };
        state.edit(id, edit.user.map_or(author, |Number(user)| user), new).map_err(untouched)
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
pub(super) struct Deletion {
    user: Option<Number>,
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
        state.delete(id, deletion.user.map_or(author, |Number(user)| user)).map_err(untouched)
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
pub(super) struct Founding {
    #[serde(default)]
    title: String,
    users: Vec<Number>,
    #[serde(default)]
    entity_type: String,
}

/// `POST /control/chats`
pub(super) async fn found_chat(
    Extract(shared): Extract<Arc<Shared>>,
    Body(wanted): Body<Founding>,
) -> Answer {
    let line = match wanted.entity_type.as_str() {
        "" => false,
        "LINES" => true,
        other => {
            let what = format!("There is no entity type {other:?}; there is LINES, and none");
            return Err(bad("UNKNOWN_ENTITY_TYPE", what));
        }
    };
    let users: Vec<u64> = wanted.users.into_iter().map(|Number(id)| id).collect();
    let id = shared.with(|state| {
        users.iter().try_for_each(|user| known_user(state, *user))?;
        let id = state.found_chat(wanted.title.trim().to_owned(), line, &users);
        id.ok_or_else(|| bad("INVALID_REQUEST", "There is no person among the users"))
    })?;
    Ok(Json(json!({"chat_id": id, "dialog": format!("chat{id}")})))
}

#[derive(Deserialize)]
pub(super) struct Like {
    message: Number,
    user: Number,
    #[serde(default)]
    action: String,
}

/// `POST /control/likes`
pub(super) async fn like(Extract(shared): Extract<Arc<Shared>>, Body(like): Body<Like>) -> Answer {
    let (Number(id), Number(user)) = (like.message, like.user);
    let message = shared.with(|state| {
        known_user(state, user)?;
        state.like(id, user, LikeAction::of(&like.action)).map_err(untouched)?;
        Ok::<_, Refusal>(state.show_message(id))
    })?;
    Ok(Json(message.unwrap_or(Value::Null)))
}

#[derive(Deserialize)]
pub(super) struct Reaction {
    message: Number,
    user: Number,
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
    let (Number(id), Number(user)) = (wanted.message, wanted.user);
    let message = shared.with(|state| {
        known_user(state, user)?;
        let set = state.messages.get(&id).is_some_and(|message| message.has_mark(user, &wanted.reaction));
        let add = match wanted.action.as_str() {
            "add" => true,
            "delete" => false,
            _ => !set,
        };
        if add {
            state.react(id, user, &wanted.reaction).map_err(untouched)?;
        } else {
            state.unreact(id, user, &wanted.reaction).map_err(untouched)?;
        }
        Ok::<_, Refusal>(state.show_message(id))
    })?;
    Ok(Json(message.unwrap_or(Value::Null)))
}

#[derive(Deserialize)]
pub(super) struct Reset {
    #[serde(default)]
    all: bool,
}

/// `POST /control/reset`
pub(super) async fn reset(Extract(shared): Extract<Arc<Shared>>, Body(reset): Body<Reset>) -> Answer {
    shared.with(|state| state.reset(reset.all));
    Ok(Json(json!({"result": true})))
}
