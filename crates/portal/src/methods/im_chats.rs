//! `im.chat.*`: groups, and who is in them. `imbot.chat.*` does the same in the name of a bot, with some codes of its own.

use serde_json::Value;

use super::{Answer, Call, ids_of};
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::chats::{Chat, Membership};
use crate::state::messages::Draft;
use crate::tree::Tree;

pub(super) fn chat_id(call: &Call<'_>) -> Result<u64, Refusal> {
    call.id("CHAT_ID").ok_or_else(|| bad("CHAT_ID_EMPTY", "Chat ID can't be empty"))
}

pub(super) fn user_id(call: &Call<'_>) -> Result<u64, Refusal> {
    call.id("USER_ID").ok_or_else(|| bad("USER_ID_EMPTY", "User ID can't be empty"))
}

/// The group of `CHAT_ID`, or of a `DIALOG_ID` of the form `chat1`.
fn group_id(call: &Call<'_>) -> Result<u64, Refusal> {
    match call.params.get("DIALOG_ID") {
        Some(dialog) if call.params.get("CHAT_ID").is_none() => {
            let number = dialog.text().and_then(|text| text.strip_prefix("chat")?.parse().ok());
            number.ok_or_else(|| bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))
        }
        _ => chat_id(call),
    }
}

pub(super) fn unavailable() -> Refusal {
    forbidden("ACCESS_ERROR", "Action unavailable")
}

/// `im.chat.add`
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    found(call, user)
}

/// A new group; whoever founds it owns it.
pub(super) fn found(call: &mut Call<'_>, founder: u64) -> Answer {
    let users = match call.params.get("USERS") {
        None | Some(Tree::Null) => Vec::new(),
        Some(users @ Tree::Array(_)) => ids_of(users),
        Some(_) => return Err(bad("INVALID_FORMAT", "Parameter USERS has wrong type")),
    };
    let (title, text) = (call.text("TITLE"), call.text("MESSAGE"));
    let title = if title.is_empty() { "Chat".to_owned() } else { title };
    let chat = call.state.found_group(title, founder, founder, &users);
    if !text.is_empty() {
        let posted = call.state.post(Draft::new(chat, founder, text));
        posted.map_err(|_| bad("WRONG_REQUEST", "Chat can't be created"))?;
    }
    Ok(chat.into())
}

/// `im.chat.leave`
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let (chat, user) = (chat_id(call)?, call.caller.user);
    call.state.leave(chat, user).map(|()| Value::Bool(true)).map_err(|_| unavailable())
}

/// `im.chat.setOwner`
pub(super) fn set_owner(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    change_owner(call, user)
}

pub(super) fn change_owner(call: &mut Call<'_>, owner: u64) -> Answer {
    let (chat, user) = (group_id(call)?, user_id(call)?);
    match call.state.set_owner(chat, owner, user) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NoSuchChat | Membership::NotAGroup) => Err(unavailable()),
        Err(Membership::NoAccess | Membership::NoChange | Membership::OwnerStays) => {
            Err(bad("WRONG_REQUEST", "Change owner can only owner and user must be member in chat"))
        }
    }
}

/// `im.chat.updateTitle`
pub(super) fn update_title(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    rename(call, user)
}

pub(super) fn rename(call: &mut Call<'_>, by: u64) -> Answer {
    let (chat, title) = (group_id(call)?, call.text("TITLE"));
    if title.is_empty() {
        return Err(bad("TITLE_EMPTY", "Title can't be empty"));
    }
    match call.state.rename(chat, by, &title) {
        Ok(()) | Err(Membership::NoChange) => Ok(Value::Bool(true)),
        Err(_) => Err(unavailable()),
    }
}

/// `im.chat.user.list`
pub(super) fn user_list(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    members(call, user)
}

pub(super) fn members(call: &Call<'_>, viewer: u64) -> Answer {
    let chat: Option<&Chat> = call.state.chats.get(&chat_id(call)?).filter(|chat| chat.has(viewer));
    chat.map(|chat| chat.members.clone().into()).ok_or_else(unavailable)
}

