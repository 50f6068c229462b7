//! Handlers of an application's events: `event.bind`, `event.get`, `event.unbind`.

use serde_json::{Value, json};

use super::discovery::is_event;
use super::{Answer, Call, is_address};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad, forbidden};
use crate::state::bots::{Generation, Owner};

/// What an application hears about itself at its own handler.
const OWN: [&str; 3] = ["ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPUNINSTALL"];

fn application(call: &Call<'_>) -> Result<String, Refusal> {
    match &call.caller.via {
        Via::Application(client_id) => Ok(client_id.clone()),
        Via::Webhook => Err(forbidden("ACCESS_DENIED", "Application context required")),
    }
}

/// The event and the address that a call names.
fn named(call: &Call<'_>) -> Result<(String, String), Refusal> {
    let (event, url) = (call.text("EVENT").to_ascii_uppercase(), call.text("HANDLER"));
    if !is_event(&event) {
        return Err(bad("ERROR_EVENT_NOT_FOUND", "Event not found"));
    }
    if !is_address(&url) {
        return Err(bad("ERROR_ARGUMENT", "Invalid value of handler"));
    }
    Ok((event, url))
}

/// `event.bind`
pub(super) fn bind(call: &mut Call<'_>) -> Answer {
    let client_id = application(call)?;
    let binding = named(call)?;
    if let Some(application) = call.state.applications.get_mut(&client_id) {
        if application.bound.contains(&binding) {
            return Err(bad("ERROR_CORE", "Unable to set event handler: Handler already binded"));
        }
        application.bound.push(binding);
    }
    Ok(Value::Bool(true))
}

/// `event.unbind`
pub(super) fn unbind(call: &mut Call<'_>) -> Answer {
    let client_id = application(call)?;
    let binding = named(call)?;
    let mut count = 0;
    if let Some(application) = call.state.applications.get_mut(&client_id) {
        let before = application.bound.len();
        application.bound.retain(|bound| *bound != binding);
        count = before - application.bound.len();
    }
    Ok(json!({ "count": count }))
}

/// `event.get`: what was bound, the application's own handler, and those of its bots.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let client_id = application(call)?;
    let state = &call.state;
    let mut bound: Vec<(String, String)> = Vec::new();
    if let Some(application) = state.applications.get(&client_id) {
        bound.extend(OWN.map(|event| (event.to_owned(), application.settings.handler.clone())));
        bound.extend(application.bound.iter().cloned());
    }
    let owner = Owner::Application(client_id);
    for bot in state.bots.values().filter(|bot| bot.owner == owner) {
        let stem = match bot.generation {
            Generation::V1 => "ONIMBOT",
            Generation::V2 => "ONIMBOTV2",
        };
        let handlers = &bot.handlers;
        let reaction = if bot.generation == Generation::V2 { handlers.reaction.as_str() } else { "" };
        for (event, url) in [
            ("MESSAGEADD", handlers.message_add.as_str()),
            ("MESSAGEUPDATE", &handlers.message_update),
            ("MESSAGEDELETE", &handlers.message_delete),
            ("JOINCHAT", &handlers.welcome),
            ("DELETE", &handlers.bot_delete),
            ("REACTIONCHANGE", reaction),
        ] {
            bound.push((format!("{stem}{event}"), url.to_owned()));
        }
    }
    bound.retain(|(_, url)| !url.is_empty());
    let shown = bound
        .into_iter()
        .map(|(event, handler)| json!({"event": event, "handler": handler, "auth_type": "0", "offline": 0}));
    Ok(shown.collect())
}
