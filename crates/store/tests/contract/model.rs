//! Any operations in any order, against a model that is too simple to be wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use b24bot_core::{Effect, Ended, Expected, Settled, Stored, Version};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};

use super::*;

/// Names of effects and keys of values.
const NAMES: [&str; 2] = ["one", "two"];

#[derive(Clone, Debug)]
enum Operation {
    /// These messages come in one delivery; the dialog follows from the number.
    Put(Vec<u64>),
    Next,
    /// Which of those that are being handled, and what became of it.
    Settle(Index, Outcome),
    Begin(Index, usize),
    /// What was begun last for that name was had, or not.
    Finish(Index, usize, Option<u8>),
    /// Which of those that were set aside.
    HandleAgain(Index),
    /// Which of all.
    Purge(Index),
    /// A new value or none, if what is there is as expected.
    Change(usize, Option<u8>, Guess),
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done,
    Retry,
    Dead,
}

/// What is expected of a value, rightly or not.
#[derive(Clone, Copy, Debug)]
enum Guess {
    Anything,
    Nothing,
    Latest,
    Stale,
}

fn operation() -> impl Strategy<Value = Operation> {
    let which = any::<Index>;
    let name = || 0..NAMES.len();
    let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Retry), Just(Outcome::Dead)];
    let guess =
        prop_oneof![Just(Guess::Anything), Just(Guess::Nothing), Just(Guess::Latest), Just(Guess::Stale)];
    prop_oneof![
        4 => prop::collection::vec(1..=15_u64, 1..4).prop_map(Operation::Put),
        5 => Just(Operation::Next),
        4 => (which(), outcome).prop_map(|(which, outcome)| Operation::Settle(which, outcome)),
        2 => (which(), name()).prop_map(|(which, name)| Operation::Begin(which, name)),
        2 => (which(), name(), any::<Option<u8>>())
            .prop_map(|(which, name, had)| Operation::Finish(which, name, had)),
        2 => which().prop_map(Operation::HandleAgain),
        1 => which().prop_map(Operation::Purge),
        2 => (name(), any::<Option<u8>>(), guess)
            .prop_map(|(name, value, guess)| Operation::Change(name, value, guess)),
        1 => Just(Operation::Restart),
    ]
}

/// Tries random operations, among them restarts if the store promises to survive them.
pub(crate) fn any_operations_do_what_a_model_does<P: Place>(restarts: bool) {
    let mut config = Config::default();
    config.cases = config.cases.min(P::CASES);
    // A case that fails by waiting takes its time, whenever it is made smaller: the failure is to be told all the same.
    config.max_shrink_time = 15_000;
    // What fails is printed whole, and the stores that share this file would share its failures.
    config.failure_persistence = None;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let operations = prop::collection::vec(operation(), 1..60);
    let result = TestRunner::new(config).run(&operations, |mut operations| {
        operations.retain(|operation| restarts || !matches!(operation, Operation::Restart));
        runtime.block_on(play::<P>(operations));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[derive(Default)]
struct Model {
    /// By the number of the message.
    events: BTreeMap<u64, Event>,
    seen: BTreeSet<u64>,
    /// The place in which the next one is stored.
    place: u64,
    values: BTreeMap<usize, (Vec<u8>, Version)>,
    /// All versions that there were of any value.
    versions: BTreeMap<usize, Vec<Version>>,
}

struct Event {
    /// Later ones have greater ones.
    place: u64,
    at: At,
    progress: Option<Progress>,
    effects: BTreeMap<usize, Option<Vec<u8>>>,
}

enum At {
    Waiting,
    Handled(Entry),
    Dead,
}

impl Model {
    /// Those that are there, in order.
    fn ids(&self, filter: impl Fn(&At) -> bool) -> Vec<u64> {
        let mut found: Vec<_> = self.events.iter().filter(|(_, event)| filter(&event.at)).collect();
        found.sort_by_key(|(_, event)| event.place);
        found.into_iter().map(|(id, _)| *id).collect()
    }

    fn handled(&mut self, which: &Index) -> Option<(u64, Entry)> {
        let ids = self.ids(|at| matches!(at, At::Handled(_)));
        let id = *which.get_or_none(&ids)?;
        let At::Handled(entry) = &self.events[&id].at else { return None };
        Some((id, entry.clone()))
    }
}

trait OrNone {
    fn get_or_none<'items>(&self, items: &'items [u64]) -> Option<&'items u64>;
}

impl OrNone for Index {
    fn get_or_none<'items>(&self, items: &'items [u64]) -> Option<&'items u64> {
        (!items.is_empty()).then(|| self.get(items))
    }
}

/// The messages by their numbers.
static EVENTS: LazyLock<Vec<Envelope>> =
    LazyLock::new(|| (1..=15).map(|id| message(dialog(id), id)).collect());

fn event(id: u64) -> &'static Envelope {
    &EVENTS[usize::try_from(id - 1).unwrap()]
}

fn dialog(id: u64) -> u64 {
    id % 3
}