/// `im.chat.user.delete`
pub(super) fn user_delete(call: &mut Call<'_>) -> Answer {
    let (chat, user, by) = (chat_id(call)?, user_id(call)?, call.caller.user);
    match call.state.send_away(chat, by, user) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NoSuchChat | Membership::NotAGroup) => Err(unavailable()),
        Err(Membership::OwnerStays) => {
            Err(forbidden("ACCESS_ERROR", "It is forbidden to delete users of this chat"))
        }
        Err(Membership::NoAccess) => {
            let why = "Insufficient rights to exclude participants from the chat";
            Err(forbidden("ACCESS_DENIED_KICK", why))
        }
        Err(Membership::NoChange) => Err(bad("USER_NOT_FOUND", "The specified user is not in the chat")),
    }
}

/// `im.chat.user.add`
pub(super) fn user_add(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    invite(call, user)
}

/// Adding people works alike for `im.chat.user.add` and `imbot.chat.user.add`.
pub(super) fn invite(call: &mut Call<'_>, inviter: u64) -> Answer {
    let chat = chat_id(call)?;
    let users = call.params.get("USERS").map(ids_of).unwrap_or_default();
    if users.is_empty() {
        return Err(bad("WRONG_REQUEST", "User IDs must be passed in array format"));
    }
    match call.state.invite(chat, inviter, &users) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NotAGroup) => Err(forbidden("ACCESS_ERROR", "Action unavailable")),
        Err(Membership::NoSuchChat | Membership::NoAccess | Membership::OwnerStays) => {
            Err(forbidden("ACCESS_ERROR", "It is forbidden to add users to this chat"))
        }
        Err(Membership::NoChange) => {
            Err(bad("WRONG_REQUEST", "You don't have access or user already member in chat"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn a_group_is_founded_and_run() {
        let mut state = sample();
        let theirs = state.found_group("Theirs".to_owned(), 27, 27, &[1]);
        let mut call =
            |method: &str, query: &str| webhook_call(&mut state, &format!("im.chat.{method}"), query);
        assert_eq!(call("add", "USERS=27"), Err("INVALID_FORMAT"));
        let own = call("add", "TITLE=Plan&USERS[]=27&USERS[]=42&MESSAGE=Welcome").unwrap();
        let (own, theirs) = (format!("CHAT_ID={own}"), format!("CHAT_ID={theirs}"));
        for (method, query, expected) in [
            ("user.list", own.clone(), Ok(json!([1, 27, 42]))),
            ("user.list", "CHAT_ID=9".to_owned(), Err("ACCESS_ERROR")),
            ("user.list", String::new(), Err("CHAT_ID_EMPTY")),
            ("user.delete", own.clone(), Err("USER_ID_EMPTY")),
            ("user.delete", format!("{theirs}&USER_ID=27"), Err("ACCESS_DENIED_KICK")),
            ("user.delete", format!("{own}&USER_ID=1"), Err("ACCESS_ERROR")),
            ("user.delete", format!("{own}&USER_ID=42"), Ok(json!(true))),
            ("user.delete", format!("{own}&USER_ID=42"), Err("USER_NOT_FOUND")),
            ("updateTitle", own.clone(), Err("TITLE_EMPTY")),
            ("updateTitle", "DIALOG_ID=27&TITLE=x".to_owned(), Err("DIALOG_ID_EMPTY")),
            ("updateTitle", "DIALOG_ID=chat9&TITLE=x".to_owned(), Err("ACCESS_ERROR")),
            ("updateTitle", format!("{own}&TITLE=Harbour"), Ok(json!(true))),
            ("setOwner", own.clone(), Err("USER_ID_EMPTY")),
            ("setOwner", format!("{own}&USER_ID=42"), Err("WRONG_REQUEST")),
            ("setOwner", format!("{theirs}&USER_ID=1"), Err("WRONG_REQUEST")),
            ("setOwner", format!("{own}&USER_ID=27"), Ok(json!(true))),
            ("leave", own.clone(), Ok(json!(true))),
            ("leave", own, Err("ACCESS_ERROR")),
        ] {
            assert_eq!(call(method, &query), expected, "{method} {query}");
        }
        let chat = state.chats.values().last().unwrap();
        assert_eq!((chat.title.as_str(), chat.owner, chat.members.as_slice()), ("Harbour", 27, &[27][..]));
    }
}
