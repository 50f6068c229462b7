use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn lane(number: usize) -> Lane {
    Lane::from(number.to_string())
}

#[test]
fn a_lane_that_is_stuck_holds_up_no_other() {
    let now = Instant::now();
    let mut lanes = Lanes::new(2);
    for item in 0..100 {
        lanes.push(lane(1), item);
    }
    lanes.push(lane(2), 100);
    assert_eq!(lanes.start(now), Some((lane(1), 0)));
    assert_eq!(lanes.start(now), Some((lane(2), 100)));
    lanes.finish(lane(2), false);
    assert_eq!(lanes.start(now), None, "the rest waits for the first of its lane");
}

#[test]
fn a_lane_waits_for_what_was_put_off() {
    let now = Instant::now();
    let due = now + Duration::from_secs(1);
    let mut lanes = Lanes::new(1);
    lanes.push(lane(1), 'a');
    lanes.push(lane(1), 'b');
    lanes.push(lane(2), 'c');
    assert_eq!(lanes.start(now), Some((lane(1), 'a')));
    lanes.retry(lane(1), 'a', due, Order::Wait, false);
    assert_eq!(lanes.next_due(), Some(due));
    assert_eq!(lanes.start(now), Some((lane(2), 'c')), "it takes no place meanwhile");
    lanes.finish(lane(2), false);
    assert_eq!(lanes.start(now), None);
    assert_eq!(lanes.start(due), Some((lane(1), 'a')));
    assert_eq!(lanes.next_due(), None);
    lanes.finish(lane(1), false);
    assert_eq!(lanes.start(due), Some((lane(1), 'b')));
}

#[test]
fn what_was_passed_comes_again_ahead_of_what_waits_then() {
    let now = Instant::now();
    let due = now + Duration::from_secs(1);
    let mut lanes = Lanes::new(4);
    for item in ['a', 'b', 'c', 'd', 'e'] {
        lanes.push(lane(1), item);
    }
    for item in ['a', 'b'] {
        assert_eq!(lanes.start(now), Some((lane(1), item)));
        lanes.retry(lane(1), item, due, Order::Pass, false);
    }
    assert_eq!(lanes.start(now), Some((lane(1), 'c')));
    assert_eq!(lanes.start(due), None, "still one of a lane at a time");
    for item in ['a', 'b', 'd', 'e'] {
        lanes.finish(lane(1), false);
        assert_eq!(lanes.start(due), Some((lane(1), item)));
    }
    lanes.finish(lane(1), false);
    assert_eq!((lanes.start(due), lanes.len()), (None, 0));
}

/// What happens to lanes: an item comes, a running one lets others pass or ends, time passes.
#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    LetPass(usize),
    End { which: usize, put_off: Option<(u64, Order)> },
    Wait(u64),
}

fn steps(order: impl Strategy<Value = Order> + 'static, let_pass: u32) -> impl Strategy<Value = Vec<Step>> {
    let put_off = proptest::option::of((0..50_u64, order));
    let step = prop_oneof![
        3 => (0..4_usize).prop_map(Step::Push),
        4 => (any::<usize>(), put_off).prop_map(|(which, put_off)| Step::End { which, put_off }),
        1 => (0..40_u64).prop_map(Step::Wait),
        let_pass => any::<usize>().prop_map(Step::LetPass),
    ];
    proptest::collection::vec(step, 1..120)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Waiting,
    Running,
    /// Running, and others may start beside it.
    Passing,
    PutOff(Instant, Order),
    Finished,
}

/// Drives lanes, and knows what they may do.
struct Model {
    lanes: Lanes<usize>,
    limit: usize,
    now: Instant,
    /// By item: its lane, and what became of it.
    items: Vec<(usize, State)>,
    /// Items that others may be ahead of: they let them pass, or were put off without their lane waiting.
    passed: Vec<usize>,
    running: Vec<usize>,
}

