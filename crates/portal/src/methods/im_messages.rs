//! `im.message.*`: what the person (or bot) behind the credentials writes and marks.

use serde_json::Value;

use super::content::parts_v1;
use super::{Answer, Call, given_text};
use crate::events::Context;
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::State;
use crate::state::marks::LikeAction;
use crate::state::messages::{Draft, EDITABLE_SECONDS, Edit, Untouched};

/// `im.message.like`
pub(super) fn message_like(call: &mut Call<'_>) -> Answer {
    like(call, call.caller.user)
}

/// The likes of `im.message.like` and `imbot.message.like` differ only in whose they are.
pub(super) fn like(call: &mut Call<'_>, user: u64) -> Answer {
    let message = message_id(call)?;
    let action = LikeAction::of(&call.text("ACTION"));
    match call.state.like(message, user, action) {
        Ok(()) => Ok(Value::Bool(true)),
        Err(_) => Err(bad("WITHOUT_CHANGES", "Action completed without changes")),
    }
}

/// `im.message.add`
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    let parts = parts_v1(call, bot_of(call, user))?;
    let dialog = call.text("DIALOG_ID");
    let chat = if dialog.starts_with("chat") {
        call.state.dialog(user, &dialog).ok_or_else(|| bad("CHAT_ID", "Error creating message"))?
    } else {
        let id: u64 = dialog.parse().map_err(|_| bad("USER_ID_EMPTY", "User ID can't be empty"))?;
        call.state.dialog(user, &id.to_string()).ok_or_else(|| bad("USER_NOT_FOUND", "User not found"))?
    };
    let reply_to = call.id("REPLY_ID");
    if let Some(reply) = reply_to {
        check_reply(call.state, reply, chat, user)?;
    }
    let mut draft = Draft::new(chat, user, call.text("MESSAGE"));
    draft.system = call.text("SYSTEM") == "Y";
    draft.reply_to = reply_to;
    draft.content = parts.into();
    call.state.post(draft).map(Value::from).map_err(|error| match error {
        Untouched::Empty => bad("MESSAGE_EMPTY", "Message can't be empty"),
        Untouched::NoAccess | Untouched::NoChange => bad("ACCESS_ERROR", "Action unavailable"),
    })
}

fn check_reply(state: &State, reply: u64, chat: u64, user: u64) -> Result<(), Refusal> {
    match state.visible(reply, user) {
        None => Err(bad("REPLY_ACCESS_ERROR", "Action unavailable")),
        Some(message) if message.chat != chat => {
            Err(bad("REPLY_FROM_OTHER_CHAT_ERROR", "You can only reply to a message within the same chat"))
        }
        Some(_) => Ok(()),
    }
}

/// The message a call is about.
pub(super) fn message_id(call: &Call<'_>) -> Result<u64, Refusal> {
    call.id("MESSAGE_ID").ok_or_else(|| bad("MESSAGE_ID_ERROR", "Message ID can't be empty"))
}

pub(super) fn closed() -> Refusal {
    forbidden("CANT_EDIT_MESSAGE", "Time has expired for modification or you don't have access")
}

/// Messages can be changed and deleted for three days.
pub(super) fn check_age(call: &Call<'_>, message: u64) -> Result<(), Refusal> {
    let message = call.state.messages.get(&message).ok_or_else(closed)?;
    let young = call.state.now.since(message.date).as_secs() <= EDITABLE_SECONDS;
    if young { Ok(()) } else { Err(closed()) }
}

/// Both generation 1 methods that change a message, in the name of `editor`; an empty `MESSAGE` deletes it.
pub(super) fn change(call: &mut Call<'_>, editor: u64, bot: u64) -> Answer {
    let message = message_id(call)?;
    check_age(call, message)?;
    let edit = Edit { text: given_text(&call.params, "MESSAGE"), parts: parts_v1(call, bot)? };
    call.state.edit(message, editor, edit).map(|()| Value::Bool(true)).map_err(|_: Untouched| closed())
}

/// `im.message.update`
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    let bot = bot_of(call, user);
    change(call, user, bot)
}

/// `im.message.delete`: the author may, and in a group its owner.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let message = message_id(call)?;
    check_age(call, message)?;
    let user = call.caller.user;
    call.state.delete(message, user).map(|()| Value::Bool(true)).map_err(|_: Untouched| closed())
}

/// `im.message.command`: as if a button had been pressed.
pub(super) fn command(call: &mut Call<'_>) -> Answer {
    let message = message_id(call)?;
    let bot = call.id("BOT_ID").ok_or_else(|| bad("BOT_ID_ERROR", "Bot ID can't be empty"))?;
    let name = call.text("COMMAND").trim_start_matches('/').to_owned();
    if name.is_empty() {
        return Err(bad("COMMAND_ERROR", "Command can't be empty"));
    }
    let (user, params) = (call.caller.user, call.text("COMMAND_PARAMS"));
    if call.state.run_command(message, user, bot, &name, &params, Context::Keyboard) {
        Ok(Value::Bool(true))
    } else {
        Err(bad("PARAMS_ERROR", "Incorrect params"))
    }
}

