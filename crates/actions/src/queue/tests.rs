use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[derive(Default)]
struct Open {
    under_way: HashMap<(Actor, Option<Arc<str>>), HashSet<u64>>,
    held: HashSet<&'static str>,
    costs: HashMap<&'static str, f64>,
    put_aside: usize,
}

impl Gate for Open {
    fn must_wait(&self, manifest: &Manifest, but_for: &[u64]) -> bool {
        let earlier = self.under_way.get(&(manifest.actor.clone(), manifest.order.clone()));
        earlier
            .into_iter()
            .flatten()
            .any(|earlier| Some(*earlier) < manifest.since && !but_for.contains(earlier))
    }

    fn is_held(&self, method: &str) -> bool {
        self.held.contains(method)
    }

    fn cost(&self, method: &str) -> f64 {
        self.costs.get(method).copied().unwrap_or_default()
    }

    fn hold(&mut self, _: &str) {
        self.put_aside += 1;
    }

    fn pass(&mut self, manifest: &Manifest) {
        if let (Some(_), Some(number)) = (&manifest.order, manifest.since) {
            let key = (manifest.actor.clone(), manifest.order.clone());
            self.under_way.entry(key).or_default().insert(number);
        }
    }
}

fn actor(name: &str) -> Actor {
    Actor(name.into())
}

fn call(dialog: &str) -> Manifest {
    Manifest {
        actor: actor("bot"),
        dialog: dialog.into(),
        order: None,
        message: None,
        method: "im.message.add".into(),
        mark: None,
        is_urgent: true,
        since: None,
        company: 50,
        weight: 100,
    }
}

fn write(dialog: &str) -> Manifest {
    Manifest { order: Some(dialog.into()), ..call(dialog) }
}

fn bulk(dialog: &str) -> Manifest {
    Manifest { is_urgent: false, ..call(dialog) }
}

fn like(message: u32, action: &str) -> Manifest {
    let mark = (action != "toggle").then(|| format!("like {message}").into());
    let message: Option<Arc<str>> = Some(format!("message {message}").into());
    Manifest { order: message.clone(), message, mark, method: "im.message.like".into(), ..call("chat1") }
}

fn place<T>(pushed: &Pushed<T>) -> Place {
    match pushed {
        Pushed::Waits(place, _) => *place,
        Pushed::Replaced(..) => unreachable!("nothing later waits"),
    }
}

fn take<T>(queue: &mut Queue<T>, most: usize, gate: &mut Open) -> Vec<T> {
    queue.take(most, gate).into_iter().map(|(_, call)| call).collect()
}

#[test]
fn dialogs_take_turns() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    for n in 0..100 {
        queue.push(call("busy"), ("busy", n));
    }
    queue.push(call("quiet"), ("quiet", 0));
    queue.push(call("quiet"), ("quiet", 1));
    let taken = take(&mut queue, 5, &mut gate);
    assert_eq!(taken, [("busy", 0), ("quiet", 0), ("busy", 1), ("quiet", 1), ("busy", 2)]);
}

#[test]
fn urgent_calls_go_first_but_not_for_ever() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    for n in 0..100 {
        queue.push(bulk("a"), ("bulk", n));
        queue.push(call("a"), ("urgent", n));
    }
    let taken = take(&mut queue, 50, &mut gate);
    assert_eq!(taken.iter().filter(|(what, _)| *what == "urgent").count(), 40);
    // One at a time it is the same.
    let one_by_one: Vec<_> = (0..10).flat_map(|_| take(&mut queue, 1, &mut gate)).collect();
    assert_eq!(one_by_one.iter().filter(|(what, _)| *what == "urgent").count(), 8);
}

#[test]
fn actors_share_no_request_and_take_turns() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    for n in 0..6 {
        let actor = if n % 2 == 0 { "one" } else { "two" };
        queue.push(Manifest { actor: Actor(actor.into()), ..call("a") }, (actor, n));
    }
    assert_eq!(take(&mut queue, 2, &mut gate), [("one", 0), ("one", 2)]);
    assert_eq!(take(&mut queue, 50, &mut gate), [("two", 1), ("two", 3), ("two", 5)]);
    assert_eq!(take(&mut queue, 50, &mut gate), [("one", 4)]);
}

#[test]
fn a_dialog_waits_for_its_call_that_is_under_way_and_others_do_not() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    for n in 0..2 {
        queue.push(write("a"), ("a", n));
        queue.push(write("b"), ("b", n));
    }
    assert_eq!(take(&mut queue, 1, &mut gate), [("a", 0)]);
    assert_eq!(take(&mut queue, 50, &mut gate), [("b", 0), ("b", 1)], "in one request they stay in order");
    assert!(take(&mut queue, 50, &mut gate).is_empty());
    // It goes out once more: it is what the others wait for.
    queue.push(Manifest { since: Some(1), ..write("a") }, ("again", 0));
    assert_eq!(take(&mut queue, 1, &mut gate), [("again", 0)]);
    gate.under_way.clear();
    queue.unpark(&"a".into());
    assert_eq!(take(&mut queue, 50, &mut gate), [("a", 1)]);
    assert!(queue.is_empty());
}

