//! Bots of generation 1: `imbot.register`, `imbot.update`, `imbot.unregister`, `imbot.bot.list`.

use serde_json::{Map, Value, json};

use super::{Answer, Call, given_text, is_address, text_of};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::bots::{
    Generation, Handlers, Kind, NotRegistered, Owner, Profile, Registration, most_bots, with_client_id,
};
use crate::tree::Tree;

/// Whose bots the caller may handle: the application's, or those of the webhook's `CLIENT_ID`.
pub(super) fn owner(call: &Call<'_>) -> Result<Owner, Refusal> {
    match &call.caller.via {
        Via::Application(client_id) => Ok(Owner::Application(client_id.clone())),
        Via::Webhook => match call.text("CLIENT_ID") {
            key if key.is_empty() => {
                Err(forbidden("ACCESS_DENIED", "Access denied! Client ID not specified"))
            }
            key => Ok(Owner::webhook(&key)),
        },
    }
}

/// The bot a call is about: `BOT_ID`, or the owner's first one where that may be left out.
pub(super) fn bot(call: &Call<'_>) -> Result<u64, Refusal> {
    let owner = owner(call)?;
    let not_found = || bad("BOT_ID_ERROR", "Bot not found");
    let given = call.text("BOT_ID");
    if given.is_empty() || given == "0" {
        let first = call.state.bots.values().find(|bot| bot.owner == owner);
        return first.map(|bot| bot.id).ok_or_else(not_found);
    }
    let bot = call.id("BOT_ID").and_then(|id| call.state.bots.get(&id)).ok_or_else(not_found)?;
    if bot.owner != owner {
        return Err(bad("APP_ID_ERROR", "Bot was installed by another REST application"));
    }
    Ok(bot.id)
}

/// The same where `BOT_ID` is required.
fn named_bot(call: &Call<'_>) -> Result<u64, Refusal> {
    owner(call)?;
    call.id("BOT_ID").ok_or_else(|| bad("BOT_ID_ERROR", "Bot not found"))?;
    bot(call)
}

const EVENTS: [(&str, &str, &str); 5] = [
    ("EVENT_MESSAGE_ADD", "EVENT_MESSAGE_ADD_ERROR", "Message add"),
    ("EVENT_MESSAGE_UPDATE", "EVENT_MESSAGE_UPDATE_ERROR", ""),
    ("EVENT_MESSAGE_DELETE", "EVENT_MESSAGE_DELETE_ERROR", ""),
    ("EVENT_WELCOME_MESSAGE", "EVENT_WELCOME_MESSAGE_ERROR", "Welcome message"),
    ("EVENT_BOT_DELETE", "EVENT_BOT_DELETE_ERROR", "Bot delete"),
];

/// Reads the handler addresses; without `required`, missing ones stay `None`.
fn addresses(params: &Tree, required: bool) -> Result<[Option<String>; 5], Refusal> {
    let general = text_of(params, "EVENT_HANDLER");
    let mut urls = [const { None }; 5];
    for (slot, (name, code, title)) in urls.iter_mut().zip(EVENTS) {
        let url = if general.is_empty() { text_of(params, name) } else { general.clone() };
        if url.is_empty() {
            if required && !title.is_empty() {
                return Err(bad(code, format!("Handler for \"{title}\" event isn't specified")));
            }
        } else if is_address(&url) {
            *slot = Some(url);
        } else {
            return Err(bad(code, "Wrong handler URL"));
        }
    }
    Ok(urls)
}

/// The addresses as they are kept: with the webhook's `CLIENT_ID`, and without those this kind of bot ignores.
fn apply(urls: [Option<String>; 5], handlers: &mut Handlers, client_id: Option<&str>, deaf: bool) {
    let slots = handlers.each();
    for (index, (slot, url)) in slots.into_iter().zip(urls).enumerate() {
        if let Some(url) = url {
            // Ordinary bots outside open channels are not told of edits and deletions.
            let ignored = deaf && matches!(index, 1 | 2);
            *slot = match client_id {
                _ if ignored => String::new(),
                Some(client_id) => with_client_id(&url, client_id),
                None => url,
            };
        }
    }
}

fn is_deaf(kind: Kind, openline: bool) -> bool {
    matches!(kind, Kind::Bot | Kind::Human) && !openline
}

fn client_id(call: &Call<'_>) -> Option<String> {
    (call.caller.via == Via::Webhook).then(|| call.text("CLIENT_ID"))
}

fn profile(properties: &Tree) -> Profile {
    Profile {
        first_name: given_text(properties, "NAME"),
        last_name: given_text(properties, "LAST_NAME"),
        work_position: given_text(properties, "WORK_POSITION"),
        gender: given_text(properties, "PERSONAL_GENDER").filter(|gender| gender == "M" || gender == "F"),
        color: given_text(properties, "COLOR").and_then(|name| color(&name)),
    }
}

