//! `b24bot inbox`: what failed is listed, shown, handled again and removed, while the bot runs and while it does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{Program, Scripted, bot_toml, eventually, message};
use serde_json::Value;
use tempfile::TempDir;

/// A bot whose store outlives it.
struct Bot {
    config: String,
    folder: TempDir,
}

impl Bot {
    fn of(portal: &Scripted) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("b24bot.db");
        let config = format!("{}\n[store]\npath = '{}'\n", bot_toml(&portal.webhook()), path.display());
        Self { config, folder }
    }

    /// What `b24bot inbox` exits with, prints, and prints to stderr.
    async fn inbox(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let arguments: Vec<&str> = ["inbox"].iter().chain(arguments).copied().collect();
        let output = Program::to_end(&arguments, Some(&self.config), &[("RUST_LOG", "warn")]).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let (code, said, complained) = self.inbox(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {complained}");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Waits until so many are pending and were set aside.
    async fn counts(&self, pending: u64, dead: u64) {
        eventually(&format!("{pending} pending, {dead} dead"), || async {
            let stats = self.json(&["stats", "--json"]).await;
            (stats["pending"] == pending && stats["dead"] == dead).then_some(())
        })
        .await;
    }

    /// The numbers of those that were set aside.
    async fn dead(&self) -> Vec<String> {
        let listed = self.json(&["list", "--json"]).await;
        listed.as_array().unwrap().iter().map(|entry| entry["id"].to_string()).collect()
    }
}

async fn refused(program: &Program, portal: &Scripted, id: u64) {
    portal.then_error(403, "ACCESS_DENIED");
    let asked = portal.calls().len();
    assert_eq!(program.post(message(id, "thanks", "http://127.0.0.1:9")).await.status(), 200);
    portal.asked(asked + 1).await;
}

#[tokio::test]
async fn what_failed_is_looked_at_and_handled_again_while_the_bot_runs() {
    let portal = Scripted::start().await;
    let bot = Bot::of(&portal);
    let (code, said, complained) = bot.inbox(&["list"]).await;
    assert_eq!((code, said.trim()), (Some(0), "nothing was set aside"));
    assert!(complained.contains("there is no store"), "{complained}");

    let program = Program::run(&bot.config).await;
    refused(&program, &portal, 85351).await;
    bot.counts(0, 1).await;
    let (_, table, _) = bot.inbox(&["list"]).await;
    for part in ["ONIMBOTMESSAGEADD", "85351", "chat2157", "ACCESS_DENIED"] {
        assert!(table.contains(part), "no {part} in\n{table}");
    }
    let [id] = &bot.dead().await[..] else { panic!("{table}") };
    let (code, shown, _) = bot.inbox(&["show", id]).await;
    assert_eq!(code, Some(0));
    assert!(shown.contains("Mira Novak") && shown.contains("\"access_token\": \"***\""), "{shown}");
    for secret in ["thebotsowntoken", "theauthorstoken", "inventedapplicationtoken0001", "hushhush"] {
        assert!(!shown.contains(secret) && !table.contains(secret), "{secret} in\n{shown}");
    }
    assert_eq!(bot.json(&["show", id, "--json"]).await["progress"]["attempts"], 1, "refused for good");
    assert_eq!(bot.json(&["list", "--pending", "--json"]).await, serde_json::json!([]));

    let (code, said, _) = bot.inbox(&["retry", id]).await;
    assert_eq!((code, said.contains("1 event is handled again")), (Some(0), true), "{said}");
    assert_eq!(portal.asked(2).await[1].params["MESSAGE_ID"], 85351);
    bot.counts(0, 0).await;
    for gone in [["show", id], ["retry", id], ["purge", id]] {
        let (code, _, complained) = bot.inbox(&gone).await;
        assert_eq!(code, Some(1), "{gone:?}");
        assert!(complained.contains(id.as_str()), "{complained}");
    }
}

#[tokio::test]
async fn what_failed_is_looked_at_and_handled_again_while_the_bot_does_not_run() {
    let portal = Scripted::start().await;
    let bot = Bot::of(&portal);
    let mut program = Program::run(&bot.config).await;
    for id in 1..=3 {
        refused(&program, &portal, id).await;
        bot.counts(0, id).await;
    }
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    assert!(!bot.folder.path().join("b24bot.db.desk.json").exists(), "nobody is there to be asked");

    let dead = bot.dead().await;
    assert_eq!(dead.len(), 3);
    assert_eq!(bot.json(&["list", "--json", "--after", &dead[1]]).await[0]["id"].to_string(), dead[2]);
    assert!(bot.inbox(&["purge", &dead[0]]).await.1.contains("1 event was removed"));
    assert_eq!(bot.inbox(&["show", &dead[1]]).await.0, Some(0));
    assert_eq!(bot.inbox(&["retry", &dead[1]]).await.0, Some(0));
    bot.counts(1, 1).await;

    let program = Program::run(&bot.config).await;
    assert_eq!(portal.asked(4).await[3].params["MESSAGE_ID"], 2);
    bot.counts(0, 1).await;
    refused(&program, &portal, 4).await;
    bot.counts(0, 2).await;
    assert!(bot.inbox(&["purge", "--all-dead"]).await.1.contains("2 events were removed"));
    bot.counts(0, 0).await;
}