impl Model {
    fn new(limit: usize) -> Self {
        let (items, passed, running) = (Vec::new(), Vec::new(), Vec::new());
        Self { lanes: Lanes::new(limit), limit, now: Instant::now(), items, passed, running }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Push(which) => {
                self.lanes.push(lane(which), self.items.len());
                self.items.push((which, State::Waiting));
            }
            Step::LetPass(which) if !self.running.is_empty() => {
                let item = self.running[which % self.running.len()];
                let (which, state) = &mut self.items[item];
                let which = *which;
                if *state == State::Running {
                    if self.lanes.pass(lane(which)) {
                        *state = State::Passing;
                        self.passed.push(item);
                    } else {
                        let passing =
                            |(of, state): &&(usize, State)| *of == which && *state == State::Passing;
                        prop_assert_eq!(self.items.iter().filter(passing).count(), self.limit.div_ceil(4));
                    }
                }
            }
            Step::End { which, put_off } if !self.running.is_empty() => {
                let item = self.running.remove(which % self.running.len());
                let (which, state) = &mut self.items[item];
                let passed = *state == State::Passing;
                if let Some((pause, order)) = put_off {
                    let due = self.now + Duration::from_millis(pause);
                    self.lanes.retry(lane(*which), item, due, order, passed);
                    let order = if passed { Order::Pass } else { order };
                    *state = State::PutOff(due, order);
                    if order == Order::Pass {
                        self.passed.push(item);
                    }
                } else {
                    *state = State::Finished;
                    self.lanes.finish(lane(*which), passed);
                }
            }
            Step::End { .. } | Step::LetPass(_) => {}
            Step::Wait(time) => self.now += Duration::from_millis(time),
        }
        self.start()
    }

    fn start(&mut self) -> Result<(), TestCaseError> {
        while let Some((lane, item)) = self.lanes.start(self.now) {
            let (which, state) = self.items[item];
            prop_assert_eq!(lane.as_str(), which.to_string());
            prop_assert!(self.may_start(state), "{} was {:?}", item, state);
            for (other, (_, state)) in self.items.iter().enumerate().filter(|(_, (lane, _))| *lane == which) {
                prop_assert_ne!(*state, State::Running, "one of a lane at a time");
                prop_assert!(
                    other >= item || *state == State::Finished || self.passed.contains(&other),
                    "{} before {}",
                    item,
                    other
                );
                let waited_for = matches!(state, State::PutOff(_, Order::Wait)) && other != item;
                prop_assert!(!waited_for, "{} while the lane waits for {}", item, other);
            }
            self.items[item].1 = State::Running;
            self.running.push(item);
        }
        prop_assert!(self.running.len() <= self.limit);
        let unfinished = self.items.iter().filter(|(_, state)| *state != State::Finished).count();
        prop_assert_eq!(self.lanes.len(), unfinished);
        for which in 0..4 {
            let states =
                || self.items.iter().filter(move |(lane, _)| *lane == which).map(|(_, state)| *state);
            let busy = states().any(|state| {
                matches!(state, State::PutOff(_, Order::Wait) | State::Running) && !self.may_start(state)
            });
            let idle = !busy && states().any(|state| self.may_start(state));
            prop_assert!(
                !idle || self.running.len() == self.limit,
                "lane {} waits while a place is free",
                which
            );
        }
        Ok(())
    }

    fn may_start(&self, state: State) -> bool {
        match state {
            State::Waiting => true,
            State::PutOff(due, _) => due <= self.now,
            State::Running | State::Passing | State::Finished => false,
        }
    }

    /// Finishes all that is left, in as much time as the lanes ask for.
    fn finish(mut self) -> Result<(), TestCaseError> {
        loop {
            while !self.running.is_empty() {
                self.step(&Step::End { which: 0, put_off: None })?;
            }
            let Some(due) = self.lanes.next_due() else { break };
            prop_assert!(due > self.now, "what is due has started");
            self.now = due;
            self.start()?;
        }
        prop_assert!(self.items.iter().all(|(_, state)| *state == State::Finished), "nothing is lost");
        prop_assert!(self.lanes.behind.is_empty(), "nothing of an idle lane is kept");
        prop_assert!(self.lanes.passing.is_empty());
        Ok(())
    }
}

proptest! {
    /// Whatever fails however often: lanes that wait keep their order (nothing is ever passed here).
    #[test]
    fn order_bound_and_turns_hold_through_failures(steps in steps(Just(Order::Wait), 0), limit in 1..4_usize) {
        let mut model = Model::new(limit);
        for step in &steps {
            model.step(step)?;
        }
        prop_assert!(model.passed.is_empty());
        model.finish()?;
    }

    #[test]
    fn only_what_is_put_off_or_lets_pass_is_passed(
        steps in steps(prop_oneof![Just(Order::Pass), Just(Order::Wait)], 2),
        limit in 1..4_usize,
    ) {
        let mut model = Model::new(limit);
        for step in &steps {
            model.step(step)?;
        }
        model.finish()?;
    }
}