/// The platform's colour names, as the page shows them.
fn color(name: &str) -> Option<String> {
    let hex = match name.to_ascii_uppercase().as_str() {
        "RED" => "#df532d",
        "GREEN" => "#64a513",
        "MINT" => "#4ba984",
        "LIGHT_BLUE" => "#4ba5c3",
        "DARK_BLUE" => "#3e99ce",
        "PURPLE" => "#8474c8",
        "AQUA" => "#1eb4aa",
        "PINK" => "#e98fa6",
        "LIME" => "#85cb7b",
        "BROWN" => "#ab7761",
        "AZURE" => "#29619b",
        "KHAKI" => "#728f7a",
        "SAND" => "#ba9c7b",
        "MARENGO" => "#556574",
        "GRAY" => "#909090",
        "GRAPHITE" => "#5e5f5e",
        _ => return None,
    };
    Some(hex.to_owned())
}

/// `imbot.register`
pub(super) fn register(call: &mut Call<'_>) -> Answer {
    let owner = owner(call)?;
    let urls = addresses(&call.params, true)?;
    let code = call.text("CODE");
    if code.is_empty() {
        return Err(bad("CODE_ERROR", "Bot code isn't specified"));
    }
    let profile = profile(call.params.get("PROPERTIES").unwrap_or(&Tree::Null));
    let is_empty = |name: &Option<String>| name.as_deref().unwrap_or_default().is_empty();
    if is_empty(&profile.first_name) && is_empty(&profile.last_name) {
        return Err(bad("NAME_ERROR", "Bot name isn't specified"));
    }
    let kind = Kind::of_v1(&call.text("TYPE"));
    let openline = kind == Kind::Openline || call.text("OPENLINE") == "Y";
    let mut handlers = Handlers::default();
    apply(urls, &mut handlers, client_id(call).as_deref(), is_deaf(kind, openline));
    let registration = Registration {
        code,
        kind,
        generation: Generation::V1,
        owner,
        handlers,
        profile,
        openline,
        hidden: false,
        reactions: true,
        background: None,
    };
    call.state.register(registration).map(Value::from).map_err(|error| match error {
        NotRegistered::CodeTaken => bad("WRONG_REQUEST", "Bot can't be created"),
        NotRegistered::TooMany => {
            let most = most_bots(Generation::V1);
            let text = format!("Has reached the maximum number of bots for application (max: {most})");
            bad("MAX_COUNT_ERROR", text)
        }
    })
}

/// `imbot.update`: `FIELDS` with profile fields at its top or under `PROPERTIES`, and handlers.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let id = named_bot(call)?;
    let fields = call.params.get("FIELDS").cloned().unwrap_or_else(Tree::new);
    let urls = addresses(&fields, false)?;
    let properties = fields.get("PROPERTIES").unwrap_or(&fields);
    let new = profile(properties);
    let has_profile = properties.entries().any(|(key, _)| !key.starts_with("EVENT_") && key != "PROPERTIES");
    if !has_profile && urls.iter().all(Option::is_none) {
        return Err(bad("WRONG_REQUEST", "Update fields can't be empty"));
    }
    let user = call.state.users.get(&id);
    let empty =
        |new: &Option<String>, old: Option<&String>| new.as_ref().or(old).is_none_or(String::is_empty);
    if empty(&new.first_name, user.map(|user| &user.first_name))
        && empty(&new.last_name, user.map(|user| &user.last_name))
    {
        return Err(bad("NAME_ERROR", "Bot name isn't specified"));
    }
    let client_id = client_id(call);
    if let Some(bot) = call.state.bots.get_mut(&id) {
        let deaf = is_deaf(bot.kind, bot.openline);
        apply(urls, &mut bot.handlers, client_id.as_deref(), deaf);
    }
    call.state.update_profile(id, new);
    Ok(Value::Bool(true))
}

/// `imbot.unregister`
pub(super) fn unregister(call: &mut Call<'_>) -> Answer {
    let id = named_bot(call)?;
    call.state.unregister(id);
    Ok(Value::Bool(true))
}

