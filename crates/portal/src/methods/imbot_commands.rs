//! `imbot.command.*`

use serde_json::Value;

use super::imbot::{bot, owner};
use super::{Answer, Call, check_extras, is_address, text_of};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad};
use crate::state::bots::with_client_id;
use crate::state::commands::Command;
use crate::state::messages::Draft;
use crate::tree::Tree;

/// `imbot.command.register`
pub(super) fn register(call: &mut Call<'_>) -> Answer {
    let bot = {
        call.id("BOT_ID").ok_or_else(|| bad("BOT_ID_ERROR", "Bot not found"))?;
        bot(call)?
    };
    let url = call.text("EVENT_COMMAND_ADD");
    if url.is_empty() {
        return Err(bad("EVENT_COMMAND_ADD_ERROR", "Handler for \"Command add\" event isn't specified"));
    }
    if !is_address(&url) {
        return Err(bad("EVENT_COMMAND_ADD_ERROR", "Wrong handler URL"));
    }
    let name = call.text("COMMAND").trim_start_matches('/').to_owned();
    if name.is_empty() {
        return Err(bad("COMMAND_ERROR", "Command isn't specified"));
    }
    let common = call.text("COMMON") == "Y";
    let first_title =
        call.params.get("LANG").and_then(|lang| lang.entries().next().map(|(_, first)| first.clone()));
    let Some(first_title @ Tree::Array(_)) = first_title else {
        return Err(bad("LANG_ERROR", "Lang set can't be empty"));
    };
    let handler = match call.caller.via {
        Via::Webhook => with_client_id(&url, &call.text("CLIENT_ID")),
        Via::Application(_) => url,
    };
    let command = Command {
        id: 0,
        bot,
        name,
        handler,
        common,
        title: text_of(&first_title, "TITLE"),
        params: text_of(&first_title, "PARAMS"),
    };
    Ok(Value::from(call.state.add_command(command)))
}

/// The command a call is about, by `COMMAND_ID`, or by its name where that may stand instead.
fn command(call: &Call<'_>, by_name: bool) -> Result<Command, Refusal> {
    let owner = owner(call)?;
    let name = call.text("COMMAND");
    let found = match call.id("COMMAND_ID") {
        Some(id) => call.state.commands.get(&id),
        None if by_name => call.state.commands.values().find(|command| {
            command.name == name.trim_start_matches('/')
                && call.state.owner_of_command(command) == Some(&owner)
        }),
        None => None,
    };
    let found = found.ok_or_else(|| bad("COMMAND_ID_ERROR", "Command not found"))?;
    if call.state.owner_of_command(found) != Some(&owner) {
        return Err(bad("APP_ID_ERROR", "Command was installed by another REST application"));
    }
    Ok(found.clone())
}

/// `imbot.command.unregister`
pub(super) fn unregister(call: &mut Call<'_>) -> Answer {
    let command = command(call, false)?;
    call.state.remove_command(command.id);
    Ok(Value::Bool(true))
}

/// `imbot.command.answer`: the bot writes into the chat where the command was typed.
pub(super) fn answer(call: &mut Call<'_>) -> Answer {
    let command = command(call, true)?;
    let message =
        call.id("MESSAGE_ID").ok_or_else(|| bad("MESSAGE_ID_EMPTY", "Message ID can't be empty"))?;
    let text = call.text("MESSAGE");
    if text.is_empty() {
        return Err(bad("MESSAGE_EMPTY", "Message can't be empty"));
    }
    check_extras(&call.params)?;
    let not_added = || bad("WRONG_REQUEST", "Message isn't added");
    let chat = call.state.messages.get(&message).map(|message| message.chat).ok_or_else(not_added)?;
    let mut draft = Draft::new(chat, command.bot, text);
    draft.system = call.text("SYSTEM") == "Y";
    call.state.post(draft).map(Value::from).map_err(|_| not_added())
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::messages::Draft;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn a_command_is_registered_typed_and_answered() {
        let mut state = sample();
        let bot = "CODE=b&EVENT_HANDLER=http://127.0.0.1:1/e&PROPERTIES[NAME]=B&CLIENT_ID=k";
        webhook_call(&mut state, "imbot.register", bot).unwrap();
        let lang = "LANG[0][LANGUAGE_ID]=en&LANG[0][TITLE]=Echo";
        for (query, code) in [
            ("CLIENT_ID=k".to_owned(), "BOT_ID_ERROR"),
            ("CLIENT_ID=o&BOT_ID=1001".to_owned(), "APP_ID_ERROR"),
            ("CLIENT_ID=k&BOT_ID=1001".to_owned(), "EVENT_COMMAND_ADD_ERROR"),
            ("CLIENT_ID=k&BOT_ID=1001&EVENT_COMMAND_ADD=x".to_owned(), "EVENT_COMMAND_ADD_ERROR"),
            ("CLIENT_ID=k&BOT_ID=1001&EVENT_COMMAND_ADD=http://a/".to_owned(), "COMMAND_ERROR"),
            ("CLIENT_ID=k&BOT_ID=1001&EVENT_COMMAND_ADD=http://a/&COMMAND=echo".to_owned(), "LANG_ERROR"),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.command.register", &query), Err(code), "{query}");
        }
        let good = format!("CLIENT_ID=k&BOT_ID=1001&EVENT_COMMAND_ADD=http://a/&COMMAND=echo&{lang}");
        assert_eq!(webhook_call(&mut state, "imbot.command.register", &good), Ok(json!(11)));
        state.outbox.clear();
        let id = state.post(Draft::new(1, 27, "/echo hi")).unwrap();
        let sent: Vec<_> = state.outbox.iter().map(|sent| (sent.event, sent.url.as_str())).collect();
        assert_eq!(sent, [("ONIMCOMMANDADD", "http://a/?CLIENT_ID=k")]);
        for (query, expected) in [
            ("CLIENT_ID=k&COMMAND_ID=9".to_owned(), Err("COMMAND_ID_ERROR")),
            ("CLIENT_ID=o&COMMAND_ID=11".to_owned(), Err("APP_ID_ERROR")),
            ("CLIENT_ID=k&COMMAND_ID=11".to_owned(), Err("MESSAGE_ID_EMPTY")),
            (format!("CLIENT_ID=k&COMMAND_ID=11&MESSAGE_ID={id}"), Err("MESSAGE_EMPTY")),
            (format!("CLIENT_ID=k&COMMAND=echo&MESSAGE_ID={id}&MESSAGE=hi"), Ok(json!(id + 1))),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.command.answer", &query), expected, "{query}");
        }
        let gone = webhook_call(&mut state, "imbot.command.unregister", "CLIENT_ID=k&COMMAND_ID=11");
        assert_eq!(gone, Ok(json!(true)));
    }
}
