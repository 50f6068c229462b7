//! The methods, one file per family.

mod bindings;
mod content;
mod discovery;
mod disk;
mod examples;
mod files;
mod general;
mod im;
mod im_chats;
mod im_messages;
mod imbot;
mod imbot_chats;
mod imbot_commands;
mod imbot_messages;
mod imbot_v2;
mod imbot_v2_chats;
mod imbot_v2_commands;
mod imbot_v2_messages;

pub(crate) use files::{NoContent, decode};
pub(crate) use imbot_v2_messages::is_reaction;

use std::time::Instant;

use serde_json::{Value, json};

use crate::credentials::Caller;
use crate::refusal::Refusal;
use crate::state::State;
use crate::tree::Tree;
use crate::work::time;

use examples::Example;

type Answer = Result<Value, Refusal>;

/// A call that succeeded.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) result: Value,
    /// How long the list is of which `result` is a page.
    pub(crate) total: Option<i64>,
    pub(crate) time: Value,
    /// Nothing was done: the result is the same for every call.
    pub(crate) example: bool,
}

impl Done {
    /// The answer on the wire.
    pub(crate) fn body(self) -> Value {
        let mut body = json!({"result": self.result});
        if let Some(total) = self.total {
            body["total"] = total.into();
        }
        body["time"] = self.time;
        body
    }
}

/// One call of one method.
struct Call<'a> {
    state: &'a mut State,
    caller: &'a Caller,
    /// For generation 1 with the keys of the first level in upper case.
    params: Tree,
}

struct Method {
    name: &'static str,
    /// One of these is needed; an empty list needs none.
    scopes: &'static [&'static str],
    run: fn(&mut Call<'_>) -> Answer,
}

const fn method(
    name: &'static str,
    scopes: &'static [&'static str],
    run: fn(&mut Call<'_>) -> Answer,
) -> Method {
    Method { name, scopes, run }
}

const IM: &[&str] = &["im"];
const IMBOT: &[&str] = &["imbot"];
const DISK: &[&str] = &["disk"];
const USER: &[&str] = &["user", "user_basic", "user_brief"];

