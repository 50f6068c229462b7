//! Which rules hold for which events, and what they then want done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::time::{Duration, Instant};

use b24bot_core::{Event, Payload, decode};
use b24bot_rules::{Config, EffectKind, MessageView, RuleSet};
use proptest::prelude::*;

fn rules(text: &str) -> RuleSet {
    let text = format!("bot.code = 'b'\n{text}");
    RuleSet::new(Config::parse("bot.toml", &text, &|_| None).unwrap().rules)
}

/// An event of bot 1001, as the platform posts it. What is after the name goes below `data[PARAMS]`.
fn event(name: &str, params: &[(&str, &str)]) -> Event {
    let mut body = format!("event={name}&data[BOT][1001][BOT_ID]=1001&auth[member_id]=m1");
    for (key, value) in params {
        let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        match key.strip_prefix("USER.") {
            Some(key) => body.push_str(&format!("&data[USER][{key}]={value}")),
            None => body.push_str(&format!("&data[PARAMS][{key}]={value}")),
        }
    }
    decode(body.as_bytes()).unwrap().remove(0)
}

/// User 27 writes in a group.
fn message(text: &str) -> Event {
    said("chat5", "27", text, &[])
}

fn said(dialog: &str, user: &str, text: &str, more: &[(&str, &str)]) -> Event {
    let mut params =
        vec![("MESSAGE", text), ("MESSAGE_ID", "7"), ("DIALOG_ID", dialog), ("FROM_USER_ID", user)];
    params.extend_from_slice(more);
    event("ONIMBOTMESSAGEADD", &params)
}

/// The same as another message.
fn numbered(mut event: Event, id: u64) -> Event {
    if let Payload::MessageAdd(message) = &mut event.payload {
        message.id = id.into();
    }
    event
}

#[test]
fn conditions() {
    let private = said("27", "27", "thanks", &[("CHAT_TYPE", "P")]);
    let lines = said("chat9", "27", "thanks", &[("CHAT_TYPE", "L"), ("CHAT_ENTITY_TYPE", "LINES")]);
    let mention = said(
        "chat5",
        "27",
        "thanks",
        &[("MESSAGE_ORIGINAL", "[USER=1001]b[/USER] thanks"), ("MENTIONED_LIST][1001", "1001")],
    );
    let by_system = said("chat5", "27", "thanks", &[("SYSTEM", "Y")]);
    let by_the_bot = said("chat5", "1001", "thanks", &[]);
    let update = event(
        "ONIMBOTMESSAGEUPDATE",
        &[("MESSAGE", "thanks"), ("MESSAGE_ID", "7"), ("DIALOG_ID", "chat5"), ("CHAT_AUTHOR_ID", "27")],
    );
    let thanks = message("thanks");
    #[rustfmt::skip]
    let cases = [
        ("", &thanks, true),
        ("", &by_system, false),
        ("", &by_the_bot, false),
        ("", &update, false),
        ("text = 'thanks'", &message("Many THANKS!"), true),
        ("text = ['x', 'thank you']", &message("thank you"), true),
        ("text = ['x', 'thank you']", &message("thank  you"), false),
        ("text = 'Спасибо'", &message("ОГРОМНОЕ СПАСИБО"), true),
        ("text = 'STRASSE'", &message("die Straße"), true),
        ("text = 'straße'", &message("DIE STRASSE"), true),
        ("text = 'děkuji'", &message("de\u{30c}kuji"), true),
        ("text = 'dekuji'", &message("děkuji"), false),
        ("text = 'thanks'", &by_system, false),
        ("regex = 'than.s'", &thanks, true),
        ("regex = 'THANKS'", &thanks, false),
        ("regex = '(?i)^THANKS$'", &thanks, true),
        ("text = 'thanks'\nregex = 'no'", &thanks, false),
        ("users = 27", &thanks, true),
        ("users = [1, '27']", &thanks, true),
        ("users = [1]", &thanks, false),
        ("not_users = [27]", &thanks, false),
        ("not_users = [1]", &thanks, true),
        ("users = [27]\nnot_users = [27]", &thanks, false),
        ("dialogs = 'chat5'", &thanks, true),
        ("dialogs = ['27', 'Chat5']", &thanks, true),
        ("dialogs = ['27']", &thanks, false),
        ("dialogs = ['27']", &private, true),
        ("chat_types = 'group'", &thanks, true),
        ("chat_types = ['private', 'openline']", &thanks, false),
        ("chat_types = 'private'", &private, true),
        ("chat_types = 'openline'", &lines, true),
        ("chat_types = 'group'", &lines, false),
        ("mentioned = true", &thanks, false),
        ("mentioned = false", &thanks, true),
        ("mentioned = true", &mention, true),
        ("mentioned = false", &mention, false),
        ("event = 'message_update'\ntext = 'thanks'", &update, true),
        ("event = 'message_update'", &thanks, false),
    ];
    for (conditions, event, expected) in cases {
        let rules = rules(&format!("[[rule]]\n{conditions}\nlike = true"));
        let view = MessageView::of(event);
        let holds = view.is_some_and(|view| rules.rules()[0].matches(&view));
        assert_eq!(holds, expected, "{conditions}\n{:?}", event.payload);
        assert_eq!(!rules.decide(event, Instant::now()).is_empty(), expected, "{conditions}");
    }
}

