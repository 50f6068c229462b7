//! Many portals, one bot: what one of them does is not felt by the others, and an operator can pause or remove it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use b24bot_tests::{APP, Control, Program, Scripted, bot_toml, eventually, message};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A portal by its member id.
struct Portal {
    id: &'static str,
    scripted: Scripted,
}

impl Portal {
    async fn start(id: &'static str) -> Self {
        Self { id, scripted: Scripted::start().await }
    }

    /// Thanks in one of its dialogs.
    fn thanks(&self, id: u64, dialog: u64) -> String {
        message(id, "thanks", self.scripted.url())
            .replace("inventedmemberid0001", self.id)
            .replace("chat2157", &format!("chat{dialog}"))
    }

    /// The messages that were to be liked there so far.
    fn liked(&self) -> Vec<u64> {
        self.scripted.calls().iter().filter_map(|call| call.params["MESSAGE_ID"].as_u64()).collect()
    }
}

/// A bot of any number of portals, whose store outlives it.
struct Bot {
    config: String,
    _folder: TempDir,
}

impl Bot {
    fn new(store: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("b24bot.db");
        let config = format!("{}\n[store]\npath = '{}'\n{store}\n", bot_toml(APP), path.display());
        Self { config, _folder: folder }
    }

    async fn portals(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let arguments: Vec<&str> = ["portals"].iter().chain(arguments).copied().collect();
        let output = Program::to_end(&arguments, Some(&self.config), &[("RUST_LOG", "warn")]).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let (code, said, complained) = self.portals(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {complained}");
        said
    }

    async fn listed(&self) -> Vec<Value> {
        serde_json::from_str(&self.done(&["list", "--json"]).await).unwrap()
    }

    /// Waits until that portal is listed with so many pending.
    async fn pending(&self, portal: &str, pending: u64) -> Value {
        eventually(&format!("{pending} pending of {portal}"), || async {
            let listed = self.listed().await;
            listed.into_iter().find(|listed| listed["portal"] == portal && listed["pending"] == pending)
        })
        .await
    }
}

async fn accepted(program: &Program, body: String) {
    assert_eq!(program.post(body).await.status(), 200);
}

/// Some twenty dialogs, each of which lets its calls wait beside each other, could once take all the places there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_stuck_and_flooded_keeps_no_other_waiting() {
    const DIALOGS: u64 = 25;
    const EACH: u64 = 200;
    let (stuck, well) = (Portal::start("stuckportal").await, Portal::start("wellportal").await);
    stuck.scripted.close();
    let program = Program::run_logging(&Bot::new("").config, "warn,b24bot::running=info").await;
    let url = format!("http://{}/bitrix24/events", program.word_after("address=").await);
    let mut posting = tokio::task::JoinSet::new();
    for dialog in 1..=DIALOGS {
        let bodies: Vec<String> = (1..=EACH).map(|nth| stuck.thanks(dialog * 1_000 + nth, dialog)).collect();
        let (url, http) = (url.clone(), reqwest::Client::new());
        posting.spawn(async move {
            for body in bodies {
                assert_eq!(http.post(&url).body(body).send().await.unwrap().status(), 200);
            }
        });
    }
    posting.join_all().await;
    stuck.scripted.asked(1).await;
    for id in 1..=10 {
        accepted(&program, well.thanks(id, id % 3)).await;
    }
    let calls = well.scripted.asked(10).await;
    assert_eq!(calls.len(), 10);
    let pending = program.metric("b24bot_inbox_pending").await.unwrap();
    assert!(pending >= (DIALOGS * EACH) as f64, "the stuck portal has answered nothing: {pending}");
}

#[tokio::test]
async fn a_flood_takes_its_share_of_the_store_and_only_its_portal_is_refused() {
    let (flood, well) = (Portal::start("floodportal").await, Portal::start("wellportal").await);
    flood.scripted.close();
    let bot = Bot::new("max_events = 20");
    let mut program = Program::run(&bot.config).await;
    for id in 1..=10 {
        accepted(&program, flood.thanks(id, id)).await;
    }
    for restarted in [false, true] {
        if restarted {
            program.kill().await;
            program = Program::run(&bot.config).await;
        }
        for id in 11..=12 {
            let refused = program.post(flood.thanks(id, id)).await;
            assert_eq!(refused.status(), 503);
            assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
            assert!(refused.text().await.unwrap().contains("of this portal"));
            let id = id + if restarted { 100 } else { 0 };
            accepted(&program, well.thanks(id, id)).await;
        }
        accepted(&program, flood.thanks(5, 5)).await;
        assert_eq!(program.metric("b24bot_store_share_refusals_total").await, Some(2.0));
    }
    well.scripted.asked(4).await;
    flood.scripted.open();
    eventually("nothing pending", || async {
        (program.metric("b24bot_inbox_pending").await == Some(0.0)).then_some(())
    })
    .await;
    accepted(&program, flood.thanks(13, 13)).await;
}

