//! What the inbox keeps: an event, the key by which a repeat is recognised, and the lane it waits in.

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};

use crate::{CommandId, Event, MemberId, Payload, Portal, Value, value::holds_secret};

/// A verified event on its way to the handlers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// Equal for repeats of one event.
    pub key: EventKey,
    /// Events of one lane are handled one after the other.
    pub lane: Lane,
    /// When it was accepted, in milliseconds since 1970.
    pub received_at: u64,
    /// The event.
    pub event: Arc<Event>,
}

impl Envelope {
    /// Puts an event into an envelope that names its key and its dialog's lane.
    #[must_use]
    pub fn new(event: Event, now: SystemTime) -> Self {
        Self {
            key: EventKey::of(&event),
            lane: Lane::of_dialog(&event),
            received_at: now
                .duration_since(UNIX_EPOCH)
                .map_or(0, |age| age.as_millis().try_into().unwrap_or(u64::MAX)),
            event: Arc::new(event),
        }
    }
}

/// Names what happened, for one portal and one bot: a repeat has the same key, anything else another.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventKey(Arc<str>);

impl EventKey {
    /// The key of an event.
    ///
    /// A new message and a typed command happen once, so their ids suffice. Anything else (a pressed button, an edit,
    /// a reaction) can happen any number of times: there the time and the data tell a repeat from the next time.
    /// Tokens do not count, since the portal renews them. What was fetched has a number of its own.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        if let Some(id) = event.event_id {
            return Self(name(event, &[&event.name, &format!("log{id}")]));
        }
        let subject = match &event.payload {
            Payload::MessageAdd(message) => message.id.to_string(),
            Payload::Command(command) => {
                // One message can call a command twice, with different parameters.
                let called = format!(
                    "{}/{}/{}",
                    command.message.id,
                    command.id.map_or(0, CommandId::get),
                    command.params
                );
                let typed = command.context.as_deref() == Some("textarea");
                hex(&Sha256::digest(if typed { called } else { called + &digest(event) }))
            }
            // Several of these come in one body, and share its data.
            Payload::OpenLineMessage(message) => format!("{}/{}", message.id, digest(event)),
            Payload::Session(session) => format!("{}/{}", session.id, digest(event)),
            Payload::ConnectorMessage(message) => format!("{:?}/{}", message.id, digest(event)),
            _ => digest(event),
        };
        Self(name(event, &[&event.name, &subject]))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as sixteen bytes, for stores that remember many: half of its SHA-256.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        half
    }
}

impl From<String> for EventKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Events with equal lanes are handled in order, one at a time; different lanes know nothing of each other.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Lane(Arc<str>);

impl Lane {
    /// One lane for each dialog of each bot on each portal, and for each chat of an open channel; all other events
    /// share one by bot.
    #[must_use]
    pub fn of_dialog(event: &Event) -> Self {
        let chat = match &event.payload {
            Payload::OpenLineMessage(message) => message.chat,
            Payload::Session(session) => session.chat,
            Payload::ConnectorMessage(message) => message.chat,
            _ => None,
        };
        match (event.dialog(), chat) {
            (Some(dialog), _) => Self(name(event, &[dialog.as_str()])),
            (None, Some(chat)) => Self(name(event, &[&format!("chat{chat}")])),
            (None, None) => Self(name(event, &[""])),
        }
    }

    /// The portal it belongs to, as lanes of dialogs name it: by its member id, or by its domain where that is all that is
    /// known. A lane of another form is taken for the lane of a portal of that name.
    ///
    /// ```
    /// use b24bot_core::Lane;
    ///
    /// assert_eq!(Lane::from("a223c6b3710f85df22e9377d6c4f7553/5/chat1157".to_owned()).portal(), "a223c6b3710f85df22e9377d6c4f7553");
    /// assert_eq!(Lane::from("one for all".to_owned()).portal(), "one for all");
    /// ```
    #[must_use]
    pub fn portal(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(portal, _)| portal)
    }

    /// Whether it is the lane of what happens to the application itself on its portal, such as `ONAPPUNINSTALL`: events
    /// of no bot and no dialog.
    #[must_use]
    pub fn is_of_application(&self) -> bool {
        self.0.split_once('/').is_some_and(|(_, rest)| rest == "0/")
    }

    /// The lane as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Lane {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The portal, the bot, and what tells it apart there, with slashes between.
fn name(event: &Event, parts: &[&str]) -> Arc<str> {
    // What is fetched through an inbound webhook comes with a domain only.
    let Portal { member_id, domain, .. } = &event.portal;
    let portal = member_id.as_ref().map(MemberId::as_str).or(domain.as_deref()).unwrap_or_default();
    let bot = event.bot.as_ref().map_or(0, |bot| bot.id.get()).to_string();
    let mut name = String::with_capacity(128);
    name.push_str(portal);
    for part in std::iter::once(&*bot).chain(parts.iter().copied()) {
        name.push('/');
        name.push_str(part);
    }
    name.into()
}

