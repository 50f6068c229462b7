//! Events of bots that fetch them: kept in order until confirmed, for a day at most.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::tree::Tree;

const KEPT_SECONDS: u64 = 24 * 3600;
const FIRST_EVENT: u64 = 1001;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    id: u64,
    at: Moment,
    event: Cow<'static, str>,
    data: Value,
}

impl Waiting {
    fn is_old(&self, now: Moment) -> bool {
        now.since(self.at).as_secs() >= KEPT_SECONDS
    }
}

/// The queues of all bots that fetch. Ids rise over all of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Fetched {
    queues: HashMap<u64, VecDeque<Waiting>>,
    count: u64,
}

impl Fetched {
    pub(crate) fn add(&mut self, bot: u64, event: &'static str, data: &Tree, at: Moment) {
        let id = FIRST_EVENT + self.count;
        self.count += 1;
        let queue = self.queues.entry(bot).or_default();
        // A bot that never fetches does not fill the memory.
        while queue.front().is_some_and(|waiting| waiting.is_old(at)) {
            queue.pop_front();
        }
        queue.push_back(Waiting { id, at, event: event.into(), data: data.to_json() });
    }

    /// Forgets what lies below `offset` or is too old, and gives up to `limit` of the rest.
    pub(crate) fn fetch(&mut self, bot: u64, offset: Option<u64>, limit: usize, now: Moment) -> Value {
        let queue = self.queues.entry(bot).or_default();
        queue.retain(|waiting| offset.is_none_or(|offset| waiting.id >= offset) && !waiting.is_old(now));
        let events: Vec<Value> = queue
            .iter()
            .take(limit)
            .map(|waiting| {
                json!({
                    "eventId": waiting.id,
                    "type": waiting.event,
                    "date": waiting.at.iso(),
                    "data": waiting.data,
                })
            })
            .collect();
        let last = queue.iter().take(limit).next_back().map(|waiting| waiting.id + 1);
        json!({
            "nextOffset": last.or(offset).unwrap_or(0),
            "hasMore": queue.len() > events.len(),
            "events": events,
        })
    }

    pub(crate) fn forget(&mut self, bot: u64) {
        self.queues.remove(&bot);
    }

    pub(crate) fn clear(&mut self) {
        self.queues.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_confirms_what_is_below_it() {
        let mut fetched = Fetched::default();
        let now = Moment::from_seconds(1_800_000_000);
        for _ in 0..3 {
            fetched.add(7, "E", &Tree::new(), now);
        }
        let first = fetched.fetch(7, None, 2, now);
        assert_eq!((first["events"].as_array().unwrap().len(), &first["hasMore"]), (2, &json!(true)));
        assert_eq!(fetched.fetch(7, None, 2, now), first, "not confirmed, so given again");
        let second = fetched.fetch(7, first["nextOffset"].as_u64(), 2, now);
        assert_eq!((&second["events"][0]["eventId"], &second["nextOffset"]), (&json!(1003), &json!(1004)));
        let third = fetched.fetch(7, Some(1004), 2, now);
        assert_eq!(third, json!({"events": [], "nextOffset": 1004, "hasMore": false}));
        assert_eq!(fetched.fetch(8, None, 2, now)["nextOffset"], 0);
    }

    #[test]
    fn events_are_kept_for_a_day() {
        let mut fetched = Fetched::default();
        let now = Moment::from_seconds(1_800_000_000);
        fetched.add(7, "E", &Tree::new(), now);
        let almost = now.plus_seconds(KEPT_SECONDS - 1);
        assert_eq!(fetched.fetch(7, None, 10, almost)["events"].as_array().unwrap().len(), 1);
        assert_eq!(fetched.fetch(7, None, 10, now.plus_seconds(KEPT_SECONDS))["events"], json!([]));
        fetched.add(7, "E", &Tree::new(), now);
        fetched.add(7, "E", &Tree::new(), now.plus_seconds(KEPT_SECONDS));
        assert_eq!(fetched.queues[&7].len(), 1, "also where nobody fetches");
    }
}
