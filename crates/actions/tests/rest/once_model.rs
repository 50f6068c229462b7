//! Whatever happens to attempts, what was promised of messages holds.

use std::sync::Arc;

use b24bot_actions::{Context, Error, Promise, Promises};
use proptest::prelude::*;

use crate::{
    once::{Fault, Kept},
    portal::{Portal, Reply, error, ok, quick},
};

/// What the portal does with a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Done,
    Refused,
    TooFast,
    /// Carried out or not, the answer does not tell.
    Lost {
        done: bool,
    },
}

impl Fate {
    fn reply(self) -> Reply {
        match self {
            Self::Done => ok(900),
            Self::Refused => error(400, "ACCESS_ERROR"),
            Self::TooFast => error(503, "QUERY_LIMIT_EXCEEDED"),
            Self::Lost { .. } => error(500, "INTERNAL_SERVER_ERROR"),
        }
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Done),
        1 => Just(Fate::Refused),
        1 => Just(Fate::TooFast),
        2 => any::<bool>().prop_map(|done| Fate::Lost { done }),
    ]
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Fault::BeginFails)),
        1 => Just(Some(Fault::FinishFails)),
        1 => Just(Some(Fault::DiesAfterBegin)),
        1 => Just(Some(Fault::DiesBeforeFinish)),
    ]
}

/// Three messages, two of them in one dialog.
async fn handle(ctx: &Context) -> Result<(), Error> {
    ctx.reply("0").await?;
    ctx.say("chat4", "1").await?;
    ctx.reply("2").await?;
    Ok(())
}

#[test]
fn messages_are_sent_as_often_as_promised() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let portal = runtime.block_on(Portal::start([]));
    let [at_most, at_least] = [Promise::AtMostOnce, Promise::AtLeastOnce].map(|promise| {
        let promises = Promises::default().messages(promise);
        (promise, quick().promises(promises).build().unwrap())
    });
    let attempt = (prop::array::uniform3(fate()), fault());
    let cases = (any::<bool>(), prop::collection::vec(attempt, 1..8));
    proptest!(ProptestConfig::with_cases(128), |((strict, attempts) in cases)| {
        let (promise, portals) = if strict { &at_most } else { &at_least };
        let kept = Arc::<Kept>::default();
        let mut carried_out = [0; 3];
        for (fates, fault) in attempts {
            portal.prepare(fates.map(Fate::reply));
            kept.fault(fault);
            let content = runtime.block_on(async {
                let ctx = kept.attempt(portal.event(portals, "v1", true), "greeter");
                tokio::select! {
                    handled = handle(&ctx) => handled.is_ok(),
                    () = kept.died.notified() => false,
                }
            });
            for (asked, fate) in portal.asked_so_far().iter().zip(fates) {
                let message: usize = asked.body["MESSAGE"].as_str().unwrap().parse().unwrap();
                carried_out[message] += u32::from(matches!(fate, Fate::Done | Fate::Lost { done: true }));
            }
            if *promise == Promise::AtMostOnce {
                prop_assert!(carried_out.iter().all(|times| *times <= 1), "{carried_out:?}");
            }
            if content {
                prop_assert!(carried_out.iter().all(|times| *times >= 1), "{carried_out:?}");
            }
        }
    });
}