#[test]
fn a_held_method_waits_and_others_of_its_dialog_do_not() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    gate.held.insert("im.message.like");
    for n in 0..3 {
        queue.push(like(n, "plus"), ("like", n));
        queue.push(call("chat1"), ("reply", n));
    }
    assert_eq!(take(&mut queue, 50, &mut gate), [("reply", 0), ("reply", 1), ("reply", 2)]);
    assert_eq!((queue.ready(&gate), gate.put_aside), (0, 3));
    assert_eq!(queue.held_methods().collect::<Vec<_>>(), ["im.message.like"]);
    gate.held.clear();
    assert_eq!(queue.ready(&gate), 3);
    assert_eq!(take(&mut queue, 2, &mut gate), [("like", 0), ("like", 1)]);
    queue.push(call("chat1"), ("reply", 4));
    assert_eq!(take(&mut queue, 50, &mut gate), [("like", 2), ("reply", 4)]);
    assert!(queue.is_empty());
}

#[test]
fn what_was_put_aside_can_be_taken_back() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    gate.held.insert("im.message.like");
    let first = place(&queue.push(like(1, "plus"), 1));
    queue.push(like(2, "plus"), 2);
    assert!(take(&mut queue, 50, &mut gate).is_empty());
    assert_eq!(queue.remove(first), Some(1));
    assert_eq!(queue.remove(first), None);
    gate.held.clear();
    assert_eq!(take(&mut queue, 50, &mut gate), [2]);
}

#[test]
fn what_travels_alone_travels_alone() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    queue.push(call("a"), 1);
    queue.push(Manifest { company: 1, ..call("b") }, 2);
    queue.push(call("c"), 3);
    assert_eq!(take(&mut queue, 50, &mut gate), [1, 3]);
    queue.push(call("d"), 4);
    assert_eq!(take(&mut queue, 50, &mut gate), [2]);
    assert_eq!(take(&mut queue, 50, &mut gate), [4]);
}

#[test]
fn company_weight_and_time_are_limited() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    for n in 0..10 {
        queue.push(Manifest { company: if n == 2 { 3 } else { 50 }, ..call("a") }, n);
    }
    assert_eq!(take(&mut queue, 50, &mut gate), [0, 1, 2]);
    gate.costs.insert("im.message.add", 7.0);
    assert_eq!(take(&mut queue, 50, &mut gate), [3, 4]);
    gate.costs.clear();
    queue.push(Manifest { weight: HEAVIEST, ..call("b") }, 10);
    assert_eq!(take(&mut queue, 50, &mut gate).len(), 5);
    assert_eq!(take(&mut queue, 50, &mut gate), [10]);
}

#[test]
fn only_the_last_like_of_a_message_goes_out() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    let first = place(&queue.push(like(5, "plus"), "like"));
    queue.push(like(6, "plus"), "another message");
    let Pushed::Waits(second, replaced) = queue.push(like(5, "minus"), "unlike") else { unreachable!() };
    assert_eq!(replaced, Some("like"));
    assert_eq!((queue.remove(first), queue.at(second)), (None, Some(&"unlike")));
    assert_eq!(take(&mut queue, 50, &mut gate), ["unlike", "another message"]);
}

#[test]
fn what_goes_out_again_keeps_its_order() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    let numbers = [1, 2, 3].map(|n| place(&queue.push(write("a"), n)).number());
    assert_eq!(take(&mut queue, 2, &mut gate), [1, 2]);
    let again = |n: usize| Manifest { since: Some(numbers[n - 1]), ..write("a") };
    queue.push(again(2), 2);
    assert!(take(&mut queue, 50, &mut gate).is_empty(), "the first comes again, too");
    queue.push(again(1), 1);
    assert_eq!(take(&mut queue, 50, &mut gate), [1, 2, 3]);
}

#[test]
fn a_new_call_does_not_pass_one_that_goes_out_again() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    let numbers = [1, 2].map(|n| place(&queue.push(write("a"), n)).number());
    assert_eq!(take(&mut queue, 2, &mut gate), [1, 2]);
    queue.push(write("a"), 3);
    // The second is still in its pause.
    queue.push(Manifest { since: Some(numbers[0]), ..write("a") }, 1);
    assert_eq!(take(&mut queue, 50, &mut gate), [1]);
    queue.push(Manifest { since: Some(numbers[1]), ..write("a") }, 2);
    gate.under_way.clear();
    queue.unpark(&"a".into());
    assert_eq!(take(&mut queue, 50, &mut gate), [2, 3]);
}

