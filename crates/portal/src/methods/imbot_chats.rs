//! `imbot.chat.*`

use serde_json::Value;

use super::im_chats::{self, chat_id, unavailable, user_id};
use super::imbot::bot;
use super::{Answer, Call};
use crate::refusal::{bad, forbidden};
use crate::state::Change;
use crate::state::chats::Membership;

/// `imbot.chat.sendTyping`
pub(super) fn send_typing(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let dialog = call.text("DIALOG_ID");
    let chat = call.state.open_dialog(bot, &dialog);
    let chat = chat.ok_or_else(|| bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"))?;
    call.state.changes.push(Change::Typing { chat, user: bot });
    Ok(Value::Bool(true))
}

/// `imbot.chat.user.add`
pub(super) fn user_add(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im_chats::invite(call, bot)
}

/// `imbot.chat.add`
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im_chats::found(call, bot)
}

/// `imbot.chat.setOwner`
pub(super) fn set_owner(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im_chats::change_owner(call, bot)
}

/// `imbot.chat.updateTitle`
pub(super) fn update_title(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im_chats::rename(call, bot)
}

/// `imbot.chat.user.list`
pub(super) fn user_list(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    im_chats::members(call, bot)
}

/// `imbot.chat.setManager`
pub(super) fn set_manager(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let (chat, user) = (chat_id(call)?, user_id(call)?);
    let manages = call.text("IS_MANAGER") != "N";
    call.state
        .set_manager(chat, bot, user, manages)
        .map(|()| Value::Bool(true))
        .map_err(|_| bad("WRONG_REQUEST", "Change manager can only owner and user must be member in chat"))
}

/// `imbot.chat.user.delete`
pub(super) fn user_delete(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let (chat, user) = (chat_id(call)?, user_id(call)?);
    match call.state.send_away(chat, bot, user) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NoSuchChat | Membership::NotAGroup) => Err(unavailable()),
        Err(Membership::OwnerStays) => Err(forbidden("ACCESS_ERROR", "LEAVE_OWNER_FORBIDDEN")),
        Err(Membership::NoAccess | Membership::NoChange) => {
            Err(bad("WRONG_REQUEST", "You don't have access or user isn't a member of the chat"))
        }
    }
}

/// `imbot.chat.leave`
pub(super) fn leave(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let chat = chat_id(call)?;
    match call.state.leave(chat, bot) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(Membership::NotAGroup | Membership::NoSuchChat) => Err(unavailable()),
        Err(Membership::NoAccess | Membership::NoChange | Membership::OwnerStays) => {
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
            ("imbot.chat.user.delete", "CLIENT_ID=k&CHAT_ID=1&USER_ID=27", Err("WRONG_REQUEST")),
            ("imbot.chat.setManager", "CLIENT_ID=k&CHAT_ID=1&USER_ID=27", Err("WRONG_REQUEST")),
            ("imbot.chat.add", "CLIENT_ID=k&TITLE=Plan&USERS[]=27&USERS[]=42", Ok(json!(2))),
            ("imbot.chat.user.list", "CLIENT_ID=k&CHAT_ID=2", Ok(json!([1001, 27, 42]))),
            ("imbot.chat.updateTitle", "CLIENT_ID=k&CHAT_ID=2&TITLE=Harbour", Ok(json!(true))),
            ("imbot.chat.setManager", "CLIENT_ID=k&CHAT_ID=2&USER_ID=27", Ok(json!(true))),
            ("imbot.chat.setManager", "CLIENT_ID=k&CHAT_ID=2&USER_ID=1", Err("WRONG_REQUEST")),
            ("imbot.chat.user.delete", "CLIENT_ID=k&CHAT_ID=2&USER_ID=42", Ok(json!(true))),
            ("imbot.chat.user.delete", "CLIENT_ID=k&CHAT_ID=2&USER_ID=1001", Err("ACCESS_ERROR")),
            ("imbot.chat.setOwner", "CLIENT_ID=k&CHAT_ID=2&USER_ID=27", Ok(json!(true))),
            ("imbot.chat.setOwner", "CLIENT_ID=k&CHAT_ID=2&USER_ID=27", Err("WRONG_REQUEST")),
            ("imbot.chat.sendTyping", "CLIENT_ID=k", Err("DIALOG_ID_EMPTY")),
            ("imbot.chat.sendTyping", "CLIENT_ID=k&DIALOG_ID=chat1", Ok(json!(true))),
        ] {
            assert_eq!(webhook_call(&mut state, method, query), expected, "{method} {query}");
        }
    }
}
