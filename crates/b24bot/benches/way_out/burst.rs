//! Thousands of likes, all asked for at once.

use std::time::{Duration, Instant};

use b24bot::{
    actions::{LikeAction, Limits, Portals, WebhookUrl},
    core::MessageId,
};
use tokio::task::JoinSet;

use crate::{
    BATCH,
    figures::{self, Asked},
    portal::Portal,
};

pub(crate) async fn measure(likes: u64, limits: Limits, call: Duration, asked: f64) {
    println!(
        "{likes} likes at once, {call:?} a call, {} at once and {} a second",
        limits.burst, limits.per_second
    );
    let mut portal = Portal::start(limits, call);
    let webhook = WebhookUrl::parse(&portal.webhook()).unwrap();
    let portals = Portals::builder().limits(limits).webhook(webhook).build().unwrap();
    let client = portals.webhook_client().unwrap();
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for id in 1..=likes {
        let client = client.clone();
        asking.spawn(async move { client.like(MessageId::from(id), LikeAction::Plus).await.unwrap() });
    }
    asking.join_all().await;
    let took = started.elapsed().as_secs_f64();
    let seen = portal.seen();
    assert_eq!((seen.likes, seen.calls), (likes, likes), "each like arrives once");
    let requests = likes.div_ceil(BATCH as u64) as f64;
    let least = (requests - f64::from(limits.burst)) / limits.per_second;
    figures::print("time", took, "s", least, &Asked::Ratio(asked));
    figures::print("requests", seen.requests as f64, "", requests, &Asked::Ratio(1.05));
    figures::print("refusals", seen.refusals as f64, "", 0.0, &Asked::Value(0.0));
}
