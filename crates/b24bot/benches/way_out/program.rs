//! The program itself, and the events it gets.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use b24bot::actions::Limits;
use tokio::net::{TcpListener, TcpStream};

use crate::{bucket::moment, portal::Portal};

/// A bot that likes every message, killed when dropped.
pub(crate) struct Program {
    child: Child,
    folder: PathBuf,
    url: String,
    http: reqwest::Client,
}

impl Program {
    /// Which calls by an inbound webhook.
    pub(crate) async fn start(portal: &Portal, limits: Limits) -> Self {
        Self::start_with(&format!("[portal]\nwebhook = \"{}\"", portal.webhook()), limits).await
    }

    /// Which calls the portals that events come from, with the tokens these bring.
    pub(crate) async fn start_for_many(limits: Limits) -> Self {
        Self::start_with("[app]\nclient_id = \"local.invented0001\"\nclient_secret = \"invented\"", limits)
            .await
    }

    async fn start_with(credentials: &str, limits: Limits) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        // Not the folder for temporary files, which may be in memory.
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("b24bot-bench-{}", moment()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "[bot]\ncode = \"like_bot\"\n{credentials}\n[server]\nlisten = \"{address}\"\n\
             [security]\napplication_token = \"inventedapplicationtoken0001\"\n\
             [limits]\nburst = {}\nper_second = {}\n[[rule]]\nlike = true\n",
            limits.burst, limits.per_second
        );
        std::fs::write(folder.join("bot.toml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24bot"));
        command.arg("run").current_dir(&folder).env("RUST_LOG", "error").stdout(Stdio::null());
        let child = command.spawn().unwrap();
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let http = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
        Self { child, folder, url: format!("http://{address}/bitrix24/events"), http }
    }

    /// The way to post a message to it; what is awaited is its answer.
    pub(crate) fn message(&self, id: u64, dialog: u64) -> reqwest::RequestBuilder {
        self.http.post(&self.url).body(body(id, dialog))
    }

    /// The same of the portal of that number at that address.
    pub(crate) fn message_from(
        &self,
        (number, address): (u64, &str),
        id: u64,
        dialog: u64,
    ) -> reqwest::RequestBuilder {
        let endpoint = format!("http%3A%2F%2F{}%2Frest%2F", address.replace(':', "%3A"));
        let body = body(id, dialog)
            .replace("https%3A%2F%2Fportal.example%2Frest%2F", &endpoint)
            .replace("inventedmemberid0001", &format!("inventedmemberid{number:04}"));
        self.http.post(&self.url).body(body)
    }

    /// The way to post the same to where it is only read.
    pub(crate) fn bare(&self, portal: &Portal, id: u64) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}/bare", portal.address)).body(body(id, 1))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A recorded body with another id and dialog.
fn body(id: u64, dialog: u64) -> String {
    include_str!("../../../core/tests/bodies/onimbotmessageadd-group.form")
        .replace("85351", &id.to_string())
        .replace("=chat2157", &format!("=chat{}", 2000 + dialog))
}

/// Sends, and tells when that began.
pub(crate) async fn post(request: reqwest::RequestBuilder) -> u64 {
    let posted = moment();
    assert_eq!(request.send().await.unwrap().status(), 200);
    posted
}

/// Until so many messages are liked.
pub(crate) async fn until_liked(portal: &mut Portal, likes: u64) {
    let (mut before, mut since) = (0, std::time::Instant::now());
    loop {
        let now = portal.seen().likes;
        if now >= likes {
            return;
        }
        if now > before {
            (before, since) = (now, std::time::Instant::now());
        }
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "{now} of {likes} likes came, then none for a minute"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
