//! The inbox of a busy bot as an engine sees it: what comes in, what is settled, what is forgotten.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::engine::{Engine, Event, Group, Key, Outcome};

/// How many keys are remembered.
const REMEMBERED: usize = 1_000_000;

pub struct Load {
    body: Vec<u8>,
    message_id_at: usize,
    random: fastrand::Rng,
    next_id: u64,
    pub waiting: VecDeque<u64>,
    keys: VecDeque<(u64, Key)>,
}

impl Load {
    /// Starts with a webhook body that says `message][id]=` or `MESSAGE_ID]=` of some message.
    pub fn new(body: Vec<u8>) -> Outcome<Self> {
        let marks = [&b"message%5D%5Bid%5D="[..], b"MESSAGE_ID%5D="];
        let found =
            |mark: &&[u8]| body.windows(mark.len()).position(|part| part == *mark).map(|at| at + mark.len());
        let message_id_at = marks.iter().find_map(found).ok_or("the body names no message")?;
        let random = fastrand::Rng::with_seed(24);
        Ok(Self { body, message_id_at, random, next_id: 1, waiting: VecDeque::new(), keys: VecDeque::new() })
    }

    /// The next group. In every hundred events one is a repeat, and all but `backlog` of those waiting are settled.
    pub fn group(&mut self, size: usize, backlog: usize) -> (Group, usize) {
        let mut group = Group::default();
        let mut new = 0;
        for _ in 0..size {
            let id = self.next_id;
            self.next_id += 1;
            let repeat = id.is_multiple_of(100) && self.keys.len() > size;
            let key = if repeat {
                // One of the older ones: those of this group are not on the disk yet.
                self.keys[self.random.usize(..self.keys.len() - size)].1
            } else {
                let key = self.random.u128(..).to_le_bytes();
                self.keys.push_back((id, key));
                self.waiting.push_back(id);
                new += 1;
                key
            };
            let mut body = self.body.clone();
            body[self.message_id_at..][..4].copy_from_slice(format!("{:04}", id % 10_000).as_bytes());
            group.put.push(Event { id, key, time: 1_771_940_028 + id, body });
        }
        while self.waiting.len() > backlog.max(new) {
            // Handlers do not end in the order the events came in.
            let at = self.random.usize(..16.min(self.waiting.len() - new).max(1));
            group.settled.extend(self.waiting.remove(at));
        }
        while self.keys.len() > REMEMBERED + size {
            group.forgotten.extend(self.keys.pop_front());
        }
        (group, new)
    }

    /// Sends `events` through in groups. Returns how long each commit took.
    pub fn run(
        &mut self,
        engine: &mut dyn Engine,
        events: usize,
        size: usize,
        backlog: usize,
        sync_delay: Duration,
    ) -> Outcome<Vec<Duration>> {
        let mut took = Vec::with_capacity(events / size);
        for _ in 0..events / size {
            let (group, new) = self.group(size, backlog);
            let start = Instant::now();
            let stored = engine.commit(&group)?;
            if !sync_delay.is_zero() {
                std::thread::sleep(sync_delay);
            }
            took.push(start.elapsed());
            if stored != new {
                return Err(format!("{stored} of {new} new events were taken for new").into());
            }
        }
        Ok(took)
    }

    /// Settles all that is waiting.
    pub fn settle(&mut self, engine: &mut dyn Engine) -> Outcome<()> {
        while !self.waiting.is_empty() {
            let settled = self.waiting.drain(..self.waiting.len().min(64)).collect();
            engine.commit(&Group { settled, ..Group::default() })?;
        }
        Ok(())
    }
}
