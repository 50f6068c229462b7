//! Nothing that is too large passes unnoticed, and nothing that fits is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_actions::{
    Error, ErrorKind,
    content::{
        Attach, BbText, Button, ContentError, ContentErrorKind, Encoded, Keyboard, Menu, MenuItem,
        OutgoingMessage, Unit,
    },
};
use proptest::prelude::*;

const V1: (usize, Unit) = (30 * 1024, Unit::Bytes);
const V2: (usize, Unit) = (60_000, Unit::Characters);

/// What was encoded stays within the limit; what was not is beyond it, by what the error says.
fn measured(encoded: &Result<Encoded, ContentError>, (limit, unit): (usize, Unit)) -> Result<usize, usize> {
    match encoded {
        Ok(encoded) => {
            let json = serde_json::to_string(encoded).unwrap();
            let size = if unit == Unit::Bytes { json.len() } else { json.chars().count() };
            assert!(size <= limit, "{size} > {limit}");
            Ok(size)
        }
        Err(error) => match error.kind() {
            ContentErrorKind::TooMuch { limit: named, actual, unit: counted } => {
                assert_eq!((*named, *counted), (limit, unit));
                assert!(*actual > limit);
                Err(*actual)
            }
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn a_message_has_20000_characters() {
    for text in ["x", "ä", "😀", "\u{2060}"] {
        let fits = OutgoingMessage::new(text.repeat(20_000));
        assert!(fits.to_params_v1().is_ok() && fits.to_params_v2().is_ok(), "{text:?}");
        let too_long = OutgoingMessage::new(text.repeat(20_001));
        for error in [too_long.to_params_v1().unwrap_err(), too_long.to_params_v2().unwrap_err()] {
            assert_eq!(error.to_string(), "the text has 20001 characters, and the platform takes 20000");
        }
    }
    // What escaping adds counts.
    let escaped = OutgoingMessage::new("[".repeat(10_001)).to_params_v1();
    assert_eq!(measured(&escaped, (20_000, Unit::Characters)), Err(20_002));
    let raw = OutgoingMessage::new(BbText::new().raw("[".repeat(20_000))).to_params_v1();
    assert!(raw.is_ok());
}

#[test]
fn attachments_are_measured_as_they_are_sent() {
    let of = |text: &str, count| Attach::new().message(text.repeat(count));
    let (v1, v2) = (r#"{"BLOCKS":[{"MESSAGE":""}]}"#.len(), r#"[{"MESSAGE":""}]"#.len());
    for (text, v1_size) in [("x", 1), ("ж", 2), ("\"", 2)] {
        let most = (V1.0 - v1) / v1_size;
        assert!(of(text, most).to_v1().is_ok());
        assert_eq!(measured(&of(text, most + 1).to_v1(), V1), Err(v1 + v1_size * (most + 1)));
    }
    for (text, v2_size) in [("x", 1), ("ж", 1), ("\"", 2)] {
        let most = (V2.0 - v2) / v2_size;
        assert!(of(text, most).to_v2().is_ok());
        assert_eq!(measured(&of(text, most + 1).to_v2(), V2), Err(v2 + v2_size * (most + 1)));
    }
    let error = of("x", 60_000).to_v2().unwrap_err();
    assert_eq!(error.to_string(), "the attachment has 60016 characters, and the platform takes 60000");
    let error = of("x", 30_720).to_v1().unwrap_err();
    assert_eq!(error.to_string(), "the attachment has 30747 bytes, and the platform takes 30720");
}

#[test]
fn a_hundred_messages_are_forwarded() {
    let forward = |count: u64| {
        (0..count).fold(OutgoingMessage::default(), |message, id| message.forward(format!("u{id}"), id + 1))
    };
    assert!(forward(100).to_params_v2().is_ok());
    assert_eq!(measured(&forward(101).to_params_v2(), (100, Unit::Messages)), Err(101));
}

#[test]
fn parts_of_a_message_are_measured_in_it() {
    let message = OutgoingMessage::new("Hi");
    let attach = Attach::new().message("x".repeat(40_000));
    let keyboard = Keyboard::new().row([Button::send("x", "y".repeat(40_000))]);
    let menu = Menu::new().item(MenuItem::send("x", "y".repeat(40_000)));
    assert!(measured(&message.clone().attach(attach.clone()).to_params_v1(), V1).is_err());
    assert!(measured(&message.clone().keyboard(keyboard.clone()).to_params_v1(), V1).is_err());
    assert!(measured(&message.clone().menu(menu).to_params_v1(), V1).is_err());
    assert!(message.attach(attach).keyboard(keyboard).to_params_v2().is_ok());
}

#[test]
fn as_an_error_of_a_call_it_still_says_the_limit() {
    let error = Error::from(OutgoingMessage::new("x".repeat(20_001)).to_params_v1().unwrap_err());
    assert_eq!(error.kind(), &ErrorKind::Params);
    assert!(error.to_string().contains("20001") && error.to_string().contains("20000"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn sizes_never_pass_unnoticed(
        rows in prop::collection::vec(prop::collection::vec("[a-zж\"\\[]{1,40}", 1..6), 1..90),
        stretch in 1..40_usize,
    ) {
        let mut keyboard = Keyboard::new();
        let mut menu = Menu::new();
        let mut attach = Attach::new();
        for row in &rows {
            for text in row {
                menu = menu.item(MenuItem::command(text, "c", text.repeat(stretch)));
                attach = attach.message(text.repeat(stretch));
            }
            keyboard = keyboard.row(row.iter().map(|text| Button::command(text, "c", text.repeat(stretch))));
        }
        let naive: usize = rows.iter().flatten().map(|text| text.chars().count() * stretch).sum();
        for (encoded, limit) in [
            (keyboard.to_v1(), V1),
            (keyboard.to_v2(), V2),
            (menu.to_v1(), V1),
            (attach.to_v1(), V1),
            (attach.to_v2(), V2),
        ] {
            let (Ok(size) | Err(size)) = measured(&encoded, limit);
            prop_assert!(size > naive);
        }
    }
}
