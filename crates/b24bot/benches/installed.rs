//! What ten thousand installed portals cost beside one: how soon the program is ready, how much memory it takes, and how
//! long an event of a portal picked at random takes until its like arrives there. With the program itself over real
//! sockets, an embedded store, and sealed credentials.
//!
//! `cargo bench -p b24bot --bench installed`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench has nobody else to tell")]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes};
use b24bot_actions::{Grant, Installations, SealingKey};
use b24bot_core::{ApplicationTokens, Expected, Secret, States};
use b24bot_store::{EmbeddedOptions, EmbeddedStore};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
};

const PORTALS: usize = 10_000;
const STARTS: usize = 10;
const EVENTS: usize = 2000;
const WARM_UP: usize = 200;
/// How many are written at once: they share syncs of the disk.
const AT_ONCE: usize = 200;

#[tokio::main]
async fn main() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let portal = serve(Router::new().fallback(move |body: Bytes| like(arrived.clone(), body))).await;
    let one = measure(1, &portal, &mut arrivals).await;
    let many = measure(PORTALS, &portal, &mut arrivals).await;
    println!("{:28}{:>12}{:>12}{:>9}", "", "1 portal", format!("{PORTALS}"), "ratio");
    for (at, name) in
        ["start to listening, ms", "memory, MB", "POST to the like, ms, median", "POST to the like, ms, p99"]
            .into_iter()
            .enumerate()
    {
        println!("{name:28}{:>12.3}{:>12.3}{:>9.2}", one[at], many[at], many[at] / one[at]);
    }
}

async fn measure(
    portals: usize,
    portal: &str,
    arrivals: &mut UnboundedReceiver<(usize, Instant)>,
) -> [f64; 4] {
    let folder = std::env::temp_dir().join(format!("b24bot-bench-{}-{portals}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = SealingKey::generate().unwrap();
    let bot = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    std::fs::write(folder.join("bot.toml"), bot_toml(&bot, &key)).unwrap();
    install(&folder.join("b24bot.db"), &key, portals, portal).await;

    let mut starts = Vec::new();
    let mut program = None;
    for _ in 0..STARTS {
        drop(program.take());
        let started = Instant::now();
        program = Some(Program::start(&folder));
        while TcpStream::connect(&bot).await.is_err() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        starts.push(started.elapsed());
    }
    let program = program.unwrap();
    let memory = program.memory();

    let http = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
    let mut likes = Vec::new();
    for id in 1..=WARM_UP + EVENTS {
        let body = message(id, fastrand::usize(..portals));
        let sent = Instant::now();
        let answer = http.post(format!("http://{bot}/bitrix24/events")).body(body).send();
        let (answer, liked) = tokio::join!(answer, arrivals.recv());
        assert_eq!(answer.unwrap().status(), 200);
        let (liked_id, at) = liked.unwrap();
        assert_eq!(liked_id, id);
        likes.push(at - sent);
    }
    drop(program);
    std::fs::remove_dir_all(folder).unwrap();
    let mut likes = likes.split_off(WARM_UP);
    [percentile(&mut starts, 50), memory, percentile(&mut likes, 50), percentile(&mut likes, 99)]
}

/// What is there after so many portals have installed the application.
async fn install(path: &Path, key: &SealingKey, portals: usize, portal: &str) {
    let store = Arc::new(EmbeddedStore::open(path, EmbeddedOptions::default()).unwrap());
    let states: Arc<dyn States> = Arc::<EmbeddedStore>::clone(&store);
    let installations = Installations::open(Arc::clone(&states), key.clone()).await.unwrap();
    let mut writing = JoinSet::new();
    for number in 0..portals {
        if writing.len() >= AT_ONCE {
            writing.join_next().await.unwrap().unwrap();
        }
        let mut grant = Grant::new(member(number), format!("http://{portal}/rest/"), "a".repeat(70));
        grant.refresh_token = Some("r".repeat(70).into());
        grant.scope = vec!["im".to_owned(), "imbot".to_owned()];
        let (installations, states) = (installations.clone(), Arc::clone(&states));
        writing.spawn(async move {
            let token = Secret::from(format!("application{number}"));
            installations.install(grant).await.unwrap();
            let digest = ApplicationTokens::digest(&token).to_vec();
            states.set(&format!("token/{}", member(number)), digest, Expected::Anything).await.unwrap();
        });
    }
    writing.join_all().await;
}

fn member(number: usize) -> String {
    format!("{number:032x}")
}

fn message(id: usize, portal: usize) -> String {
    let params = json!({
        "MESSAGE": "thanks", "MESSAGE_ID": id.to_string(), "DIALOG_ID": "27", "FROM_USER_ID": "27", "MESSAGE_TYPE": "P",
    });
    let bot = json!({
        "BOT_ID": "1001", "BOT_CODE": "like_bot", "access_token": "own", "client_endpoint": "https://portal.example/rest/",
        "expires": 4_000_000_000_u64, "user_id": 1001,
    });
    let auth = json!({ "application_token": format!("application{portal}"), "member_id": member(portal) });
    json!({ "event": "ONIMBOTMESSAGEADD", "data": { "BOT": { "1001": bot }, "PARAMS": params }, "auth": auth }).to_string()
}

/// The program, killed when dropped.
struct Program(Child);

impl Program {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24bot"));
        command.arg("run").current_dir(folder).env("RUST_LOG", "error").stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Resident, in MB; nothing where there is no `/proc`.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.unwrap_or(f64::NAN) / 1e3
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn like(arrived: UnboundedSender<(usize, Instant)>, body: Bytes) -> &'static str {
    let at = Instant::now();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    // The bot is also brought up to date on its portals meanwhile, little by little.
    if let Some(id) = body["MESSAGE_ID"].as_u64() {
        arrived.send((usize::try_from(id).unwrap(), at)).unwrap();
    }
    r#"{"result":true,"time":{"start":1772625907,"finish":1772625908.047015,"operating":0}}"#
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let listener =
        axum::serve::ListenerExt::tap_io(listener, |connection| connection.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn bot_toml(bot: &str, key: &SealingKey) -> String {
    format!(
        "[bot]\ncode = \"like_bot\"\n[app]\nclient_id = \"app.1\"\nclient_secret = \"invented\"\n\
         [server]\nlisten = \"{bot}\"\n[store]\nkey = \"{}\"\n\
         [limits]\nburst = 100000\nper_second = 100000\n[[rule]]\ntext = \"thanks\"\nlike = true\n",
        key.to_text().expose()
    )
}

/// In milliseconds.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[times.len() * percent / 100].as_secs_f64() * 1e3
}
