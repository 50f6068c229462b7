use std::collections::BTreeMap;

use super::*;

const BURST: u32 = 50;

fn like(message: u32) -> Manifest {
    Manifest {
        actor: Actor("bot".into()),
        dialog: "chat1".into(),
        order: Some(format!("message {message}").into()),
        message: None,
        method: "im.message.like".into(),
        mark: None,
        is_urgent: true,
        since: None,
        company: BATCH,
        weight: 50,
    }
}

fn departures(per_second: f64) -> Departures<u32> {
    Departures::new(Limits::default().burst(BURST).per_second(per_second))
}

/// A portal and its bot by a clock of their own.
struct World {
    departures: Departures<u32>,
    start: Instant,
    now: Instant,
    /// How long a request takes: the way, and each of its calls.
    way: Duration,
    each: Duration,
    under_way: BTreeMap<(Instant, u64), (Instant, Vec<Manifest>)>,
    left: Vec<(Instant, Vec<u32>)>,
    level: f64,
    level_at: Instant,
    per_second: f64,
}

impl World {
    fn new(per_second: f64, way: Duration, each: Duration) -> Self {
        let start = Instant::now();
        Self {
            departures: departures(per_second),
            start,
            now: start,
            way,
            each,
            under_way: BTreeMap::new(),
            left: Vec::new(),
            level: 0.0,
            level_at: start,
            per_second,
        }
    }

    fn push(&mut self, message: u32) {
        let _ = self.departures.push(like(message), message);
    }

    /// Lets all happen up to that moment, or until nothing waits and nothing is under way.
    fn run(&mut self, until: Option<Instant>) {
        loop {
            let mut wake = match self.departures.next(self.now) {
                Next::Leave(calls) => {
                    self.arrive(calls.len());
                    let back = self.now + self.way + self.each * u32::try_from(calls.len()).unwrap();
                    self.left.push((self.now, calls.iter().map(|(_, message)| *message).collect()));
                    let number = self.left.len() as u64;
                    let manifests = calls.into_iter().map(|(manifest, _)| manifest).collect();
                    self.under_way.insert((back, number), (self.now, manifests));
                    continue;
                }
                Next::Wait(wake) => wake,
                Next::Nothing => None,
            };
            if let Some(((back, _), _)) = self.under_way.first_key_value() {
                wake = Some(wake.map_or(*back, |wake| wake.min(*back)));
            }
            match (wake, until) {
                (None, _) => return self.now = until.unwrap_or(self.now),
                (Some(wake), Some(until)) if wake > until => return self.now = until,
                (Some(wake), _) => self.now = wake,
            }
            while let Some(first) = self.under_way.first_entry()
                && first.key().0 <= self.now
            {
                let (sent, manifests) = first.remove();
                self.departures.landed(sent, Landing::Over, self.now);
                for manifest in manifests {
                    self.departures.worked(&manifest.method, None);
                    self.departures.order_ended(&manifest);
                }
            }
        }
    }

    /// The portal's own bucket: it refuses nothing.
    fn arrive(&mut self, calls: usize) {
        assert!(calls <= BATCH);
        let passed = (self.now - self.level_at).as_secs_f64();
        self.level = (self.level - passed * self.per_second).max(0.0) + 1.0;
        self.level_at = self.now;
        assert!(self.level <= f64::from(BURST) + 1e-6, "refused at {:?}", self.now - self.start);
    }

    fn took(&self) -> f64 {
        (self.now - self.start).as_secs_f64()
    }
}

#[test]
fn what_is_asked_at_once_goes_out_in_the_least_possible_time() {
    let mut world = World::new(40.0, Duration::from_millis(2), Duration::ZERO);
    (0..16_000).for_each(|message| world.push(message));
    world.run(None);
    assert!(world.left.len() <= 336, "{} requests for at least 320", world.left.len());
    assert!(world.took() <= 6.75 * 1.05, "{} s for at least 6.75 s", world.took());
    let mut all: Vec<_> = world.left.iter().flat_map(|(_, messages)| messages).copied().collect();
    assert!(all.is_sorted(), "one dialog is served in order");
    all.dedup();
    assert_eq!(all.len(), 16_000);
}

#[test]
fn slow_batches_overlap() {
    let mut world = World::new(40.0, Duration::from_millis(2), Duration::from_millis(1));
    (0..8_000).for_each(|message| world.push(message));
    world.run(None);
    assert!(world.took() <= 2.75 * 1.1, "{} s for at least 2.75 s", world.took());
}

#[test]
fn what_comes_while_there_is_room_goes_out_at_once_and_alone() {
    let mut world = World::new(2.0, Duration::from_millis(100), Duration::ZERO);
    for message in 0..60 {
        world.push(message);
        world.run(Some(world.now + Duration::from_millis(500)));
    }
    assert_eq!(world.left.len(), 60);
    for (n, (at, messages)) in world.left.iter().enumerate() {
        let asked = world.start + Duration::from_millis(500) * u32::try_from(n).unwrap();
        assert_eq!((messages.len(), *at), (1, asked));
    }
}

