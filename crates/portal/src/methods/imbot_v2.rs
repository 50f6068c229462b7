//! Bots of generation 2: `imbot.v2.Bot.*`.

use serde_json::{Value, json};

use super::{Answer, Call, given_text, is_address, text_of};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::State;
use crate::state::bots::{Generation, Handlers, Kind, NotRegistered, Owner, Profile, Registration};
use crate::tree::Tree;

/// The longest `botToken`.
const MAX_TOKEN: usize = 40;
const BACKGROUNDS: [&str; 9] =
    ["azure", "mint", "steel", "slate", "teal", "cornflower", "sky", "peach", "frost"];

/// Whose bots the caller may handle: the application's, or those of the webhook's `botToken`.
fn owner(call: &Call<'_>, token: &str) -> Result<Owner, Refusal> {
    match &call.caller.via {
        Via::Application(client_id) => Ok(Owner::Application(client_id.clone())),
        Via::Webhook if token.is_empty() => Err(bad("BOT_TOKEN_NOT_SPECIFIED", "Bot token is not specified")),
        Via::Webhook => Ok(Owner::webhook(token)),
    }
}

/// The bot a call is about, which has to be the caller's own.
pub(super) fn bot(call: &Call<'_>) -> Result<u64, Refusal> {
    let owner = owner(call, &call.text("botToken"))?;
    if call.text("botId").is_empty() {
        return Err(bad("BOT_ID_REQUIRED", "Bot ID is required"));
    }
    let found = call.id("botId").and_then(|id| call.state.bots.get(&id));
    let found = found.ok_or_else(not_found)?;
    if found.owner != owner {
        return Err(forbidden("BOT_OWNERSHIP_ERROR", "Bot is registered by another application"));
    }
    Ok(found.id)
}

fn not_found() -> Refusal {
    bad("BOT_NOT_FOUND", "Bot not found")
}

fn profile(properties: &Tree) -> Profile {
    Profile {
        first_name: given_text(properties, "name"),
        last_name: given_text(properties, "lastName"),
        work_position: given_text(properties, "workPosition"),
        gender: given_text(properties, "gender").filter(|gender| gender == "M" || gender == "F"),
        color: given_text(properties, "color").filter(|color| is_hex_color(color)),
    }
}

fn is_hex_color(color: &str) -> bool {
    color.len() == 7
        && color.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn background(fields: &Tree) -> Option<String> {
    given_text(fields, "backgroundId").filter(|id| BACKGROUNDS.contains(&id.as_str()))
}

/// `eventMode` and `webhookUrl`; `None` leaves the handlers as they are.
fn handlers(fields: &Tree, mode: &str) -> Result<Option<Handlers>, Refusal> {
    let url = text_of(fields, "webhookUrl");
    match mode {
        "webhook" if url.is_empty() => Ok(None),
        "webhook" if is_address(&url) => Ok(Some(Handlers::all(&url))),
        "webhook" => Err(bad("BOT_INVALID_CALLBACK", "Invalid callback URL")),
        "fetch" => Ok(Some(Handlers::default())),
        _ => Err(bad("BOT_INVALID_EVENT_MODE", "Invalid event mode")),
    }
}

/// `imbot.v2.Bot.register`
pub(super) fn register(call: &mut Call<'_>) -> Answer {
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let token = text_of(&fields, "botToken");
    let owner = owner(call, &token)?;
    if token.chars().count() > MAX_TOKEN {
        return Err(bad("BOT_TOKEN_INVALID_LENGTH", "Bot token is longer than 40 characters"));
    }
    let code = text_of(&fields, "code");
    if code.is_empty() {
        return Err(bad("BOT_CODE_REQUIRED", "Bot code is required"));
    }
    let profile = profile(fields.get("properties").unwrap_or(&Tree::Null));
    if profile.first_name.as_deref().unwrap_or_default().is_empty() {
        return Err(bad("BOT_PROPERTIES_REQUIRED", "Bot properties are required"));
    }
    let kind = match text_of(&fields, "type").as_str() {
        "" => Kind::Bot,
        name => Kind::of_v2(name).ok_or_else(|| bad("BOT_INVALID_TYPE", "Invalid bot type"))?,
    };
    let mode = given_text(&fields, "eventMode").unwrap_or_else(|| "fetch".to_owned());
    let handlers = handlers(&fields, &mode)?
        .ok_or_else(|| bad("BOT_WEBHOOK_URL_REQUIRED", "Webhook URL is required"))?;
    let flag = |name: &str| fields.get(name).map(Tree::flag);
    let openline = flag("isSupportOpenline").unwrap_or(kind == Kind::Openline);
    let registration = Registration {
        code,
        kind,
        generation: Generation::V2,
        owner,
        handlers,
        profile,
        openline,
        hidden: flag("isHidden").unwrap_or(false),
        reactions: flag("isReactionsEnabled").unwrap_or(true),
        background: background(&fields),
    };
    let id = call.state.register(registration).map_err(|error| match error {
        NotRegistered::CodeTaken => bad("BOT_CODE_ALREADY_TAKEN", "Bot code is already taken"),
        NotRegistered::TooMany => bad("BOT_LIMIT_EXCEEDED", "Bot limit exceeded"),
    })?;
    Ok(show(call.state, id))
}

/// `imbot.v2.Bot.update`
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let id = bot(call)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let current = call.state.bots.get(&id).map_or("", |bot| bot.mode());
    let mode = given_text(&fields, "eventMode").unwrap_or_else(|| current.to_owned());
    let handlers = handlers(&fields, &mode)?;
    let new_owner = match (&call.caller.via, given_text(&fields, "botToken")) {
        (Via::Webhook, Some(token)) if token.is_empty() || token.chars().count() > MAX_TOKEN => {
            return Err(bad("BOT_TOKEN_ROTATION_FAILED", "Bot token rotation failed"));
        }
        (Via::Webhook, Some(token)) => Some(Owner::webhook(&token)),
        _ => None,
    };
    if let Some(bot) = call.state.bots.get_mut(&id) {
        let flag = |name: &str, old: bool| fields.get(name).map_or(old, Tree::flag);
        bot.hidden = flag("isHidden", bot.hidden);
        bot.reactions = flag("isReactionsEnabled", bot.reactions);
        bot.openline = flag("isSupportOpenline", bot.openline);
        if fields.get("backgroundId").is_some() {
            bot.background = background(&fields);
        }
        if let Some(handlers) = handlers {
            bot.handlers = handlers;
            call.state.fetched.forget(id);
        }
        if let Some(owner) = new_owner {
            bot.owner = owner;
        }
    }
    call.state.update_profile(id, profile(fields.get("properties").unwrap_or(&Tree::Null)));
    Ok(show(call.state, id))
}