#[test]
fn what_goes_out_again_and_is_put_aside_comes_first() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    let first = place(&queue.push(like(5, "toggle"), 1)).number();
    queue.push(like(5, "toggle"), 2);
    gate.held.insert("im.message.like");
    assert!(take(&mut queue, 50, &mut gate).is_empty());
    gate.held.clear();
    assert_eq!(take(&mut queue, 1, &mut gate), [1]);
    gate.held.insert("im.message.like");
    queue.push(Manifest { since: Some(first), ..like(5, "toggle") }, 1);
    assert!(take(&mut queue, 50, &mut gate).is_empty());
    gate.held.clear();
    assert_eq!(take(&mut queue, 50, &mut gate), [1, 2]);
}

#[test]
fn a_toggle_and_another_actor_stand_in_between() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    queue.push(like(5, "plus"), "like");
    queue.push(like(5, "toggle"), "toggle");
    queue.push(like(5, "plus"), "like again");
    let other = Manifest { actor: actor("other"), ..like(5, "minus") };
    assert!(matches!(queue.push(other, "other"), Pushed::Waits(_, None)));
    assert_eq!(take(&mut queue, 50, &mut gate), ["like", "toggle", "like again"]);
}

#[test]
fn a_repeated_like_gives_way_to_a_later_one() {
    let (mut queue, mut gate) = (Queue::default(), Open::default());
    let first = place(&queue.push(like(5, "plus"), "like"));
    assert_eq!(take(&mut queue, 1, &mut gate), ["like"]);
    queue.push(like(5, "minus"), "unlike");
    assert!(take(&mut queue, 1, &mut gate).is_empty());
    let again = Manifest { since: Some(first.number()), ..like(5, "plus") };
    let Pushed::Replaced("like", by) = queue.push(again, "like") else { unreachable!() };
    assert_eq!(queue.at(by), Some(&"unlike"));
}

#[derive(Clone, Debug)]
enum Step {
    Push { dialog: u8, actor: u8, urgent: bool, ordered: bool, alone: bool, held: bool },
    Take(usize),
    Remove(usize),
    Land,
    Hold(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let push = (0u8..4, 0u8..2, any::<bool>(), any::<bool>(), 0u8..8, 0u8..4).prop_map(
        |(dialog, actor, urgent, ordered, alone, held)| Step::Push {
            dialog,
            actor,
            urgent,
            ordered,
            alone: alone == 0,
            held: held == 0,
        },
    );
    let step = prop_oneof![
        6 => push,
        3 => (1usize..60).prop_map(Step::Take),
        1 => (0usize..50).prop_map(Step::Remove),
        2 => Just(Step::Land),
        1 => any::<bool>().prop_map(Step::Hold),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// Nothing is lost, nothing comes twice, requests are of one actor, and the order of each dialog is kept among calls
    /// of the same urgency.
    #[test]
    fn every_call_leaves_once_and_in_order(steps in steps()) {
        let (mut queue, mut gate) = (Queue::default(), Open::default());
        let (mut number, mut waiting, mut last) = (0u32, Vec::new(), HashMap::new());
        let drain = [Step::Hold(false)].into_iter().chain((0..300).flat_map(|_| [Step::Land, Step::Take(50)]));
        for step in steps.into_iter().chain(drain) {
            match step {
                Step::Push { dialog, actor, urgent, ordered, alone, held } => {
                    number += 1;
                    let mut manifest = if ordered { write(&dialog.to_string()) } else { call(&dialog.to_string()) };
                    manifest.actor = Actor(actor.to_string().into());
                    manifest.is_urgent = urgent;
                    manifest.company = if alone { 1 } else { 50 };
                    if held && !ordered {
                        manifest.method = "im.message.like".into();
                    }
                    let place = place(&queue.push(manifest, number));
                    waiting.push((number, place));
                }
                Step::Take(most) => {
                    let taken = queue.take(most, &mut gate);
                    prop_assert!(taken.len() <= most);
                    for (manifest, number) in &taken {
                        prop_assert_eq!(&manifest.actor, &taken[0].0.actor);
                        prop_assert!(manifest.company > 1 || taken.len() == 1);
                        let at = waiting.iter().position(|(waits, _)| waits == number);
                        prop_assert!(at.is_some(), "{number} came twice, or after it was taken back");
                        waiting.remove(at.unwrap());
                        if let Some(order) = &manifest.order {
                            let key = (manifest.actor.clone(), Arc::clone(order), manifest.is_urgent);
                            let before = last.insert(key, *number);
                            prop_assert!(before < Some(*number));
                        }
                    }
                }
                Step::Remove(at) if !waiting.is_empty() => {
                    let (number, place) = waiting.remove(at % waiting.len());
                    prop_assert_eq!(queue.remove(place), Some(number));
                }
                Step::Remove(_) => {}
                Step::Land => {
                    gate.under_way.clear();
                    (0..4).for_each(|dialog| queue.unpark(&dialog.to_string().into()));
                }
                Step::Hold(held) => {
                    gate.held = held.then_some("im.message.like").into_iter().collect();
                }
            }
        }
        prop_assert!(waiting.is_empty() && queue.is_empty(), "{waiting:?}");
        prop_assert!(queue.actors.is_empty() && queue.latest.is_empty());
    }
}