/// The bot whose commands a keyboard has that names none: whoever writes it, if that is a bot.
fn bot_of(call: &Call<'_>, user: u64) -> u64 {
    if call.state.is_bot(user) { user } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use super::*;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn every_error_of_message_add() {
        let mut state = sample();
        let private = state.dialog(27, "42").unwrap();
        let secret = state.post(Draft::new(private, 27, "hush")).unwrap();
        let dm = state.dialog(1, "27").unwrap();
        let other = state.post(Draft::new(dm, 27, "hi")).unwrap();
        for (query, code) in [
            ("DIALOG_ID=chat1".to_owned(), "MESSAGE_EMPTY"),
            ("MESSAGE=x".to_owned(), "USER_ID_EMPTY"),
            ("MESSAGE=x&DIALOG_ID=999".to_owned(), "USER_NOT_FOUND"),
            ("MESSAGE=x&DIALOG_ID=chat999".to_owned(), "CHAT_ID"),
            (format!("MESSAGE=x&DIALOG_ID=chat{private}"), "ACCESS_ERROR"),
            (format!("MESSAGE=x&DIALOG_ID=chat1&REPLY_ID={secret}"), "REPLY_ACCESS_ERROR"),
            (format!("MESSAGE=x&DIALOG_ID=chat1&REPLY_ID={other}"), "REPLY_FROM_OTHER_CHAT_ERROR"),
            ("MESSAGE=x&DIALOG_ID=chat1&ATTACH=x".to_owned(), "ATTACH_ERROR"),
        ] {
            assert_eq!(webhook_call(&mut state, "im.message.add", &query), Err(code), "{query}");
        }
    }

    #[test]
    fn people_change_their_own_messages_for_three_days_and_owners_delete_all() {
        let mut state = sample();
        let own = webhook_call(&mut state, "im.message.add", "DIALOG_ID=chat1&MESSAGE=mine").unwrap();
        let theirs = state.post(Draft::new(1, 27, "theirs")).unwrap();
        let private = state.dialog(27, "1").unwrap();
        let closed = state.post(Draft::new(private, 27, "between us")).unwrap();
        let keyboard = "KEYBOARD[0][TEXT]=x&KEYBOARD[0][LINK]=/";
        for (method, query, expected) in [
            ("update", "MESSAGE=x".to_owned(), Err("MESSAGE_ID_ERROR")),
            ("update", format!("MESSAGE_ID={theirs}&MESSAGE=x"), Err("CANT_EDIT_MESSAGE")),
            ("update", "MESSAGE_ID=999&MESSAGE=x".to_owned(), Err("CANT_EDIT_MESSAGE")),
            ("update", format!("MESSAGE_ID={own}&KEYBOARD=x"), Err("KEYBOARD_ERROR")),
            ("update", format!("MESSAGE_ID={own}&{keyboard}"), Ok(json!(true))),
            ("delete", format!("MESSAGE_ID={closed}"), Err("CANT_EDIT_MESSAGE")),
            ("delete", format!("MESSAGE_ID={theirs}"), Ok(json!(true))),
        ] {
            let method = format!("im.message.{method}");
            assert_eq!(webhook_call(&mut state, &method, &query), expected, "{method} {query}");
        }
        let own = own.as_u64().unwrap();
        let shown = state.show_message(own).unwrap();
        assert_eq!((&shown["text"], &shown["keyboard"][0]["link"]), (&json!("mine"), &json!("/")));
        assert_eq!(shown["edited"], false, "buttons alone are no edit");
        state.now = state.now.plus_seconds(EDITABLE_SECONDS + 1);
        for method in ["im.message.update", "im.message.delete"] {
            let late = webhook_call(&mut state, method, &format!("MESSAGE_ID={own}&MESSAGE=late"));
            assert_eq!(late, Err("CANT_EDIT_MESSAGE"));
        }
    }

    #[test]
    fn a_command_can_be_called_for_a_message() {
        let mut state = sample();
        let bot = state.sample_bot(crate::state::bots::Kind::Bot);
        state.add_command(crate::state::commands::sample_command(bot, "vote"));
        let id = state.post(Draft::new(1, 27, "choose")).unwrap();
        for (query, expected) in [
            ("BOT_ID=1001&COMMAND=vote".to_owned(), Err("MESSAGE_ID_ERROR")),
            (format!("MESSAGE_ID={id}&COMMAND=vote"), Err("BOT_ID_ERROR")),
            (format!("MESSAGE_ID={id}&BOT_ID=1001"), Err("COMMAND_ERROR")),
            (format!("MESSAGE_ID={id}&BOT_ID=1001&COMMAND=other"), Err("PARAMS_ERROR")),
            (format!("MESSAGE_ID={id}&BOT_ID=1001&COMMAND=/vote&COMMAND_PARAMS=yes"), Ok(json!(true))),
        ] {
            assert_eq!(webhook_call(&mut state, "im.message.command", &query), expected, "{query}");
        }
        assert_eq!(state.outbox.last().unwrap().event, "ONIMCOMMANDADD");
    }
}