const METHODS: &[Method] = &[
    method("app.info", &[], general::app_info),
    method("event.bind", &[], bindings::bind),
    method("event.get", &[], bindings::get),
    method("event.unbind", &[], bindings::unbind),
    method("events", &[], discovery::events),
    method("feature.get", &[], discovery::feature_get),
    method("method.get", &[], discovery::method_get),
    method("methods", &[], discovery::methods),
    method("profile", &[], general::profile),
    method("scope", &[], general::scope),
    method("server.time", &[], general::server_time),
    method("user.admin", &[], general::user_admin),
    method("user.current", USER, general::user_current),
    method("disk.file.get", DISK, disk::file_get),
    method("disk.folder.uploadFile", DISK, disk::upload_file),
    method("im.chat.add", IM, im_chats::add),
    method("im.chat.leave", IM, im_chats::leave),
    method("im.chat.setOwner", IM, im_chats::set_owner),
    method("im.chat.updateTitle", IM, im_chats::update_title),
    method("im.chat.user.add", IM, im_chats::user_add),
    method("im.chat.user.delete", IM, im_chats::user_delete),
    method("im.chat.user.list", IM, im_chats::user_list),
    method("im.dialog.messages.get", IM, im::dialog_messages_get),
    method("im.dialog.writing", IM, im::dialog_writing),
    method("im.disk.file.commit", IM, disk::commit),
    method("im.disk.folder.get", IM, disk::folder_get),
    method("im.message.add", IM, im_messages::add),
    method("im.message.command", IM, im_messages::command),
    method("im.message.delete", IM, im_messages::delete),
    method("im.message.like", IM, im_messages::message_like),
    method("im.message.update", IM, im_messages::update),
    method("im.revision.get", IM, general::im_revision),
    method("im.v2.Chat.Bot.sendContext", IM, im::send_context),
    method("im.v2.File.download", IM, files::user_download),
    method("im.v2.File.upload", IM, files::user_upload),
    method("imbot.bot.list", IMBOT, imbot::list),
    method("imbot.register", IMBOT, imbot::register),
    method("imbot.unregister", IMBOT, imbot::unregister),
    method("imbot.update", IMBOT, imbot::update),
    method("imbot.chat.add", IMBOT, imbot_chats::add),
    method("imbot.chat.leave", IMBOT, imbot_chats::leave),
    method("imbot.chat.sendTyping", IMBOT, imbot_chats::send_typing),
    method("imbot.chat.setManager", IMBOT, imbot_chats::set_manager),
    method("imbot.chat.setOwner", IMBOT, imbot_chats::set_owner),
    method("imbot.chat.updateTitle", IMBOT, imbot_chats::update_title),
    method("imbot.chat.user.add", IMBOT, imbot_chats::user_add),
    method("imbot.chat.user.delete", IMBOT, imbot_chats::user_delete),
    method("imbot.chat.user.list", IMBOT, imbot_chats::user_list),
    method("imbot.command.answer", IMBOT, imbot_commands::answer),
    method("imbot.command.register", IMBOT, imbot_commands::register),
    method("imbot.command.unregister", IMBOT, imbot_commands::unregister),
    method("imbot.command.update", IMBOT, imbot_commands::update),
    method("imbot.message.add", IMBOT, imbot_messages::add),
    method("imbot.message.delete", IMBOT, imbot_messages::delete),
    method("imbot.message.like", IMBOT, imbot_messages::like),
    method("imbot.message.update", IMBOT, imbot_messages::update),
    method("imbot.v2.Bot.get", IMBOT, imbot_v2::get),
    method("imbot.v2.Bot.list", IMBOT, imbot_v2::list),
    method("imbot.v2.Bot.register", IMBOT, imbot_v2::register),
    method("imbot.v2.Bot.unregister", IMBOT, imbot_v2::unregister),
    method("imbot.v2.Bot.update", IMBOT, imbot_v2::update),
    method("imbot.v2.Chat.Message.Reaction.add", IMBOT, imbot_v2_messages::reaction_add),
    method("imbot.v2.Chat.Message.Reaction.delete", IMBOT, imbot_v2_messages::reaction_delete),
    method("imbot.v2.Chat.Message.send", IMBOT, imbot_v2_messages::send),
    method("imbot.v2.Chat.InputAction.notify", IMBOT, imbot_v2_messages::notify),
    method("imbot.v2.Chat.Message.delete", IMBOT, imbot_v2_messages::delete),
    method("imbot.v2.Chat.Message.get", IMBOT, imbot_v2_messages::get),
    method("imbot.v2.Chat.Message.update", IMBOT, imbot_v2_messages::update),
    method("imbot.v2.Chat.Manager.add", IMBOT, imbot_v2_chats::manager_add),
    method("imbot.v2.Chat.Manager.delete", IMBOT, imbot_v2_chats::manager_delete),
    method("imbot.v2.Chat.User.add", IMBOT, imbot_v2_chats::user_add),
    method("imbot.v2.Chat.User.delete", IMBOT, imbot_v2_chats::user_delete),
    method("imbot.v2.Chat.User.list", IMBOT, imbot_v2_chats::user_list),
    method("imbot.v2.Chat.add", IMBOT, imbot_v2_chats::add),
    method("imbot.v2.Chat.get", IMBOT, imbot_v2_chats::get),
    method("imbot.v2.Chat.leave", IMBOT, imbot_v2_chats::leave),
    method("imbot.v2.Chat.setOwner", IMBOT, imbot_v2_chats::set_owner),
    method("imbot.v2.Chat.update", IMBOT, imbot_v2_chats::update),
    method("imbot.v2.Command.answer", IMBOT, imbot_v2_commands::answer),
    method("imbot.v2.Command.list", IMBOT, imbot_v2_commands::list),
    method("imbot.v2.Command.register", IMBOT, imbot_v2_commands::register),
    method("imbot.v2.Command.unregister", IMBOT, imbot_v2_commands::unregister),
    method("imbot.v2.Command.update", IMBOT, imbot_v2_commands::update),
    method("imbot.v2.Event.get", IMBOT, imbot_v2_commands::events),
    method("imbot.v2.File.download", IMBOT, files::bot_download),
    method("imbot.v2.File.upload", IMBOT, files::bot_upload),
    method("imbot.v2.Revision.get", IMBOT, general::imbot_revision),
];