/// `imbot.bot.list`: every bot of the portal.
#[expect(clippy::unnecessary_wraps, reason = "the shape of every method")]
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    let bots: Map<String, Value> = call
        .state
        .bots
        .values()
        .map(|bot| {
            let shown = json!({
                "ID": bot.id,
                "NAME": call.state.name_of(bot.id),
                "CODE": bot.code,
                "OPENLINE": if bot.openline { "Y" } else { "N" },
            });
            (bot.id.to_string(), shown)
        })
        .collect();
    Ok(if bots.is_empty() { json!([]) } else { Value::Object(bots) })
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    const GOOD: &str = "CODE=b&EVENT_HANDLER=http://127.0.0.1:1/e&PROPERTIES[NAME]=B&CLIENT_ID=k";

    #[test]
    fn every_error_of_register() {
        let mut state = sample();
        for (query, code) in [
            ("CODE=b", "ACCESS_DENIED"),
            ("CODE=b&CLIENT_ID=k", "EVENT_MESSAGE_ADD_ERROR"),
            ("CODE=b&CLIENT_ID=k&EVENT_HANDLER=nonsense", "EVENT_MESSAGE_ADD_ERROR"),
            (
                "CLIENT_ID=k&EVENT_MESSAGE_ADD=http://a/&EVENT_MESSAGE_UPDATE=ftp://a/",
                "EVENT_MESSAGE_UPDATE_ERROR",
            ),
            ("CLIENT_ID=k&EVENT_MESSAGE_ADD=http://a/&EVENT_MESSAGE_DELETE=x", "EVENT_MESSAGE_DELETE_ERROR"),
            ("CLIENT_ID=k&EVENT_MESSAGE_ADD=http://a/", "EVENT_WELCOME_MESSAGE_ERROR"),
            (
                "CLIENT_ID=k&EVENT_MESSAGE_ADD=http://a/&EVENT_WELCOME_MESSAGE=http://a/",
                "EVENT_BOT_DELETE_ERROR",
            ),
            ("CLIENT_ID=k&EVENT_HANDLER=http://a/&PROPERTIES[NAME]=B", "CODE_ERROR"),
            ("CLIENT_ID=k&EVENT_HANDLER=http://a/&CODE=b", "NAME_ERROR"),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.register", query), Err(code), "{query}");
        }
        assert_eq!(webhook_call(&mut state, "imbot.register", GOOD), Ok(json!(1001)));
        assert_eq!(webhook_call(&mut state, "imbot.register", GOOD), Ok(json!(1001)));
        let theirs = GOOD.replace("CLIENT_ID=k", "CLIENT_ID=other");
        assert_eq!(webhook_call(&mut state, "imbot.register", &theirs), Err("WRONG_REQUEST"));
        for number in 0..4 {
            let query = GOOD.replace("CODE=b", &format!("CODE=b{number}"));
            webhook_call(&mut state, "imbot.register", &query).unwrap();
        }
        let sixth = GOOD.replace("CODE=b", "CODE=sixth");
        assert_eq!(webhook_call(&mut state, "imbot.register", &sixth), Err("MAX_COUNT_ERROR"));
    }

    #[test]
    fn ordinary_bots_are_deaf_to_edits_and_supervisors_are_not() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.register", GOOD).unwrap();
        let supervisor = format!("{}&TYPE=S", GOOD.replace("CODE=b", "CODE=s"));
        webhook_call(&mut state, "imbot.register", &supervisor).unwrap();
        assert_eq!(state.bots[&1001].handlers.message_add, "http://127.0.0.1:1/e?CLIENT_ID=k");
        assert_eq!(state.bots[&1001].handlers.message_update, "");
        assert_eq!(state.bots[&1002].handlers.message_update, "http://127.0.0.1:1/e?CLIENT_ID=k");
    }

    #[test]
    fn update_and_unregister() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.register", GOOD).unwrap();
        for (query, code) in [
            ("BOT_ID=1001&FIELDS[NAME]=C", "ACCESS_DENIED"),
            ("CLIENT_ID=k&FIELDS[NAME]=C", "BOT_ID_ERROR"),
            ("BOT_ID=999&CLIENT_ID=k&FIELDS[NAME]=C", "BOT_ID_ERROR"),
            ("BOT_ID=1001&CLIENT_ID=other&FIELDS[NAME]=C", "APP_ID_ERROR"),
            ("BOT_ID=1001&CLIENT_ID=k", "WRONG_REQUEST"),
            ("BOT_ID=1001&CLIENT_ID=k&FIELDS[NAME]=", "NAME_ERROR"),
            ("BOT_ID=1001&CLIENT_ID=k&FIELDS[EVENT_BOT_DELETE]=x", "EVENT_BOT_DELETE_ERROR"),
        ] {
            assert_eq!(webhook_call(&mut state, "imbot.update", query), Err(code), "{query}");
        }
        let query = "BOT_ID=1001&CLIENT_ID=k&FIELDS[PROPERTIES][NAME]=C&FIELDS[EVENT_BOT_DELETE]=http://a/d";
        webhook_call(&mut state, "imbot.update", query).unwrap();
        assert_eq!(state.name_of(1001), "C");
        assert_eq!(state.bots[&1001].handlers.bot_delete, "http://a/d?CLIENT_ID=k");
        let list = webhook_call(&mut state, "imbot.bot.list", "").unwrap();
        assert_eq!(list["1001"], json!({"ID": 1001, "NAME": "C", "CODE": "b", "OPENLINE": "N"}));
        webhook_call(&mut state, "imbot.unregister", "BOT_ID=1001&CLIENT_ID=k").unwrap();
        assert_eq!(webhook_call(&mut state, "imbot.bot.list", ""), Ok(json!([])));
    }
}
