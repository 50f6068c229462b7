//! One like at a time, of a bot that has nothing else to do.

use std::time::Duration;

use crate::{
    bucket::moment,
    figures::{self, Asked, median, percentile},
    limits,
    portal::Portal,
    program::{Program, post, until_liked},
};

const WARM_UP: u64 = 100;

pub(crate) async fn measure(likes: u64) {
    println!("{likes} likes, one after the other");
    let limits = limits(100_000, 100_000.0);
    let mut portal = Portal::start(limits, Duration::ZERO);
    let program = Program::start(&portal, limits).await;
    let mut reads = Vec::new();
    let mut posted = Vec::new();
    for id in 1..=WARM_UP + likes {
        let message = program.bare(&portal, id);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let sent = post(message).await;
        reads.push((moment() - sent) as f64 / 1e6);
        let message = program.message(id, 1);
        tokio::time::sleep(Duration::from_millis(1)).await;
        posted.push((id, post(message).await));
        until_liked(&mut portal, id).await;
    }
    let (arrivals, seen) = (portal.arrivals(), portal.seen());
    let first = usize::try_from(WARM_UP).unwrap();
    let reads = &mut reads[first..];
    let ways = posted[first..].iter().map(|(id, posted)| (arrivals[id] - posted) as f64 / 1e6);
    let mut ways: Vec<f64> = ways.collect();
    figures::print("to the like, median", median(&mut ways), "ms", median(reads), &Asked::Nothing);
    figures::print(
        "to the like, 99 of 100",
        percentile(&mut ways, 99),
        "ms",
        percentile(reads, 99),
        &Asked::Nothing,
    );
    let each = seen.requests as f64 / (WARM_UP + likes) as f64;
    figures::print("requests a like", each, "", 1.0, &Asked::Ratio(1.0));
    figures::print("batches", seen.batches as f64, "", 0.0, &Asked::Value(0.0));
}
