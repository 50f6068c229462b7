//! Likes that events ask for one by one, faster than single requests may go.

use std::time::Duration;

use b24bot::actions::Limits;
use tokio::{
    task::JoinSet,
    time::{Instant, interval_at},
};

use crate::{
    BATCH,
    bucket::Bucket,
    figures::{self, Asked, median, percentile},
    portal::Portal,
    program::{Program, post, until_liked},
};

const EVERY: Duration = Duration::from_millis(2);

/// What the way from an event to its like takes at the most, in milliseconds, when nothing stands in it.
const WAY: f64 = 5.0;

pub(crate) async fn measure(likes: u64, dialogs: u64, limits: Limits) {
    println!(
        "{likes} events in {dialogs} dialogs, one every {EVERY:?}, {} at once and {} a second",
        limits.burst, limits.per_second
    );
    let mut portal = Portal::start(limits, Duration::ZERO);
    let program = Program::start(&portal, limits).await;
    let mut posts = JoinSet::new();
    let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
    for id in 1..=likes {
        let message = program.message(id, id % dialogs);
        ticks.tick().await;
        posts.spawn(async move { (post(message).await, id) });
    }
    let mut posted = posts.join_all().await;
    until_liked(&mut portal, likes).await;
    posted.sort_unstable();
    let moments: Vec<u64> = posted.iter().map(|(moment, _)| *moment).collect();
    let (ideal, requests) = send_ideally(&moments, limits);
    let (arrivals, seen) = (portal.arrivals(), portal.seen());
    assert_eq!(seen.calls, likes, "each like arrives once");

    let milliseconds = |from: u64, to: u64| (to as f64 - from as f64) / 1e6;
    let arrived: Vec<u64> = posted.iter().map(|(_, id)| arrivals[id]).collect();
    let mut waits: Vec<f64> =
        moments.iter().zip(&arrived).map(|(from, to)| milliseconds(*from, *to)).collect();
    let mut least: Vec<f64> = moments.iter().zip(&ideal).map(|(from, to)| milliseconds(*from, *to)).collect();
    let mut excess: Vec<f64> =
        ideal.iter().zip(&arrived).map(|(from, to)| milliseconds(*from, *to)).collect();
    // Whoever just misses a request waits for the next one.
    let slot = 1e3 / limits.per_second;
    figures::print("requests", seen.requests as f64, "", requests as f64, &Asked::Nothing);
    figures::print("refusals", seen.refusals as f64, "", 0.0, &Asked::Value(0.0));
    figures::print("wait, median", median(&mut waits), "ms", median(&mut least), &Asked::Nothing);
    figures::print(
        "wait, worst",
        percentile(&mut waits, 100),
        "ms",
        percentile(&mut least, 100),
        &Asked::Nothing,
    );
    figures::print("excess, median", median(&mut excess), "ms", 0.0, &Asked::Nothing);
    figures::print("excess, 99 of 100", percentile(&mut excess, 99), "ms", 0.0, &Asked::Nothing);
    figures::print("excess, worst", percentile(&mut excess, 100), "ms", 0.0, &Asked::Value(slot + WAY));
}

/// When each would arrive if, whenever there is room in the bucket, all that wait were sent, and how many requests that
/// makes.
fn send_ideally(posted: &[u64], limits: Limits) -> (Vec<u64>, u64) {
    let (mut bucket, mut sent, mut requests) = (Bucket::new(limits), Vec::new(), 0);
    while let Some(first) = posted.get(sent.len()) {
        let now = bucket.room_at().max(*first);
        bucket.add(now);
        requests += 1;
        let waiting = posted[sent.len()..].iter().take(BATCH).take_while(|posted| **posted <= now).count();
        sent.resize(sent.len() + waiting, now);
    }
    (sent, requests)
}
