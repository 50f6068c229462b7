//! `imbot.v2.Chat.*` about who is in a chat.

use serde_json::{Value, json};

use super::imbot_v2::bot;
use super::{Answer, Call};
use crate::refusal::{Refusal, bad, forbidden};

/// The bot and a chat that it is in.
fn own_chat(call: &mut Call<'_>) -> Result<(u64, u64), Refusal> {
    let bot = bot(call)?;
    let dialog = call.text("dialogId");
    if dialog.is_empty() {
        return Err(bad("ERROR_ARGUMENT", "Argument 'dialogId' is null or empty"));
    }
    let chat = call.state.dialog(bot, &dialog);
    let chat = chat.filter(|chat| call.state.chats.get(chat).is_some_and(|chat| chat.has(bot)));
    chat.map(|chat| (bot, chat)).ok_or_else(denied)
}

fn denied() -> Refusal {
    forbidden("ACCESS_DENIED", "Access denied")
}

/// `imbot.v2.Chat.leave`
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let (bot, chat) = own_chat(call)?;
    call.state.leave(chat, bot).map(|()| json!({"result": true})).map_err(|_| denied())
}

/// `imbot.v2.Chat.User.list`
pub(super) fn user_list(call: &mut Call<'_>) -> Answer {
    let (_, chat) = own_chat(call)?;
    let now = call.state.now.iso();
    let limit = call.id("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50);
    let order = call.params.get("order");
    let descending = order.is_some_and(|order| order.entries().any(|(_, way)| *way == "DESC".into()));
    let mut members = call.state.chats.get(&chat).map(|chat| chat.members.clone()).unwrap_or_default();
    members.sort_unstable();
    if descending {
        members.reverse();
    }
    let known = members.iter().filter_map(|id| call.state.users.get(id)).take(limit);
    Ok(known.map(|user| user.v2(&now).to_json()).collect::<Vec<Value>>().into())
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn a_bot_looks_around_and_leaves() {
        let mut state = sample();
        let bot = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B";
        webhook_call(&mut state, "imbot.v2.Bot.register", bot).unwrap();
        let mut call = |method: &str, rest: &str| {
            webhook_call(
                &mut state,
                &format!("imbot.v2.Chat.{method}"),
                &format!("botToken=t&botId=1001{rest}"),
            )
        };
        let users = call("User.list", "&dialogId=chat1&order[id]=DESC&limit=2").unwrap();
        assert_eq!(
            (&users[0]["id"], &users[1]["id"], users.as_array().unwrap().len()),
            (&json!(1001), &json!(42), 2)
        );
        assert_eq!(call("leave", ""), Err("ERROR_ARGUMENT"));
        assert_eq!(call("leave", "&dialogId=27"), Err("ACCESS_DENIED"), "nobody leaves a private chat");
        assert_eq!(call("leave", "&dialogId=chat1"), Ok(json!({"result": true})));
        assert_eq!(call("leave", "&dialogId=chat1"), Err("ACCESS_DENIED"));
        assert_eq!(call("User.list", "&dialogId=chat1"), Err("ACCESS_DENIED"));
    }
}
