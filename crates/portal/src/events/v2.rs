//! Events of generation 2: camelCase keys, one event per bot, mentions left in the text.

use serde_json::Value;

use super::{Context, top_auth};
use crate::delivery::Outgoing;
use crate::state::State;
use crate::state::bots::{Handlers, Owner};
use crate::state::chats::{Chat, Entity};
use crate::state::commands::Command;
use crate::state::messages::Forward;
use crate::tree::Tree;

type Which = fn(&Handlers) -> &String;

const ADD: Which = |handlers| &handlers.message_add;

pub(super) fn message_added(state: &mut State, message: u64, bot: u64) {
    let mut data = Tree::new();
    data.put("message", message_tree(state, message));
    about_message(state, "ONIMBOTV2MESSAGEADD", ADD, message, bot, data);
}

pub(super) fn message_updated(state: &mut State, message: u64, bot: u64) {
    let mut data = Tree::new();
    data.put("message", message_tree(state, message));
    about_message(state, "ONIMBOTV2MESSAGEUPDATE", |handlers| &handlers.message_update, message, bot, data);
}

pub(super) fn message_deleted(state: &mut State, message: u64, bot: u64) {
    let mut data = Tree::new();
    data.put("messageId", message);
    about_message(state, "ONIMBOTV2MESSAGEDELETE", |handlers| &handlers.message_delete, message, bot, data);
}

pub(super) fn command_called(
    state: &mut State,
    message: u64,
    user: u64,
    command: &Command,
    params: &str,
    context: Context,
) {
    let mut typed = Tree::new();
    typed
        .put("id", command.id)
        .put("command", format!("/{}", command.name))
        .put("params", params)
        .put("context", context.word().to_lowercase());
    let mut data = Tree::new();
    data.put("command", typed).put("message", message_tree(state, message));
    let chat = state.messages.get(&message).map(|message| message.chat);
    send(state, "ONIMBOTV2COMMANDADD", ADD, command.bot, chat, user, data);
}

pub(super) fn reaction_changed(state: &mut State, message: u64, user: u64, code: &str, added: bool) {
    let Some((bot, chat)) = state.messages.get(&message).map(|message| (message.author, message.chat)) else {
        return;
    };
    let mut data = Tree::new();
    data.put("reaction", code)
        .put("action", if added { "add" } else { "delete" })
        .put("message", message_tree(state, message));
    send(state, "ONIMBOTV2REACTIONCHANGE", |handlers| &handlers.reaction, bot, Some(chat), user, data);
}

pub(super) fn joined(state: &mut State, chat: u64, bot: u64, inviter: u64) {
    let dialog = state.chats.get(&chat).map(|chat| chat.dialog(bot)).unwrap_or_default();
    let mut data = Tree::new();
    data.put("dialogId", dialog);
    send(state, "ONIMBOTV2JOINCHAT", |handlers| &handlers.welcome, bot, Some(chat), inviter, data);
}

pub(super) fn context_given(state: &mut State, chat: u64, bot: u64, user: u64, context: &Tree) {
    let dialog = state.chats.get(&chat).map(|chat| chat.dialog(bot)).unwrap_or_default();
    let mut data = Tree::new();
    data.put("dialogId", dialog).put("context", context.clone());
    send(state, "ONIMBOTV2CONTEXTGET", ADD, bot, Some(chat), user, data);
}

pub(super) fn bot_deleted(state: &mut State, bot: u64) {
    let which: Which = |handlers| &handlers.bot_delete;
    send(state, "ONIMBOTV2DELETE", which, bot, None, crate::state::people::ADMINISTRATOR, Tree::new());
}

fn about_message(state: &mut State, event: &'static str, which: Which, message: u64, bot: u64, data: Tree) {
    let Some((author, chat)) = state.messages.get(&message).map(|message| (message.author, message.chat))
    else {
        return;
    };
    send(state, event, which, bot, Some(chat), author, data);
}