/// `imbot.v2.Bot.unregister`
pub(super) fn unregister(call: &mut Call<'_>) -> Answer {
    let id = bot(call)?;
    call.state.unregister(id);
    Ok(json!({"result": true}))
}

/// `imbot.v2.Bot.get`: by `botId` or `code`. Others' bots are shown without what only their owner may see.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let owner = owner(call, &call.text("botToken"))?;
    let (id, code) = (call.id("botId"), call.text("code"));
    if id.is_none() && code.is_empty() {
        return Err(bad("PARAMS_REQUIRED", "Required parameters are missing"));
    }
    let found = call.state.bots.values().find(|bot| id.map_or(bot.code == code, |id| bot.id == id));
    let found = found.ok_or_else(not_found)?;
    let mut shown = show(call.state, found.id);
    if found.owner != owner
        && let Some(bot) = shown.get_mut("bot").and_then(Value::as_object_mut)
    {
        bot.retain(|key, _| !key.starts_with("count") && key != "moduleId" && key != "eventMode");
    }
    Ok(shown)
}

/// `imbot.v2.Bot.list`: the caller's own bots.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let owner = owner(call, &call.text("botToken"))?;
    let kind = call.params.get("filter").map(|filter| text_of(filter, "type")).unwrap_or_default();
    let size = |name: &str| call.id(name).and_then(|number| usize::try_from(number).ok());
    let (limit, offset) = (size("limit").unwrap_or(50), size("offset").unwrap_or(0));
    let own: Vec<u64> = call
        .state
        .bots
        .values()
        .filter(|bot| bot.owner == owner && (kind.is_empty() || bot.kind.v2_name() == kind))
        .map(|bot| bot.id)
        .collect();
    let page: Vec<u64> = own.iter().copied().skip(offset).take(limit).collect();
    Ok(json!({
        "bots": page.iter().map(|id| bot_json(call.state, *id)).collect::<Vec<_>>(),
        "users": page.iter().map(|id| user_json(call.state, *id)).collect::<Vec<_>>(),
        "hasNextPage": offset.saturating_add(limit) < own.len(),
    }))
}

fn show(state: &State, id: u64) -> Value {
    json!({"bot": bot_json(state, id), "users": [user_json(state, id)]})
}

fn user_json(state: &State, id: u64) -> Value {
    state.users.get(&id).map_or(Value::Null, |user| user.v2(&state.now.iso()).to_json())
}