#[test]
fn every_event_has_its_rules() {
    let join = event("ONIMBOTJOINCHAT", &[("DIALOG_ID", "chat5"), ("CHAT_ID", "5"), ("USER_ID", "27")]);
    let deleted = event("ONIMBOTMESSAGEDELETE", &[("MESSAGE_ID", "7"), ("DIALOG_ID", "chat5")]);
    let command = decode(
        b"event=ONIMCOMMANDADD&data[COMMAND][3][BOT_ID]=1001&data[COMMAND][3][COMMAND]=help&data[COMMAND][3][COMMAND_ID]=3\
        &data[COMMAND][3][MESSAGE_ID]=7&data[PARAMS][MESSAGE]=/help&data[PARAMS][MESSAGE_ID]=7\
        &data[PARAMS][DIALOG_ID]=chat5&data[PARAMS][FROM_USER_ID]=27",
    )
    .unwrap()
    .remove(0);
    let reaction = |user: u32| {
        let body = format!(
            "event=ONIMBOTV2REACTIONCHANGE&data[bot][id]=1001&data[reaction]=like&data[action]=set&data[message][id]=7\
            &data[message][text]=thanks&data[message][chatId]=5&data[message][authorId]=42&data[chat][id]=5\
            &data[chat][dialogId]=chat5&data[user][id]={user}"
        );
        decode(body.as_bytes()).unwrap().remove(0)
    };
    let gone = event("ONIMBOTDELETE", &[]);
    let names = |event: &Event| -> Vec<String> {
        let rules = rules(
            "[[rule]]\nname = 'm'\nreply = 'x'\n[[rule]]\nname = 'j'\nevent = 'join_chat'\nreply = 'x'\n\
            [[rule]]\nname = 'd'\nevent = 'message_delete'\nreply = 'x'\n\
            [[rule]]\nname = 'c'\nevent = 'command'\nusers = 27\nreply = 'x'\n\
            [[rule]]\nname = 'r'\nevent = 'reaction_change'\nusers = 27\ntext = 'thanks'\nreply = 'x'\n",
        );
        rules.decide(event, Instant::now()).iter().map(|effect| effect.rule.to_string()).collect()
    };
    assert_eq!(names(&message("x")), ["m"]);
    assert_eq!(names(&join), ["j"]);
    assert_eq!(names(&deleted), ["d"]);
    assert_eq!(names(&command), ["c"]);
    assert_eq!(names(&reaction(27)), ["r"]);
    assert!(names(&reaction(1001)).is_empty(), "a bot that answers its own reactions never ends");
    assert!(names(&gone).is_empty());
}

#[test]
fn rules_act_in_file_order_until_one_stops() {
    let rules = rules(
        "[[rule]]\nname = 'a'\nlike = 'minus'\nreply = 'Hi {user}: {text}'\nreaction = 'fire'\n\
        [[rule]]\nname = 'b'\ntext = 'no'\nlike = true\nstop = true\n\
        [[rule]]\nname = 'c'\nlike = 'auto'\nstop = true\n\
        [[rule]]\nname = 'd'\nlike = true\n",
    );
    let event = said("chat5", "27", "[b]yes[/b]", &[("USER.ID", "27"), ("USER.NAME", "Anna Petrova")]);
    let decided = |rules: &RuleSet, event: &Event| -> Vec<String> {
        let effects = rules.decide(event, Instant::now());
        effects.iter().map(|effect| format!("{}: {:?}", effect.rule, effect.kind)).collect()
    };
    assert_eq!(
        decided(&rules, &event),
        [
            "a: React(MessageId(7), \"fire\")",
            "a: Like(MessageId(7), Minus)",
            "a: Reply(\"Hi Anna Petrova: [\\u{2060}b]yes[\\u{2060}/b]\")",
            "c: Like(MessageId(7), Auto)",
        ]
    );
    assert_eq!(decided(&rules, &message("no")).last().unwrap(), "b: Like(MessageId(7), Plus)");
}

