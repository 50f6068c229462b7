use b24bot_rules::Config;

use super::*;

fn config(text: &str) -> Config {
    Config::parse("bot.toml", text, &|_| None).unwrap()
}

const WEBHOOK: &str = "[portal]\nwebhook = 'https://portal.example/rest/1/s3cr3t/'\nbot_token = 'k3y'\n";

#[test]
fn what_is_wanted_comes_from_the_configuration() {
    let server =
        "[server]\npublic_url = 'https://bot.example.com'\n[[command]]\nname = 'help'\ntitle = 'Help'\n";
    let wanted = Wanted::of(&config(&format!("[bot]\ncode = 'tea'\n{WEBHOOK}{server}"))).unwrap();
    assert_eq!(wanted.handler, "https://bot.example.com/bitrix24/events");
    assert_eq!(wanted.commands[0].name, "help");
    assert_eq!(wanted.key.as_ref().unwrap().expose(), "k3y");
    assert!(!format!("{wanted:?}").contains("k3y"));
    let error = Wanted::of(&config(&format!("[bot]\ncode = 'tea'\n{WEBHOOK}"))).unwrap_err();
    assert!(error.to_string().contains("`public_url` in [server]"), "{error}");
    let here = "[bot]\ncode = 'tea'\n[server]\nlisten = '127.0.0.1:8080'\n";
    let local =
        config(&format!("{here}{}", WEBHOOK.replace("https://portal.example", "http://127.0.0.1:9400")));
    assert_eq!(Wanted::of(&local).unwrap().handler, "http://127.0.0.1:8080/bitrix24/events");
    assert!(Wanted::of(&config(&format!("{here}{WEBHOOK}"))).is_err(), "that portal is elsewhere");
    let fetched = Wanted::of(&config(&format!("[bot]\ncode = 'tea'\nmode = 'fetch'\n{WEBHOOK}"))).unwrap();
    assert_eq!(fetched.handler, "");
}

#[test]
fn every_wish_and_no_key_is_in_the_fingerprint() {
    let bot = config("[bot]\ncode = 'tea'\n").bot;
    let wanted = Wanted::new(bot.clone(), "https://bot.example.com/e");
    let first = wanted.fingerprint();
    assert_eq!(first.len(), 32);
    assert_eq!(wanted.clone().key("k3y").fingerprint(), first);
    let mut named = bot.clone();
    named.name = "Tea bot".to_owned();
    let mut seen = vec![first];
    for other in [
        Wanted::new(named, "https://bot.example.com/e"),
        Wanted::new(bot.clone(), "https://bot.example.com/f"),
        Wanted::new(bot.clone(), "https://bot.example.com/e").commands([CommandSettings::new("help")]),
        Wanted::new(bot, "https://bot.example.com/e").commands([CommandSettings::new("help").hidden()]),
    ] {
        assert!(!seen.contains(&other.fingerprint()), "{other:?}");
        seen.push(other.fingerprint());
    }
}

#[test]
fn whatever_is_other_is_a_difference_once_and_for_everyone() {
    let wanted = Wanted::new(config("[bot]\ncode = 'tea'\nname = 'Tea'\n").bot, "https://bot.example/e");
    let there = |change: serde_json::Value| -> Listed {
        let mut bot = json!({
            "id": 5, "code": "tea", "name": "Tea ", "type": "bot", "mode": "webhook",
            "handlers": ["https://bot.example/e"], "own": true,
        });
        bot.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(bot).unwrap()
    };
    let elsewhere = json!(["https://other.example/e"]);
    for (change, expected, has_to_be_told) in [
        (json!({}), &[][..], false),
        // Another bot of the application goes elsewhere; or is it this one?
        (json!({"handlers": ["https://bot.example/e", "https://other.example/e"]}), &[], true),
        (json!({"handlers": []}), &[], true),
        (json!({"handlers": elsewhere}), &[Difference::Handler], true),
        (json!({"mode": "fetch", "handlers": []}), &[Difference::Mode], true),
        (json!({"mode": null, "type": null}), &[], false),
        (json!({"name": "Mate", "type": "openline"}), &[Difference::Name, Difference::Kind], false),
    ] {
        let there = there(change);
        assert_eq!(differences(&wanted, &there), expected, "{there:?}");
        assert_eq!(difference::has_to_be_told(&wanted, &there), has_to_be_told, "{there:?}");
    }
    let kind = changes(&wanted, &there(json!({"type": "openline"}))).unwrap_err();
    assert!(kind.to_string().contains("registered as `openline`"), "{kind}");
}

#[test]
fn a_command_in_code_takes_the_place_of_one_in_the_file() {
    let bot = config("[bot]\ncode = 'tea'\n").bot;
    let wanted = Wanted::new(bot, "")
        .commands([CommandSettings::new("help").title("Help"), CommandSettings::new("tea")])
        .commands([CommandSettings::new("help").title("All I can do")]);
    let names: Vec<_> =
        wanted.commands.iter().map(|command| (command.name.as_str(), command.title.get("en"))).collect();
    assert_eq!(names, [("tea", None), ("help", Some(&"All I can do".to_owned()))]);
}
