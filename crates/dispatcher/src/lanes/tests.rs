use std::{collections::HashSet, time::Duration};

use proptest::prelude::*;

use super::*;

impl Item for usize {
    fn portal<'a>(&'a self, lane: &'a Lane) -> &'a str {
        lane.portal()
    }
}

impl Item for char {
    fn portal<'a>(&'a self, lane: &'a Lane) -> &'a str {
        lane.portal()
    }
}

fn lane(number: usize) -> Lane {
    Lane::from(number.to_string())
}

/// A dialog of a portal.
fn dialog(portal: &str, number: usize) -> Lane {
    Lane::from(format!("{portal}/5/{number}"))
}

/// Starts the next item, which must be this one.
fn start<T: Item + PartialEq + std::fmt::Debug>(
    lanes: &mut Lanes<T>,
    now: Instant,
    lane: Lane,
    item: T,
) -> Place {
    let (place, started) = lanes.start(now).unwrap();
    assert_eq!((place.lane.clone(), started), (lane, item));
    place
}

/// Starts all that may start; of which portals.
fn start_all<T: Item>(lanes: &mut Lanes<T>, now: Instant) -> Vec<Place> {
    std::iter::from_fn(|| lanes.start(now)).map(|(place, _)| place).collect()
}

fn count(places: &[Place], portal: &str) -> usize {
    places.iter().filter(|place| place.lane.portal() == portal).count()
}

#[test]
fn a_lane_that_is_stuck_holds_up_no_other() {
    let now = Instant::now();
    let mut lanes = Lanes::new(2);
    for item in 0..100 {
        lanes.push(lane(1), item);
    }
    lanes.push(lane(2), 100);
    let _stuck = start(&mut lanes, now, lane(1), 0);
    let other = start(&mut lanes, now, lane(2), 100);
    lanes.finish(other);
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
    let first = start(&mut lanes, now, lane(1), 'a');
    lanes.retry(first, 'a', due, Order::Wait);
    assert_eq!(lanes.next_due(), Some(due));
    let other = start(&mut lanes, now, lane(2), 'c');
    lanes.finish(other);
    assert_eq!(lanes.start(now), None);
    let again = start(&mut lanes, due, lane(1), 'a');
    assert_eq!(lanes.next_due(), None);
    lanes.finish(again);
    let _next = start(&mut lanes, due, lane(1), 'b');
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
        let place = start(&mut lanes, now, lane(1), item);
        lanes.retry(place, item, due, Order::Pass);
    }
    let mut place = start(&mut lanes, now, lane(1), 'c');
    assert_eq!(lanes.start(due), None, "still one of a lane at a time");
    for item in ['a', 'b', 'd', 'e'] {
        lanes.finish(place);
        place = start(&mut lanes, due, lane(1), item);
    }
    lanes.finish(place);
    assert_eq!((lanes.start(due), lanes.len()), (None, 0));
}

#[test]
fn each_portal_that_is_stuck_leaves_as_much_as_it_has() {
    let now = Instant::now();
    let mut lanes = Lanes::new(4096);
    let mut stuck = Vec::new();
    for (nth, portal) in ["a", "b", "c"].into_iter().enumerate() {
        for item in 0..10_000_usize {
            lanes.push(dialog(portal, item), item);
        }
        stuck.extend(start_all(&mut lanes, now));
        let free = 4096 - stuck.len();
        let share = 4096 / (nth + 2);
        assert!(
            count(&stuck, portal).abs_diff(free) <= 1 && free.abs_diff(share) <= 512,
            "{free} of {share}"
        );
        lanes.push(dialog("well", nth), nth);
        let well = start(&mut lanes, now, dialog("well", nth), nth);
        lanes.finish(well);
    }
    assert_eq!(lanes.turns.len() + lanes.behind.len(), 30_000 + 30_000);
}

/// What lets others pass takes places as well.
#[test]
fn dialogs_whose_calls_wait_leave_room_for_other_portals() {
    let now = Instant::now();
    let mut lanes = Lanes::new(4096);
    for item in 0..20 * 400_usize {
        lanes.push(dialog("stuck", item % 20), item);
    }
    let mut stuck: Vec<Place> = Vec::new();
    while let Some((mut place, _)) = lanes.start(now) {
        lanes.pass(&mut place);
        stuck.push(place);
    }
    assert_eq!(stuck.len(), 2048);
    lanes.push(dialog("well", 1), 0);
    let _well = start(&mut lanes, now, dialog("well", 1), 0);
}

#[test]
fn portals_take_turns_whatever_waits_in_them() {
    let now = Instant::now();
    let mut lanes = Lanes::new(1);
    for item in 0..100_usize {
        lanes.push(dialog("busy", item), item);
    }
    lanes.push(dialog("quiet", 0), 100);
    lanes.push(dialog("quiet", 1), 101);
    let mut order = Vec::new();
    for _ in 0..6 {
        let (place, _) = lanes.start(now).unwrap();
        order.push(place.lane.portal().to_owned());
        lanes.finish(place);
    }
    assert_eq!(order, ["busy", "quiet", "busy", "quiet", "busy", "busy"]);
}

