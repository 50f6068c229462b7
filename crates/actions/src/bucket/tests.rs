use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;

/// The same bucket by its whole history: every look goes through all that has happened, nanoseconds in eighths.
struct Model {
    one: u128,
    burst: u128,
    happened: Vec<(u64, Happened)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Happened {
    Departed,
    Answered,
    Refused { sent: u64 },
}

impl Model {
    /// The speed at each moment from which it holds, by the refusals alone.
    fn speeds(&self, until: u64) -> Vec<(u64, u64)> {
        let mut speeds = vec![(0, 8)];
        let (mut slowed, mut speed, mut next) = (None, 8, u64::MAX);
        let refusals = self.happened.iter().filter_map(|&(at, happened)| match happened {
            Happened::Refused { sent } => Some((at, sent)),
            _ => None,
        });
        for (at, sent) in refusals.chain([(until, u64::MAX)]) {
            while next <= at && speed < 8 {
                speed += 1;
                speeds.push((next, speed));
                next += 15 * SECOND;
            }
            if sent == u64::MAX {
                break;
            }
            if slowed.is_none_or(|slowed| sent > slowed) {
                slowed = Some(at);
                speed = (speed / 2).max(1);
                speeds.push((at, speed));
            }
            next = at + 15 * SECOND;
        }
        speeds
    }

    fn drained(&self, from: u64, to: u64) -> u128 {
        let speeds = self.speeds(to);
        let ends = speeds.iter().skip(1).map(|&(at, _)| at).chain([u64::MAX]);
        let parts = speeds.iter().zip(ends).map(|(&(begin, speed), end)| {
            u128::from(end.min(to).saturating_sub(begin.max(from))) * u128::from(speed)
        });
        parts.sum()
    }

    fn weight(&self, now: u64) -> u128 {
        let (mut level, mut under_way, mut last) = (0u128, 0u128, 0);
        for &(at, happened) in &self.happened {
            level = level.saturating_sub(self.drained(last, at));
            last = at;
            match happened {
                Happened::Departed => under_way += 1,
                Happened::Answered => {
                    under_way -= 1;
                    level += self.one;
                }
                Happened::Refused { .. } => {
                    under_way -= 1;
                    level = level.max((self.burst.saturating_sub(under_way)) * self.one);
                }
            }
        }
        level.saturating_sub(self.drained(last, now)) + under_way * self.one
    }

    fn fits(&self, now: u64) -> bool {
        self.weight(now) + self.one <= self.burst * self.one
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Ask,
    AskAndWait,
    /// The request that has been under way longest, or shortest.
    Answer(bool),
    Refuse(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..3 * SECOND).prop_map(Step::Pass),
        1 => (0..90 * SECOND).prop_map(Step::Pass),
        6 => Just(Step::Ask),
        4 => Just(Step::AskAndWait),
        7 => any::<bool>().prop_map(Step::Answer),
        1 => any::<bool>().prop_map(Step::Refuse),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    #[test]
    fn agrees_with_the_model(
        burst in 1u32..60, per_second in prop::sample::select(vec![0.5, 1.0, 2.0, 3.0, 5.0, 700.0]), steps in steps(),
    ) {
        let mut bucket = Bucket::new(Limits::default().burst(burst).per_second(per_second));
        let mut model = Model { one: bucket.one, burst: burst.into(), happened: Vec::new() };
        let start = Instant::now();
        let at = |now| start + Duration::from_nanos(now);
        let mut now = 1;
        let mut under_way: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(nanos) => now += nanos,
                Step::Answer(oldest) | Step::Refuse(oldest) if !under_way.is_empty() => {
                    let sent = under_way.remove(if oldest { 0 } else { under_way.len() - 1 });
                    if matches!(step, Step::Answer(_)) {
                        bucket.answered(at(now));
                        model.happened.push((now, Happened::Answered));
                    } else {
                        bucket.refused(at(sent), at(now));
                        model.happened.push((now, Happened::Refused { sent }));
                    }
                }
                Step::Answer(_) | Step::Refuse(_) => {}
                Step::Ask | Step::AskAndWait => {
                    let mut room = bucket.room(at(now));
                    prop_assert_eq!(room == Room::Now, model.fits(now));
                    if let (Room::In(wait), Step::AskAndWait) = (room, step) {
                        // One nanosecond earlier would have been too early: no needless wait.
                        now += wait.as_nanos() as u64;
                        prop_assert!(!model.fits(now - 1));
                        room = bucket.room(at(now));
                        prop_assert_eq!(room, Room::Now);
                    }
                    if room == Room::AfterAnswer {
                        prop_assert!(!model.fits(now + 3600 * SECOND));
                    }
                    if room == Room::Now {
                        prop_assert!(bucket.free(at(now)) > 0);
                        bucket.depart();
                        under_way.push(now);
                        model.happened.push((now, Happened::Departed));
                    }
                }
            }
        }
    }

