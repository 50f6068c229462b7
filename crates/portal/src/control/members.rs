//! Who is in a chat, who types there and how they came, and bots without a program behind them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::json;

use super::acts::{Name, dialog, known_user, not_found};
use super::number::Number;
use super::{Answer, Body};
use crate::params::MAX_DEPTH;
use crate::refusal::{Refusal, bad, forbidden};
use crate::shared::Shared;
use crate::state::bots::{Generation, Handlers, Kind, NotRegistered, Owner, Profile, Registration};
use crate::state::chats::Membership;
use crate::state::{Change, State};
use crate::tree::Tree;

#[derive(Deserialize)]
pub(super) struct Invitation {
    user: Number,
    /// Who invites; the chat's owner, unless said otherwise.
    by: Option<Number>,
}

/// `POST /control/chats/ID/members`
pub(super) async fn invite(
    Extract(shared): Extract<Arc<Shared>>,
    Path(chat): Path<u64>,
    Body(wanted): Body<Invitation>,
) -> Answer {
    shared.with(|state| {
        known_user(state, wanted.user.0)?;
        let by = wanted.by.map_or_else(|| inviter(state, chat), |Number(user)| user);
        state.invite(chat, by, &[wanted.user.0]).map_err(membership)
    })?;
    Ok(Json(json!({"result": true})))
}

/// The chat's owner, or the first member when the owner has left.
fn inviter(state: &State, chat: u64) -> u64 {
    let Some(chat) = state.chats.get(&chat) else { return 0 };
    if chat.has(chat.owner) { chat.owner } else { chat.members.first().copied().unwrap_or(0) }
}

/// `DELETE /control/chats/ID/members/USER`
pub(super) async fn leave(
    Extract(shared): Extract<Arc<Shared>>,
    Path((chat, user)): Path<(u64, u64)>,
) -> Answer {
    shared.with(|state| state.leave(chat, user)).map_err(membership)?;
    Ok(Json(json!({"result": true})))
}

fn membership(why: Membership) -> Refusal {
    match why {
        Membership::NoSuchChat => not_found("There is no such chat"),
        Membership::NotAGroup => bad("NOT_A_GROUP", "Nobody joins or leaves a private chat"),
        Membership::NoAccess => forbidden("ACCESS_DENIED", "Whoever does that has to be in the chat"),
        Membership::OwnerStays => forbidden("ACCESS_DENIED", "Nobody sends the owner away"),
        Membership::NoChange => bad("WITHOUT_CHANGES", "It is that way already"),
    }
}

#[derive(Deserialize)]
pub(super) struct Typing {
    dialog: Name,
    user: Number,
}

/// `POST /control/typing`
pub(super) async fn typing(Extract(shared): Extract<Arc<Shared>>, Body(typing): Body<Typing>) -> Answer {
    let user = typing.user.0;
    shared.with(|state| {
        known_user(state, user)?;
        let chat = dialog(state, user, &typing.dialog.text());
        let chat = chat.filter(|chat| state.chats.get(chat).is_some_and(|chat| chat.has(user)));
        let chat = chat.ok_or_else(|| not_found("There is no such dialog"))?;
        state.changes.push(Change::Typing { chat, user });
        Ok::<_, Refusal>(())
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
pub(super) struct Given {
    dialog: Name,
    user: Number,
    context: Tree,
}

/// `POST /control/contexts`: somebody opens a chat by a link with `BOT_CONTEXT`.
pub(super) async fn give_context(Extract(shared): Extract<Arc<Shared>>, Body(given): Body<Given>) -> Answer {
    let user = given.user.0;
    shared.with(|state| {
        known_user(state, user)?;
        let chat = dialog(state, user, &given.dialog.text());
        let chat = chat.ok_or_else(|| not_found("There is no such dialog"))?;
        if given.context.is_deeper_than(MAX_DEPTH) {
            return Err(bad("INVALID_REQUEST", "context is nested too deeply"));
        }
        state.give_context(chat, user, &given.context).map_err(membership)
    })?;
    Ok(Json(json!({"result": true})))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    code: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `POST /control/bots`: a generation 2 bot of an application of its own, which fetches its events.
pub(super) async fn add_bot(Extract(shared): Extract<Arc<Shared>>, Body(wanted): Body<Wanted>) -> Answer {
    let kind = wanted.kind.unwrap_or_else(|| "bot".to_owned());
    let kind = Kind::of_v2(&kind).ok_or_else(|| {
        bad("BOT_INVALID_TYPE", "There are the types bot, supervisor, personal and openline")
    })?;
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let bot = shared.with(|state| {
        let is_taken = |code: &String| state.bots.values().any(|bot| bot.code == *code);
        let code = filled(wanted.code)
            .or_else(|| (1_u64..).map(|number| format!("bot{number}")).find(|code| !is_taken(code)));
        let code = code.filter(|code| !is_taken(code)).ok_or_else(taken)?;
        let application = state.install(&["im", "imbot"]);
        let name = filled(wanted.name).unwrap_or_else(|| code.clone());
        let registration = Registration {
            code,
            kind,
            generation: Generation::V2,
            owner: Owner::Application(application.client_id),
            handlers: Handlers::default(),
            profile: Profile { first_name: Some(name), ..Profile::default() },
            openline: kind == Kind::Openline,
            hidden: false,
            reactions: true,
            background: None,
        };
        state.register(registration).map_err(|_: NotRegistered| taken())
    })?;
    Ok(Json(json!({"bot_id": bot})))
}

fn taken() -> Refusal {
    bad("BOT_CODE_ALREADY_TAKEN", "There is a bot with this code already")
}
