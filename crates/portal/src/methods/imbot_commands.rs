//! `imbot.command.*`

use serde_json::Value;

use super::content::parts_v1;
use super::imbot::{bot, owner};
use super::{Answer, Call, given_text, is_address, text_of};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad};
use crate::state::bots::with_client_id;
use crate::state::commands::{Command, Localized};
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
    let Some((titles, params)) = call.params.get("LANG").and_then(localized) else {
        return Err(bad("LANG_ERROR", "Lang set can't be empty"));
    };
    let command = Command {
        id: 0,
        bot,
        name,
        handler: address(call, url),
        common: call.text("COMMON") == "Y",
        hidden: call.text("HIDDEN") == "Y",
        extranet: call.text("EXTRANET_SUPPORT") == "Y",
        titles,
        params,
    };
    Ok(Value::from(call.state.add_command(command)))
}

/// Where the event goes: for webhooks with their `CLIENT_ID`.
fn address(call: &Call<'_>, url: String) -> String {
    match call.caller.via {
        Via::Webhook => with_client_id(&url, &call.text("CLIENT_ID")),
        Via::Application(_) => url,
    }
}

/// Titles and hints out of `LANG`, by language; `None` if there is nothing.
fn localized(lang: &Tree) -> Option<(Localized, Localized)> {
    let texts = |field: &str| -> Localized {
        let texts = lang.entries().map(|(_, set)| (text_of(set, "LANGUAGE_ID"), text_of(set, field)));
        texts.filter(|(_, text)| !text.is_empty()).collect()
    };
    let is_set = lang.entries().next().is_some_and(|(_, first)| first.is_array());
    is_set.then(|| (texts("TITLE"), texts("PARAMS")))
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

/// `imbot.command.update`
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let mut command = command(call, false)?;
    let fields = call.params.get("FIELDS").cloned().unwrap_or_else(Tree::new);
    if fields == Tree::new() {
        return Err(bad("WRONG_REQUEST", "Update fields can't be empty"));
    }
    match given_text(&fields, "EVENT_COMMAND_ADD") {
        Some(url) if is_address(&url) => command.handler = address(call, url),
        Some(_) => return Err(bad("EVENT_COMMAND_ADD_ERROR", "Wrong handler URL")),
        None => {}
    }
    let name = text_of(&fields, "COMMAND").trim_start_matches('/').to_owned();
    if !name.is_empty() {
        command.name = name;
    }
    if let Some((titles, params)) = fields.get("LANG").and_then(localized) {
        (command.titles, command.params) = (titles, params);
    }
    let flag = |name: &str, old: bool| given_text(&fields, name).map_or(old, |flag| flag == "Y");
    command.hidden = flag("HIDDEN", command.hidden);
    command.extranet = flag("EXTRANET_SUPPORT", command.extranet);
    call.state.update_command(command);
    Ok(Value::Bool(true))
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
    let parts = parts_v1(call, command.bot)?;
    let not_added = || bad("WRONG_REQUEST", "Message isn't added");
    let chat = call.state.messages.get(&message).map(|message| message.chat).ok_or_else(not_added)?;
    let mut draft = Draft::new(chat, command.bot, text);
    draft.system = call.text("SYSTEM") == "Y";
    draft.content = parts.into();
    draft.from_outside = command.common;
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
        let again = good.replace("http://a/", "http://b/");
        assert_eq!(webhook_call(&mut state, "imbot.command.register", &again), Ok(json!(11)));
        assert_eq!(state.commands[&11].handler, "http://a/?CLIENT_ID=k", "it changes nothing");
        for (query, expected) in [
            ("CLIENT_ID=k&COMMAND_ID=9&FIELDS[HIDDEN]=Y", Err("COMMAND_ID_ERROR")),
            ("CLIENT_ID=o&COMMAND_ID=11&FIELDS[HIDDEN]=Y", Err("APP_ID_ERROR")),
            ("CLIENT_ID=k&COMMAND_ID=11", Err("WRONG_REQUEST")),
            ("CLIENT_ID=k&COMMAND_ID=11&FIELDS[EVENT_COMMAND_ADD]=x", Err("EVENT_COMMAND_ADD_ERROR")),
            (
                "CLIENT_ID=k&COMMAND_ID=11&FIELDS[EVENT_COMMAND_ADD]=http://b/&FIELDS[COMMAND]=say&FIELDS[HIDDEN]=Y\
                 &FIELDS[LANG][0][LANGUAGE_ID]=de&FIELDS[LANG][0][TITLE]=Sag",
                Ok(json!(true)),
            ),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.command.update", query), expected, "{query}");
        }
        let shown = state.commands[&11].show();
        let expected = json!({"name": "say", "title": "Sag", "titles": {"de": "Sag"}, "params": "",
            "common": false, "hidden": true});
        assert_eq!((&shown, state.commands[&11].handler.as_str()), (&expected, "http://b/?CLIENT_ID=k"));
        let gone = webhook_call(&mut state, "imbot.command.unregister", "CLIENT_ID=k&COMMAND_ID=11");
        assert_eq!(gone, Ok(json!(true)));
    }
}
