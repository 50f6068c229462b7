//! What a portal costs that was called and is idle again.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use b24bot::{
    actions::{Client, LikeAction, Portals},
    core::{MemberId, MessageId},
};
use tokio::task::JoinSet;

use crate::{
    PER_SECOND,
    figures::{self, Asked},
    limits,
    portal::Portal,
};

/// Longer than connections are kept.
const PATIENCE: Duration = Duration::from_secs(90);

/// The way to one of many portals, which share an address.
pub(crate) fn client(portals: &Portals, address: &str, number: u64) -> Client {
    let member = MemberId::from(format!("inventedmemberid{number:04}"));
    let endpoint = format!("http://{address}/rest/");
    portals.token_client(Some(&member), &endpoint, format!("invented{number:04}").into()).unwrap()
}

pub(crate) fn measure(portals: u64) {
    println!("{portals} portals, three likes each, then nothing");
    let portal = Portal::start(limits(50, PER_SECOND), Duration::ZERO);
    // Each in a process of its own, which nothing else has touched.
    let idle = |how: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["idle", &portal.address, &portals.to_string(), how]).stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    // Few connections, which leave next to nothing: this is what is known of a portal.
    let [apart, together] = ["apart", "together"].map(idle);
    for (name, child) in [("by turns", apart), ("all at once", together)] {
        let told = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        for (count, bytes) in ["the first", "as many others"].into_iter().zip(told.lines()) {
            let each = bytes.parse::<f64>().unwrap() / portals as f64 / 1024.0;
            figures::print(&format!("{name}, {count}"), each, "KiB", 0.0, &Asked::Value(10.0));
        }
    }
}

/// The process that is measured: it tells by how many bytes it has grown once its connections are closed. Then it does
/// the same for as many portals more: what the allocator kept of the first connections serves those too.
#[tokio::main]
pub(crate) async fn like_and_idle(arguments: &[String]) {
    let [address, count, how] = arguments else { panic!("idle ADDRESS PORTALS HOW") };
    let portals = Portals::builder().limits(limits(50, PER_SECOND)).build().unwrap();
    let files = open_files();
    for _ in 0..10 {
        like_thrice(client(&portals, address, 0), 0).await;
    }
    let count: u64 = count.parse().unwrap();
    for first in [1, 1 + count] {
        let before = resident();
        let mut all = JoinSet::new();
        for number in first..first + count {
            all.spawn(like_thrice(client(&portals, address, number), number));
            if how == "apart" {
                all.join_next().await.unwrap().unwrap();
            }
        }
        all.join_all().await;
        let since = Instant::now();
        while open_files() > files {
            assert!(since.elapsed() < PATIENCE, "idle connections are kept");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!("{}", resident() - before);
    }
}

async fn like_thrice(client: Client, number: u64) {
    let like = |nth: u64| client.like(MessageId::from(number * 3 + nth + 1), LikeAction::Plus);
    for answer in <[_; 3]>::from(tokio::join!(like(0), like(1), like(2))) {
        answer.unwrap();
    }
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn resident() -> i64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * 4096
}
