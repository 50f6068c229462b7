//! Events of generation 1: UPPER_CASE keys, `data[BOT]` as a map from bot id to its credentials.

use serde_json::json;

use super::{Context, address, mentions, top_auth};
use crate::delivery::Outgoing;
use crate::state::State;
use crate::state::bots::{Handlers, Owner};
use crate::state::chats::{Chat, Entity};
use crate::state::commands::Command;
use crate::state::messages::Message;
use crate::state::people::{ADMINISTRATOR, UserFields};
use crate::tree::Tree;

const LANGUAGE: &str = "en";

pub(super) fn message_added(state: &mut State, message: u64, bots: &[u64]) {
    for group in by_handler(state, bots, |handlers| &handlers.message_add) {
        let Some(params) = added_params(state, message, &group.bots) else { return };
        let author = state.messages.get(&message).map_or(0, |message| message.author);
        let mut user = author_tree(state, author, UserFields::Message);
        let chat = state.messages.get(&message).and_then(|message| state.chats.get(&message.chat));
        if chat.and_then(Chat::client) == Some(author) {
            user.put("IS_CONNECTOR", "Y");
        }
        send(state, "ONIMBOTMESSAGEADD", &group, author, true, params, Some(user));
    }
}

pub(super) fn message_updated(state: &mut State, message: u64, bots: &[u64]) {
    for group in by_handler(state, bots, |handlers| &handlers.message_update) {
        let Some(params) = changed_params(state, message, &group.bots, None) else { return };
        let author = state.messages.get(&message).map_or(0, |message| message.author);
        let user = is_private(state, message).then(|| author_tree(state, author, UserFields::Message));
        send(state, "ONIMBOTMESSAGEUPDATE", &group, author, true, params, user);
    }
}

pub(super) fn message_deleted(state: &mut State, message: u64, bots: &[u64]) {
    for group in by_handler(state, bots, |handlers| &handlers.message_delete) {
        let Some(date) = state.messages.get(&message).map(|message| message.date.american()) else { return };
        let text = format!("Message from {date} has been deleted");
        let Some(params) = changed_params(state, message, &group.bots, Some(text)) else { return };
        let author = state.messages.get(&message).map_or(0, |message| message.author);
        let user = is_private(state, message).then(|| author_tree(state, author, UserFields::Message));
        send(state, "ONIMBOTMESSAGEDELETE", &group, author, true, params, user);
    }
}

pub(super) fn joined(state: &mut State, chat: u64, bot: u64, inviter: u64) {
    let Some(url) = address(state, bot, |handlers| &handlers.welcome) else { return };
    let Some(chat) = state.chats.get(&chat) else { return };
    let mut params = Tree::new();
    params
        .put("CHAT_TYPE", chat.letter())
        .put("MESSAGE_TYPE", chat.letter())
        .put("BOT_ID", bot.to_string())
        .put("USER_ID", inviter.to_string());
    if chat.is_private() {
        params.put("TO_USER_ID", inviter.to_string()).put("FROM_USER_ID", bot.to_string());
    } else {
        params
            .put("CHAT_ID", chat.id.to_string())
            .put("CHAT_AUTHOR_ID", chat.owner.to_string())
            .put("CHAT_ENTITY_TYPE", chat.entity().kind)
            .put("CHAT_ENTITY_ID", chat.entity().id)
            .put("ACCESS_HISTORY", "1");
    }
    params.put("DIALOG_ID", chat.dialog(bot)).put("LANGUAGE", LANGUAGE);
    let user = author_tree(state, inviter, UserFields::Join);
    send(state, "ONIMBOTJOINCHAT", &Group { url, bots: vec![bot] }, inviter, false, params, Some(user));
}

pub(super) fn bot_deleted(state: &mut State, bot: u64) {
    let Some(url) = address(state, bot, |handlers| &handlers.bot_delete) else { return };
    let Some(code) = state.bots.get(&bot).map(|bot| bot.code.clone()) else { return };
    let mut data = Tree::new();
    data.put("BOT_ID", bot.to_string()).put("BOT_CODE", code);
    let auth = top_auth(state, bot, ADMINISTRATOR, false);
    post(state, "ONIMBOTDELETE", bot, url, data, auth);
}