fn bot_json(state: &State, id: u64) -> Value {
    state.bots.get(&id).map_or(Value::Null, |bot| bot.v2(state).to_json())
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    const GOOD: &str = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B\
                        &fields[eventMode]=webhook&fields[webhookUrl]=http://127.0.0.1:1/e";

    #[test]
    fn every_error_of_register() {
        let mut state = sample();
        let long = GOOD.replace("[botToken]=t", &format!("[botToken]={}", "t".repeat(41)));
        for (query, code) in [
            (GOOD.replace("botToken", "x"), "BOT_TOKEN_NOT_SPECIFIED"),
            (long, "BOT_TOKEN_INVALID_LENGTH"),
            (GOOD.replace("[code]", "[x]"), "BOT_CODE_REQUIRED"),
            (GOOD.replace("[name]", "[x]"), "BOT_PROPERTIES_REQUIRED"),
            (format!("{GOOD}&fields[type]=x"), "BOT_INVALID_TYPE"),
            (format!("{GOOD}&fields[eventMode]=x"), "BOT_INVALID_EVENT_MODE"),
            (GOOD.replace("webhookUrl", "x"), "BOT_WEBHOOK_URL_REQUIRED"),
            (format!("{GOOD}&fields[webhookUrl]=x"), "BOT_INVALID_CALLBACK"),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.v2.Bot.register", &query), Err(code), "{query}");
        }
        let first = webhook_call(&mut state, "imbot.v2.Bot.register", GOOD).unwrap();
        assert_eq!(first["bot"]["id"], 1001);
        assert_eq!(first["bot"]["eventMode"], "webhook");
        assert_eq!(first["users"][0]["type"], "bot");
        assert_eq!(webhook_call(&mut state, "imbot.v2.Bot.register", GOOD), Ok(first));
        let theirs = GOOD.replace("[botToken]=t", "[botToken]=u");
        assert_eq!(webhook_call(&mut state, "imbot.v2.Bot.register", &theirs), Err("BOT_CODE_ALREADY_TAKEN"));
    }

    #[test]
    fn only_the_owner_changes_a_bot() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", GOOD).unwrap();
        for (method, query, code) in [
            ("imbot.v2.Bot.update", "botId=1001", "BOT_TOKEN_NOT_SPECIFIED"),
            ("imbot.v2.Bot.update", "botToken=t", "BOT_ID_REQUIRED"),
            ("imbot.v2.Bot.update", "botToken=t&botId=9", "BOT_NOT_FOUND"),
            ("imbot.v2.Bot.update", "botToken=u&botId=1001", "BOT_OWNERSHIP_ERROR"),
            ("imbot.v2.Bot.unregister", "botToken=u&botId=1001", "BOT_OWNERSHIP_ERROR"),
            ("imbot.v2.Bot.get", "botToken=t", "PARAMS_REQUIRED"),
            ("imbot.v2.Bot.get", "botToken=t&code=x", "BOT_NOT_FOUND"),
            ("imbot.v2.Bot.list", "", "BOT_TOKEN_NOT_SPECIFIED"),
        ] {
            assert_eq!(webhook_call(&mut state, method, query), Err(code), "{method} {query}");
        }
        let update =
            "botToken=t&botId=1001&fields[properties][name]=C&fields[botToken]=new&fields[isHidden]=1";
        let updated = webhook_call(&mut state, "imbot.v2.Bot.update", update).unwrap();
        assert_eq!((&updated["users"][0]["name"], &updated["bot"]["isHidden"]), (&json!("C"), &json!(true)));
        let own = webhook_call(&mut state, "imbot.v2.Bot.list", "botToken=new").unwrap();
        assert_eq!((own["bots"].as_array().unwrap().len(), &own["hasNextPage"]), (1, &json!(false)));
        let seen = webhook_call(&mut state, "imbot.v2.Bot.get", "botToken=t&code=b").unwrap();
        assert!(seen["bot"].get("eventMode").is_none());
        let gone = webhook_call(&mut state, "imbot.v2.Bot.unregister", "botToken=new&botId=1001");
        assert_eq!(gone, Ok(json!({"result": true})));
    }

    #[test]
    fn one_owner_has_at_most_a_hundred_bots() {
        let mut state = sample();
        let bot = |number: u32| GOOD.replace("[code]=b", &format!("[code]=b{number}"));
        for number in 0..100 {
            webhook_call(&mut state, "imbot.v2.Bot.register", &bot(number)).unwrap();
        }
        assert_eq!(webhook_call(&mut state, "imbot.v2.Bot.register", &bot(100)), Err("BOT_LIMIT_EXCEEDED"));
        assert!(webhook_call(&mut state, "imbot.v2.Bot.register", &bot(7)).is_ok(), "that one is known");
        let theirs = bot(100).replace("[botToken]=t", "[botToken]=u");
        assert!(webhook_call(&mut state, "imbot.v2.Bot.register", &theirs).is_ok());
    }
}
