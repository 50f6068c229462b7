//! Events out of a bot's log. They say what webhooks say, in another wrapping.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Delivery;
use crate::{DecodeError, Event, MemberId, Portal, Value};

/// Reads one item of the `events` that `imbot.v2.Event.get` returns, as JSON: the same event as by webhook.
///
/// The item does not say which portal it is from. [`Event::body`] is the event as a webhook would have brought it, so
/// that [`decode`](crate::decode) reads it again; [`Event::event_id`] and the portal are in it.
///
/// ```
/// use b24bot_core::{Payload, Portal, decode_fetched};
///
/// let item = br#"{"eventId": 1001, "type": "ONIMBOTV2MESSAGEADD", "date": "2026-02-24T16:33:48+03:00", "data": {
///     "bot": {"id": 5, "code": "like_bot"}, "chat": {"dialogId": "chat3"},
///     "message": {"id": 101, "authorId": 27, "text": "thanks"}}}"#;
/// let events = decode_fetched(&Portal::default(), item)?;
/// let Payload::MessageAdd(message) = &events[0].payload else { panic!() };
/// assert_eq!((message.text.as_str(), events[0].event_id), ("thanks", Some(1001)));
/// # Ok::<(), b24bot_core::DecodeError>(())
/// ```
///
/// # Errors
///
/// When the item is no event: see [`DecodeErrorKind`](crate::DecodeErrorKind).
pub fn decode_fetched(portal: &Portal, item: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let item: Item<'_> = serde_json::from_slice(item).map_err(DecodeError::malformed)?;
    let body = Body {
        event: &item.event,
        event_id: item.event_id.as_u64(),
        ts: item.date.as_str().and_then(seconds),
        auth: Auth {
            member_id: portal.member_id.as_ref().map(MemberId::as_str),
            domain: portal.domain.as_deref(),
            client_endpoint: portal.client_endpoint.as_deref(),
            server_endpoint: portal.server_endpoint.as_deref(),
        },
        data: item.data,
    };
    let body = serde_json::to_vec(&body).map_err(DecodeError::malformed)?;
    Delivery::parse(&Arc::from(body))?.into_events()
}

/// ISO 8601 with an offset, as the platform writes times.
fn seconds(date: &str) -> Option<u64> {
    OffsetDateTime::parse(date, &Rfc3339).ok()?.unix_timestamp().try_into().ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'item> {
    #[serde(rename = "type", borrow, default)]
    event: Cow<'item, str>,
    #[serde(default)]
    event_id: Value,
    #[serde(default)]
    date: Value,
    #[serde(borrow)]
    data: Option<&'item RawValue>,
}

/// What a webhook would have brought.
#[derive(Serialize)]
struct Body<'item> {
    event: &'item str,
    #[serde(rename = "eventId")]
    event_id: Option<u64>,
    ts: Option<u64>,
    auth: Auth<'item>,
    data: Option<&'item RawValue>,
}

#[derive(Serialize)]
struct Auth<'item> {
    member_id: Option<&'item str>,
    domain: Option<&'item str>,
    client_endpoint: Option<&'item str>,
    server_endpoint: Option<&'item str>,
}
