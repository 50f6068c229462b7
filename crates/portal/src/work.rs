//! Work time: how long each application kept each method busy in the last ten minutes, and when that is too long.
//!
//! What is done here takes next to no time, so nothing comes near the limit by itself: a test charges a method.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::credentials::Via;
use crate::refusal::Refusal;

/// How long a minute's work counts, from the first call in that minute.
const WINDOW_SECONDS: u64 = 600;
/// The least a call counts: what is done here takes next to no time, and a client wants to see something grow.
const LEAST: Duration = Duration::from_millis(1);

/// The work of one minute.
#[derive(Debug)]
struct Bucket {
    /// When its first call came, in seconds since 1970.
    first: u64,
    spent: Duration,
}

/// `time.operating` and `time.operating_reset_at` of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operating {
    spent: Duration,
    reset_at: u64,
}

impl Operating {
    /// Of a request that counts nowhere, as a batch beside its calls.
    pub(crate) fn none(now: Moment) -> Self {
        Self { spent: Duration::ZERO, reset_at: now.seconds() + WINDOW_SECONDS }
    }
}

/// The last ten minutes of every application (or the webhook), method by method.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// How much a method may work until its next call is refused; `None` refuses none.
    pub(crate) limit: Option<Duration>,
    spent: HashMap<Via, HashMap<&'static str, VecDeque<Bucket>>>,
}

impl Work {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self { limit, spent: HashMap::new() }
    }

    /// Refuses a call whose method has worked for longer than the limit. Like all errors it tells no `time`:
    /// when to come back stood in the last answer that was none.
    pub(crate) fn check(&mut self, via: &Via, method: &'static str, now: Moment) -> Result<(), Refusal> {
        let Some(limit) = self.limit else { return Ok(()) };
        let Some(buckets) = self.spent.get_mut(via).and_then(|methods| methods.get_mut(method)) else {
            return Ok(());
        };
        forget_old(buckets, now.seconds());
        if sum(buckets) > limit { Err(blocked()) } else { Ok(()) }
    }

    /// Counts one call, and says how much there is by now.
    pub(crate) fn add(&mut self, via: &Via, method: &'static str, took: Duration, now: Moment) -> Operating {
        let now = now.seconds();
        let buckets = self.spent.entry(via.clone()).or_default().entry(method).or_default();
        forget_old(buckets, now);
        match buckets.back_mut() {
            Some(bucket) if bucket.first / 60 == now / 60 => bucket.spent += took.max(LEAST),
            _ => buckets.push_back(Bucket { first: now, spent: took.max(LEAST) }),
        }
        Operating {
            spent: sum(buckets),
            reset_at: buckets.front().map_or(now, |bucket| bucket.first) + WINDOW_SECONDS,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.spent.clear();
    }
}

fn forget_old(buckets: &mut VecDeque<Bucket>, now: u64) {
    buckets.retain(|bucket| bucket.first + WINDOW_SECONDS > now);
}

fn sum(buckets: &VecDeque<Bucket>) -> Duration {
    buckets.iter().map(|bucket| bucket.spent).sum()
}

pub(crate) fn blocked() -> Refusal {
    Refusal::new(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
}

/// `time` of an answer.
pub(crate) fn time(start: Moment, took: Duration, operating: Operating) -> Value {
    let took = took.as_secs_f64();
    json!({
        "start": start.as_f64(),
        "finish": start.as_f64() + took,
        "duration": took,
        "processing": took,
        "date_start": start.iso(),
        "date_finish": start.iso(),
        "operating_reset_at": operating.reset_at,
        "operating": operating.spent.as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEBHOOK: Via = Via::Webhook;
    const MILLISECOND: Duration = Duration::from_millis(1);

    fn at(seconds: u64) -> Moment {
        // A whole minute, so that the seconds of a test are those of the clock.
        Moment::from_seconds(1_800_000_000 + seconds)
    }

    fn operating(milliseconds: u32, reset_at: u64) -> Operating {
        Operating { spent: MILLISECOND * milliseconds, reset_at: at(reset_at).seconds() }
    }

    #[test]
    fn a_minute_counts_until_ten_minutes_after_its_first_call() {
        let mut work = Work::default();
        let mut add = |seconds| work.add(&WEBHOOK, "profile", 5 * MILLISECOND, at(seconds));
        assert_eq!(add(20), operating(5, 620));
        assert_eq!(add(50), operating(10, 620));
        assert_eq!(add(70), operating(15, 620));
        assert_eq!(add(619), operating(20, 620));
        assert_eq!(add(620), operating(15, 670));
        assert_eq!(add(10_000), operating(5, 10_600));
    }

    #[test]
    fn each_method_of_each_application_counts_alone() {
        let mut work = Work::default();
        let app = Via::Application("app".to_owned());
        let first = operating(1, 600);
        assert_eq!(
            work.add(&WEBHOOK, "profile", Duration::ZERO, at(0)),
            first,
            "nothing counts as a millisecond"
        );
        assert_eq!(work.add(&WEBHOOK, "scope", Duration::ZERO, at(0)), first);
        assert_eq!(work.add(&app, "profile", Duration::ZERO, at(0)), first);
        assert_eq!(work.add(&app, "profile", Duration::ZERO, at(0)), operating(2, 600));
        work.clear();
        assert_eq!(work.add(&app, "profile", Duration::ZERO, at(0)), first);
    }

    #[test]
    fn a_method_above_its_limit_is_refused_until_minutes_fall_out() {
        let mut work = Work::new(Some(Duration::from_secs(480)));
        let charge = |work: &mut Work, seconds, at_second| {
            work.add(&WEBHOOK, "profile", Duration::from_secs(seconds), at(at_second))
        };
        charge(&mut work, 40, 0);
        charge(&mut work, 440, 70);
        assert_eq!(work.check(&WEBHOOK, "profile", at(70)), Ok(()), "480 is not more than 480");
        charge(&mut work, 20, 75);
        assert_eq!(work.check(&WEBHOOK, "profile", at(75)).unwrap_err().code, "OPERATION_TIME_LIMIT");
        assert_eq!(work.check(&WEBHOOK, "scope", at(75)), Ok(()));
        assert_eq!(work.check(&Via::Application("app".to_owned()), "profile", at(75)), Ok(()));
        assert!(work.check(&WEBHOOK, "profile", at(599)).is_err());
        assert_eq!(work.check(&WEBHOOK, "profile", at(600)), Ok(()), "460 are left");
        work.limit = None;
        charge(&mut work, 999, 601);
        assert_eq!(work.check(&WEBHOOK, "profile", at(601)), Ok(()));
    }

    proptest! {
        #[test]
        fn a_reset_is_never_past_and_at_most_ten_minutes_off(
            waits in proptest::collection::vec(0_u64..200, 1..200),
        ) {
            let mut work = Work::default();
            let mut seconds = 0;
            for wait in waits {
                seconds += wait;
                let now = at(seconds).seconds();
                let told = work.add(&WEBHOOK, "profile", MILLISECOND, at(seconds));
                prop_assert!(told.reset_at > now && told.reset_at <= now + WINDOW_SECONDS);
                prop_assert!(told.spent >= MILLISECOND);
            }
        }
    }
}
