//! Likes on portals that are well, one after the other, beside a portal that floods the bot with events and answers nothing.

use std::{collections::HashMap, time::Duration};

use tokio::task::JoinSet;

use crate::{
    figures::{self, Asked, median, percentile},
    limits,
    portal::Portal,
    program::{Program, post, until_liked},
};

/// Dialogs of the flood: enough to take every place there is, if they were let.
const DIALOGS: u64 = 50;

const PORTALS: u64 = 100;

pub(crate) async fn measure(likes: u64) {
    let flood = 8 * likes;
    println!("{likes} likes on {PORTALS} portals by turns, beside one that is stuck with {flood} events");
    let limits = limits(100_000, 100_000.0);
    let mut portal = Portal::start(limits, Duration::ZERO);
    let program = Program::start_for_many(limits).await;
    like(&program, &mut portal, 1..=PORTALS).await;
    let mut without = like(&program, &mut portal, PORTALS + 1..=PORTALS + likes).await;
    let mut posting = JoinSet::new();
    for dialog in 1..=DIALOGS {
        let messages: Vec<_> = (1..=flood / DIALOGS)
            .map(|nth| program.message_from((0, &portal.stuck), 1_000_000 * dialog + nth, dialog))
            .collect();
        posting.spawn(async move {
            for message in messages {
                post(message).await;
            }
        });
    }
    posting.join_all().await;
    // All of it that may begin has begun.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut with = like(&program, &mut portal, PORTALS + likes + 1..=PORTALS + 2 * likes).await;
    figures::print("of others, median", median(&mut with), "ms", median(&mut without), &Asked::Ratio(1.2));
    let (with, without) = (percentile(&mut with, 99), percentile(&mut without, 99));
    figures::print("of others, 99 of 100", with, "ms", without, &Asked::Ratio(1.5));
}

/// How long each like takes from its event to the portal, in milliseconds.
async fn like(program: &Program, portal: &mut Portal, ids: std::ops::RangeInclusive<u64>) -> Vec<f64> {
    let mut posted = HashMap::new();
    for id in ids {
        let message = program.message_from((1 + id % PORTALS, &portal.address), id, id % 7);
        tokio::time::sleep(Duration::from_millis(1)).await;
        posted.insert(id, post(message).await);
        until_liked(portal, id).await;
    }
    let arrivals = portal.arrivals();
    posted.into_iter().map(|(id, posted)| (arrivals[&id] - posted) as f64 / 1e6).collect()
}