/// What a name stands for.
enum Found {
    Method(&'static Method),
    Example(&'static str, &'static Example),
}

/// Every method there is, with the scopes of which it needs one.
fn known() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let methods = METHODS.iter().map(|method| (method.name, method.scopes));
    let examples = examples::all().map(|(name, example)| (name, example.scopes()));
    [("batch", &[] as &[_])].into_iter().chain(methods).chain(examples)
}

/// How a method is written that is there under this name.
pub(crate) fn name_of(name: &str) -> Option<&'static str> {
    find(name).map(|found| match found {
        Found::Method(method) => method.name,
        Found::Example(name, _) => name,
    })
}

fn find(name: &str) -> Option<Found> {
    let method = METHODS.iter().find(|method| is_same(method.name, name)).map(Found::Method);
    method.or_else(|| {
        let example = examples::all().find(|(known, _)| is_same(known, name));
        example.map(|(known, example)| Found::Example(known, example))
    })
}

/// Finds a method, checks its scope, runs it, and counts its work.
///
/// The case of generation 1 names is ignored, that of `im.v2.*` and `imbot.v2.*` is not.
pub(crate) fn call(state: &mut State, caller: &Caller, name: &str, params: &Tree) -> Result<Done, Refusal> {
    let found = find(name).ok_or_else(|| Refusal::new(404, "ERROR_METHOD_NOT_FOUND", "Method not found!"))?;
    let (name, scopes) = match found {
        Found::Method(method) => (method.name, method.scopes),
        Found::Example(name, example) => (name, example.scopes()),
    };
    caller.check_scope(scopes)?;
    state.work.check(&caller.via, name, state.now)?;
    let params = if is_v2(name) { params.clone() } else { params.with_upper_keys() };
    let clock = Instant::now();
    let mut call = Call { state, caller, params };
    let (answer, total, example) = match found {
        Found::Method(method) => ((method.run)(&mut call), None, false),
        Found::Example(name, example) => (example.answer(name, &call), example.total, true),
    };
    let took = clock.elapsed();
    let operating = state.work.add(&caller.via, name, took, state.now);
    answer.map(|result| Done { result, total, time: time(state.now, took, operating), example })
}

fn is_v2(name: &str) -> bool {
    name.starts_with("imbot.v2.") || name.starts_with("im.v2.")
}

/// Whether `name` means the method that is called `known`.
fn is_same(known: &str, name: &str) -> bool {
    if is_v2(known) { known == name } else { known.eq_ignore_ascii_case(name) }
}

impl Call<'_> {
    /// A parameter as trimmed text; empty when it is missing or an array.
    fn text(&self, name: &str) -> String {
        text_of(&self.params, name)
    }

    fn id(&self, name: &str) -> Option<u64> {
        self.params.get(name).and_then(Tree::id)
    }
}

fn text_of(tree: &Tree, name: &str) -> String {
    tree.get(name).and_then(Tree::text).unwrap_or_default().trim().to_owned()
}

/// A text that is there, even if empty.
fn given_text(tree: &Tree, name: &str) -> Option<String> {
    tree.get(name).and_then(Tree::text).map(|text| text.trim().to_owned())
}

/// `USERS`: ids as a list, or one alone.
fn ids_of(tree: &Tree) -> Vec<u64> {
    match tree {
        Tree::Array(entries) => entries.values().filter_map(Tree::id).collect(),
        scalar => scalar.id().into_iter().collect(),
    }
}

/// An address the portal can post to.
pub(crate) fn is_address(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
pub(crate) fn webhook_call(state: &mut State, method: &str, query: &str) -> Result<Value, &'static str> {
    let caller = crate::credentials::authenticate(state, Some(("1", "local")), &Tree::new()).unwrap();
    let params = crate::params::read_form(query).unwrap();
    call(state, &caller, method, &params).map(|done| done.result).map_err(|refusal| refusal.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::sample;

    #[test]
    fn only_generation_one_ignores_case() {
        let mut state = sample();
        assert!(webhook_call(&mut state, "PROFILE", "").is_ok());
        assert!(webhook_call(&mut state, "imbot.v2.Revision.get", "").is_ok());
        assert_eq!(webhook_call(&mut state, "imbot.v2.revision.get", ""), Err("ERROR_METHOD_NOT_FOUND"));
        assert_eq!(webhook_call(&mut state, "", ""), Err("ERROR_METHOD_NOT_FOUND"));
    }
}