#[test]
fn what_happens_to_the_application_waits_neither_for_its_portals_jam_nor_for_its_pause() {
    let now = Instant::now();
    let mut lanes = Lanes::new(8);
    for item in 0..100_usize {
        lanes.push(dialog("m", item), item);
    }
    let stuck = start_all(&mut lanes, now);
    assert_eq!(stuck.len(), 4);
    let application = Lane::from("m/0/".to_owned());
    lanes.push(application.clone(), 100);
    let uninstalled = start(&mut lanes, now, application.clone(), 100);
    assert_eq!(lanes.start(now), None, "but others still wait");
    lanes.finish(uninstalled);
    lanes.change(Pause::Begins("m".into()));
    stuck.into_iter().for_each(|place| lanes.finish(place));
    lanes.push(application.clone(), 101);
    let uninstalled = start(&mut lanes, now, application, 101);
    lanes.finish(uninstalled);
    assert_eq!(lanes.start(now), None);
}

#[test]
fn a_paused_portal_waits_and_goes_on_in_order() {
    let now = Instant::now();
    let due = now + Duration::from_secs(1);
    let mut lanes = Lanes::new(8);
    lanes.change(Pause::Begins("early".into()));
    for portal in ["early", "late", "other"] {
        for item in ['a', 'b', 'c'] {
            lanes.push(dialog(portal, 1), item);
        }
    }
    let late = start(&mut lanes, now, dialog("late", 1), 'a');
    let other = start(&mut lanes, now, dialog("other", 1), 'a');
    lanes.change(Pause::Begins("late".into()));
    // What runs is not broken off, and fails or not.
    lanes.retry(late, 'a', due, Order::Wait);
    lanes.finish(other);
    let _other = start(&mut lanes, due, dialog("other", 1), 'b');
    assert_eq!(lanes.start(due), None);
    for portal in ["late", "early"] {
        lanes.change(Pause::Ends(portal.into()));
        for item in ['a', 'b', 'c'] {
            let place = start(&mut lanes, due, dialog(portal, 1), item);
            lanes.finish(place);
        }
    }
}

#[test]
fn nothing_of_an_idle_portal_is_kept() {
    let now = Instant::now();
    let mut lanes = Lanes::new(8);
    for item in 0..10_000_usize {
        lanes.push(dialog(&format!("portal{item}"), 1), item);
        let (place, _) = lanes.start(now).unwrap();
        lanes.finish(place);
    }
    assert!(lanes.turns.is_empty() && lanes.behind.is_empty());
}

/// What happens to lanes: an item comes, a running one lets others pass or ends, time passes.
#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    LetPass(usize),
    End { which: usize, put_off: Option<(u64, Order)> },
    Wait(u64),
    Pause(usize),
    Resume(usize),
}

