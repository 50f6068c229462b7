//! What is sent to whom: which bots may see a thing, and the event they are told of it with.
//!
//! Events of generation 1 go out once per application and handler, with all its bots in `data[BOT]`;
//! those of generation 2 once per bot. Nothing a bot does raises a bot event.

pub(crate) mod application;
mod mentions;
mod v1;
mod v2;

pub(crate) use v2::message_tree;

use crate::state::State;
use crate::state::bots::{Generation, Handlers, Kind};
use crate::state::commands;
use crate::tree::Tree;

/// Where a command was called from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Textarea,
    Keyboard,
    Menu,
}

impl Context {
    /// As generation 1 writes it; generation 2 does in lower case.
    fn word(self) -> &'static str {
        match self {
            Self::Textarea => "TEXTAREA",
            Self::Keyboard => "KEYBOARD",
            Self::Menu => "MENU",
        }
    }
}

/// ONIMBOTMESSAGEADD and ONIMBOTV2MESSAGEADD, then one command event for each command in the text.
pub(crate) fn message_added(state: &mut State, message: u64) {
    let (v1, v2) = by_generation(state, audience(state, message));
    for bot in v1.iter().chain(&v2) {
        if let Some(bot) = state.bots.get_mut(bot) {
            bot.heard += 1;
        }
    }
    v1::message_added(state, message, &v1);
    for bot in v2 {
        v2::message_added(state, message, bot);
    }
    commands_typed(state, message);
}

pub(crate) fn message_updated(state: &mut State, message: u64) {
    let (v1, v2) = by_generation(state, audience(state, message));
    v1::message_updated(state, message, &v1);
    for bot in v2 {
        v2::message_updated(state, message, bot);
    }
}

/// Called while the message still has its text.
pub(crate) fn message_deleted(state: &mut State, message: u64) {
    let (v1, v2) = by_generation(state, audience(state, message));
    v1::message_deleted(state, message, &v1);
    for bot in v2 {
        v2::message_deleted(state, message, bot);
    }
}

/// A bot is in a chat now, invited by `inviter`.
pub(crate) fn joined(state: &mut State, chat: u64, bot: u64, inviter: u64) {
    match state.bots.get(&bot).map(|bot| bot.generation) {
        Some(Generation::V1) => v1::joined(state, chat, bot, inviter),
        Some(Generation::V2) => v2::joined(state, chat, bot, inviter),
        None => {}
    }
}

/// Somebody opened a chat by a link that carries something for its bots. Only generation 2 has an event for that.
pub(crate) fn context_given(state: &mut State, chat: u64, user: u64, context: &Tree) {
    let members = state.chats.get(&chat).map(|chat| chat.members.clone()).unwrap_or_default();
    let (_, v2) = by_generation(state, members.into_iter().filter(|member| state.is_bot(*member)).collect());
    for bot in v2 {
        v2::context_given(state, chat, bot, user, context);
    }
}

pub(crate) fn bot_deleted(state: &mut State, bot: u64) {
    match state.bots.get(&bot).map(|bot| bot.generation) {
        Some(Generation::V1) => v1::bot_deleted(state, bot),
        Some(Generation::V2) => v2::bot_deleted(state, bot),
        None => {}
    }
}

/// Somebody marked a message of a bot. Only generation 2 has an event for that.
pub(crate) fn reaction_changed(state: &mut State, message: u64, user: u64, code: &str, added: bool) {
    let Some(author) = state.messages.get(&message).map(|message| message.author) else { return };
    let listens =
        state.bots.get(&author).is_some_and(|bot| bot.generation == Generation::V2 && bot.reactions);
    if listens && !state.is_bot(user) {
        v2::reaction_changed(state, message, user, code, added);
    }
}

/// The bots that may see a message.
///
/// In a private chat that is the bot of the chat; in a group the supervisors and personal bots, and
/// whoever is mentioned; in an open channel also the bots for these. The platform's own messages mention nobody.
fn audience(state: &State, message: u64) -> Vec<u64> {
    let Some(message) = state.messages.get(&message) else { return Vec::new() };
    let Some(chat) = state.chats.get(&message.chat) else { return Vec::new() };
    if state.is_bot(message.sender) {
        return Vec::new();
    }
    let mentioned = if message.system { Vec::new() } else { mentions::ids(&message.text) };
    let sees = |bot: &u64| {
        state.bots.get(bot).is_some_and(|bot| {
            let serves = chat.client().is_some() && (bot.openline || bot.kind == Kind::Openline);
            chat.is_private() || serves || bot.kind.sees_everything() || mentioned.contains(&bot.id)
        })
    };
    chat.members.iter().copied().filter(sees).collect()
}

fn by_generation(state: &State, bots: Vec<u64>) -> (Vec<u64>, Vec<u64>) {
    bots.into_iter().partition(|bot| state.bots.get(bot).is_some_and(|bot| bot.generation == Generation::V1))
}

fn commands_typed(state: &mut State, message: u64) {
    let Some(posted) = state.messages.get(&message) else { return };
    if posted.system || state.is_bot(posted.sender) {
        return;
    }
    let (author, chat) = (posted.author, posted.chat);
    let Some(chat) = state.chats.get(&chat) else { return };
    let mut calls = Vec::new();
    for typed in commands::typed(&posted.text) {
        // Bots can share a name: each of them is called.
        let known = state.commands.values().filter(|known| known.name == typed.name && known.works_in(chat));
        calls.extend(known.map(|command| (command.clone(), typed.params.clone())));
    }
    for (command, params) in calls {
        command_called(state, message, author, &command, &params, Context::Textarea);
    }
}

/// ONIMCOMMANDADD or ONIMBOTV2COMMANDADD: `user` wants a command of a bot, by a message or a button under it.
pub(crate) fn command_called(
    state: &mut State,
    message: u64,
    user: u64,
    command: &commands::Command,
    params: &str,
    context: Context,
) {
    match state.bots.get(&command.bot).map(|bot| bot.generation) {
        Some(Generation::V1) => v1::command_called(state, message, user, command, params, context),
        Some(Generation::V2) => v2::command_called(state, message, user, command, params, context),
        None => {}
    }
}

/// The address of one of a bot's handlers, if it has one.
fn address(state: &State, bot: u64, which: fn(&Handlers) -> &String) -> Option<String> {
    state.bots.get(&bot).map(|bot| which(&bot.handlers).clone()).filter(|url| !url.is_empty())
}

/// The top-level `auth` of an event: the author's token for applications, none for webhook bots.
fn top_auth(state: &mut State, bot: u64, author: u64, refresh: bool) -> Tree {
    use crate::state::bots::Owner;

    let Some(owner) = state.bots.get(&bot).map(|bot| bot.owner.clone()) else { return Tree::new() };
    let token = state.application_token(&owner);
    let mut auth = match owner {
        Owner::Application(client_id) if state.users.contains_key(&author) => {
            state.auth_block(&client_id, author, refresh)
        }
        Owner::Application(_) | Owner::Webhook(_) => addresses(state),
    };
    auth.put("application_token", token);
    auth
}

/// The `auth` of an event that gives no tokens.
fn addresses(state: &State) -> Tree {
    let mut auth = Tree::new();
    auth.put("domain", state.domain())
        .put("client_endpoint", state.endpoint())
        .put("server_endpoint", state.server_endpoint())
        .put("member_id", state.member_id.clone());
    auth
}
