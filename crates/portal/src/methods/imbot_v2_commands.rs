//! `imbot.v2.Command.*` and `imbot.v2.Event.get`.

use serde_json::{Value, json};

use super::content::parts_v2;
use super::imbot_v2::bot;
use super::{Answer, Call, given_text, text_of};
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::commands::{Command, Localized, in_english};
use crate::state::messages::Draft;
use crate::tree::Tree;

/// Texts by language; one alone counts as English.
fn localized(fields: &Tree, name: &str) -> Localized {
    match fields.get(name) {
        Some(texts @ Tree::Array(_)) => {
            let texts = texts.entries().filter_map(|(code, text)| Some((code.clone(), text.text()?)));
            texts.filter(|(_, text)| !text.is_empty()).collect()
        }
        _ => Some(text_of(fields, name))
            .filter(|text| !text.is_empty())
            .map(|text| ("en".to_owned(), text))
            .into_iter()
            .collect(),
    }
}

fn show(command: &Command) -> Value {
    json!({
        "id": command.id,
        "botId": command.bot,
        "command": format!("/{}", command.name),
        "common": command.common,
        "hidden": command.hidden,
        "extranetSupport": command.extranet,
    })
}

/// `imbot.v2.Command.register`
pub(super) fn register(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let name = text_of(&fields, "command").trim_start_matches('/').to_owned();
    if name.is_empty() {
        return Err(bad("COMMAND_REQUIRED", "Command is required"));
    }
    if name.contains(char::is_whitespace) {
        return Err(bad("COMMAND_NAME_INVALID", "Command name is invalid"));
    }
    let flag = |name: &str| fields.get(name).is_some_and(Tree::flag);
    let command = Command {
        id: 0,
        bot,
        name,
        handler: String::new(),
        common: flag("common"),
        hidden: flag("hidden"),
        extranet: flag("extranetSupport"),
        titles: localized(&fields, "title"),
        params: localized(&fields, "params"),
    };
    if command.titles.is_empty() && !command.hidden {
        return Err(bad("COMMAND_TITLE_REQUIRED", "Command title is required"));
    }
    let id = call.state.add_command(command);
    Ok(json!({"command": call.state.commands.get(&id).map(show)}))
}

/// `imbot.v2.Command.update`: languages that are not named keep their texts, `null` takes one away.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let mut command = command(call, bot).ok_or_else(|| bad("COMMAND_NOT_FOUND", "Command not found"))?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    if let Some(name) = given_text(&fields, "command") {
        let name = name.trim_start_matches('/');
        if name.is_empty() {
            return Err(bad("COMMAND_NAME_EMPTY", "Command name is empty"));
        }
        if name.contains(char::is_whitespace) {
            return Err(bad("COMMAND_NAME_INVALID", "Command name is invalid"));
        }
        let mut others =
            call.state.commands.values().filter(|other| other.bot == bot && other.id != command.id);
        if others.any(|other| other.name == name) {
            return Err(bad("COMMAND_ALREADY_EXISTS", "Command already exists"));
        }
        name.clone_into(&mut command.name);
    }
    for (name, texts) in [("title", &mut command.titles), ("params", &mut command.params)] {
        let given = fields.get(name).unwrap_or(&Tree::Null);
        texts.retain(|code, _| given.get(code) != Some(&Tree::Null));
        texts.extend(localized(&fields, name));
    }
    let flag = |name: &str, old: bool| fields.get(name).map_or(old, Tree::flag);
    command.common = flag("common", command.common);
    command.hidden = flag("hidden", command.hidden);
    command.extranet = flag("extranetSupport", command.extranet);
    let shown = show(&command);
    call.state.update_command(command);
    Ok(json!({"command": shown}))
}

/// The command a call is about, which has to be the bot's own.
fn command(call: &Call<'_>, bot: u64) -> Option<Command> {
    let command = call.id("commandId").and_then(|id| call.state.commands.get(&id));
    command.filter(|command| command.bot == bot).cloned()
}

/// `imbot.v2.Command.unregister`
pub(super) fn unregister(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let command = command(call, bot).ok_or_else(|| bad("COMMAND_NOT_FOUND", "Command not found"))?;
    call.state.remove_command(command.id);
    Ok(json!({"result": true}))
}

/// `imbot.v2.Command.list`
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let name = call.state.name_of(bot);
    let own = call.state.commands.values().filter(|command| command.bot == bot);
    let commands: Vec<Value> = own
        .map(|command| {
            let mut shown = show(command);
            shown["title"] = json!(in_english(&command.titles));
            shown["params"] = json!(in_english(&command.params));
            shown["category"] = json!(name);
            shown["context"] = json!("");
            shown
        })
        .collect();
    Ok(json!({"commands": commands}))
}

/// `imbot.v2.Command.answer`
pub(super) fn answer(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let failed = || bad("COMMAND_ANSWER_FAILED", "Command answer failed");
    let command = command(call, bot).ok_or_else(failed)?;
    let message = call.id("messageId").and_then(|id| call.state.messages.get(&id));
    let chat = message.map(|message| message.chat).ok_or_else(failed)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let mut draft = Draft::new(chat, bot, text_of(&fields, "message"));
    draft.system = fields.get("system").is_some_and(Tree::flag);
    draft.content = parts_v2(&fields, bot)?.into();
    draft.from_outside = command.common;
    call.state.post(draft).map(|_| json!({"result": true})).map_err(|_| failed())
}

