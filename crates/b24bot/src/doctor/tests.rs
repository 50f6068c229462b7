use b24bot_actions::methods::answers::{App, BoundEvent};
use b24bot_core::BotId;
use b24bot_rules::{Api, Config};
use serde_json::json;

use super::*;
use crate::registration::Listed;

fn wanted() -> Wanted {
    let text = "[bot]\ncode = 'tea'\nname = 'Tea'\n[server]\npublic_url = 'https://bot.example'\n[app]\nclient_id = 'a'\n\
                client_secret = 'b'\n";
    Wanted::of(&Config::parse("bot.toml", text, &|_| None).unwrap()).unwrap()
}

fn listed(change: serde_json::Value) -> Listed {
    let mut bot = json!({
        "id": 5, "code": "tea", "name": "Tea", "type": "bot", "mode": "webhook",
        "handlers": ["https://bot.example/bitrix24/events"], "own": true,
    });
    let serde_json::Value::Object(change) = change else { panic!("{change}") };
    bot.as_object_mut().unwrap().extend(change);
    serde_json::from_value(bot).unwrap()
}

fn words(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn a_bot_as_configured_is_good() {
    let findings = judge::bot(&wanted(), &[listed(json!({}))], Some(BotId::from(5)), false);
    assert!(findings.iter().all(|finding| finding.grade == Grade::Good), "{}", words(&findings));
    let findings = judge::bot(&wanted(), &[listed(json!({"handlers": []}))], None, true);
    assert_eq!(findings.iter().map(|finding| finding.grade).max(), Some(Grade::Note), "{}", words(&findings));
}

#[test]
fn whatever_is_other_than_configured_is_bad_and_says_what_to_do() {
    for (change, found, todo) in [
        (json!({"code": "other"}), "no bot with the code `tea`", "b24bot register"),
        (json!({"own": false}), "belongs to another", "another `code`"),
        (json!({"name": "Coffee"}), "the name is `Coffee` on the portal", "b24bot register"),
        (json!({"mode": "fetch"}), "the mode is `fetch`", "b24bot register"),
        (json!({"type": "supervisor"}), "the type is `supervisor`", "b24bot unregister"),
        (json!({"handlers": ["https://old.example/e"]}), "where events go", "b24bot register"),
        (json!({"id": 6}), "`bot_id` in [portal] is 5", "bot_id = 6"),
    ] {
        let findings = judge::bot(&wanted(), &[listed(change)], Some(BotId::from(5)), false);
        let [finding] = &findings[..] else { panic!("{}", words(&findings)) };
        assert_eq!(finding.grade, Grade::Bad);
        assert!(finding.found.contains(found), "{finding}");
        assert!(finding.todo.as_ref().unwrap().contains(todo), "{finding}");
    }
}

#[test]
fn what_is_left_of_earlier_handlers_is_told() {
    let bound = |handler: &str| -> BoundEvent {
        serde_json::from_value(json!({"event": "ONAPPUPDATE", "handler": handler, "auth_type": 0})).unwrap()
    };
    let there = [bound("https://bot.example/bitrix24/events"), bound("https://old.example/e")];
    let other = listed(json!({"id": 6, "code": "coffee"}));
    let foreign = listed(json!({"id": 7, "code": "theirs", "own": false}));
    let findings = judge::leftovers(&wanted(), &[listed(json!({})), other, foreign], Some(&there));
    let text = words(&findings);
    assert_eq!(findings.len(), 2, "{text}");
    assert!(
        text.contains("`coffee`") && text.contains("ONAPPUPDATE goes to https://old.example/e"),
        "{text}"
    );
}

#[test]
fn missing_scopes_say_what_stops_working() {
    let have = |scopes: &[&str]| -> Vec<String> { scopes.iter().map(|&scope| scope.to_owned()).collect() };
    assert_eq!(judge::scopes(&have(&["im", "imbot", "crm"]), true).grade, Grade::Good);
    let finding = judge::scopes(&have(&["im"]), true);
    assert!(finding.grade == Grade::Bad && finding.found.contains("no registration"), "{finding}");
    let finding = judge::scopes(&have(&["imbot"]), false);
    assert!(finding.found.contains("likes fall back"), "{finding}");
}

#[test]
fn clocks_more_than_a_minute_apart_are_told() {
    assert_eq!(judge::clock(1000.0, 1060.0), None);
    assert_eq!(judge::clock(0.0, 1060.0), None, "the portal did not say");
    let finding = judge::clock(1000.0, 1090.4).unwrap();
    assert!(finding.found.contains("90 seconds ahead"), "{finding}");
    assert!(judge::clock(1090.0, 1000.0).unwrap().found.contains("behind"));
}

#[test]
fn an_application_has_to_be_installed_to_the_end_and_paid_for() {
    let app = |info: serde_json::Value| -> App { serde_json::from_value(info).unwrap() };
    let judged = |info| judge::application(Ok(app(info)));
    assert_eq!(judged(json!({"ID": 1, "INSTALLED": true, "STATUS": "L"})).grade, Grade::Good);
    assert!(judged(json!({"ID": 1, "INSTALLED": false})).todo.unwrap().contains("installFinish"));
    let unpaid = judged(json!({"ID": 1, "INSTALLED": true, "PAYMENT_EXPIRED": "Y"}));
    assert!(unpaid.found.contains("paid"), "{unpaid}");
}

#[test]
fn commands_and_revisions() {
    assert_eq!(judge::commands(&[], 3).grade, Grade::Good);
    assert!(judge::commands(&["command /tea".to_owned()], 3).found.contains("command /tea"));
    assert_eq!(judge::revision(Api::V2, Ok(33)).grade, Grade::Good);
}
