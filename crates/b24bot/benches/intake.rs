//! How many events are taken a second, from the socket to a handler that has handled them all: with the store in memory, with the durable
//! one, and beside them a bare axum endpoint that only reads the body. 64 connections, recorded bodies, the servers in
//! processes of their own. Also the memory of the durable one after 10 thousand and after a million events.
//!
//! `cargo bench -p b24bot --bench intake`; with `-- --folder DIR` the store is there, and with `-- --quick` there is no
//! million.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench has nobody else to tell"
)]

use std::{
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, routing::post};
use b24bot::{Bot, prelude::*, rules::Config, store::MemoryStore};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The program's own, for all servers alike.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: u64 = 64;
const WARM_UP: u64 = 4_000;
/// In a round: few, so that what else the machine does meets all servers alike.
const EVENTS: u64 = 16_000;
const ROUNDS: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "serve") {
        return serve(&arguments[place + 1], Path::new(&arguments[place + 2]));
    }
    let folder = arguments.iter().position(|argument| argument == "--folder");
    // Not the folder for temporary files, which may be in memory.
    let folder = folder
        .map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), |place| PathBuf::from(&arguments[place + 1]));
    let folder = folder.join(format!("b24bot-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measure(&folder, quick));
    std::fs::remove_dir_all(folder).unwrap();
}

async fn measure(folder: &Path, quick: bool) {
    let mut servers = ["bare", "memory", "durable"].map(|what| Server::start(what, folder));
    for server in &mut servers {
        server.load(WARM_UP).await;
    }
    println!("fsync of 4 KB                 {:.3} ms", fsync(folder).as_secs_f64() * 1e3);
    let mut rates = [const { Vec::new() }; 3];
    let mut medians = [const { Vec::new() }; 3];
    let mut slowest = [const { Vec::new() }; 3];
    let mut busy = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        for place in 0..3 {
            let at = (place + round) % 3;
            let server = &mut servers[at];
            let before = server.busy();
            let load = server.load(EVENTS).await;
            busy[at].push((server.busy() - before) * 1e6 / EVENTS as f64);
            rates[at].push(EVENTS as f64 / load.took.as_secs_f64());
            medians[at].push(percentile(&load.latencies, 50));
            slowest[at].push(percentile(&load.latencies, 99));
        }
    }
    for (at, server) in servers.iter().enumerate() {
        println!(
            "{:<8} {:>7.0} events/s  {:.2} of bare  p50 {:.2} ms  p99 {:.2} ms  CPU {:.1} µs an event  {:.1} MB",
            server.what,
            median(&rates[at]),
            ratio(&rates[at], &rates[0]),
            median(&medians[at]),
            median(&slowest[at]),
            median(&busy[at]),
            server.resident(),
        );
    }
    println!("durable / memory              {:.2}", ratio(&rates[2], &rates[1]));
    println!("memory's rate / bare's        {:.2}  least asked 0.60", ratio(&rates[1], &rates[0]));
    println!("memory's p99 / bare's         {:.2}  most asked 3.00", ratio(&slowest[1], &slowest[0]));
    println!("durable's rate / bare's       {:.2}  least asked 0.30", ratio(&rates[2], &rates[0]));
    drop(servers);
    if quick {
        return;
    }
    let mut durable = Server::start("durable", &folder.join("million"));
    durable.load(10_000).await;
    println!("durable after    10,000 events  {:.1} MB", durable.resident());
    durable.load(990_000).await;
    println!("durable after 1,000,000 events  {:.1} MB", durable.resident());
}

/// A server in a process of its own, which ends when its input does.
struct Server {
    what: &'static str,
    address: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
}

struct Load {
    took: Duration,
    latencies: Vec<f64>,
}

impl Server {
    fn start(what: &'static str, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["serve", what]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        Self { what, address: address.trim().to_owned(), child, input, output, next: 0 }
    }

    /// How many events have been handled.
    fn handled(&mut self) -> u64 {
        self.input.write_all(b"?\n").unwrap();
        let mut handled = String::new();
        self.output.read_line(&mut handled).unwrap();
        handled.trim().parse().unwrap()
    }

    /// Posts so many events, over all connections, and waits until all are acknowledged and handled.
    async fn load(&mut self, events: u64) -> Load {
        let last = self.next + events;
        let next = Arc::new(AtomicU64::new(self.next));
        self.next = last;
        let started = Instant::now();
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|number| tokio::spawn(post_all(self.address.clone(), number, Arc::clone(&next), last)))
            .collect();
        let mut latencies = Vec::new();
        for connection in connections {
            latencies.extend(connection.await.unwrap());
        }
        while self.what != "bare" && self.handled() < self.next {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Load { took: started.elapsed(), latencies }
    }