/// `imbot.v2.Event.get`: the events of a bot in `fetch` mode.
pub(super) fn events(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    if call.params.get("withUserEvents").is_some_and(Tree::flag) {
        return Err(no_user_events(call));
    }
    let limit = call.id("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100).min(1000);
    let now = call.state.now;
    Ok(call.state.fetched.fetch(bot, call.id("offset"), limit, now))
}

/// Nobody can subscribe to user events here (`im.v2.Event.subscribe`), so nobody has.
fn no_user_events(call: &Call<'_>) -> Refusal {
    match call.caller.check_scope(&["im"]) {
        Ok(()) => bad("USER_NOT_SUBSCRIBED", "User is not subscribed to events"),
        Err(_) => forbidden("SCOPE_ERROR", "Scope im is required"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::messages::Draft;
    use crate::state::sample;
    use serde_json::json;

    const BOT: &str = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B&fields[type]=supervisor";
    const OWN: &str = "botToken=t&botId=1001";

    #[test]
    fn a_bot_without_an_address_fetches_its_events() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", BOT).unwrap();
        let id = state.post(Draft::new(1, 27, "hello")).unwrap();
        assert!(state.outbox.is_empty());
        let got = webhook_call(&mut state, "imbot.v2.Event.get", OWN).unwrap();
        let types: Vec<_> =
            got["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["ONIMBOTV2JOINCHAT", "ONIMBOTV2MESSAGEADD"]);
        let data = &got["events"][1]["data"];
        assert_eq!((&data["message"]["id"], &data["message"]["isSystem"]), (&json!(id), &json!(false)));
        assert_eq!((&data["bot"]["eventMode"], &data["bot"]["countMessage"]), (&json!("fetch"), &json!(1)));
        assert!(data["bot"].get("auth").is_none());
        let user_events = format!("{OWN}&withUserEvents=1");
        assert_eq!(webhook_call(&mut state, "imbot.v2.Event.get", &user_events), Err("USER_NOT_SUBSCRIBED"));
    }

    #[test]
    fn commands_of_generation_two() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", BOT).unwrap();
        let call = |state: &mut _, method: &str, rest: &str| {
            webhook_call(state, &format!("imbot.v2.Command.{method}"), &format!("{OWN}&{rest}"))
        };
        assert_eq!(call(&mut state, "register", ""), Err("COMMAND_REQUIRED"));
        assert_eq!(call(&mut state, "register", "fields[command]=a+b"), Err("COMMAND_NAME_INVALID"));
        let made = call(&mut state, "register", "fields[command]=/help&fields[title][en]=Help").unwrap();
        assert_eq!((&made["command"]["id"], &made["command"]["command"]), (&json!(11), &json!("/help")));
        assert_eq!(call(&mut state, "list", "").unwrap()["commands"][0]["title"], "Help");
        assert_eq!(call(&mut state, "register", "fields[command]=bare"), Err("COMMAND_TITLE_REQUIRED"));
        let again =
            call(&mut state, "register", "fields[command]=help&fields[title][en]=Other&fields[common]=Y");
        assert_eq!(again.unwrap(), made, "a known command is left as it is");
        let hidden = call(&mut state, "register", "fields[command]=bare&fields[hidden]=1").unwrap();
        assert_eq!((&hidden["command"]["id"], &hidden["command"]["hidden"]), (&json!(12), &json!(true)));
        for (query, code) in [
            ("commandId=9&fields[command]=x", "COMMAND_NOT_FOUND"),
            ("commandId=11&fields[command]=/", "COMMAND_NAME_EMPTY"),
            ("commandId=11&fields[command]=a+b", "COMMAND_NAME_INVALID"),
            ("commandId=11&fields[command]=bare", "COMMAND_ALREADY_EXISTS"),
        ] {
            assert_eq!(call(&mut state, "update", query), Err(code), "{query}");
        }
        let titles = "commandId=11&fields[title][de]=Hilfe&fields[common]=Y";
        assert_eq!(call(&mut state, "update", titles).unwrap()["command"]["common"], true);
        assert_eq!(state.commands[&11].show()["titles"], json!({"en": "Help", "de": "Hilfe"}));
        call(&mut state, "unregister", "commandId=12").unwrap();
        let id = state.post(Draft::new(1, 27, "/help me")).unwrap();
        let got = webhook_call(&mut state, "imbot.v2.Event.get", OWN).unwrap();
        let command = &got["events"].as_array().unwrap().last().unwrap()["data"]["command"];
        assert_eq!(*command, json!({"id": 11, "command": "/help", "params": "me", "context": "textarea"}));
        let answer = format!("commandId=11&messageId={id}&dialogId=chat1&fields[message]=here");
        assert_eq!(call(&mut state, "answer", &answer), Ok(json!({"result": true})));
        assert_eq!(call(&mut state, "answer", "commandId=9"), Err("COMMAND_ANSWER_FAILED"));
        assert_eq!(call(&mut state, "unregister", "commandId=11"), Ok(json!({"result": true})));
        assert_eq!(call(&mut state, "unregister", "commandId=11"), Err("COMMAND_NOT_FOUND"));
    }
}
