//! From the tree of a body to typed events. Where the platform is loose, the looseness ends here.

mod application;
mod fetched;
mod fields;
mod install;
mod openline;
mod v1;
mod v2;

use std::{fmt, sync::Arc};

pub use self::fetched::decode_fetched;
use self::fields::Fields;
pub(crate) use self::install::page;
use crate::{
    DecodeError, DecodeErrorKind, Event, Generation, MemberId, Payload, Portal, Secret,
    body::{self, Document},
    event::Data,
};

/// How many bytes the events of one body may hold together, at the most: each bot or command in it gets an event, and
/// so a message, of its own.
const MAX_COPIED: usize = 16 * 1024 * 1024;

/// Reads the events in a webhook's body, without asking whether it really came from a portal.
///
/// Servers use [`Delivery`], or the whole [`Webhook`](crate::Webhook), instead; this is for recorded bodies and tests.
///
/// ```
/// let body = b"event=ONIMBOTMESSAGEADD\
///     &data[BOT][5][BOT_ID]=5&data[BOT][5][BOT_CODE]=like_bot\
///     &data[PARAMS][MESSAGE]=thanks&data[PARAMS][MESSAGE_ID]=101\
///     &data[PARAMS][DIALOG_ID]=27&data[PARAMS][FROM_USER_ID]=27";
/// let events = b24bot_core::decode(body)?;
/// let b24bot_core::Payload::MessageAdd(message) = &events[0].payload else { panic!() };
/// assert_eq!((message.id.get(), message.text.as_str()), (101, "thanks"));
/// # Ok::<(), b24bot_core::DecodeError>(())
/// ```
///
/// # Errors
///
/// When the body is no event: see [`DecodeErrorKind`].
pub fn decode(body: &[u8]) -> Result<Vec<Event>, DecodeError> {
    Delivery::parse(&Arc::from(body))?.into_events()
}

/// A body that was read but not yet believed: nothing in it may be acted upon before its application token is checked.
pub struct Delivery<'body> {
    name: String,
    portal: Portal,
    application_token: Option<Secret>,
    body: &'body Arc<[u8]>,
    document: Document<'body>,
}

impl<'body> Delivery<'body> {
    /// Reads the envelope of a body: which event, from which portal, with which application token.
    ///
    /// # Errors
    ///
    /// When the body is neither form nor JSON object, is larger in structure than any event, or names no event.
    pub fn parse(body: &'body Arc<[u8]>) -> Result<Self, DecodeError> {
        let document = body::parse(body)?;
        let root = Fields::of(document.root());
        let name = root.some_text("event").filter(|name| is_event_name(name));
        let mut name = name.ok_or_else(|| DecodeError::new(DecodeErrorKind::NoEvent))?;
        name.make_ascii_uppercase();
        // Only the top-level `auth` counts: the copies inside `data` are not what the portal vouches with.
        let auth = root.child("auth");
        let portal = Portal {
            member_id: auth.some_text("member_id").map(MemberId::from),
            domain: auth.some_text("domain"),
            client_endpoint: auth.some_text("client_endpoint"),
            server_endpoint: auth.some_text("server_endpoint"),
        };
        let application_token = auth.some_text("application_token").map(Secret::from);
        Ok(Self { name, portal, application_token, body, document })
    }

    /// The event's name, in capitals.
    #[must_use]
    pub fn event_name(&self) -> &str {
        &self.name
    }

    /// The portal that it claims to come from.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// What is to prove it.
    #[must_use]
    pub fn application_token(&self) -> Option<&Secret> {
        self.application_token.as_ref()
    }

    /// Reads what happened: one event for each bot or command named in the body.
    ///
    /// # Errors
    ///
    /// When an event of a known kind lacks what makes it one, such as a message's id.
    pub fn into_events(self) -> Result<Vec<Event>, DecodeError> {
        let root = Fields::of(self.document.root());
        let data = root.child("data");
        let addressees = ["BOT", "COMMAND", "DATA", "MESSAGES"]
            .map(|key| data.child(key).children().count())
            .into_iter()
            .max();
        if addressees.unwrap_or(0).saturating_mul(self.body.len()) > MAX_COPIED {
            return Err(DecodeError::new(DecodeErrorKind::TooComplex));
        }
        let (sent_at, event_id) = (root.number("ts"), root.number("eventId"));
        let is_v2 = ["ONIMBOTV2", "ONIMV2"].iter().any(|prefix| self.name.starts_with(prefix));
        let generation = if is_v2 { Generation::V2 } else { Generation::V1 };
        let parts = self.read(generation, data, root.child("auth"))?;
        let data = Data::of(self.body);
        let origins = std::iter::repeat_n((self.name, self.portal), parts.len());
        let event = |(nth, ((name, portal), (bot, payload)))| Event {
            name,
            generation,
            portal,
            bot,
            sent_at,
            event_id,
            payload,
            data: data.of_nth(nth),
        };
        Ok((0..).zip(origins.zip(parts)).map(event).collect())
    }
}

impl Delivery<'_> {
    fn read(&self, generation: Generation, data: Fields<'_>, auth: Fields<'_>) -> Result<Parts, DecodeError> {
        if let Some(payload) = application::read(&self.name, data, auth, &self.portal) {
            return Ok(vec![(None, payload)]);
        }
        if let Some(payloads) = openline::read(&self.name, data) {
            return Ok(payloads?.into_iter().map(|payload| (None, payload)).collect());
        }
        match generation {
            Generation::V1 => v1::read(&self.name, data, &self.portal),
            Generation::V2 => v2::read(&self.name, data, &self.portal),
        }
    }
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("name", &self.name)
            .field("portal", &self.portal)
            .finish_non_exhaustive()
    }
}

fn is_event_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What a generation's reader finds in `data`.
type Parts = Vec<(Option<crate::Bot>, Payload)>;
