//! `b24bot portal`: what it keeps, and several at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Control, Program};

async fn portal(arguments: &[&str]) -> (Program, Control) {
    let program = Program::start(&[&["portal", "--listen", "127.0.0.1:0"], arguments].concat(), None);
    let url = program.word_after("chat page        ").await;
    program.word_after("Ctrl-C").await;
    (program, Control::at(&url))
}

#[tokio::test]
async fn a_portal_with_a_state_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let arguments = ["--state", file.to_str().unwrap()];
    let (mut first, control) = portal(&arguments).await;
    let said = control.say("chat1", 27, "Keep this").await;
    first.signal("INT");
    assert_eq!(first.ended().await, Some(0));

    let (mut second, control) = portal(&arguments).await;
    let message = control.get(&format!("/control/messages/{said}")).await;
    assert_eq!(message["text"], "Keep this");
    assert_eq!(control.say("chat1", 27, "And this").await, said + 1);
    second.signal("TERM");
    assert_eq!(second.ended().await, Some(0));
}

#[tokio::test]
async fn several_portals_are_printed_and_kept_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let (mut program, control) = portal(&["--portals", "3", "--state", file.to_str().unwrap()]).await;
    let portals = control.get("/control/state").await["portals"].clone();
    let portals: Vec<_> =
        portals.as_array().unwrap().iter().map(|one| one["url"].as_str().unwrap()).collect();
    assert_eq!(portals.len(), 3);
    for url in portals {
        assert!(program.output().contains(&format!("chat page        {url}/")), "{}", program.output());
        Control::at(url).say("chat1", 27, "Hello").await;
    }
    program.signal("INT");
    assert_eq!(program.ended().await, Some(0));
    for name in ["portal.json", "portal.json.2", "portal.json.3"] {
        let state = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(state.contains("Hello"), "{name}");
    }
    let record = Program::to_end(&["portal", "--portals", "2", "--record", "x.jsonl"], None, &[]).await;
    assert_eq!(record.status.code(), Some(2));
}