/// Completes `data` with the bot, the chat, the user and the language; posts it, or keeps it to be fetched.
fn send(
    state: &mut State,
    event: &'static str,
    which: Which,
    bot: u64,
    chat: Option<u64>,
    user: u64,
    data: Tree,
) {
    if !state.hears(bot) {
        return;
    }
    let url = super::address(state, bot, which);
    let mut complete = Tree::new();
    complete
        .put("bot", if url.is_some() { short_bot(state, bot) } else { full_bot(state, bot) })
        .absorb(data);
    if let Some(chat) = chat.and_then(|chat| state.chats.get(&chat)) {
        complete.put("chat", chat_tree(chat, bot));
        let active = state.now.iso();
        let mut author = state.users.get(&user).map_or_else(Tree::new, |user| user.v2(&active));
        if chat.client() == Some(user) {
            author.put("connector", true);
        }
        complete.put("user", author).put("language", "en");
    }
    let Some(url) = url else {
        state.fetched.add(bot, event, &complete, state.now);
        return;
    };
    let auth = top_auth(state, bot, user, false);
    let handler_id = state.bots.get(&bot).map_or(0, |bot| bot.handler_id);
    let mut body = Tree::new();
    body.put("event", event)
        .put("event_handler_id", handler_id)
        .put("data", complete)
        .put("ts", state.now.seconds())
        .put("auth", auth);
    state.outbox.push(Outgoing::new(format!("v2 {bot}"), bot, event, url, &body));
}

/// The bot object of fetch mode, without a token.
fn full_bot(state: &State, id: u64) -> Tree {
    state.bots.get(&id).map_or_else(Tree::new, |bot| bot.v2(state))
}

/// The short bot object of webhook mode, with the bot's own token if an application owns it.
fn short_bot(state: &mut State, id: u64) -> Tree {
    let mut tree = Tree::new();
    let Some((code, owner)) = state.bots.get(&id).map(|bot| (bot.code.clone(), bot.owner.clone())) else {
        return tree;
    };
    tree.put("id", id).put("code", code);
    if let Owner::Application(client_id) = &owner {
        let token = state.application_token(&owner);
        let mut auth = state.auth_block(client_id, id, true);
        auth.put("application_token", token);
        tree.put("auth", auth);
    }
    tree
}

fn chat_tree(chat: &Chat, viewer: u64) -> Tree {
    let mut tree = Tree::new();
    tree.put("id", chat.id)
        .put("dialogId", chat.dialog(viewer))
        .put("type", chat.word())
        .put("name", chat.title.clone())
        .put("entityType", chat.entity().kind)
        .put("owner", chat.owner)
        .put("avatar", "")
        .put("color", "#ab7761");
    if chat.client().is_some() {
        let Entity { id, data: [first, second, third], .. } = chat.entity();
        tree.put("entityId", id)
            .put("entityData1", first)
            .put("entityData2", second)
            .put("entityData3", third);
    }
    tree
}

fn forward_tree(original: &Forward) -> Tree {
    let mut tree = Tree::new();
    tree.put("id", original.id)
        .put("userId", original.author)
        .put("chatId", original.chat)
        .put("date", original.date.iso());
    tree
}

/// The `Message` object, with the files in it.
pub(crate) fn message_tree(state: &State, id: u64) -> Tree {
    let Some(message) = state.messages.get(&id) else { return Tree::new() };
    let mut tree = Tree::new();
    tree.put("id", id)
        .put("chatId", message.chat)
        .put("authorId", message.author)
        .put("date", message.date.iso())
        .put("text", message.text.clone())
        .put("isSystem", message.system)
        .put("uuid", message.uuid.clone())
        .put("forward", message.forward.map_or(Tree::Null, |original| forward_tree(&original)))
        .put("params", message.params())
        .put("viewedByOthers", false);
    let files: Vec<_> = message.content.files.iter().filter_map(|id| state.describe_file(*id)).collect();
    if !files.is_empty() {
        tree.put("files", &Value::from(files));
    }
    tree
}