    /// Whenever requests arrive between their departure and their answer, the portal refuses none.
    #[test]
    fn a_portal_that_nobody_else_calls_refuses_nothing(
        burst in 1u32..20,
        per_second in prop::sample::select(vec![0.5, 2.0, 40.0]),
        requests in prop::collection::vec((0..SECOND, 0..SECOND, 0..2 * SECOND), 1..150),
    ) {
        let mut bucket = Bucket::new(Limits::default().burst(burst).per_second(per_second));
        let start = Instant::now();
        let at = |now| start + Duration::from_nanos(now);
        let (mut now, mut arrivals, mut answers) = (0, Vec::new(), Vec::new());
        for (pause, to_portal, back) in requests {
            now += pause;
            loop {
                answers.sort_unstable();
                while answers.first().is_some_and(|&answer| answer <= now) {
                    bucket.answered(at(answers.remove(0)));
                }
                match bucket.room(at(now)) {
                    Room::Now => break,
                    Room::In(wait) => {
                        let next = now + wait.as_nanos() as u64;
                        now = answers.first().map_or(next, |&answer| next.min(answer));
                    }
                    Room::AfterAnswer => now = answers[0],
                }
            }
            bucket.depart();
            arrivals.push(now + to_portal);
            answers.push(now + to_portal + back);
        }
        arrivals.sort_unstable();
        let one = bucket.one / 8;
        let (mut level, mut last) = (0u128, 0);
        for arrival in arrivals {
            level = level.saturating_sub(u128::from(arrival - last)) + one;
            prop_assert!(level <= one * u128::from(burst));
            last = arrival;
        }
    }
}

fn answer_all(bucket: &mut Bucket, now: Instant) {
    while bucket.under_way() > 0 {
        bucket.answered(now);
    }
}

#[test]
fn the_usual_plan() {
    let mut bucket = Bucket::new(Limits::default());
    let now = Instant::now();
    for _ in 0..50 {
        assert_eq!(bucket.room(now), Room::Now);
        bucket.depart();
    }
    assert_eq!(bucket.room(now), Room::AfterAnswer);
    answer_all(&mut bucket, now);
    assert_eq!(bucket.room(now), Room::In(Duration::from_millis(500)));
    assert_eq!(bucket.room(now + Duration::from_millis(500)), Room::Now);
}

#[test]
fn what_stays_here_takes_no_room() {
    let mut bucket = Bucket::new(Limits::default().burst(1));
    let now = Instant::now();
    bucket.depart();
    bucket.stay();
    assert_eq!(bucket.room(now), Room::Now);
}

#[test]
fn a_refusal_fills_it_and_slows_it_and_it_recovers() {
    let mut bucket = Bucket::new(Limits::default().burst(3).per_second(1.0));
    let now = Instant::now();
    let sent = now + Duration::from_millis(1);
    for _ in 0..3 {
        bucket.depart();
    }
    let refused = sent + Duration::from_millis(1);
    // Three that were refused together are one refusal.
    for _ in 0..3 {
        bucket.refused(sent, refused);
    }
    assert_eq!(bucket.room(refused), Room::In(Duration::from_secs(2)), "half the speed");
    let later = refused + Duration::from_secs(3);
    bucket.depart();
    bucket.refused(later, later);
    assert_eq!(bucket.room(later), Room::In(Duration::from_secs(4)), "a quarter");
    // Six eighths come back, one each 15 seconds.
    let well = later + RECOVERY * 6;
    assert_eq!(bucket.room(well), Room::Now);
    for _ in 0..3 {
        bucket.depart();
    }
    answer_all(&mut bucket, well);
    assert_eq!(bucket.room(well), Room::In(Duration::from_secs(1)));
}

#[test]
fn a_late_refusal_makes_it_no_faster_than_it_was() {
    let mut bucket = Bucket::new(Limits::default().burst(2).per_second(1.0));
    let now = Instant::now();
    bucket.depart();
    bucket.depart();
    bucket.refused(now, now);
    // By then all its speed has come back.
    let later = now + RECOVERY * 4;
    bucket.refused(now, later);
    let much_later = later + RECOVERY * 2;
    bucket.depart();
    bucket.depart();
    answer_all(&mut bucket, much_later);
    assert_eq!(bucket.room(much_later), Room::In(Duration::from_secs(1)));
}

#[test]
fn a_clock_that_lags_behind_changes_nothing() {
    let mut bucket = Bucket::new(Limits::default().burst(1).per_second(1.0));
    let now = Instant::now() + Duration::from_secs(5);
    bucket.depart();
    bucket.answered(now);
    let behind = now.checked_sub(Duration::from_millis(500)).unwrap();
    assert_eq!(bucket.room(behind), Room::In(Duration::from_secs(1)));
    assert_eq!(bucket.room(now + Duration::from_secs(1)), Room::Now);
}

#[test]
fn unsound_limits_are_recognised() {
    for (burst, per_second) in [(0, 1.0), (1, 0.0), (1, -1.0), (1, f64::NAN), (1, f64::INFINITY), (1, 1e-9)] {
        assert!(!Limits::default().burst(burst).per_second(per_second).are_sound());
    }
    for work_time in [0.0, f64::NAN, 601.0] {
        assert!(!Limits::default().work_time(work_time).are_sound());
    }
    assert!(Limits::default().are_sound());
}