async fn play<P: Place>(operations: Vec<Operation>) {
    let place = P::new().await;
    let mut store = place.open().await;
    let mut model = Model::default();
    for operation in operations {
        match operation {
            Operation::Put(ids) => put(&store, &mut model, &ids).await,
            Operation::Next => take(&store, &mut model).await,
            Operation::Settle(which, outcome) => settle(&store, &mut model, &which, outcome).await,
            Operation::Begin(which, name) => begin(&store, &mut model, &which, name).await,
            Operation::Finish(which, name, had) => finish(&store, &mut model, &which, name, had).await,
            Operation::HandleAgain(which) => handle_again(&store, &mut model, &which).await,
            Operation::Purge(which) => purge(&store, &mut model, &which).await,
            Operation::Change(name, value, guess) => change(&store, &mut model, name, value, guess).await,
            Operation::Restart => {
                compare(&store, &model).await;
                place.end(store).await;
                store = place.open().await;
                for event in model.events.values_mut() {
                    if matches!(event.at, At::Handled(_)) {
                        event.at = At::Waiting;
                    }
                }
                compare(&store, &model).await;
            }
        }
    }
    compare(&store, &model).await;
    while !model.ids(|at| matches!(at, At::Waiting)).is_empty() {
        take(&store, &mut model).await;
    }
    assert_nothing_waits(&store).await;
}

async fn put(store: &Arc<dyn Store>, model: &mut Model, ids: &[u64]) {
    let stored = store.put(ids.iter().map(|id| event(*id).clone()).collect()).await.unwrap();
    let mut expected = Vec::new();
    for id in ids {
        let is_new = model.seen.insert(*id);
        expected.push(if is_new { Stored::New } else { Stored::Duplicate });
        if is_new {
            model.place += 1;
            let event =
                Event { place: model.place, at: At::Waiting, progress: None, effects: BTreeMap::new() };
            model.events.insert(*id, event);
        }
    }
    assert_eq!(stored, expected);
}

/// One entry, which must be the first that waits in its dialog.
async fn take(store: &Arc<dyn Store>, model: &mut Model) {
    let waiting = model.ids(|at| matches!(at, At::Waiting));
    if waiting.is_empty() {
        return;
    }
    let entry = next(store).await;
    let first = (0..3).filter_map(|lane| waiting.iter().copied().find(|id| dialog(*id) == lane));
    let id = first.into_iter().find(|id| event(*id).key.as_str() == key(&entry));
    let id = id.unwrap_or_else(|| panic!("{} is not first in its dialog: {waiting:?}", key(&entry)));
    let taken = model.events.get_mut(&id).unwrap();
    assert_same(entry.progress.as_deref(), taken.progress.as_ref());
    taken.at = At::Handled(entry);
}

/// Of an entry that is handled again, only what is left of its progress matters.
fn assert_same(found: Option<&Progress>, expected: Option<&Progress>) {
    if expected.is_some_and(|expected| expected.attempts > 0) {
        assert_eq!(found, expected);
        return;
    }
    let left = |progress: Option<&Progress>| {
        progress.map(|p| (p.attempts, p.due, p.finished.clone())).unwrap_or_default()
    };
    assert_eq!(left(found), left(expected));
}

async fn settle(store: &Arc<dyn Store>, model: &mut Model, which: &Index, outcome: Outcome) {
    let Some((id, entry)) = model.handled(which) else { return };
    let settled = model.events.get_mut(&id).unwrap();
    let attempts = settled.progress.as_ref().map_or(0, |progress| progress.attempts) + 1;
    let after = progress(attempts, &["tea::Greet", "tea::Greet#2"][..usize::from(attempts > 1) + 1]);
    match outcome {
        Outcome::Done => {
            store.settle(&entry, Settled::Done).await.unwrap();
            model.events.remove(&id);
        }
        Outcome::Retry => {
            store.settle(&entry, Settled::Retry(after.clone())).await.unwrap();
            settled.progress = Some(after);
        }
        Outcome::Dead => {
            store.settle(&entry, Settled::Dead(after.clone())).await.unwrap();
            settled.progress = Some(after);
            settled.at = At::Dead;
        }
    }
}

async fn begin(store: &Arc<dyn Store>, model: &mut Model, which: &Index, name: usize) {
    let Some((id, entry)) = model.handled(which) else { return };
    let effects = &mut model.events.get_mut(&id).unwrap().effects;
    let expected = match effects.get(&name) {
        None => Effect::New,
        Some(None) => Effect::InDoubt,
        Some(Some(result)) => Effect::Had(result.clone()),
    };
    assert_eq!(store.begin(&entry, NAMES[name]).await.unwrap(), expected);
    effects.entry(name).or_default();
}

/// Only what is in doubt is finished.
async fn finish(store: &Arc<dyn Store>, model: &mut Model, which: &Index, name: usize, had: Option<u8>) {
    let Some((id, entry)) = model.handled(which) else { return };
    let effects = &mut model.events.get_mut(&id).unwrap().effects;
    if effects.get(&name) != Some(&None) {
        return;
    }
    let ended = had.map_or(Ended::NotHad, |result| Ended::Had(vec![result]));
    store.finish(&entry, NAMES[name], ended).await.unwrap();
    match had {
        Some(result) => effects.insert(name, Some(vec![result])),
        None => effects.remove(&name),
    };
}

