//! Bodies of every kind of event, as the platform posts them, through the program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, path::Path};

use b24bot_tests::{APP, Program, Scripted, bot_toml};
use url::form_urlencoded;

/// Our own bodies, with invented values.
#[tokio::test]
async fn every_kind_of_event_is_taken_and_messages_that_say_thanks_are_liked() {
    let portal = Scripted::start().await;
    let bot = Program::run(&bot_toml(APP)).await;
    let sent =
        post_all(&bot, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core/tests/bodies"), &portal)
            .await;
    assert!(sent > 30, "only {sent} bodies");
    // The portal, since it is on this machine, is also asked whether the application is installed there.
    let calls = portal.asked(4).await;
    let (likes, others): (Vec<_>, Vec<_>) =
        calls.iter().partition(|call| call.path == "/rest/im.message.like");
    let mut liked: Vec<u64> = likes.iter().map(|call| call.params["MESSAGE_ID"].as_u64().unwrap()).collect();
    liked.sort_unstable();
    assert_eq!(liked, [1789, 85331, 85351]);
    assert_eq!(others.iter().map(|call| &*call.path).collect::<Vec<_>>(), ["/rest/app.info"]);
}

/// The platform's own examples, where the folder with them lies beside the repository.
#[tokio::test]
async fn every_documented_event_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bitrix24/events");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none(), "there is no {}", folder.display());
        println!("skipped: there is no {}", folder.display());
        return;
    }
    let portal = Scripted::start().await;
    let bot = Program::run(&bot_toml(APP)).await;
    let sent = post_all(&bot, &folder, &portal).await;
    assert!(sent > 30, "only {sent} bodies");
}

/// Posts every form in a folder, as if it came from that portal, with the token the program knows where it had one.
async fn post_all(bot: &Program, folder: &Path, portal: &Scripted) -> usize {
    let mut sent = 0;
    for path in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if path.extension().is_none_or(|end| end != "form") {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let mut vouched = false;
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(&body) {
            if key == "auth[application_token]" {
                vouched = true;
                form.append_pair(&key, "inventedapplicationtoken0001");
            } else if key.ends_with("[client_endpoint]") {
                form.append_pair(&key, &format!("{}/rest/", portal.url()));
            } else {
                form.append_pair(&key, &value);
            }
        }
        // ONAPPPAYMENT comes without an application token, so nothing vouches for it.
        let expected = if vouched { 200 } else { 403 };
        assert_eq!(bot.post(form.finish()).await.status(), expected, "{}", path.display());
        sent += 1;
    }
    sent
}
