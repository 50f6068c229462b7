//! Portals beside one that takes requests and never answers.

use std::time::{Duration, Instant};

use b24bot::{
    actions::{Client, LikeAction, Portals},
    core::MessageId,
};
use tokio::task::JoinSet;

use crate::{
    PER_SECOND,
    figures::{self, Asked, median, percentile},
    limits,
    memory::client,
    portal::Portal,
};

/// Each is two likes of each portal: none has to wait for its limit.
const ROUNDS: u64 = 5;

/// So many portals are called at a time.
const AT_ONCE: usize = 16;

pub(crate) async fn measure(many: u64) {
    println!("{many} portals, {AT_ONCE} at a time, beside one that is stuck with {many} calls");
    let limits = limits(50, PER_SECOND);
    let portal = Portal::start(limits, Duration::ZERO);
    let portals = Portals::builder().limits(limits).build().unwrap();
    let clients: Vec<Client> = (1..=many).map(|number| client(&portals, &portal.address, number)).collect();
    like_all(&clients).await;
    let (mut without, mut with) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 1..=ROUNDS {
        note(&mut without, like_all(&clients).await);
        let stuck = client(&portals, &portal.stuck, many + round);
        let mut calls = JoinSet::new();
        for id in 1..=many {
            let stuck = stuck.clone();
            calls.spawn(async move { stuck.like(MessageId::from(id), LikeAction::Plus).await });
        }
        // All that will go out has gone out.
        tokio::time::sleep(Duration::from_millis(200)).await;
        note(&mut with, like_all(&clients).await);
        assert!(calls.try_join_next().is_none(), "what is stuck was answered");
    }
    for (place, name) in ["of others, median", "of others, 99 of 100"].into_iter().enumerate() {
        let least = median(&mut without[place]);
        figures::print(name, median(&mut with[place]), "ms", least, &Asked::Ratio([1.1, 1.5][place]));
    }
}

fn note(rounds: &mut [Vec<f64>; 2], mut latencies: Vec<f64>) {
    rounds[0].push(median(&mut latencies));
    rounds[1].push(percentile(&mut latencies, 99));
}

/// Likes once through each, and returns how long each like took, in milliseconds.
async fn like_all(clients: &[Client]) -> Vec<f64> {
    let mut workers = JoinSet::new();
    for worker in 0..AT_ONCE {
        let clients: Vec<Client> = clients.iter().skip(worker).step_by(AT_ONCE).cloned().collect();
        workers.spawn(async move {
            let mut latencies = Vec::new();
            for client in clients {
                let started = Instant::now();
                client.like(MessageId::from(1), LikeAction::Plus).await.unwrap();
                latencies.push(started.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        });
    }
    workers.join_all().await.concat()
}