#[tokio::test]
async fn a_portal_is_paused_resumed_and_removed_while_the_bot_runs_and_while_it_does_not() {
    let (some, other) = (Portal::start("someportal").await, Portal::start("otherportal").await);
    let bot = Bot::new("");
    let (code, said, complained) = bot.portals(&["list"]).await;
    assert_eq!((code, said.trim()), (Some(0), "there is no portal"));
    assert!(complained.contains("there is no store"), "{complained}");

    let mut program = Program::run(&bot.config).await;
    let (code, said, complained) = bot.portals(&["pause", "someportal"]).await;
    assert_eq!((code, said.trim()), (Some(0), "someportal is paused"));
    assert!(complained.contains("nothing is known"), "{complained}");
    assert!(bot.done(&["pause", "someportal"]).await.contains("paused already"));
    assert_eq!(program.metric("b24bot_portals_paused").await, Some(1.0));
    for id in 1..=3 {
        accepted(&program, some.thanks(id, 1)).await;
    }
    accepted(&program, other.thanks(4, 1)).await;
    other.scripted.asked(1).await;
    let listed = bot.pending("someportal", 3).await;
    assert!(listed["paused_at"].as_u64() > Some(0) && listed["state"] == "not_installed", "{listed}");
    let table = bot.done(&["list"]).await;
    assert!(table.contains("PORTAL") && table.contains("paused"), "{table}");
    assert!(bot.done(&["show", "someportal"]).await.contains("paused"));
    let (code, _, complained) = bot.portals(&["show", "nosuchportal"]).await;
    assert_eq!((code, complained.contains("nosuchportal")), (Some(1), true));

    // It lasts.
    program.kill().await;
    assert!(bot.listed().await[0]["paused_at"].is_u64(), "while the bot does not run");
    program = Program::run(&bot.config).await;
    assert_eq!(program.metric("b24bot_portals_paused").await, Some(1.0));
    accepted(&program, other.thanks(5, 1)).await;
    other.scripted.asked(2).await;
    assert_eq!(some.liked(), [0; 0]);
    assert!(bot.done(&["resume", "someportal"]).await.contains("goes on"));
    some.scripted.asked(3).await;
    assert_eq!(some.liked(), [1, 2, 3]);
    let (code, ..) = bot.portals(&["resume", "someportal"]).await;
    assert_eq!(code, Some(1), "nothing is known of it any more");

    bot.done(&["pause", "someportal"]).await;
    for id in 11..=13 {
        accepted(&program, some.thanks(id, id)).await;
    }
    let (code, _, complained) = bot.portals(&["remove", "someportal"]).await;
    assert_eq!((code, complained.contains("--yes")), (Some(1), true), "{complained}");
    let said = bot.done(&["remove", "someportal", "--yes"]).await;
    assert!(said.contains("events: 3"), "{said}");
    assert_eq!(program.metric("b24bot_portals_paused").await, Some(0.0));
    assert_eq!(bot.listed().await, [Value::Null; 0]);
    // The configured application token vouches for it all the same.
    accepted(&program, some.thanks(14, 1)).await;
    some.scripted.asked(4).await;
    assert_eq!(some.liked(), [1, 2, 3, 14]);

    other.scripted.close();
    accepted(&program, other.thanks(21, 1)).await;
    other.scripted.asked(3).await;
    program.kill().await;
    assert!(bot.done(&["pause", "otherportal"]).await.contains("is paused"));
    program = Program::run(&bot.config).await;
    bot.pending("otherportal", 1).await;
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0), "what a pause keeps is not waited for");
    assert!(bot.done(&["remove", "otherportal", "--yes"]).await.contains("events: 1"));
    assert_eq!(bot.listed().await, [Value::Null; 0]);
}

#[tokio::test]
async fn an_installed_portal_is_found_by_its_domain_while_the_bot_does_not_run() {
    let portal = Program::start(&["portal", "--listen", "127.0.0.1:0"], None);
    let url = portal.word_after("chat page        ").await.trim_end_matches('/').to_owned();
    let domain = url.strip_prefix("http://").unwrap();
    let mut bot = Bot::new("");
    bot.config = bot.config.replace("[security]\napplication_token = \"inventedapplicationtoken0001\"", "");
    let mut program = Program::run(&bot.config).await;
    let handler = format!("http://{}/bitrix24/events", program.word_after("address=").await);
    let wanted = json!({"client_id": "local.invented0001", "client_secret": "invented", "handler": handler});
    let installed = Control::at(&url).post("/control/applications", &wanted).await;
    let member = installed["member_id"].as_str().unwrap();
    let running = eventually("the bot on the portal", || async {
        bot.listed().await.into_iter().find(|listed| listed["bot"].is_u64())
    })
    .await;
    assert_eq!((&running["portal"], &running["domain"]), (&json!(member), &json!(domain)));

    program.kill().await;
    let shown: Value = serde_json::from_str(&bot.done(&["show", domain, "--json"]).await).unwrap();
    for same in ["portal", "domain", "bot", "installed_at", "state"] {
        assert_eq!(shown[same], running[same], "{same}");
    }
    assert_eq!(bot.done(&["pause", domain]).await.trim(), format!("{member} is paused"));
    // What is sealed stays so where the bot's environment is missing; the rest is told.
    bot.config = bot.config.replace("\"invented\"", "\"${NOT_SET}\"");
    let listed = bot.listed().await;
    assert_eq!((&listed[0]["portal"], &listed[0]["state"]), (&json!(member), &json!("unreadable")));
    bot.done(&["resume", member]).await;
}