async fn handle_again(store: &Arc<dyn Store>, model: &mut Model, which: &Index) {
    let dead = model.ids(|at| matches!(at, At::Dead));
    let Some(&id) = which.get_or_none(&dead) else { return };
    let number = number_of(store, Which::Dead, id).await;
    let again = store.retry(number).await.unwrap().unwrap();
    let event = model.events.get_mut(&id).unwrap();
    if again != number {
        assert!(again > number);
        model.place += 1;
        event.place = model.place;
    }
    event.at = At::Waiting;
    let mut fresh = Progress::default();
    fresh.finished = event.progress.take().unwrap().finished;
    event.progress = Some(fresh);
}

async fn purge(store: &Arc<dyn Store>, model: &mut Model, which: &Index) {
    let all = model.ids(|_| true);
    let Some(&id) = which.get_or_none(&all) else { return };
    let purged = model.events.remove(&id).unwrap();
    let list = if matches!(purged.at, At::Dead) { Which::Dead } else { Which::Pending };
    let number = number_of(store, list, id).await;
    assert!(store.purge(number).await.unwrap());
    if let At::Handled(entry) = purged.at {
        assert!(store.load(&entry).await.unwrap().is_none());
    }
}

async fn number_of(store: &Arc<dyn Store>, which: Which, id: u64) -> EntryId {
    let key = &event(id).key;
    let mut number = None;
    eventually(async || {
        let found = listed(store, which).await;
        number = found.iter().find(|listed| listed.key == key.as_str()).map(|listed| listed.id);
        number.map(|_| ()).ok_or(found)
    })
    .await;
    number.unwrap()
}

async fn change(store: &Arc<dyn Store>, model: &mut Model, name: usize, value: Option<u8>, guess: Guess) {
    let versions = model.versions.entry(name).or_default();
    let current = model.values.get(&name).map(|(_, version)| *version);
    let expected = match (guess, versions.last(), versions.first()) {
        (Guess::Latest, Some(version), _) | (Guess::Stale, _, Some(version)) => Expected::Version(*version),
        (Guess::Nothing, ..) => Expected::Nothing,
        _ => Expected::Anything,
    };
    let is_expected = match expected {
        Expected::Anything => true,
        Expected::Nothing => current.is_none(),
        Expected::Version(version) => current == Some(version),
    };
    if let Some(value) = value {
        let set = store.set(NAMES[name], vec![value], expected).await.unwrap();
        assert_eq!(set.is_some(), is_expected);
        if let Some(version) = set {
            assert!(!versions.contains(&version), "{version:?} again");
            versions.push(version);
            model.values.insert(name, (vec![value], version));
        }
    } else {
        assert_eq!(store.remove(NAMES[name], expected).await.unwrap(), is_expected);
        if is_expected {
            model.values.remove(&name);
        }
    }
}

/// All that can be seen from outside.
async fn compare(store: &Arc<dyn Store>, model: &Model) {
    // A second failure of an event changes no count that one could wait for.
    store.flush().await.unwrap();
    let pending = model.ids(|at| !matches!(at, At::Dead));
    let dead = model.ids(|at| matches!(at, At::Dead));
    let failed = |id: &&u64| model.events[id].progress.as_ref().is_some_and(|progress| progress.attempts > 0);
    let retrying = pending.iter().filter(failed).count();
    assert_counts(store, pending.len() as u64, retrying as u64, dead.len() as u64).await;
    for (which, ids) in [(Which::Pending, pending), (Which::Dead, dead)] {
        let mut found = Vec::new();
        eventually(async || {
            found = listed(store, which).await;
            let is_same = (0..3).all(|dialog| {
                let lane = event(dialog + 3).lane.as_str();
                let found =
                    found.iter().filter(|listed| listed.lane == lane).map(|listed| listed.key.as_str());
                let expected = ids.iter().filter(|id| self::dialog(**id) == dialog);
                found.eq(expected.map(|id| event(*id).key.as_str()))
            });
            if is_same { Ok(()) } else { Err((found.clone(), &ids)) }
        })
        .await;
        for id in &ids {
            let number = found.iter().find(|listed| listed.key == event(*id).key.as_str()).unwrap().id;
            let (shown, envelope) = store.show(number).await.unwrap().unwrap();
            assert_eq!(envelope.to_stored(), event(*id).to_stored());
            assert_eq!((shown.id, shown.which), (number, which));
            assert_same(shown.progress.as_ref(), model.events[id].progress.as_ref());
        }
    }
    for (number, name) in NAMES.iter().enumerate() {
        let found = store.get(name).await.unwrap().map(|state| (state.value, state.version));
        assert_eq!(found.as_ref(), model.values.get(&number));
    }
}
