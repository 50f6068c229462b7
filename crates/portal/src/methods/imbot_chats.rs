//! `imbot.chat.*`

use serde_json::Value;

use super::imbot::bot;
use super::{Answer, Call, im};
use crate::refusal::{bad, forbidden};
use crate::state::Change;
use crate::state::chats::Membership;

/// `imbot.chat.sendTyping`
pub(super) fn send_typing(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let dialog = call.text("DIALOG_ID");
    let chat = call.state.dialog(bot, &dialog);
    let chat = chat.filter(|chat| call.state.chats.get(chat).is_some_and(|chat| chat.has(bot)));
    let chat = chat.ok_or_else(|| bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?;
    call.state.changes.push(Change::Typing { chat, user: bot });
    Ok(Value::Bool(true))
}

/// `imbot.chat.user.add`
pub(super) fn user_add(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im::invite(call, bot)
}

/// `imbot.chat.leave`
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let chat = call.id("CHAT_ID").ok_or_else(|| bad("CHAT_ID_EMPTY", "Chat ID can't be empty"))?;
    match call.state.leave(chat, bot) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NotAGroup | Membership::NoSuchChat) => {
            Err(forbidden("ACCESS_ERROR", "Action unavailable"))
        }
        Err(Membership::NoAccess | Membership::NoChange) => {
            Err(bad("WRONG_REQUEST", "You don't have access or user isn't a member in chat"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn a_bot_comes_and_goes() {
        let mut state = sample();
        let bot = "CODE=b&EVENT_HANDLER=http://127.0.0.1:1/e&PROPERTIES[NAME]=B&CLIENT_ID=k";
        webhook_call(&mut state, "imbot.register", bot).unwrap();
        for (method, query, expected) in [
            ("imbot.chat.leave", "CLIENT_ID=k", Err("CHAT_ID_EMPTY")),
            ("imbot.chat.leave", "CLIENT_ID=k&CHAT_ID=9", Err("ACCESS_ERROR")),
            ("imbot.chat.leave", "CLIENT_ID=k&CHAT_ID=1", Ok(json!(true))),
            ("imbot.chat.leave", "CLIENT_ID=k&CHAT_ID=1", Err("WRONG_REQUEST")),
            ("imbot.chat.user.add", "CLIENT_ID=k&CHAT_ID=1&USERS[]=27", Err("ACCESS_ERROR")),
            ("im.chat.user.add", "CHAT_ID=1&USERS[]=1001", Ok(json!(true))),
            ("im.chat.user.add", "CHAT_ID=1&USERS[]=1001", Err("WRONG_REQUEST")),
            ("im.chat.user.add", "CHAT_ID=1", Err("WRONG_REQUEST")),
            ("im.chat.user.add", "USERS[]=27", Err("CHAT_ID_EMPTY")),
            ("imbot.chat.sendTyping", "CLIENT_ID=k", Err("DIALOG_ID_EMPTY")),
            ("imbot.chat.sendTyping", "CLIENT_ID=k&DIALOG_ID=chat1", Ok(json!(true))),
        ] {
            assert_eq!(webhook_call(&mut state, method, query), expected, "{method} {query}");
        }
    }
}
