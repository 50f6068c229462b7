//! `imbot.v2.Chat.*` about groups and who is in them.

use serde_json::{Value, json};

use super::imbot_v2::bot;
use super::{Answer, Call, given_text, ids_of, text_of};
use crate::refusal::{Refusal, bad, denied};
use crate::state::State;
use crate::state::chats::Membership;
use crate::state::messages::Draft;
use crate::tree::Tree;

/// The bot and a chat that it is in.
fn own_chat(call: &mut Call<'_>) -> Result<(u64, u64), Refusal> {
    let bot = bot(call)?;
    let dialog = call.text("dialogId");
    if dialog.is_empty() {
        return Err(missing("dialogId"));
    }
    let chat = call.state.known_dialog(bot, &dialog);
    let chat = chat.filter(|chat| call.state.chats.get(chat).is_some_and(|chat| chat.has(bot)));
    chat.map(|chat| (bot, chat)).ok_or_else(denied)
}

fn missing(name: &str) -> Refusal {
    bad("ERROR_ARGUMENT", format!("Argument '{name}' is null or empty"))
}

/// What changes nothing has been done as well.
fn done(outcome: Result<(), Membership>) -> Answer {
    match outcome {
        Ok(()) | Err(Membership::NoChange) => Ok(json!({"result": true})),
        Err(_) => Err(denied()),
    }
}

/// `imbot.v2.Chat.add`
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let title = given_text(&fields, "title").filter(|title| !title.is_empty());
    let known = |user: &u64| call.state.users.contains_key(user);
    let owner = fields.get("ownerId").and_then(Tree::id).filter(known).unwrap_or(bot);
    let users = fields.get("userIds").map(ids_of).unwrap_or_default();
    let chat = call.state.found_group(title.unwrap_or_else(|| "Chat".to_owned()), bot, owner, &users);
    let text = text_of(&fields, "message");
    if !text.is_empty() {
        call.state.post(Draft::new(chat, bot, text)).map_err(|_| denied())?;
    }
    let mut shown = describe(call.state, chat, bot);
    shown["chat"]["isNew"] = json!(true);
    shown["users"] = users_json(call.state, chat, usize::MAX, false);
    Ok(shown)
}

/// `imbot.v2.Chat.get`
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    Ok(describe(call.state, chat, bot))
}

/// `imbot.v2.Chat.update`: the title; nothing else of it is shown here.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    let fields = call.params.get("fields").filter(|fields| fields.entries().next().is_some());
    let title = given_text(fields.ok_or_else(|| missing("fields"))?, "title");
    match title.filter(|title| !title.is_empty()) {
        Some(title) => done(call.state.rename(chat, bot, &title)),
        None => done(Ok(())),
    }
}

/// `imbot.v2.Chat.leave`
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    done(call.state.leave(chat, bot))
}

/// `imbot.v2.Chat.setOwner`
pub(super) fn set_owner(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    let user = call.id("userId").ok_or_else(|| missing("userId"))?;
    call.state.set_owner(chat, bot, user).map(|()| json!({"result": true})).map_err(|_| denied())
}

/// `imbot.v2.Chat.Manager.add`
pub(super) fn manager_add(call: &mut Call<'_>) -> Answer {
    set_managers(call, true)
}

/// `imbot.v2.Chat.Manager.delete`
pub(super) fn manager_delete(call: &mut Call<'_>) -> Answer {
    set_managers(call, false)
}

/// Who is not in the chat is passed over.
fn set_managers(call: &mut Call<'_>, manage: bool) -> Answer {
    let (bot, chat) = own_chat(call)?;
    let users = call.params.get("userIds").map(ids_of).unwrap_or_default();
    if users.is_empty() {
        return Err(bad("EMPTY_USER_IDS", "Empty user IDs"));
    }
    for user in users {
        done(call.state.set_manager(chat, bot, user, manage))?;
    }
    done(Ok(()))
}

/// `imbot.v2.Chat.User.add`: for bots that run the chat.
pub(super) fn user_add(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    let users = call.params.get("userIds").map(ids_of).unwrap_or_default();
    if users.is_empty() {
        return Err(missing("userIds"));
    }
    if !call.state.chats.get(&chat).is_some_and(|chat| chat.is_run_by(bot)) {
        return Err(denied());
    }
    done(call.state.invite(chat, bot, &users))
}

/// `imbot.v2.Chat.User.delete`: for bots that run the chat.
pub(super) fn user_delete(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    let user = call.id("userId").ok_or_else(|| missing("userId"))?;
    done(call.state.send_away(chat, bot, user))
}

