//! What the end-to-end tests stand on: the real program, a portal that answers as told, one that counts, people who
//! write to the bot, and the local portal's control API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "tests of chance print their figures")]

mod browser;
mod control;
mod durable;
mod load;
mod pages;
mod program;
mod recorder;
mod scripted;
mod tally;

use std::{future::Future, time::Duration};

pub use browser::{Browser, Look, browse};
pub use control::Control;
pub use durable::{Durable, Terms, seed, skipped};
pub use fantoccini::key::Key;
pub use load::{Habits, Kind, Ledger, Load, Sent, event};
pub use pages::{Pages, Visit};
pub use program::{Program, example, program};
pub use recorder::{Act, Done, Mood, Recorder};
pub use scripted::{Call, Scripted};
pub use tally::Tally;

/// How long anything may take on a busy machine before a test gives it up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is something; names what never came.
///
/// # Panics
///
/// When it does not come in time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A bot that likes thanks, at any free port.
#[must_use]
pub fn bot_toml(credentials: &str) -> String {
    format!(
        r#"
[bot]
code = "like_bot"
name = "Like bot"
type = "supervisor"
api  = "v1"

{credentials}

[server]
listen = "127.0.0.1:0"

[security]
application_token = "inventedapplicationtoken0001"

[admin]
listen = "127.0.0.1:0"

[[rule]]
name = "thanks"
text = ["thanks", "thank you"]
like = true

[[rule]]
name  = "tea"
text  = "tea, please"
reply = "Here you are, {{user}}"
"#
    )
}

/// `[app]` credentials: calls are made with the bot's own token from the event. Its authorization server comes before the
/// vendor's and is never there, so that no test asks anybody outside of this machine.
pub const APP: &str = "[app]\nclient_id = \"local.invented0001\"\nclient_secret = \"invented\"\n\
                       authorization_servers = [\"http://127.0.0.1:1\"]";

/// A message event as the platform posts it, for the bot 1567 on the portal at that address.
#[must_use]
pub fn message(id: u64, text: &str, portal: &str) -> String {
    let endpoint = format!("{portal}/rest/");
    let pairs = [
        ("event", "ONIMBOTMESSAGEADD"),
        ("data[BOT][1567][BOT_ID]", "1567"),
        ("data[BOT][1567][BOT_CODE]", "like_bot"),
        ("data[BOT][1567][access_token]", "thebotsowntoken"),
        ("data[BOT][1567][client_endpoint]", &endpoint),
        ("data[PARAMS][MESSAGE]", text),
        ("data[PARAMS][MESSAGE_ID]", &id.to_string()),
        ("data[PARAMS][DIALOG_ID]", "chat2157"),
        ("data[PARAMS][FROM_USER_ID]", "1027"),
        ("data[PARAMS][CHAT_TYPE]", "C"),
        ("data[USER][ID]", "1027"),
        ("data[USER][NAME]", "Mira Novak"),
        ("ts", "1771940028"),
        ("auth[access_token]", "theauthorstoken"),
        ("auth[client_endpoint]", &endpoint),
        ("auth[member_id]", "inventedmemberid0001"),
        ("auth[application_token]", "inventedapplicationtoken0001"),
    ];
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
