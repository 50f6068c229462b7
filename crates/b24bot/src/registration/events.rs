//! Where events of an application go: `event.get`, `event.bind`.

use b24bot_actions::{Client, ErrorCode, methods::answers::BoundEvent};

use super::refused;
use crate::Error;

/// What an application hears about itself, beside its installation.
pub const APPLICATION_EVENTS: [&str; 4] =
    ["ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPPAYMENT", "ONAPPMETHODCONFIRM"];

/// Has the portal tell that address of what happens to the application ([`APPLICATION_EVENTS`]); returns the events
/// that it was not told of before. An event that this portal does not know is passed over.
///
/// # Errors
///
/// With [`ErrorKind::Portal`](crate::ErrorKind::Portal) when the portal refuses: only applications have such handlers.
pub async fn bind_events(client: &Client, handler: &str) -> Result<Vec<String>, Error> {
    let bound = bound_events(client).await?;
    let mut added = Vec::new();
    for event in APPLICATION_EVENTS {
        let is_bound =
            bound.iter().any(|bound| bound.event.eq_ignore_ascii_case(event) && bound.handler == handler);
        if is_bound {
            continue;
        }
        match client.event().bind(event, handler).await {
            Ok(_) => added.push(event.to_owned()),
            Err(error) if error.code() == Some(&ErrorCode::ErrorEventNotFound) => {}
            // Another machine of ours, or another administrator, was faster.
            Err(error) if error.description().is_some_and(|text| text.contains("already")) => {}
            Err(error) => {
                return Err(refused(
                    &format!("the portal does not bind {event} to the bot's address"),
                    error,
                ));
            }
        }
    }
    Ok(added)
}

/// All handlers of the application.
///
/// # Errors
///
/// With [`ErrorKind::Portal`](crate::ErrorKind::Portal) when the portal refuses, as it does to an inbound webhook.
pub async fn bound_events(client: &Client) -> Result<Vec<BoundEvent>, Error> {
    let bound = client.event().get().await;
    bound.map_err(|error| refused("the portal does not list the application's handlers", error))
}

/// The addresses that hear these events of bots; none where the portal does not show them.
pub(super) async fn bot_handlers(client: &Client, events: &[&str]) -> Vec<String> {
    if client.is_webhook() {
        return Vec::new();
    }
    let Ok(bound) = client.event().get().await else { return Vec::new() };
    let mut handlers: Vec<String> = bound
        .into_iter()
        .filter(|bound| events.iter().any(|event| bound.event.eq_ignore_ascii_case(event)))
        .map(|bound| bound.handler)
        .collect();
    handlers.sort_unstable();
    handlers.dedup();
    handlers
}