/// `imbot.v2.Chat.User.list`
pub(super) fn user_list(call: &mut Call<'_>) -> Answer {
    let (_, chat) = own_chat(call)?;
    let limit = call.id("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50);
    let order = call.params.get("order");
    let descending = order.is_some_and(|order| order.entries().any(|(_, way)| *way == "DESC".into()));
    Ok(users_json(call.state, chat, limit, descending))
}

fn users_json(state: &State, chat: u64, limit: usize, descending: bool) -> Value {
    let now = state.now.iso();
    let mut members = state.chats.get(&chat).map(|chat| chat.members.clone()).unwrap_or_default();
    members.sort_unstable();
    if descending {
        members.reverse();
    }
    let known = members.iter().filter_map(|id| state.users.get(id)).take(limit);
    known.map(|user| user.v2(&now).to_json()).collect()
}

/// The `Chat` object in full.
fn describe(state: &State, id: u64, viewer: u64) -> Value {
    let Some(chat) = state.chats.get(&id) else { return Value::Null };
    let entity = chat.entity();
    let [first, second, third] = entity.data;
    let last = chat.messages.last();
    json!({"chat": {
        "id": id,
        "dialogId": chat.dialog(viewer),
        "name": chat.title,
        "description": "",
        "type": chat.word(),
        "messageType": chat.letter(),
        "owner": chat.owner,
        "color": "#ab7761",
        "avatar": "",
        "extranet": false,
        "containsCollaber": false,
        "entityType": entity.kind,
        "entityId": entity.id,
        "entityData1": first,
        "entityData2": second,
        "entityData3": third,
        "entityLink": {},
        "diskFolderId": State::folder_of(id),
        "role": chat.role(viewer),
        "permissions": {},
        "muteList": [],
        "parentChatId": null,
        "parentMessageId": null,
        "isNew": false,
        "textFieldEnabled": "Y",
        "backgroundId": null,
        "dateCreate": chat.created.iso(),
        "lastMessageId": last,
        "lastMessageViews": "{}",
        "lastId": last,
        "managerList": chat.managers,
        "markedId": null,
        "messageCount": chat.messages.len(),
        "public": "",
        "unreadId": null,
        "userCounter": chat.members.len(),
    }})
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::{Value, json};

    const BOT: &str = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B";

    #[test]
    fn a_bot_looks_around_and_leaves() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", BOT).unwrap();
        let mut call = |method: &str, rest: &str| {
            let query = format!("botToken=t&botId=1001{rest}");
            webhook_call(&mut state, &format!("imbot.v2.Chat.{method}"), &query)
        };
        let users = call("User.list", "&dialogId=chat1&order[id]=DESC&limit=2").unwrap();
        let ids: Vec<&Value> = users.as_array().unwrap().iter().map(|user| &user["id"]).collect();
        assert_eq!(ids, [&json!(1001), &json!(42)]);
        let chat = call("get", "&dialogId=chat1").unwrap()["chat"].clone();
        assert_eq!(
            (&chat["role"], &chat["userCounter"], &chat["owner"]),
            (&json!("member"), &json!(4), &json!(1))
        );
        for (method, rest, expected) in [
            ("User.add", "&dialogId=chat1&userIds[]=27", Err("ACCESS_DENIED")),
            ("User.delete", "&dialogId=chat1&userId=27", Err("ACCESS_DENIED")),
            ("setOwner", "&dialogId=chat1&userId=27", Err("ACCESS_DENIED")),
            ("leave", "", Err("ERROR_ARGUMENT")),
            ("leave", "&dialogId=27", Err("ACCESS_DENIED")),
            ("leave", "&dialogId=chat1", Ok(json!({"result": true}))),
            ("leave", "&dialogId=chat1", Err("ACCESS_DENIED")),
            ("User.list", "&dialogId=chat1", Err("ACCESS_DENIED")),
            ("get", "&dialogId=chat1", Err("ACCESS_DENIED")),
        ] {
            assert_eq!(call(method, rest), expected, "{method} {rest}");
        }
    }

    #[test]
    fn a_bot_runs_a_chat_of_its_own() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", BOT).unwrap();
        let mut call = |method: &str, rest: &str| {
            let query = format!("botToken=t&botId=1001&dialogId=chat2{rest}");
            webhook_call(&mut state, &format!("imbot.v2.Chat.{method}"), &query)
        };
        let made = call("add", "&fields[title]=Plan&fields[userIds][]=27&fields[message]=Welcome").unwrap();
        let (chat, users) = (&made["chat"], made["users"].as_array().unwrap());
        assert_eq!((&chat["dialogId"], &chat["role"], users.len()), (&json!("chat2"), &json!("owner"), 2));
        let done = || Ok(json!({"result": true}));
        for (method, rest, expected) in [
            ("User.add", "", Err("ERROR_ARGUMENT")),
            ("User.add", "&userIds[]=42&userIds[]=999", done()),
            ("User.add", "&userIds[]=42", done()),
            ("Manager.add", "", Err("EMPTY_USER_IDS")),
            ("Manager.add", "&userIds[]=27&userIds[]=1", done()),
            ("Manager.delete", "&userIds[]=42", done()),
            ("User.delete", "&userId=42", done()),
            ("User.delete", "&userId=42", done()),
            ("update", "", Err("ERROR_ARGUMENT")),
            ("update", "&fields[title]=Harbour", done()),
            ("setOwner", "&userId=42", Err("ACCESS_DENIED")),
            ("setOwner", "&userId=27", done()),
            ("Manager.add", "&userIds[]=27", Err("ACCESS_DENIED")),
        ] {
            assert_eq!(call(method, rest), expected, "{method} {rest}");
        }
        let chat = call("get", "").unwrap()["chat"].clone();
        assert_eq!(
            (&chat["name"], &chat["owner"], &chat["managerList"]),
            (&json!("Harbour"), &json!(27), &json!([27]))
        );
        assert_eq!(chat["role"], "member");
    }
}