fn steps(order: impl Strategy<Value = Order> + 'static, let_pass: u32) -> impl Strategy<Value = Vec<Step>> {
    let put_off = proptest::option::of((0..50_u64, order));
    let step = prop_oneof![
        3 => (0..LANES).prop_map(Step::Push),
        4 => (any::<usize>(), put_off).prop_map(|(which, put_off)| Step::End { which, put_off }),
        1 => (0..40_u64).prop_map(Step::Wait),
        let_pass => any::<usize>().prop_map(Step::LetPass),
        1 => (0..4_usize).prop_map(Step::Pause),
        1 => (0..4_usize).prop_map(Step::Resume),
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

/// The lanes that the model has, of that many portals; one is an application's.
const LANES: usize = 6;

/// Drives lanes, and knows what they may do.
struct Model {
    lanes: Lanes<usize>,
    limit: usize,
    portals: usize,
    now: Instant,
    /// By item: its lane, and what became of it.
    items: Vec<(usize, State)>,
    /// Items that others may be ahead of: they let them pass, or were put off without their lane waiting.
    passed: Vec<usize>,
    running: Vec<(usize, Place)>,
    paused: HashSet<usize>,
}

impl Model {
    fn new(limit: usize, portals: usize) -> Self {
        Self {
            lanes: Lanes::new(limit),
            limit,
            portals,
            now: Instant::now(),
            items: Vec::new(),
            passed: Vec::new(),
            running: Vec::new(),
            paused: HashSet::new(),
        }
    }

    fn lane(&self, which: usize) -> Lane {
        let portal = which % self.portals;
        Lane::from(if which == 0 { format!("{portal}/0/") } else { format!("{portal}/5/{which}") })
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Push(which) => {
                self.lanes.push(self.lane(which), self.items.len());
                self.items.push((which, State::Waiting));
            }
            Step::LetPass(which) if !self.running.is_empty() => {
                let which = which % self.running.len();
                let (item, place) = &mut self.running[which];
                let (which, state) = &mut self.items[*item];
                let which = *which;
                if *state == State::Running {
                    self.lanes.pass(place);
                    if place.has_passed {
                        *state = State::Passing;
                        self.passed.push(*item);
                    } else {
                        let passing =
                            |(of, state): &&(usize, State)| *of == which && *state == State::Passing;
                        prop_assert_eq!(self.items.iter().filter(passing).count(), self.limit.div_ceil(4));
                    }
                }
            }
            Step::End { which, put_off } if !self.running.is_empty() => {
                let (item, place) = self.running.remove(which % self.running.len());
                let (_, state) = &mut self.items[item];
                let passed = *state == State::Passing;
                if let Some((pause, order)) = put_off {
                    let due = self.now + Duration::from_millis(pause);
                    self.lanes.retry(place, item, due, order);
                    let order = if passed { Order::Pass } else { order };
                    *state = State::PutOff(due, order);
                    if order == Order::Pass {
                        self.passed.push(item);
                    }
                } else {
                    *state = State::Finished;
                    self.lanes.finish(place);
                }
            }
            Step::End { .. } | Step::LetPass(_) => {}
            Step::Wait(time) => self.now += Duration::from_millis(time),
            Step::Pause(portal) => {
                self.paused.insert(portal);
                self.lanes.change(Pause::Begins(portal.to_string().into()));
            }
            Step::Resume(portal) => {
                self.paused.remove(&portal);
                self.lanes.change(Pause::Ends(portal.to_string().into()));
            }
        }
        self.start()
    }

    /// The lanes that have something to start, with the places that count for their portals.
    fn ready(&self) -> Vec<(usize, usize)> {
        let may = |which: &usize| *which == 0 || !self.paused.contains(&(which % self.portals));
        let lanes = (0..LANES).filter(may).filter(|which| {
            let states = || self.items.iter().filter(|(lane, _)| lane == which).map(|(_, state)| *state);
            let is_busy = states().any(|state| {
                matches!(state, State::PutOff(_, Order::Wait) | State::Running) && !self.may_start(state)
            });
            !is_busy && states().any(|state| self.may_start(state))
        });
        lanes.map(|which| (which, if which == 0 { 0 } else { self.held(which % self.portals) })).collect()
    }

    /// How many places a portal has.
    fn held(&self, portal: usize) -> usize {
        self.running.iter().filter(|(item, _)| self.items[*item].0 % self.portals == portal).count()
    }

    fn start(&mut self) -> Result<(), TestCaseError> {
        loop {
            let free = self.limit - self.running.len();
            let ready = self.ready();
            let Some((place, item)) = self.lanes.start(self.now) else {
                for (which, held) in ready {
                    prop_assert!(
                        held >= free,
                        "lane {} waits though it has {} and {} are free",
                        which,
                        held,
                        free
                    );
                }
                break;
            };
            let (which, state) = self.items[item];
            prop_assert_eq!(&place.lane, &self.lane(which));
            prop_assert!(self.may_start(state), "{} was {:?}", item, state);
            let fewest = ready.iter().map(|(_, held)| *held).min();
            let own = ready.iter().find(|(lane, _)| *lane == which).map(|(_, held)| *held);
            prop_assert_eq!(own, fewest, "it is the turn of who has the fewest places");
            prop_assert!(own < Some(free), "{:?} of {} free places", own, free);
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
            self.running.push((item, place));
        }
        prop_assert!(self.running.len() <= self.limit);
        let unfinished = self.items.iter().filter(|(_, state)| *state != State::Finished).count();
        prop_assert_eq!(self.lanes.len(), unfinished);
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
        for portal in 0..4 {
            self.step(&Step::Resume(portal))?;
        }
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
        prop_assert!(self.lanes.passing.is_empty() && self.lanes.turns.is_empty());
        Ok(())
    }
}

proptest! {
    /// Whatever fails however often: lanes that wait keep their order (nothing is ever passed here).
    #[test]
    fn order_bound_and_turns_hold_through_failures(
        steps in steps(Just(Order::Wait), 0),
        limit in 1..7_usize,
        portals in 1..4_usize,
    ) {
        let mut model = Model::new(limit, portals);
        for step in &steps {
            model.step(step)?;
        }
        prop_assert!(model.passed.is_empty());
        model.finish()?;
    }

    #[test]
    fn only_what_is_put_off_or_lets_pass_is_passed(
        steps in steps(prop_oneof![Just(Order::Pass), Just(Order::Wait)], 2),
        limit in 1..7_usize,
        portals in 1..4_usize,
    ) {
        let mut model = Model::new(limit, portals);
        for step in &steps {
            model.step(step)?;
        }
        model.finish()?;
    }
}
