//! Events out of a bot's log are those that a webhook brings.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::time::SystemTime;

use b24bot_core::{
    DecodeErrorKind, Envelope, Event, EventKey, Generation, Payload, Portal, decode, decode_fetched,
};
use proptest::prelude::*;
use serde_json::{Value, json};

macro_rules! webhook {
    ($name:literal) => {
        (stringify!($name), &include_bytes!(concat!("bodies/", $name, ".form"))[..])
    };
}

fn portal() -> Portal {
    let mut portal = Portal::default();
    portal.domain = Some("portal.example".to_owned());
    portal
}

fn one(item: &Value) -> Event {
    let mut events = decode_fetched(&portal(), item.to_string().as_bytes()).unwrap();
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn message(event_id: impl Into<Value>) -> Value {
    json!({"eventId": event_id.into(), "type": "ONIMBOTV2MESSAGEADD", "date": "2026-02-24T16:33:48+03:00", "data": {
        "bot": {"id": 5, "code": "like_bot", "isHidden": false, "backgroundId": null},
        "message": {"id": 101, "chatId": 3, "authorId": 27, "text": "thanks", "isSystem": false, "forward": null,
            "params": [], "viewedByOthers": false},
        "chat": {"id": 3, "dialogId": "chat3", "type": "chat", "name": "Tea"},
        "user": {"id": 27, "name": "Mira Novak", "bot": false, "departments": [1], "phones": false},
        "language": "en"}})
}

#[test]
fn every_event_of_the_second_generation_says_the_same_as_by_webhook() {
    for (name, body) in [
        webhook!("onimbotv2messageadd"),
        webhook!("onimbotv2messageupdate"),
        webhook!("onimbotv2messagedelete"),
        webhook!("onimbotv2joinchat"),
        webhook!("onimbotv2delete"),
        webhook!("onimbotv2commandadd"),
        webhook!("onimbotv2reactionchange"),
        webhook!("onimbotv2contextget"),
    ] {
        let posted = decode(body).unwrap().remove(0);
        let mut data = serde_json::to_value(posted.data()).unwrap();
        // Bots that fetch get no token.
        data["bot"].as_object_mut().unwrap().remove("auth");
        let fetched = one(&json!({"eventId": "1001", "type": posted.name, "data": data}));
        let seen = |event: &Event| format!("{} {:?} {:?}", event.name, event.generation, event.payload);
        assert_eq!(seen(&fetched), seen(&posted), "{name}");
        assert!(!matches!(fetched.payload, Payload::Other), "{name}");
        let bots = [&fetched, &posted].map(|event| event.bot.as_ref().unwrap().id);
        assert_eq!(bots[0], bots[1], "{name}");
    }
}

#[test]
fn a_message_with_its_portal_time_and_number() {
    let event = one(&message(1001));
    assert_eq!((event.event_id, event.generation), (Some(1001), Generation::V2));
    assert_eq!(event.sent_at, Some(1_771_940_028));
    assert_eq!(event.portal.domain.as_deref(), Some("portal.example"));
    let Payload::MessageAdd(message) = &event.payload else { panic!("{event:?}") };
    assert_eq!((message.id.get(), message.text.as_str(), message.is_system), (101, "thanks", false));
    assert_eq!((message.dialog.as_str(), message.author.name.as_str()), ("chat3", "Mira Novak"));
    assert_eq!(event.data().get("chat").get("name").as_str(), Some("Tea"));
}

#[test]
fn its_body_is_read_again_by_whoever_keeps_it() {
    let event = one(&message(1001));
    let again = decode(event.body()).unwrap().remove(0);
    assert_eq!(format!("{again:?}"), format!("{event:?}"));
    assert_eq!(EventKey::of(&again), EventKey::of(&event));
    assert_eq!(again.data(), event.data());
}

#[test]
fn the_number_in_the_log_tells_repeats_from_other_events() {
    let key = |item: &Value| EventKey::of(&one(item));
    assert_eq!(key(&message(1001)), key(&message("1001")));
    let mut later = message(1001);
    later["data"]["user"]["lastActivityDate"] = json!("2026-02-24T16:40:00+03:00");
    assert_eq!(key(&message(1001)), key(&later), "the portal describes a user anew");
    assert_ne!(key(&message(1001)), key(&message(1002)));
    let elsewhere = |domain: &str| {
        let mut portal = portal();
        portal.domain = Some(domain.to_owned());
        let event = decode_fetched(&portal, message(1001).to_string().as_bytes()).unwrap().remove(0);
        Envelope::new(event, SystemTime::UNIX_EPOCH)
    };
    assert_ne!(elsewhere("a.example").key, elsewhere("b.example").key);
    assert_ne!(elsewhere("a.example").lane, elsewhere("b.example").lane);
}

#[test]
fn unknown_events_pass_and_broken_ones_say_why() {
    let unknown = one(&json!({"eventId": 7, "type": "ONIMBOTV2SOMETHINGNEW", "data": {"a": {"b": 1}}}));
    assert!(matches!(unknown.payload, Payload::Other));
    assert_eq!(unknown.data().get("a").get("b").as_u64(), Some(1));

    let mut nameless = message(1);
    nameless["data"]["message"]["id"] = json!(0);
    for (item, kind) in [
        (json!({"eventId": 1, "data": {}}), DecodeErrorKind::NoEvent),
        (json!({"eventId": 1, "type": "<script>", "data": {}}), DecodeErrorKind::NoEvent),
        (json!([]), DecodeErrorKind::Malformed),
        (nameless, DecodeErrorKind::Missing("data[message][id]")),
        (json!({"type": "ONIMBOTV2MESSAGEADD"}), DecodeErrorKind::Missing("data[message][id]")),
    ] {
        let error = decode_fetched(&portal(), item.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{item}");
    }
}

proptest! {
    #[test]
    fn no_item_breaks_the_decoder(
        item in proptest::collection::vec(any::<u8>(), 0..200),
        date in any::<String>(),
        name in any::<String>(),
    ) {
        let _ = decode_fetched(&portal(), &item);
        let named = json!({"eventId": -1, "type": name, "date": date, "data": null});
        let _ = decode_fetched(&portal(), named.to_string().as_bytes());
    }
}
