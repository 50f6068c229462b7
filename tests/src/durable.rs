//! A bot whose store outlives it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Program, Recorder};

/// The bot: it likes thanks and answers wishes for tea. Starting it again finds what it left.
#[derive(Debug)]
pub struct Durable {
    config: String,
    folder: TempDir,
}

/// What can be said of the bot besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'text> {
    /// Lines of `[store]`: where it is; a file of its own unless given.
    pub place: Option<&'text str>,
    /// More lines of `[store]`.
    pub store: &'text str,
    /// Lines of `[server]`.
    pub server: &'text str,
    /// Lines of `[retry]`.
    pub retry: &'text str,
}

impl Durable {
    /// A bot in front of that portal, which is not started yet.
    ///
    /// # Panics
    ///
    /// When there can be no folder for it.
    #[must_use]
    pub fn new(portal: &Recorder, terms: Terms<'_>) -> Self {
        let folder = TempDir::new().unwrap();
        let own = format!("path = '{}'", folder.path().join("b24bot.db").display());
        let config = format!(
            r#"
[bot]
code = "like_bot"
type = "supervisor"
api  = "v1"

{webhook}

[server]
listen = "127.0.0.1:0"
{server}

[security]
application_token = "inventedapplicationtoken0001"

[admin]
listen = "127.0.0.1:0"

[limits]
burst = 1000000
per_second = 1000000

[store]
{place}
{store}

[retry]
first_pause = "100ms"
max_pause = "1s"
{retry}

[[rule]]
name = "thanks"
text = "thanks"
like = true

[[rule]]
name  = "tea"
text  = "tea, please"
reply = "Here you are: {{text}}"
"#,
            webhook = portal.webhook(),
            server = terms.server,
            place = terms.place.unwrap_or(&own),
            store = terms.store,
            retry = terms.retry,
        );
        Self { config, folder }
    }

    /// Its `bot.toml`.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Where its store is, unless it was told otherwise.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder().join("b24bot.db")
    }

    /// A folder that lasts as long as this.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it.
    #[must_use]
    pub fn start(&self) -> Program {
        Program::start_file(&crate::program(), &["run"], Some(&self.config), "info")
    }

    /// Starts it; once it takes events.
    pub async fn run(&self) -> Program {
        let program = self.start();
        program.door().await;
        program
    }

    /// The messages that were set aside, and why, as `b24bot inbox` tells.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn aside(&self) -> HashMap<u64, String> {
        let arguments = ["inbox", "list", "--json", "--limit", "1000000"];
        let output = Program::to_end(&arguments, Some(&self.config), &[("RUST_LOG", "warn")]).await;
        let listed: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let why = |entry: &Value| {
            let id = entry["key"].as_str()?.rsplit('/').next()?.parse().ok()?;
            Some((id, entry["progress"]["error"].as_str()?.to_owned()))
        };
        let listed = listed.as_array().unwrap();
        listed.iter().map(|entry| why(entry).unwrap_or_else(|| panic!("{entry}"))).collect()
    }
}

impl Program {
    /// Where it takes events: `127.0.0.1:8080`.
    pub async fn door(&self) -> String {
        self.word_after("address=").await
    }

    /// One of its metrics; `None` if there is none of that name.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let (_, metrics) = self.admin("/metrics").await;
        let mut lines = metrics.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Waits until nothing it has accepted waits any more; how long that took.
    ///
    /// # Panics
    ///
    /// When it takes longer than `patience`.
    pub async fn drained(&self, patience: Duration) -> Duration {
        let begun = tokio::time::Instant::now();
        loop {
            let pending = self.metric("b24bot_inbox_pending").await;
            if pending == Some(0.0) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < patience, "{pending:?} still wait after {patience:?}: {self:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The seed of this run's chance, from `B24BOT_SEED` if it is there. Printed, so that a run can be had again as far
/// as the machine's own chance allows.
///
/// # Panics
///
/// When it is no number.
#[must_use]
pub fn seed(test: &str) -> u64 {
    let seed = match std::env::var("B24BOT_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..1_000_000),
    };
    println!("{test}: B24BOT_SEED={seed}");
    seed
}

/// Says that a test cannot be had on this machine. Where everything must be tried (`CI` is set), that is a failure.
///
/// # Panics
///
/// When `CI` is set.
pub fn skipped(test: &str, why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{test} cannot be tried: {why}");
    println!("{test}: SKIPPED: {why}");
}