#[test]
fn who_has_no_name_is_a_number() {
    let rules = rules("[[rule]]\nreply = 'Hi {user}'");
    let effects = rules.decide(&message("x"), Instant::now());
    assert_eq!(effects[0].kind, EffectKind::Reply("Hi #27".to_owned()));
}

#[test]
fn a_limit_counts_in_each_dialog_of_each_portal() {
    let rules = rules(
        "[[rule]]\nname = 'a'\ntext = 'x'\nlike = true\nstop = true\nlimit = '2/1m'\n[[rule]]\nname = 'b'\nlike = true",
    );
    let start = Instant::now();
    let acts = |event: &Event, second: u64| {
        let effects =
            rules.decide(&numbered(event.clone(), 100 + second), start + Duration::from_secs(second));
        effects.iter().map(|effect| effect.rule.to_string()).collect::<Vec<_>>().concat()
    };
    let mut elsewhere = said("chat5", "27", "x", &[]);
    elsewhere.portal.member_id = Some("m2".into());
    assert_eq!(acts(&message("x"), 0), "a");
    assert_eq!(acts(&message("y"), 1), "b", "what does not match does not count");
    assert_eq!(acts(&message("x"), 30), "a");
    assert_eq!(acts(&message("x"), 31), "b", "a rule at its limit does not stop either");
    assert_eq!(acts(&said("chat6", "27", "x", &[]), 32), "a");
    assert_eq!(acts(&elsewhere, 33), "a");
    assert_eq!(acts(&message("x"), 60), "a");
    assert_eq!(acts(&message("x"), 61), "b");
    assert_eq!(acts(&message("x"), 90), "a");
    assert_eq!(acts(&message("x"), 90), "a", "the same event, handled again because something failed");
    assert_eq!(acts(&message("x"), 91), "b", "which did not count twice");
}

#[test]
fn the_shipped_rules_like_thanks_and_praise() {
    let rules =
        RuleSet::new(Config::parse_for_local_portal("bot.toml", Config::STARTER, &|_| None).unwrap().rules);
    for text in [
        "Thanks!",
        "thank YOU so much",
        "СПАСИБО большое",
        "Danke schön",
        "Merci beaucoup",
        "¡Gracias!",
        "Muito obrigada",
        "Bardzo dziękuję",
        "Teşekkürler",
        "TEŞEKKÜR EDERIM",
        "Дякую",
        "谢谢你",
        "ありがとうございます",
        "Great job, team",
        "Отличная работа",
    ] {
        let effects = rules.decide(&message(text), Instant::now());
        assert_eq!(effects.len(), 1, "{text}: {effects:?}");
    }
    for text in ["hello", "when is the meeting?", "работа", ""] {
        assert!(rules.decide(&message(text), Instant::now()).is_empty(), "{text}");
    }
}

proptest! {
    /// `text` finds what it is made of, whatever surrounds it and however it is capitalized.
    #[test]
    fn text_is_found_in_any_surroundings(
        word in "[a-zа-яα-ωäöüßçñ]{1,8}",
        before in "([ .,!]|[A-Z]{1,5} )?",
        after in "([ .,!].{0,10})?",
        upper in any::<bool>(),
    ) {
        let rules = rules(&format!("[[rule]]\ntext = ['{word}']\nlike = true"));
        let word = if upper { word.to_uppercase() } else { word };
        let event = message(&format!("{before}{word}{after}"));
        prop_assert_eq!(rules.decide(&event, Instant::now()).len(), 1);
    }

    /// Whatever the rules: effects come in file order, none after one that stops, and no more often than allowed.
    #[test]
    fn decisions_keep_order_stops_and_limits(
        written in proptest::collection::vec((0..3_u8, any::<bool>(), 0..3_u32), 0..6),
        words in proptest::collection::vec(0..3_u8, 1..20),
    ) {
        let text: String = written.iter().enumerate().map(|(number, (word, stop, limit))| {
            let limit = if *limit == 0 { String::new() } else { format!("limit = '{limit}/1h'\n") };
            format!("[[rule]]\nname = '{number}'\ntext = 'w{word}'\nlike = true\nstop = {stop}\n{limit}")
        }).collect();
        let rules = rules(&text);
        let now = Instant::now();
        let mut acted = vec![0_u32; written.len()];
        for (id, word) in (1..).zip(words) {
            let expected: Vec<usize> = {
                let mut expected = Vec::new();
                for (number, (asked, stop, limit)) in written.iter().enumerate() {
                    if *asked == word && (*limit == 0 || acted[number] < *limit) {
                        acted[number] += 1;
                        expected.push(number);
                        if *stop {
                            break;
                        }
                    }
                }
                expected
            };
            let effects = rules.decide(&numbered(message(&format!("w{word}")), id), now);
            let found: Vec<usize> = effects.iter().map(|effect| effect.rule.parse().unwrap()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