/// The portal's bucket by itself, and whoever waits for it: at each moment that it has room all leave, 50 at most.
fn ideal(arrivals: &[Duration], per_second: f64) -> Vec<Duration> {
    let (mut level, mut last, mut leave) = (0.0f64, Duration::ZERO, Vec::new());
    let mut now = Duration::ZERO;
    while leave.len() < arrivals.len() {
        now = now.max(arrivals[leave.len()]);
        level = (level - (now - last).as_secs_f64() * per_second).max(0.0);
        last = now;
        if level + 1.0 > f64::from(BURST) + 1e-9 {
            now += Duration::from_secs_f64((level + 1.0 - f64::from(BURST)) / per_second);
            continue;
        }
        level += 1.0;
        let waiting = arrivals[leave.len()..].iter().take_while(|at| **at <= now).count().min(BATCH);
        leave.extend(std::iter::repeat_n(now, waiting));
    }
    leave
}

#[test]
fn what_trickles_in_waits_no_longer_than_the_bucket_makes_it_wait() {
    let way = Duration::from_millis(2);
    let mut world = World::new(40.0, way, Duration::ZERO);
    let arrivals: Vec<_> = (0..2_000).map(|n| Duration::from_millis(2) * n).collect();
    for (message, at) in arrivals.iter().enumerate() {
        world.run(Some(world.start + *at));
        world.push(u32::try_from(message).unwrap());
    }
    world.run(None);
    let ideal = ideal(&arrivals, 40.0);
    for (at, messages) in &world.left {
        for message in messages {
            let left = *at - world.start;
            // When a request arrives is known only from its answer; and one bucket's slot is 25 ms.
            let longest = ideal[*message as usize] + way + GATHERING + Duration::from_millis(25);
            assert!(left <= longest, "{message} left after {left:?}, at most {longest:?}");
        }
    }
}

#[test]
fn a_few_calls_at_once_are_not_lumped_together() {
    let mut world = World::new(2.0, Duration::from_millis(100), Duration::ZERO);
    (0..12).for_each(|message| world.push(message));
    world.run(Some(world.start));
    assert!(world.left.iter().all(|(_, messages)| messages.len() == 1), "{:?}", world.left);
    world.run(None);
    let largest = world.left.iter().map(|(_, messages)| messages.len()).max().unwrap();
    assert!(largest <= 2, "{:?}", world.left);
}

#[test]
fn what_is_owed_has_every_second_slot() {
    let mut departures = departures(2.0);
    let now = Instant::now();
    let _ = departures.push(like(1), 1);
    departures.owe();
    assert!(matches!(departures.next(now), Next::Wait(None)));
    departures.owe();
    assert_eq!(departures.pay(now), Room::Now);
    assert!(matches!(departures.next(now), Next::Leave(_)), "by turns");
    let _ = departures.push(like(2), 2);
    assert!(matches!(departures.next(now), Next::Wait(None)));
    departures.forgo();
    assert!(matches!(departures.next(now), Next::Leave(_)));
    assert_eq!(departures.bucket.under_way(), 3);
}

#[test]
fn a_method_without_work_time_waits_for_its_reset_and_no_other_does() {
    let mut departures = departures(2.0);
    let now = Instant::now();
    let reset = now + Duration::from_secs(30);
    let used = Used { operating: 480.0, reset_at: reset, took: None };
    assert_eq!(departures.overworked("im.message.like", Some(used), now), reset);
    let _ = departures.push(like(1), 1);
    let other = Manifest { method: "im.message.add".into(), order: None, ..like(2) };
    let _ = departures.push(other, 2);
    let Next::Leave(left) = departures.next(now) else { unreachable!("there is room") };
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].1, 2);
    let Next::Wait(until) = departures.next(now) else { unreachable!("the other waits") };
    assert_eq!(until, Some(reset));
    for n in 3..600 {
        let _ = departures.push(like(n), n);
    }
    // One asks how much was given back; then they leave together, as if they had never waited.
    assert!(matches!(departures.next(reset), Next::Leave(left) if left.len() == 1 && left[0].1 == 1));
    assert!(matches!(departures.next(reset), Next::Wait(_)));
    departures.landed(reset, Landing::Over, reset);
    let used = Used { operating: 100.0, reset_at: reset, took: Some(0.1) };
    departures.worked("im.message.like", Some(used));
    let later = reset + GATHERING;
    assert!(matches!(departures.next(later), Next::Leave(left) if left.len() == 49 || left.len() == BATCH));
}

#[test]
fn a_method_that_batches_do_not_take_goes_alone_from_then_on() {
    let mut departures = departures(2.0);
    let mut now = Instant::now();
    departures.travels_alone(&"im.message.like".into());
    for n in 0..300 {
        let _ = departures.push(like(n), n);
    }
    let mut left = 0;
    while let Next::Leave(calls) = departures.next(now) {
        now += GATHERING;
        assert_eq!(calls.len(), 1);
        left += 1;
    }
    assert_eq!(left, BURST);
}

#[test]
fn nothing_is_kept_of_a_portal_that_nobody_calls() {
    let mut world = World::new(1e6, Duration::ZERO, Duration::ZERO);
    (0..5_000).for_each(|message| world.push(message));
    world.run(None);
    assert!(world.departures.queue.is_empty());
    assert_eq!(world.departures.checks.orders.capacity(), 0);
}
