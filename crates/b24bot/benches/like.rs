//! What one message costs: from the portal's POST to the like's arrival back at the portal, one event at a time, with
//! the program itself over real sockets; beside it, what a POST to an endpoint that only reads the body takes.
//! Also how soon the program is ready, and how large it is.
//!
//! `cargo bench -p b24bot --bench like`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench has nobody else to tell")]

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, routing::post};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedSender},
};

const EVENTS: usize = 3000;
const WARM_UP: usize = 300;
const STARTS: usize = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let portal = serve(Router::new().fallback(move |body: Bytes| like(arrived.clone(), body))).await;
    let bare = serve(Router::new().route("/", post(async |body: Bytes| drop(body)))).await;
    let bot = free_address().await;
    let folder = std::env::temp_dir().join(format!("b24bot-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bot.toml"), bot_toml(&portal, &bot)).unwrap();

    let http = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
    let mut starts = Vec::new();
    let mut program = None;
    for _ in 0..STARTS {
        drop(program.take());
        let started = Instant::now();
        program = Some(Program::start(&folder));
        while tokio::net::TcpStream::connect(&bot).await.is_err() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        starts.push(started.elapsed());
    }

    let mut reads = Vec::new();
    let mut likes = Vec::new();
    for id in 0..WARM_UP + EVENTS {
        let body = message(id, &portal);
        let sent = Instant::now();
        http.post(format!("http://{bare}/")).body(body.clone()).send().await.unwrap();
        reads.push(sent.elapsed());
        let sent = Instant::now();
        let answer = http.post(format!("http://{bot}/bitrix24/events")).body(body).send();
        let (answer, liked) = tokio::join!(answer, arrivals.recv());
        assert_eq!(answer.unwrap().status(), 200);
        let (liked_id, at): (usize, Instant) = liked.unwrap();
        assert_eq!(liked_id, id);
        likes.push(at - sent);
    }
    let bytes = std::fs::metadata(env!("CARGO_BIN_EXE_b24bot")).unwrap().len();
    println!("program                       {:.1} MB", bytes as f64 / 1e6);
    println!("start to listening            {}", spread(&mut starts));
    println!("POST to a bare endpoint       {}", spread(&mut reads.split_off(WARM_UP)));
    let (reads, likes) = (median(&mut reads), &mut likes.split_off(WARM_UP));
    println!("POST to the like's arrival    {}", spread(likes));
    println!("ratio of the medians          {:.2}", median(likes).as_secs_f64() / reads.as_secs_f64());
    drop(program);
    std::fs::remove_dir_all(folder).unwrap();
}

/// The program, killed when dropped.
struct Program(std::process::Child);

impl Program {
    fn start(folder: &std::path::Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24bot"));
        command.arg("run").current_dir(folder).env("RUST_LOG", "error").stdout(Stdio::null());
        Self(command.spawn().unwrap())
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
    let id = body["MESSAGE_ID"].as_u64().unwrap();
    arrived.send((usize::try_from(id).unwrap() - 1, at)).unwrap();
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

async fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

fn bot_toml(portal: &str, bot: &str) -> String {
    format!(
        "[bot]\ncode = \"like_bot\"\n[portal]\nwebhook = \"http://{portal}/rest/1/invented/\"\n\
         [server]\nlisten = \"{bot}\"\n[security]\napplication_token = \"inventedapplicationtoken0001\"\n\
         [limits]\nburst = 100000\nper_second = 100000\n[[rule]]\ntext = \"thanks\"\nlike = true\n"
    )
}

/// A recorded body with another id.
fn message(id: usize, portal: &str) -> String {
    include_str!("../../core/tests/bodies/onimbotmessageadd-group.form")
        .replace("85351", &(id + 1).to_string())
        .replace("https%3A%2F%2Fportal.example", &format!("http%3A%2F%2F{portal}"))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn spread(times: &mut [Duration]) -> String {
    let median = median(times);
    let p99 = times[times.len() * 99 / 100];
    format!("median {:.3} ms, p99 {:.3} ms", median.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3)
}
