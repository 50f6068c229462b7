//! Several bots share the work on a NATS server: one is killed, one stands still and comes back, the server itself is
//! killed. Each test has a server of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are worth knowing")]

use std::{
    collections::HashMap,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use b24bot_tests::{
    Durable, Habits, Kind, Ledger, Load, PATIENCE, Program, Recorder, Tally, Terms, eventually, seed, skipped,
};
use tempfile::TempDir;

/// A NATS server of the test's own.
struct Server {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// Starts one, if there is one to start.
    async fn start(test: &str) -> Option<Self> {
        if Command::new("nats-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            skipped(test, "there is no program nats-server");
            return None;
        }
        // Free now, and hardly taken by another in the next moment.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { folder: TempDir::new().unwrap(), port, process: None };
        server.run().await;
        Some(server)
    }

    async fn run(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-js", "-sd"]).arg(self.folder.path());
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let connected = || async { tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok() };
        eventually("the NATS server", connected).await;
    }

    /// Ends it as a crash does.
    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Lines of `[store]`.
    fn place(&self) -> String {
        format!("nats = \"nats://127.0.0.1:{}\"\nnats_prefix = \"nodes\"", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn doors(nodes: &[&Program]) -> Vec<String> {
    let mut doors = Vec::new();
    for node in nodes {
        doors.push(node.door().await);
    }
    doors
}

/// Waits until all that was acknowledged by now is liked; how long that took.
async fn caught_up(ledger: &Ledger, portal: &Recorder) -> Duration {
    let (begun, before) = (Instant::now(), ledger.acknowledged(Kind::Thanks));
    loop {
        let likes = portal.done().likes;
        let missing: Vec<&u64> = before.iter().filter(|id| !likes.contains_key(id)).collect();
        if missing.is_empty() {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < PATIENCE, "{missing:?} of {} are not liked yet", before.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until others have done the work of a node that has just gone; how long that took.
async fn taken_over(load: &Load, portal: &Recorder) -> Duration {
    let gone = Instant::now();
    // They go on taking in what would be its work.
    tokio::time::sleep(Duration::from_millis(500)).await;
    caught_up(load.ledger(), portal).await;
    let taken_over = gone.elapsed();
    assert!(taken_over < Duration::from_secs(15), "it took {taken_over:?}");
    taken_over
}

/// Waits until nothing waits, and demands what was promised.
async fn demand(test: &str, ledger: &Ledger, portal: &Recorder, bot: &Durable, nodes: &[&Program]) -> Tally {
    // What the nodes know of each other can be a second old.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for node in nodes {
        node.drained(Duration::from_secs(40)).await;
    }
    let aside = bot.aside().await;
    let mut tally = Tally::of(ledger, &portal.done(), &aside);
    late_messages(&mut tally, &aside);
    tally.demand(test);
    tally
}

/// A node can be stopped between its asking whether it may send a message and sending it. Others then set the message
/// aside and go on, and it comes when the node does.
fn late_messages(tally: &mut Tally, aside: &HashMap<u64, String>) {
    let (late, disordered) = tally.disordered.iter().partition(|(_, late)| aside.contains_key(late));
    tally.disordered = disordered;
    let late: Vec<(u64, u64)> = late;
    if !late.is_empty() {
        println!("messages of a node that stood still: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_dies_and_another_stands_still() {
    let Some(server) = Server::start("nodes").await else { return };
    let seed = seed("nodes");
    let portal = Recorder::start().await;
    let place = server.place();
    let bot =
        Durable::new(&portal, Terms { place: Some(&place), retry: "attempts = 100", ..Terms::default() });
    let (mut first, second, third) = tokio::join!(bot.run(), bot.run(), bot.run());
    let load =
        Load::start(Habits { people: 12, pause: Duration::from_millis(40), ..Habits::default() }, seed);
    load.doors(&doors(&[&first, &second, &third]).await);
    // Until the work is divided among them.
    tokio::time::sleep(Duration::from_secs(4)).await;
    println!("nodes: with three nodes all is done {:?} later", caught_up(load.ledger(), &portal).await);

    first.kill().await;
    load.doors(&doors(&[&second, &third]).await);
    let time = taken_over(&load, &portal).await;
    println!("nodes: one killed: its work is taken over and done after {time:?}");

    let fourth = bot.run().await;
    load.doors(&doors(&[&second, &third, &fourth]).await);
    tokio::time::sleep(Duration::from_secs(3)).await;
    third.signal("STOP");
    let stopped = Instant::now();
    load.doors(&doors(&[&second, &fourth]).await);
    let time = taken_over(&load, &portal).await;
    println!("nodes: one stands still: its work is taken over and done after {time:?}");
    tokio::time::sleep(Duration::from_secs(8).saturating_sub(stopped.elapsed())).await;
    third.signal("CONT");
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.doors(&doors(&[&second, &third, &fourth]).await);
    tokio::time::sleep(Duration::from_secs(3)).await;

    let ledger = load.stop().await;
    let tally = demand("nodes", &ledger, &portal, &bot, &[&second, &third, &fourth]).await;
    assert!(tally.acknowledged > 300, "too little was tried: {tally}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_die_one_after_the_other() {
    let Some(server) = Server::start("dying nodes").await else { return };
    let seed = seed("dying nodes");
    let mut chance = fastrand::Rng::with_seed(seed);
    let portal = Recorder::start().await;
    let place = server.place();
    let bot =
        Durable::new(&portal, Terms { place: Some(&place), retry: "attempts = 100", ..Terms::default() });
    let mut nodes = vec![bot.run().await, bot.run().await];
    let load = Load::start(Habits { people: 8, pause: Duration::from_millis(40), ..Habits::default() }, seed);
    for _ in 0..5 {
        load.doors(&doors(&nodes.iter().collect::<Vec<_>>()).await);
        tokio::time::sleep(Duration::from_millis(chance.u64(500..2000))).await;
        let mut victim = nodes.remove(chance.usize(..2));
        victim.kill().await;
        nodes.push(bot.run().await);
    }
    load.doors(&doors(&nodes.iter().collect::<Vec<_>>()).await);
    let caught_up = caught_up(load.ledger(), &portal).await;
    println!("dying nodes: all is done {caught_up:?} after the last one died");
    let ledger = load.stop().await;
    demand("dying nodes", &ledger, &portal, &bot, &nodes.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_dies() {
    let Some(mut server) = Server::start("NATS").await else { return };
    let seed = seed("NATS");
    let portal = Recorder::start().await;
    let place = server.place();
    let bot =
        Durable::new(&portal, Terms { place: Some(&place), retry: "attempts = 100", ..Terms::default() });
    let (first, second) = tokio::join!(bot.run(), bot.run());
    let load = Load::start(Habits { people: 8, pause: Duration::from_millis(40), ..Habits::default() }, seed);
    load.doors(&doors(&[&first, &second]).await);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let refused = load.ledger().refusals().len();
        server.kill();
        let one_more = || async { (load.ledger().refusals().len() > refused).then_some(()) };
        eventually("a refusal", one_more).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(first.admin("/healthz").await.0, 200);
        server.run().await;
        let restarted = Instant::now();
        let known = load.ledger().sent().len();
        let more = || async {
            let sent = load.ledger().sent();
            (sent.values().filter(|sent| sent.acknowledged).count() > known).then_some(())
        };
        eventually("more acknowledged than were sent by then", more).await;
        println!("NATS: restarted: events are taken again, and many, after {:?}", restarted.elapsed());
        println!("NATS: and all is done {:?} later", caught_up(load.ledger(), &portal).await);
    }
    let ledger = load.stop().await;
    let refusals = ledger.refusals();
    assert!(refusals.iter().all(|(status, after)| *status == 503 && after.is_some()), "{refusals:?}");
    demand("NATS", &ledger, &portal, &bot, &[&first, &second]).await;
}
