//! A real browser: Debian's chromium, driven over WebDriver.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::Stdio,
};

use fantoccini::{
    Client, ClientBuilder, Locator, elements::Element, key::Key, wd::WebDriverCompatibleCommand,
};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Program, eventually, skipped};

/// What the browser looks like to the page.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// As in `Accept-Language`.
    pub language: &'static str,
    /// A touch screen, 390 pixels wide.
    pub phone: bool,
    /// The system prefers dark colours.
    pub dark: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { language: "en-US", phone: false, dark: false }
    }
}

/// A browser with one page open.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    shots: PathBuf,
}

/// Opens a page, does something with it, and takes a picture if that fails. In the end the page must have had nothing
/// to complain about. Without a browser the test is skipped.
///
/// # Panics
///
/// When the browser does not start, or the page complains.
pub async fn browse(name: &str, url: &str, look: Look, act: impl AsyncFnOnce(&Browser)) {
    for program in ["chromium", "chromedriver"] {
        let mut ask = std::process::Command::new(program);
        if ask.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return skipped(name, &format!("there is no program {program}"));
        }
    }
    let driver = Program::start_file(Path::new("chromedriver"), &["--port=0"], None, "info");
    let port = driver.word_after("started successfully on port ").await;
    let profile = TempDir::new().unwrap();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let mut builder = ClientBuilder::new(connector);
    let Value::Object(capabilities) = capabilities(profile.path(), look) else { panic!("no capabilities") };
    let client = builder
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
        .await
        .unwrap();
    let browser = Browser { client, shots: shots() };
    let outcome = AssertUnwindSafe(async {
        browser.client.goto(url).await.unwrap();
        act(&browser).await;
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:#?}");
    })
    .catch_unwind()
    .await;
    if outcome.is_err() {
        // That there is no picture must not hide what failed.
        let _ = AssertUnwindSafe(browser.shot(&format!("failed-{name}"))).catch_unwind().await;
    }
    // Before the driver goes, which would leave the browser behind.
    let closed = browser.client.close().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    closed.unwrap();
}

fn capabilities(profile: &Path, look: Look) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--window-size=1280,943".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    if look.dark {
        arguments.push("--force-dark-mode".to_owned());
    }
    let mut options = json!({"args": arguments, "prefs": {"intl.accept_languages": look.language}});
    if look.phone {
        let metrics = json!({"width": 390, "height": 844, "pixelRatio": 2.0, "touch": true, "mobile": true});
        options["mobileEmulation"] = json!({"deviceMetrics": metrics});
    }
    json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}})
}

/// Where pictures are kept: `target/screenshots`.
fn shots() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(3).unwrap().join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Browser {
    /// Waits for an element.
    pub async fn find(&self, css: &str) -> Element {
        let find = || async { self.client.find(Locator::Css(css)).await.ok() };
        eventually(&format!("{css} on the page"), find).await
    }

    /// Waits for an element with this text in it, which can be seen.
    pub async fn see(&self, css: &str, text: &str) -> Element {
        let see = || async {
            for element in self.client.find_all(Locator::Css(css)).await.ok()? {
                if element.text().await.ok()?.contains(text) {
                    return Some(element);
                }
            }
            None
        };
        eventually(&format!("{text:?} in {css}"), see).await
    }

    /// Waits until there is no such element that can be seen.
    pub async fn gone(&self, css: &str) {
        let gone = || async {
            for element in self.client.find_all(Locator::Css(css)).await.ok()? {
                if element.is_displayed().await.ok()? {
                    return None;
                }
            }
            Some(())
        };
        eventually(&format!("no {css} on the page"), gone).await;
    }

    /// Clicks an element with this text, or this label, once it is there.
    ///
    /// # Panics
    ///
    /// When it cannot be clicked.
    pub async fn click(&self, css: &str, text: &str) {
        let click = || async {
            for element in self.client.find_all(Locator::Css(css)).await.ok()? {
                let label = element.attr("aria-label").await.ok()?.unwrap_or_default();
                let seen = element.is_displayed().await.ok()?;
                if seen && (label.contains(text) || element.text().await.ok()?.contains(text)) {
                    return element.click().await.ok();
                }
            }
            None
        };
        eventually(&format!("{text:?} to be clicked in {css}"), click).await;
    }

    /// Goes into a frame: what is looked for from now on is looked for there.
    ///
    /// # Panics
    ///
    /// When it cannot be entered.
    pub async fn enter(&self, css: &str) {
        self.find(css).await.enter_frame().await.unwrap();
    }

    /// Goes out of a frame, to the page it is in.
    ///
    /// # Panics
    ///
    /// When the page is gone.
    pub async fn leave(&self) {
        self.client.enter_parent_frame().await.unwrap();
    }

    /// Types into whatever has the focus.
    ///
    /// # Panics
    ///
    /// When nothing has it.
    pub async fn write(&self, text: &str) {
        self.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// Presses a key.
    pub async fn press(&self, key: Key) {
        self.write(&char::from(key).to_string()).await;
    }

    /// What a script gives.
    ///
    /// # Panics
    ///
    /// When it cannot be run.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Reads the page anew.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Keeps a picture of the page.
    ///
    /// # Panics
    ///
    /// When it cannot be kept.
    pub async fn shot(&self, name: &str) {
        // A focus ring or a menu may still be on its way.
        self.client
            .execute_async("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))", Vec::new())
            .await
            .unwrap();
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(self.shots.join(format!("{name}.png")), picture).unwrap();
    }

    /// What the page, or the browser about it, wrote into the console as an error.
    async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Log).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }
}

/// Chromium's command for what was written into the console.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}
