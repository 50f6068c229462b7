//! `imbot.message.*`

use serde_json::Value;

use super::content::parts_v1;
use super::im_messages::{change, check_age, closed, like as set_like, message_id};
use super::imbot::bot;
use super::{Answer, Call};
use crate::refusal::bad;
use crate::state::messages::{Draft, Untouched};

/// `imbot.message.add`
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let (from, to) = (call.id("FROM_USER_ID"), call.id("TO_USER_ID"));
    let (viewer, dialog, system) = match (from, to) {
        // A message in the chat of two people, as if the platform had written it.
        (Some(from), Some(to)) => (from, to.to_string(), true),
        _ => (bot, call.text("DIALOG_ID"), call.text("SYSTEM") == "Y"),
    };
    if dialog.strip_prefix("chat").unwrap_or(&dialog).parse::<u64>().is_err() {
        return Err(bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"));
    }
    let text = call.text("MESSAGE");
    if text.is_empty() {
        return Err(bad("MESSAGE_EMPTY", "Message can't be empty"));
    }
    let parts = parts_v1(call, bot)?;
    let not_added = || bad("WRONG_REQUEST", "Message isn't added");
    let chat = call.state.dialog(viewer, &dialog).ok_or_else(not_added)?;
    let mut draft = Draft::new(chat, bot, text);
    draft.system = system;
    draft.from_outside = viewer != bot;
    draft.content = parts.into();
    call.state.post(draft).map(Value::from).map_err(|_| not_added())
}

/// `imbot.message.update`; an empty `MESSAGE` deletes.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    change(call, bot, bot)
}

/// `imbot.message.delete`; with `COMPLETE` nothing is left of it.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let message = message_id(call)?;
    check_age(call, message)?;
    if call.state.messages.get(&message).is_none_or(|message| message.author != bot) {
        return Err(closed());
    }
    let done = match call.text("COMPLETE").as_str() {
        "Y" => call.state.erase(message, bot),
        _ => call.state.delete(message, bot),
    };
    done.map(|()| Value::Bool(true)).map_err(|_: Untouched| closed())
}

/// `imbot.message.like`: the like is the bot's, whoever calls.
pub(super) fn like(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    set_like(call, bot)
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::messages::Draft;
    use crate::state::sample;
    use serde_json::json;

    const BOT: &str = "CODE=b&EVENT_HANDLER=http://127.0.0.1:1/e&PROPERTIES[NAME]=B&CLIENT_ID=k";

    #[test]
    fn every_error_of_message_add() {
        let mut state = sample();
        let none = webhook_call(&mut state, "imbot.message.add", "CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x");
        assert_eq!(none, Err("BOT_ID_ERROR"));
        webhook_call(&mut state, "imbot.register", BOT).unwrap();
        let large = "x".repeat(31_000);
        for (query, code) in [
            ("DIALOG_ID=chat1&MESSAGE=x".to_owned(), "ACCESS_DENIED"),
            ("CLIENT_ID=k&BOT_ID=7&DIALOG_ID=chat1&MESSAGE=x".to_owned(), "BOT_ID_ERROR"),
            ("CLIENT_ID=other&BOT_ID=1001&DIALOG_ID=chat1&MESSAGE=x".to_owned(), "APP_ID_ERROR"),
            ("CLIENT_ID=k&MESSAGE=x".to_owned(), "DIALOG_ID_EMPTY"),
            ("CLIENT_ID=k&DIALOG_ID=general&MESSAGE=x".to_owned(), "DIALOG_ID_EMPTY"),
            ("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=+%0A".to_owned(), "MESSAGE_EMPTY"),
            ("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&ATTACH=x".to_owned(), "ATTACH_ERROR"),
            (format!("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&ATTACH[0]={large}"), "ATTACH_OVERSIZE"),
            ("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&KEYBOARD=x".to_owned(), "KEYBOARD_ERROR"),
            (format!("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&KEYBOARD[0]={large}"), "KEYBOARD_OVERSIZE"),
            ("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&MENU=x".to_owned(), "MENU_ERROR"),
            (format!("CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x&MENU[0]={large}"), "MENU_OVERSIZE"),
            ("CLIENT_ID=k&DIALOG_ID=chat99&MESSAGE=x".to_owned(), "WRONG_REQUEST"),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.message.add", &query), Err(code), "{query:.80}");
        }
        let id = webhook_call(&mut state, "imbot.message.add", "CLIENT_ID=k&DIALOG_ID=27&MESSAGE=+hello+")
            .unwrap();
        let shown = state.show_message(id.as_u64().unwrap()).unwrap();
        assert_eq!(
            (&shown["author"], &shown["text"], &shown["dialog"]),
            (&json!(1001), &json!("hello"), &json!("27"))
        );
    }

    #[test]
    fn a_bot_changes_its_own_messages_for_three_days() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.register", BOT).unwrap();
        let theirs = state.post(Draft::new(1, 27, "mine")).unwrap();
        let id =
            webhook_call(&mut state, "imbot.message.add", "CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=x").unwrap();
        let call = |state: &mut _, id: &str| {
            webhook_call(state, "imbot.message.update", &format!("CLIENT_ID=k&MESSAGE_ID={id}&MESSAGE=y"))
        };
        assert_eq!(call(&mut state, ""), Err("MESSAGE_ID_ERROR"));
        assert_eq!(call(&mut state, &theirs.to_string()), Err("CANT_EDIT_MESSAGE"));
        assert_eq!(call(&mut state, &id.to_string()), Ok(json!(true)));
        let erase = format!("CLIENT_ID=k&MESSAGE_ID={}&COMPLETE=Y", id.as_u64().unwrap() + 1);
        webhook_call(&mut state, "imbot.message.add", "CLIENT_ID=k&DIALOG_ID=chat1&MESSAGE=z").unwrap();
        assert_eq!(webhook_call(&mut state, "imbot.message.delete", &erase), Ok(json!(true)));
        assert_eq!(webhook_call(&mut state, "imbot.message.delete", &erase), Err("CANT_EDIT_MESSAGE"));
        assert_eq!(state.chats[&1].messages.last(), id.as_u64().as_ref(), "nothing is left of it");
        state.now = state.now.plus_seconds(3 * 24 * 3600 + 1);
        assert_eq!(call(&mut state, &id.to_string()), Err("CANT_EDIT_MESSAGE"));
        let delete = format!("CLIENT_ID=k&MESSAGE_ID={id}");
        assert_eq!(webhook_call(&mut state, "imbot.message.delete", &delete), Err("CANT_EDIT_MESSAGE"));
    }

    #[test]
    fn every_error_of_message_like() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.register", BOT).unwrap();
        let id = state.post(Draft::new(1, 27, "thanks")).unwrap();
        for (query, expected) in [
            (format!("MESSAGE_ID={id}"), Err("ACCESS_DENIED")),
            (format!("CLIENT_ID=k&BOT_ID=5&MESSAGE_ID={id}"), Err("BOT_ID_ERROR")),
            (format!("CLIENT_ID=o&BOT_ID=1001&MESSAGE_ID={id}"), Err("APP_ID_ERROR")),
            ("CLIENT_ID=k".to_owned(), Err("MESSAGE_ID_ERROR")),
            (format!("CLIENT_ID=k&MESSAGE_ID={id}&ACTION=plus"), Ok(json!(true))),
            (format!("CLIENT_ID=k&MESSAGE_ID={id}&ACTION=PLUS"), Err("WITHOUT_CHANGES")),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.message.like", &query), expected, "{query}");
        }
        assert_eq!(state.show_message(id).unwrap()["likes"], json!([1001]));
    }
}
