//! The program itself.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Arc, Mutex, OnceLock},
};

use reqwest::Response;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
};

use crate::eventually;

/// The program, built as the tests are; built anew if it is not up to date.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn program() -> PathBuf {
    built().join(format!("b24bot{}", std::env::consts::EXE_SUFFIX))
}

/// An example, likewise.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    built().join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let folder = tests.ancestors().nth(2).unwrap();
        let mut build = std::process::Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "-p", "b24bot", "-p", "b24bot-examples", "--bins", "--examples"]);
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build.arg("--target-dir").arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the program does not build");
        folder.to_owned()
    })
}

/// A program that runs in a directory of its own, until it is dropped.
pub struct Program {
    child: Child,
    folder: TempDir,
    output: Arc<Mutex<String>>,
}

impl Program {
    /// Starts it with that `bot.toml`, if any, in an otherwise empty directory.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(arguments: &[&str], bot_toml: Option<&str>) -> Self {
        Self::start_file(&program(), arguments, bot_toml, "info")
    }

    /// Starts any file so.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start_file(file: &Path, arguments: &[&str], bot_toml: Option<&str>, log: &str) -> Self {
        let folder = TempDir::new().unwrap();
        if let Some(text) = bot_toml {
            std::fs::write(folder.path().join("bot.toml"), text).unwrap();
        }
        let mut child = clean(file)
            .args(arguments)
            .current_dir(folder.path())
            .env("RUST_LOG", log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), Arc::clone(&output));
        collect(child.stderr.take().unwrap(), Arc::clone(&output));
        Self { child, folder, output }
    }

    /// `b24bot run`, once it takes events.
    pub async fn run(bot_toml: &str) -> Self {
        Self::run_logging(bot_toml, "info").await
    }

    /// The same, with another level of its log.
    pub async fn run_logging(bot_toml: &str, log: &str) -> Self {
        let file = program();
        let program = Self::start_file(&file, &["run"], Some(bot_toml), log);
        program.word_after("address=").await;
        program
    }

    /// All that it has printed, to either side.
    ///
    /// # Panics
    ///
    /// Never, unless another thread did.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Its working directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it prints after that, up to white space.
    pub async fn word_after(&self, what: &str) -> String {
        let word = || async {
            let output = self.output();
            let (_, after) = output.split_once(what)?;
            let end = after.find(char::is_whitespace)?;
            Some(after[..end].trim_matches('"').to_owned())
        };
        eventually(&format!("{what:?} in the program's output"), word).await
    }

    /// Posts a body to its endpoint.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let url = format!("http://{}/bitrix24/events", self.word_after("address=").await);
        reqwest::Client::new().post(url).body(body).send().await.unwrap()
    }

    /// Asks its admin side.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    pub async fn admin(&self, path: &str) -> (u16, String) {
        let response =
            reqwest::get(format!("http://{}{path}", self.word_after("admin=").await)).await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The number of its process.
    ///
    /// # Panics
    ///
    /// When it is gone.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends a signal by name.
    ///
    /// # Panics
    ///
    /// When it is gone.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Ends it in this moment, as `kill -9` does.
    ///
    /// # Panics
    ///
    /// When it cannot be ended.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end; the exit code.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub async fn ended(&mut self) -> Option<i32> {
        tokio::time::timeout(crate::PATIENCE, self.child.wait()).await.unwrap().unwrap().code()
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn to_end(arguments: &[&str], bot_toml: Option<&str>, env: &[(&str, &str)]) -> Output {
        let folder = TempDir::new().unwrap();
        if let Some(text) = bot_toml {
            std::fs::write(folder.path().join("bot.toml"), text).unwrap();
        }
        let mut command = clean(&program());
        command.args(arguments).current_dir(folder.path()).envs(env.iter().copied()).kill_on_drop(true);
        tokio::time::timeout(crate::PATIENCE, command.output()).await.unwrap().unwrap()
    }
}

/// Without what the shell that runs the tests may have set.
fn clean(file: &Path) -> Command {
    let mut command = Command::new(file);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("B24_") || text == "RUST_LOG" || text.to_lowercase().ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    command.env("NO_COLOR", "1");
    command
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, into: Arc<Mutex<String>>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut output = into.lock().unwrap();
            output.push_str(&line);
            output.push('\n');
        }
    });
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.output())
    }
}