    /// The seconds it has computed for, all threads together, as the system counts them: in hundredths.
    fn busy(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // After the name, which is in brackets: user and system time are the 12th and the 13th.
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        times.filter_map(|time| time.parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    /// Megabytes.
    fn resident(&self) -> f64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(f64::NAN);
        pages * 4096.0 / 1e6
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection: a request, its answer, the next request. No client library, so that the load takes as little of the
/// machine as it can.
async fn post_all(address: String, number: u64, next: Arc<AtomicU64>, last: u64) -> Vec<f64> {
    const BODIES: [&str; 2] = [
        include_str!("../../core/tests/bodies/onimbotmessageadd-group.form"),
        include_str!("../../core/tests/bodies/onimbotv2messageadd.form"),
    ];
    let mut connection = TcpStream::connect(&address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    let mut latencies = Vec::new();
    let mut answer = vec![0; 4096];
    loop {
        let id = next.fetch_add(1, Ordering::Relaxed);
        if id >= last {
            return latencies;
        }
        // A dialog for each connection, and ids of one length.
        let body = BODIES[usize::try_from(id).unwrap() % 2]
            .replace("MESSAGE_ID%5D=85351", &format!("MESSAGE_ID%5D={}", 100_000_000 + id))
            .replace("message%5D%5Bid%5D=1789", &format!("message%5D%5Bid%5D={}", 100_000_000 + id))
            .replace("=chat2157", &format!("=chat{}", 2000 + number))
            .replace("=chat5&", &format!("=chat{}&", 2000 + number));
        let head = format!(
            "POST /bitrix24/events HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let request = head + &body;
        let sent = Instant::now();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        while !answer[..length].windows(4).any(|end| end == b"\r\n\r\n") {
            let read = connection.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0, "the connection broke");
            length += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        latencies.push(sent.elapsed().as_secs_f64() * 1e3);
    }
}

/// Handles every message, and does nothing about it.
struct Content;

static HANDLED: AtomicU64 = AtomicU64::new(0);

#[async_trait]
impl Handler for Content {
    async fn on_message(&self, _: &Context, _: &Message) -> Result {
        HANDLED.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::main]
async fn serve(what: &str, folder: &Path) {
    if what == "bare" {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let router = Router::new().route("/bitrix24/events", post(async |body: Bytes| drop(body)));
        let listener =
            axum::serve::ListenerExt::tap_io(listener, |connection| connection.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        return wait().await;
    }
    let text = format!(
        "[bot]\ncode = \"like_bot\"\n[server]\nlisten = \"127.0.0.1:0\"\n[security]\n\
         application_token = \"inventedapplicationtoken0001\"\n[store]\npath = \"{}\"\n",
        folder.join("b24bot.db").display()
    );
    let bot = Bot::new(Config::parse("bot.toml", &text, &|_| None).unwrap()).unwrap().handler(Content);
    let bot = if what == "memory" { bot.store(Arc::new(MemoryStore::default())) } else { bot };
    let running = bot.start().await.unwrap();
    println!("{}", running.address().unwrap());
    wait().await;
}

/// Until whoever started this process is done with it; tells how many events were handled when asked.
async fn wait() {
    let mut questions = tokio::io::BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(_)) = questions.next_line().await {
        println!("{}", HANDLED.load(Ordering::Relaxed));
    }
}

/// What the disk takes: the median of a few.
fn fsync(folder: &Path) -> Duration {
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let times: Vec<f64> = (0..50)
        .map(|_| {
            file.write_all(&[7; 4096]).unwrap();
            let started = Instant::now();
            file.sync_data().unwrap();
            started.elapsed().as_secs_f64()
        })
        .collect();
    Duration::from_secs_f64(median(&times))
}

/// The median of what each round says.
fn ratio(these: &[f64], those: &[f64]) -> f64 {
    median(&these.iter().zip(those).map(|(this, that)| this / that).collect::<Vec<_>>())
}

fn median(numbers: &[f64]) -> f64 {
    percentile(numbers, 50)
}

fn percentile(numbers: &[f64], percent: usize) -> f64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(f64::total_cmp);
    numbers[(numbers.len() * percent / 100).min(numbers.len() - 1)]
}