fn digest(event: &Event) -> String {
    let mut hash = Sha256::new();
    hash.update(event.sent_at.unwrap_or_default().to_le_bytes());
    feed(&mut hash, event.data());
    hex(&hash.finalize())
}

/// Half of a digest: enough to tell events apart.
fn hex(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Every node with its kind and length, so that different trees are different input.
fn feed(hash: &mut Sha256, node: &Value) {
    match node {
        Value::Map(map) => {
            for (key, value) in
                node.entries().filter(|(key, _)| !holds_secret(key) && !key.starts_with("expires"))
            {
                hash.update((key.len() as u64).to_le_bytes());
                hash.update(key);
                feed(hash, value);
            }
            hash.update([b'}', u8::from(map.is_empty())]);
        }
        Value::List(list) => {
            list.iter().for_each(|item| feed(hash, item));
            hash.update(b"]");
        }
        scalar => {
            let text = scalar.to_text().unwrap_or_default();
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn key(body: &str) -> EventKey {
        EventKey::of(&decode(body.as_bytes()).unwrap()[0])
    }

    const MESSAGE: &str = "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]=101\
        &data[PARAMS][DIALOG_ID]=chat1&auth[member_id]=m&ts=1";

    #[test]
    fn a_message_is_one_event_for_each_portal_and_bot() {
        assert_eq!(key(MESSAGE), key(&MESSAGE.replace("ts=1", "ts=2&data[BOT][5][access_token]=new")));
        for (from, to) in [("=101", "=102"), ("[5]", "[6]"), ("=m", "=n"), ("ADD", "UPDATE")] {
            let other = MESSAGE
                .replace(from, to)
                .replace("BOT_ID]=5", if from == "[5]" { "BOT_ID]=6" } else { "BOT_ID]=5" });
            assert_ne!(key(MESSAGE), key(&other), "{from} -> {to}");
        }
    }

    #[test]
    fn an_edit_is_recognised_by_time_and_content_but_not_by_tokens() {
        let edit = MESSAGE.replace("ADD", "UPDATE") + "&data[PARAMS][MESSAGE]=a";
        assert_eq!(key(&edit), key(&format!("{edit}&data[BOT][5][access_token]=x&data[BOT][5][expires]=9")));
        assert_ne!(key(&edit), key(&edit.replace("MESSAGE]=a", "MESSAGE]=b")));
        assert_ne!(key(&edit), key(&edit.replace("ts=1", "ts=2")));
    }

    #[test]
    fn a_typed_command_happens_once_and_a_button_can_be_pressed_again() {
        let command_with = |context: &str, ts: u64, params: &str| {
            key(&format!(
                "event=ONIMCOMMANDADD&data[COMMAND][7][COMMAND]=tea&data[COMMAND][7][COMMAND_CONTEXT]={context}\
                 &data[COMMAND][7][COMMAND_PARAMS]={params}\
                 &data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=27&auth[member_id]=m&ts={ts}"
            ))
        };
        let command = |context, ts| command_with(context, ts, "mint");
        assert_eq!(command("TEXTAREA", 1), command("TEXTAREA", 2));
        assert_ne!(command("TEXTAREA", 1), command_with("TEXTAREA", 1, "oolong"));
        assert_eq!(command("KEYBOARD", 1), command("KEYBOARD", 1));
        assert_ne!(command("KEYBOARD", 1), command("KEYBOARD", 2));
    }

    #[test]
    fn messages_that_share_a_body_are_different_events() {
        let body = "event=ONOPENLINEMESSAGEADD&data[DATA][0][message][id]=1&data[DATA][1][message][id]=2";
        let events = decode(body.as_bytes()).unwrap();
        assert_ne!(EventKey::of(&events[0]), EventKey::of(&events[1]));
    }

    #[test]
    fn lanes_are_dialogs() {
        let lane = |body: &str| Lane::of_dialog(&decode(body.as_bytes()).unwrap()[0]);
        assert_eq!(lane(MESSAGE), lane(&MESSAGE.replace("=101", "=102")));
        assert_ne!(lane(MESSAGE), lane(&MESSAGE.replace("chat1", "chat2")));
        assert_eq!(lane("event=ONAPPUPDATE&auth[member_id]=m").as_str(), "m/0/");
        let open = "event=ONOPENLINEMESSAGEADD&data[DATA][0][chat][id]=9&data[DATA][0][message][id]=1&auth[member_id]=m";
        assert_eq!(lane(open).as_str(), "m/0/chat9");
        assert_eq!((lane(open).portal(), lane(MESSAGE).portal()), ("m", "m"));
        for (body, is_of_application) in
            [("event=ONAPPUNINSTALL&auth[member_id]=m", true), (open, false), (MESSAGE, false)]
        {
            assert_eq!(lane(body).is_of_application(), is_of_application, "{body}");
        }
    }
}
