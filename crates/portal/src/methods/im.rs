//! `im.*` about dialogs, in the name of the person (or bot) behind the credentials.

use serde_json::{Value, json};

use super::{Answer, Call};
use crate::refusal::{bad, denied, forbidden};
use crate::state::marks::LIKE;
use crate::state::{Change, State};
use crate::tree::Tree;

/// `im.dialog.messages.get`: newest first, or oldest first from `FIRST_ID` on.
pub(super) fn dialog_messages_get(call: &mut Call<'_>) -> Answer {
    const MOST: usize = 50;
    let number = |name: &str, code, description: &'static str| match call.params.get(name) {
        None => Ok(None),
        Some(value) => {
            value.text().and_then(|text| text.trim().parse().ok()).map(Some).ok_or(bad(code, description))
        }
    };
    let first: Option<u64> = number("FIRST_ID", "FIRST_ID_STRING", "First ID can't be string")?;
    let last: Option<u64> = number("LAST_ID", "LAST_ID_STRING", "Last ID can't be string")?;
    let limit = call.id("LIMIT").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(20).min(MOST);
    let dialog = call.text("DIALOG_ID");
    let wrong = || bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty");
    let closed = || forbidden("ACCESS_ERROR", "You do not have access to the specified dialog");
    if dialog.strip_prefix("chat").unwrap_or(&dialog).parse::<u64>().is_err() {
        return Err(wrong());
    }
    let user = call.caller.user;
    // Looking does not open a private chat.
    let id = match dialog.parse() {
        Ok(partner) => match call.state.find_private_chat(user, partner) {
            Some(chat) => chat,
            None if call.state.users.contains_key(&partner) => {
                return Ok(json!({"chat_id": 0, "messages": [], "users": [], "files": []}));
            }
            None => return Err(closed()),
        },
        Err(_) => call.state.dialog(user, &dialog).ok_or_else(closed)?,
    };
    let chat = call.state.chats.get(&id).filter(|chat| chat.has(user)).ok_or_else(closed)?;
    let known = chat.messages.iter().copied().filter(|id| call.state.messages.contains_key(id));
    let ids: Vec<u64> = match first {
        Some(first) => known.filter(|id| *id > first).take(limit).collect(),
        None => known.rev().filter(|id| last.is_none_or(|last| *id < last)).take(limit).collect(),
    };
    let messages: Vec<Value> = ids.iter().filter_map(|id| message_json(call.state, *id)).collect();
    let now = call.state.now.iso();
    let users: Vec<Value> = call
        .state
        .users
        .values()
        .filter(|user| {
            ids.iter().any(|id| call.state.messages.get(id).is_some_and(|message| message.author == user.id))
        })
        .map(|user| {
            json!({
                "id": user.id,
                "active": true,
                "name": user.name(),
                "first_name": user.first_name,
                "last_name": user.last_name,
                "work_position": user.work_position,
                "color": user.color,
                "avatar": "",
                "avatar_hr": "",
                "gender": user.gender,
                "birthday": "",
                "extranet": false,
                "network": false,
                "bot": user.is_bot,
                "connector": false,
                "external_auth_id": if user.is_bot { "bot" } else { "default" },
                "status": "online",
                "idle": false,
                "last_activity_date": now,
                "mobile_last_date": false,
                "desktop_last_date": false,
                "absent": false,
                "departments": [1],
                "phones": false,
                "bot_data": null,
                "type": if user.is_bot { "bot" } else { "user" },
                "website": "",
                "email": "",
            })
        })
        .collect();
    let shown = ids.iter().filter_map(|id| call.state.messages.get(id));
    let files = shown.flat_map(|message| &message.content.files);
    let files: Vec<Value> = files.filter_map(|id| call.state.describe_file(*id)).collect();
    Ok(json!({"chat_id": id, "messages": messages, "users": users, "files": files}))
}

fn message_json(state: &State, id: u64) -> Option<Value> {
    let message = state.messages.get(&id)?;
    let mut params = message.params();
    for (name, is) in [("IS_DELETED", message.deleted), ("IS_EDITED", message.edited)] {
        if is {
            params.put(name, "Y");
        }
    }
    if let Some(likes) = message.marks.get(LIKE) {
        params.put("LIKE", &json!(likes));
    }
    Some(json!({
        "id": id,
        "chat_id": message.chat,
        "author_id": message.author,
        "date": message.date.iso(),
        "text": message.text,
        "unread": false,
        "uuid": message.uuid,
        "replaces": [],
        "params": params.to_json(),
        "disappearing_date": null,
    }))
}

/// `im.dialog.writing`
pub(super) fn dialog_writing(call: &mut Call<'_>) -> Answer {
    let (user, dialog) = (call.caller.user, call.text("DIALOG_ID"));
    if dialog.strip_prefix("chat").unwrap_or(&dialog).parse::<u64>().is_err() {
        return Err(bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"));
    }
    let chat = call.state.open_dialog(user, &dialog);
    let chat = chat.ok_or_else(|| forbidden("ACCESS_ERROR", "Action unavailable"))?;
    call.state.changes.push(Change::Typing { chat, user });
    Ok(Value::Bool(true))
}

/// `im.v2.Chat.Bot.sendContext`
pub(super) fn send_context(call: &mut Call<'_>) -> Answer {
    let (user, dialog) = (call.caller.user, call.text("dialogId"));
    let Some(context @ Tree::Array(_)) = call.params.get("context").cloned() else {
        return Err(bad("ERROR_ARGUMENT", "Argument 'context' is null or empty"));
    };
    let chat = call.state.dialog(user, &dialog).ok_or_else(denied)?;
    call.state.give_context(chat, user, &context).map_err(|_| denied())?;
    Ok(json!({"result": true}))
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn history_goes_back_from_the_newest() {
        let mut state = sample();
        for number in 0..5 {
            webhook_call(&mut state, "im.message.add", &format!("DIALOG_ID=chat1&MESSAGE=m{number}"))
                .unwrap();
        }
        let ids = |query: &str, state: &mut super::State| {
            let answer = webhook_call(state, "im.dialog.messages.get", query).unwrap();
            answer["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| m["id"].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("DIALOG_ID=chat1&LIMIT=2", &mut state), [105, 104]);
        assert_eq!(ids("DIALOG_ID=chat1&LAST_ID=103", &mut state), [102, 101]);
        assert_eq!(ids("DIALOG_ID=chat1&FIRST_ID=103", &mut state), [104, 105]);
        webhook_call(&mut state, "im.message.like", "MESSAGE_ID=101&ACTION=plus").unwrap();
        let answer =
            webhook_call(&mut state, "im.dialog.messages.get", "DIALOG_ID=chat1&LAST_ID=102").unwrap();
        assert_eq!(answer["messages"][0]["params"], json!({"LIKE": [1]}));
        let unopened = webhook_call(&mut state, "im.dialog.messages.get", "DIALOG_ID=42").unwrap();
        assert_eq!((&unopened["messages"], state.chats.len()), (&json!([]), 1));
        for (query, code) in [
            ("", "DIALOG_ID_EMPTY"),
            ("DIALOG_ID=chat1&LAST_ID=x", "LAST_ID_STRING"),
            ("DIALOG_ID=chat1&FIRST_ID=x", "FIRST_ID_STRING"),
            ("DIALOG_ID=chat77", "ACCESS_ERROR"),
        ] {
            assert_eq!(webhook_call(&mut state, "im.dialog.messages.get", query), Err(code), "{query}");
        }
    }
}