pub(super) fn command_called(
    state: &mut State,
    message: u64,
    user: u64,
    command: &Command,
    typed: &str,
    context: Context,
) {
    if command.handler.is_empty() {
        return;
    }
    let Some(params) = command_params(state, message, user, command.bot) else { return };
    let mut entry = credentials(state, command.bot);
    entry
        .put("COMMAND", command.name.clone())
        .put("COMMAND_ID", command.id.to_string())
        .put("COMMAND_PARAMS", typed)
        .put("COMMAND_CONTEXT", context.word())
        .put("MESSAGE_ID", message.to_string());
    let mut commands = Tree::new();
    commands.put(command.id.to_string(), entry);
    let mut data = Tree::new();
    data.put("COMMAND", commands)
        .put("PARAMS", params)
        .put("USER", author_tree(state, user, UserFields::Command));
    let auth = top_auth(state, command.bot, user, true);
    post(state, "ONIMCOMMANDADD", command.bot, command.handler.clone(), data, auth);
}

/// Bots that are told of a thing together: same owner, same address.
struct Group {
    url: String,
    bots: Vec<u64>,
}

fn by_handler(state: &State, bots: &[u64], which: fn(&Handlers) -> &String) -> Vec<Group> {
    let mut groups: Vec<(Owner, Group)> = Vec::new();
    for bot in bots.iter().filter_map(|id| state.bots.get(id)) {
        let url = which(&bot.handlers);
        if url.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|(owner, group)| *owner == bot.owner && group.url == *url) {
            Some((_, group)) => group.bots.push(bot.id),
            None => groups.push((bot.owner.clone(), Group { url: url.clone(), bots: vec![bot.id] })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn is_private(state: &State, message: u64) -> bool {
    let chat = state.messages.get(&message).and_then(|message| state.chats.get(&message.chat));
    chat.is_some_and(Chat::is_private)
}

fn author_tree(state: &State, author: u64, fields: UserFields) -> Tree {
    state.users.get(&author).map_or_else(Tree::new, |user| user.v1(fields))
}

fn put_switches(params: &mut Tree) {
    params
        .put("CONVERT", "N")
        .put("SKIP_COMMAND", "N")
        .put("SKIP_COUNTER_INCREMENTS", "N")
        .put("SILENT_CONNECTOR", "N")
        .put("SKIP_CONNECTOR", "N")
        .put("IMPORTANT_CONNECTOR", "N")
        .put("NO_SESSION_OL", "N")
        .put("FAKE_RELATION", "0")
        .put("SKIP_URL_INDEX", "N");
}

fn put_entity(params: &mut Tree, chat: &Chat, with_type: bool) {
    let Entity { kind, id, data: [first, second, third] } = chat.entity();
    if with_type {
        params.put("CHAT_ENTITY_TYPE", kind);
    }
    params
        .put("CHAT_ENTITY_ID", id)
        .put("CHAT_ENTITY_DATA_1", first)
        .put("CHAT_ENTITY_DATA_2", second)
        .put("CHAT_ENTITY_DATA_3", third);
}

fn is_manager(chat: &Chat, user: u64) -> &'static str {
    if chat.is_run_by(user) { "Y" } else { "N" }
}

/// `FILES`, by their ids, and `FILE_ID`.
fn put_files(params: &mut Tree, state: &State, message: &Message) {
    let ids = &message.content.files;
    if ids.is_empty() {
        return;
    }
    let mut files = Tree::new();
    for (id, file) in ids.iter().filter_map(|id| Some((id, state.describe_file(*id)?))) {
        files.put(id.to_string(), &file);
    }
    params.put("FILES", files).put("FILE_ID", &json!(ids));
}

/// What the platform adds when somebody is mentioned: `MENTIONED_LIST`, `MESSAGE_ORIGINAL`, `TO_USER_ID`.
fn put_mentions(params: &mut Tree, text: &str, bots: &[u64]) {
    let mentioned = mentions::ids(text);
    if mentioned.is_empty() {
        return;
    }
    let mut list = Tree::new();
    for id in &mentioned {
        list.put(id.to_string(), id.to_string());
    }
    params.put("MENTIONED_LIST", list).put("MESSAGE_ORIGINAL", text);
    if let Some(bot) = mentioned.iter().find(|id| bots.contains(id)) {
        params.put("TO_USER_ID", bot.to_string());
    }
}

fn added_params(state: &State, message: u64, bots: &[u64]) -> Option<Tree> {
    let message = state.messages.get(&message)?;
    let chat = state.chats.get(&message.chat)?;
    let bot = *bots.first()?;
    let private = chat.is_private();
    let text = if private { message.text.clone() } else { mentions::strip(&message.text) };
    let mut params = Tree::new();
    params
        .put("MESSAGE", text)
        .put("TEMPLATE_ID", message.uuid.clone())
        .put("MESSAGE_TYPE", chat.letter())
        .put("FROM_USER_ID", message.author.to_string())
        .put("DIALOG_ID", chat.dialog(bot))
        .put("TO_CHAT_ID", chat.id.to_string())
        .put("AUTHOR_ID", message.author.to_string())
        .put("SYSTEM", if message.system { "Y" } else { "N" });
    if private {
        params.put("TO_USER_ID", bot.to_string());
    } else {
        let previous = chat.messages.iter().rev().find(|id| **id < message.id).copied().unwrap_or(0);
        params
            .put("CHAT_ID", chat.id.to_string())
            .put("CHAT_TITLE", chat.title.clone())
            .put("CHAT_AUTHOR_ID", chat.owner.to_string())
            .put("CHAT_AVATAR", "0")
            .put("CHAT_COLOR", "AZURE");
        put_entity(&mut params, chat, true);
        params
            .put("CHAT_EXTRANET", "N")
            .put("CHAT_PREV_MESSAGE_ID", previous.to_string())
            .put("CHAT_CAN_POST", "MEMBER")
            .put("RID", message.author.to_string())
            .put("IS_MANAGER", is_manager(chat, message.author));
    }
    params.put("PUSH", "Y").put("PUSH_IMPORTANT", "N").put("RECENT_SKIP_AUTHOR", "N");
    put_switches(&mut params);
    params.put("COMMAND_CONTEXT", "TEXTAREA").put("CHAT_USER_COUNT", chat.members.len().to_string());
    if !private {
        put_mentions(&mut params, &message.text, bots);
    }
    params.put("PLATFORM_CONTEXT", "web");
    if let Some(reply) = message.reply_to {
        params.put("REPLY_ID", reply.to_string());
    }
    put_files(&mut params, state, message);
    params
        .put("MESSAGE_ID", message.id.to_string())
        .put("CHAT_TYPE", chat.letter())
        .put("LANGUAGE", LANGUAGE);
    Some(params)
}

/// The fields of an edit, or of a deletion when `deleted` has the text that stands there now.
fn changed_params(state: &State, message: u64, bots: &[u64], deleted: Option<String>) -> Option<Tree> {
    let message = state.messages.get(&message)?;
    let chat = state.chats.get(&message.chat)?;
    let bot = *bots.first()?;
    let (private, edited) = (chat.is_private(), deleted.is_none());
    let text = deleted
        .unwrap_or_else(|| if private { message.text.clone() } else { mentions::strip(&message.text) });
    let mut params = Tree::new();
    params
        .put("ID", message.id.to_string())
        .put("CHAT_ID", chat.id.to_string())
        .put("AUTHOR_ID", message.author.to_string())
        .put("MESSAGE", text)
        .put("MESSAGE_TYPE", chat.letter())
        .put("CHAT_AUTHOR_ID", chat.owner.to_string());
    put_entity(&mut params, chat, !private);
    if private {
        params.put("FROM_USER_ID", message.author.to_string()).put("TO_USER_ID", bot.to_string());
    }
    if edited {
        params.put("CHAT_USER_COUNT", chat.members.len().to_string());
        if !private {
            put_mentions(&mut params, &message.text, bots);
        }
        params.put("PLATFORM_CONTEXT", "web");
        put_files(&mut params, state, message);
    }
    params
        .put("DIALOG_ID", chat.dialog(bot))
        .put("MESSAGE_ID", message.id.to_string())
        .put("CHAT_TYPE", chat.letter())
        .put("LANGUAGE", LANGUAGE);
    Some(params)
}

/// `user` called the command; of a message with buttons that is not who wrote it.
fn command_params(state: &State, message: u64, user: u64, bot: u64) -> Option<Tree> {
    let message = state.messages.get(&message)?;
    let chat = state.chats.get(&message.chat)?;
    let mut params = Tree::new();
    params
        .put("MESSAGE", message.text.clone())
        .put("TEMPLATE_ID", message.uuid.clone())
        .put("MESSAGE_TYPE", chat.letter())
        .put("FROM_USER_ID", user.to_string())
        .put("DIALOG_ID", chat.dialog(bot))
        .put("TO_CHAT_ID", chat.id.to_string())
        .put("AUTHOR_ID", message.author.to_string())
        .put("SYSTEM", "N");
    if chat.is_private() {
        params.put("TO_USER_ID", bot.to_string());
    } else {
        let previous = chat.messages.iter().rev().find(|id| **id < message.id).copied().unwrap_or(0);
        params
            .put("CHAT_ID", chat.id.to_string())
            .put("CHAT_PARENT_ID", "0")
            .put("CHAT_PARENT_MID", "0")
            .put("CHAT_TITLE", chat.title.clone())
            .put("CHAT_AUTHOR_ID", chat.owner.to_string())
            .put("CHAT_AVATAR", "0")
            .put("CHAT_COLOR", "AZURE");
        put_entity(&mut params, chat, true);
        params
            .put("CHAT_EXTRANET", "N")
            .put("CHAT_PREV_MESSAGE_ID", previous.to_string())
            .put("CHAT_CAN_POST", "MEMBER")
            .put("RID", user.to_string())
            .put("IS_MANAGER", is_manager(chat, user));
        let mut present = Tree::new();
        for member in chat.members.iter().filter(|member| state.is_bot(**member)) {
            present.put(member.to_string(), member.to_string());
        }
        params.put("BOT_IN_CHAT", present);
    }
    params
        .put("SKIP_USER_CHECK", "Y")
        .put("PUSH", "Y")
        .put("PUSH_IMPORTANT", "N")
        .put("RECENT_ADD", "Y")
        .put("RECENT_SKIP_AUTHOR", "N");
    put_switches(&mut params);
    params
        .put("MESSAGE_ID", message.id.to_string())
        .put("CHAT_TYPE", chat.letter())
        .put("LANGUAGE", LANGUAGE);
    Some(params)
}

/// One entry of `data[BOT]`: the bot's own token, twice, for application bots; only its name for others.
fn credentials(state: &mut State, bot: u64) -> Tree {
    let mut entry = Tree::new();
    let Some((owner, code)) = state.bots.get(&bot).map(|bot| (bot.owner.clone(), bot.code.clone())) else {
        return entry;
    };
    if let Owner::Application(client_id) = &owner {
        let token = state.application_token(&owner);
        entry = state.auth_block(client_id, bot, true);
        entry.put("client_id", client_id.clone()).put("application_token", token);
        let copy = entry.clone();
        entry.put("AUTH", copy);
    }
    entry.put("BOT_ID", bot.to_string()).put("BOT_CODE", code);
    entry
}

fn send(
    state: &mut State,
    event: &'static str,
    group: &Group,
    author: u64,
    refresh: bool,
    params: Tree,
    user: Option<Tree>,
) {
    let Some(&first) = group.bots.first() else { return };
    let mut bots = Tree::new();
    for &bot in &group.bots {
        bots.put(bot.to_string(), credentials(state, bot));
    }
    let mut data = Tree::new();
    data.put("BOT", bots).put("PARAMS", params);
    if let Some(user) = user {
        data.put("USER", user);
    }
    let auth = top_auth(state, first, author, refresh);
    post(state, event, first, group.url.clone(), data, auth);
}

fn post(state: &mut State, event: &'static str, bot: u64, url: String, data: Tree, auth: Tree) {
    if !state.hears(bot) {
        return;
    }
    let Some((owner, handler_id)) = state.bots.get(&bot).map(|bot| (bot.owner.clone(), bot.handler_id))
    else {
        return;
    };
    let mut body = Tree::new();
    body.put("event", event)
        .put("event_handler_id", handler_id.to_string())
        .put("data", data)
        .put("ts", state.now.seconds().to_string())
        .put("auth", auth);
    // All bots of an owner share one lane: an event can name several of them.
    state.outbox.push(Outgoing::new(format!("v1 {}", owner.key()), bot, event, url, &body));
}
