//! The store on NATS does what every store must, and what only a store that machines share must.
//!
//! Needs a server with JetStream: the one of `B24BOT_TEST_NATS`, or on this machine. Without one nothing is tested, except
//! in CI, where that is a failure. What a test stores has a prefix of its own, and is removed in the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use b24bot_core::{
    Claim, Effect, Ended, Entry, EntryId, Inbox as _, InboxErrorKind, Secret, Settled, Store, Stored, Which,
};
use b24bot_store::{NatsOptions, NatsStore, OpenErrorKind};
use tokio::{runtime::Runtime, sync::OnceCell};

use self::{
    contract::{Place, assert_counts, key, keys, message, messages, next, next_keys, progress, retry},
    server::Server,
};

mod contract;
#[path = "nats/mishaps.rs"]
mod mishaps;
#[path = "nats/server.rs"]
mod server;

/// Short, so that tests need not wait long until others take over. Where none is to take over it is longer, for a busy
/// machine is not heard for a second now and then.
const LEASE: Duration = Duration::from_millis(1_500);

fn address() -> String {
    std::env::var("B24BOT_TEST_NATS").unwrap_or_else(|_| "nats://127.0.0.1:4222".into())
}

/// Ends all tests, as passed, if there is no server to test with.
async fn need_server() {
    static REACHED: OnceCell<()> = OnceCell::const_new();
    REACHED
        .get_or_init(async || {
            let Err(error) = async_nats::connect(address()).await else { return };
            assert!(std::env::var_os("CI").is_none(), "no NATS at {}: {error}", address());
            let skipped = format!("\nSKIPPED: no NATS at {} ({error}); set B24BOT_TEST_NATS\n", address());
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            #[allow(clippy::exit, reason = "a test cannot say that it was skipped")]
            std::process::exit(0);
        })
        .await;
}

/// A prefix of its own on the server.
struct Nats {
    address: String,
    prefix: String,
}

impl Nats {
    fn at(address: String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self { address, prefix: format!("b24bot-test-{}-{number}", std::process::id()) }
    }

    fn options(&self) -> NatsOptions {
        let mut options = NatsOptions::default();
        options.prefix = self.prefix.clone();
        options.max_size = 20_000_000;
        options
    }

    async fn store(&self, lease: Duration) -> Arc<dyn Store> {
        let url = Secret::from(self.address.as_str());
        let mut options = self.options();
        options.lease = lease;
        Arc::new(NatsStore::connect(&url, options).await.unwrap())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let (address, prefix) = (self.address.clone(), self.prefix.clone());
        let clean = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let Ok(client) = async_nats::connect(address).await else { return };
                let jetstream = async_nats::jetstream::new(client);
                for stream in ["events", "share", "progress", "dead", "effects", "states"] {
                    let _ = jetstream.delete_stream(format!("{prefix}_{stream}")).await;
                }
            });
        };
        std::thread::spawn(clean).join().unwrap();
    }
}

impl Place for Nats {
    const CASES: u32 = 6;

    async fn new() -> Self {
        need_server().await;
        Self::at(address())
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.store(Duration::from_secs(10)).await
    }

    async fn end(&self, store: Arc<dyn Store>) {
        store.close();
        store.flush().await.unwrap();
    }
}

contract::tests!(Nats: every, durable);

/// A machine whose time stands still unless it is told to do something.
struct Machine {
    runtime: Runtime,
    store: Arc<dyn Store>,
}

impl Machine {
    fn new(place: &Nats) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = runtime.block_on(place.store(LEASE));
        Self { runtime, store }
    }

    /// Dies without a farewell.
    fn die(self) {
        self.runtime.shutdown_background();
    }
}

/// Runs a test that drives machines, each on a runtime of its own.
fn with_machines(test: impl FnOnce(&Nats)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let place = runtime.block_on(Nats::new());
    test(&place);
}

#[test]
fn what_a_dead_machine_had_is_taken_over_in_order_and_without_what_was_settled() {
    with_machines(|place| {
        let first = Machine::new(place);
        first.runtime.block_on(async {
            let store = &first.store;
            store.put(messages(1..=5)).await.unwrap();
            let (one, two) = (next(store).await, next(store).await);
            let _three = next(store).await;
            store.settle(&one, Settled::Done).await.unwrap();
            store.settle(&two, retry(1)).await.unwrap();
            store.flush().await.unwrap();
        });
        let second = Machine::new(place);
        let store = &second.store;
        first.die();
        let died = Instant::now();
        second.runtime.block_on(async {
            let entry = next(store).await;
            assert!(died.elapsed() < LEASE + Duration::from_secs(2), "{:?}", died.elapsed());
            assert_eq!(entry.progress.as_deref(), Some(&progress(1, &["tea::Greet"])));
            assert_eq!(key(&entry), keys(&messages([2]))[0]);
            assert_eq!(next_keys(store, 3).await, keys(&messages(3..=5)));
            assert_counts(store, 4, 1, 0).await;
        });
    });
}

#[test]
fn what_a_machine_leaves_in_good_order_is_taken_over_at_once() {
    with_machines(|place| {
        let (first, second) = (Machine::new(place), Machine::new(place));
        first.runtime.block_on(async {
            let store = &first.store;
            store.put(messages(1..=3)).await.unwrap();
            let one = next(store).await;
            store.settle(&one, Settled::Done).await.unwrap();
            place.end(Arc::clone(store)).await;
        });
        let left = Instant::now();
        second.runtime.block_on(async {
            assert_eq!(next_keys(&second.store, 2).await, keys(&messages([2, 3])));
        });
        assert!(left.elapsed() < LEASE * 2 / 3, "{:?}", left.elapsed());
    });
}

#[test]
fn a_machine_that_stood_still_does_not_go_on_with_what_others_have_taken_over() {
    with_machines(|place| {
        let stale = Machine::new(place);
        let (begun, waiting): (Entry, Entry) = stale.runtime.block_on(async {
            let store = &stale.store;
            store.put(messages([1, 2])).await.unwrap();
            let begun = next(store).await;
            store.begin(&begun, "send/1").await.unwrap();
            store.finish(&begun, "send/1", Ended::Had(b"7".to_vec())).await.unwrap();
            (begun, store.next().await.unwrap().unwrap())
        });
        let other = Machine::new(place);
        other.runtime.block_on(async {
            let store = &other.store;
            let entry = next(store).await;
            assert_eq!(key(&entry), key(&begun));
            assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::Had(b"7".to_vec()));
            store.settle(&entry, Settled::Done).await.unwrap();
            store.flush().await.unwrap();
        });
        let meanwhile = std::thread::spawn(move || {
            other.runtime.block_on(async { tokio::time::sleep(4 * LEASE).await });
            other
        });
        stale.runtime.block_on(async {
            let store = &stale.store;
            // It does not know yet what has happened, but that it was away.
            store.load(&waiting).await.unwrap_err();
            store.begin(&begun, "send/1").await.unwrap_err();
            store.begin(&begun, "send/2").await.unwrap_err();
            contract::eventually(async || match store.load(&waiting).await {
                Ok(None) => Ok(()),
                other => Err(other),
            })
            .await;
            store.begin(&begun, "send/2").await.unwrap_err();
            store.settle(&begun, contract::dead(1)).await.unwrap();
            store.flush().await.unwrap();
            assert_eq!(store.stats().await.unwrap().dead, 0);
        });
        let other = meanwhile.join().unwrap();
        other.runtime.block_on(async {
            assert_eq!(next_keys(&other.store, 1).await, keys(&messages([2])));
            assert_counts(&other.store, 1, 0, 0).await;
        });
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_recognised_by_every_machine() {
    let place = Nats::new().await;
    let (one, other) = (place.open().await, place.open().await);
    assert_eq!(one.put(messages([1])).await.unwrap(), [Stored::New]);
    assert_eq!(other.put(messages([1, 2])).await.unwrap(), [Stored::Duplicate, Stored::New]);
    assert_eq!(one.put(messages([2])).await.unwrap(), [Stored::Duplicate]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_share_the_dialogs_each_of_which_is_worked_in_order() {
    let place = Nats::new().await;
    let stores = [place.store(LEASE).await, place.store(LEASE).await, place.store(LEASE).await];
    // Each takes part as soon as it wants something.
    let (given, mut taken) = tokio::sync::mpsc::unbounded_channel();
    for (number, store) in stores.iter().enumerate() {
        let (store, given) = (Arc::clone(store), given.clone());
        tokio::spawn(async move {
            while let Some(mut entry) = store.next().await.unwrap() {
                let Some(envelope) = store.load(&entry).await.unwrap() else { continue };
                entry.envelope = Some(envelope);
                store.settle(&entry, Settled::Done).await.unwrap();
                given.send((number, entry)).unwrap();
            }
        });
    }
    // The first that comes takes all until the others have come.
    tokio::time::sleep(3 * LEASE).await;
    for id in 0..200 {
        stores[usize::try_from(id % 3).unwrap()].put(vec![message(id % 50, id + 1)]).await.unwrap();
    }
    let mut entries = Vec::new();
    for _ in 0..200 {
        entries.push(tokio::time::timeout(contract::PATIENCE, taken.recv()).await.unwrap().unwrap());
    }
    for number in 0..3 {
        let share = entries.iter().filter(|(by, _)| *by == number).count();
        assert!((20..=120).contains(&share), "{number}: {share}");
    }
    for dialog in 0..50 {
        let expected: Vec<_> =
            (0..200).filter(|id| id % 50 == dialog).map(|id| message(dialog, id + 1)).collect();
        let of_dialog: Vec<_> = entries.iter().filter(|(_, entry)| entry.lane == expected[0].lane).collect();
        assert!(of_dialog.iter().all(|(by, _)| *by == of_dialog[0].0), "one machine");
        assert_eq!(of_dialog.iter().map(|(_, entry)| key(entry)).collect::<Vec<_>>(), keys(&expected));
    }
    for store in &stores {
        assert_counts(store, 0, 0, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_needs_no_share_of_the_work_to_look_and_to_put_right() {
    let place = Nats::new().await;
    let (bot, person) = (place.open().await, place.open().await);
    bot.put(messages(1..=4)).await.unwrap();
    let one = next(&bot).await;
    let two = next(&bot).await;
    bot.settle(&one, contract::dead(5)).await.unwrap();
    bot.settle(&two, retry(1)).await.unwrap();
    bot.flush().await.unwrap();
    assert_counts(&person, 3, 1, 1).await;
    assert!(person.purge(EntryId(two.id.0 + 1)).await.unwrap());
    assert_counts(&person, 2, 1, 1).await;
    let again = person.retry(one.id).await.unwrap().unwrap();
    assert_eq!(next_keys_loaded(&bot, 2).await, [keys(&messages([4])), keys(&messages([1]))].concat());
    let listed = person.list(Which::Pending, None, 10).await.unwrap();
    assert_eq!(listed.last().unwrap().id, again);
    assert_counts(&bot, 3, 1, 0).await;
}

/// The keys of the next entries, without those that were purged.
async fn next_keys_loaded(store: &Arc<dyn Store>, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        let entry = tokio::time::timeout(contract::PATIENCE, store.next()).await.unwrap().unwrap().unwrap();
        found.extend(store.load(&entry).await.unwrap().map(|envelope| envelope.key.as_str().to_owned()));
    }
    found
}

#[test]
fn a_bot_is_fetched_for_by_one_machine_and_by_another_when_that_is_dead() {
    with_machines(|place| {
        let first = Machine::new(place);
        let mut claim: Box<dyn Claim> = first.runtime.block_on(async {
            let mut claim = first.store.claim("portal/5").await.unwrap().unwrap();
            assert!(claim.holds().await.unwrap());
            assert!(first.store.claim("portal/5").await.unwrap().is_none(), "once");
            // Another bot, whose claim is dropped at once.
            for _ in 0..2 {
                contract::eventually(async || {
                    first.store.claim("portal/6").await.unwrap().map(drop).ok_or(())
                })
                .await;
            }
            claim
        });
        let second = Machine::new(place);
        second.runtime.block_on(async {
            assert!(second.store.claim("portal/5").await.unwrap().is_none());
            contract::eventually(async || match second.store.claim("portal/5").await.unwrap() {
                Some(claim) => {
                    drop(claim);
                    Ok(())
                }
                None => Err("held by a machine that stands still"),
            })
            .await;
        });
        first.runtime.block_on(async {
            assert!(!matches!(claim.holds().await, Ok(true)));
        });
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_may_wait_is_refused() {
    let place = Nats::new().await;
    let mut options = place.options();
    options.max_events = 2;
    let store = NatsStore::connect(&Secret::from(place.address.as_str()), options).await.unwrap();
    store.put(messages([1, 2])).await.unwrap();
    assert_eq!(store.put(messages([3])).await.unwrap_err().kind(), InboxErrorKind::Full);

    let place = Nats::new().await;
    let mut options = place.options();
    options.max_size = 20_000;
    let store = NatsStore::connect(&Secret::from(place.address.as_str()), options).await.unwrap();
    let full = async || -> InboxErrorKind {
        for id in 1..1_000 {
            if let Err(error) = store.put(messages([id])).await {
                return error.kind();
            }
        }
        panic!("there is no end to it")
    };
    assert_eq!(full().await, InboxErrorKind::Full);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_server_loses_nothing_and_needs_nobody() {
    let Some(mut server) = Server::start(true).await else { return };
    let place = Nats::at(server.address());
    let store = place.open().await;
    store.put(messages([1, 2, 3])).await.unwrap();
    let one = next(&store).await;
    let two = next(&store).await;
    store.settle(&one, Settled::Done).await.unwrap();
    store.begin(&two, "send/1").await.unwrap();
    server.kill();
    contract::eventually(async || match store.put(messages([4])).await {
        Err(error) if error.kind() == InboxErrorKind::Storage => Ok(()),
        other => Err(other),
    })
    .await;
    store.settle(&two, contract::dead(5)).await.unwrap_err();
    server.restart().await;
    contract::eventually(async || store.put(messages([4])).await.map(drop)).await;
    contract::eventually(async || store.put(messages([5])).await.map(drop)).await;
    assert_eq!(store.put(messages([1, 3])).await.unwrap(), [Stored::Duplicate; 2]);
    let mut found = Vec::new();
    while found.len() < 3 {
        let entry = tokio::time::timeout(contract::PATIENCE, store.next()).await.unwrap().unwrap().unwrap();
        contract::eventually(async || match store.load(&entry).await {
            Ok(envelope) => {
                found.extend(envelope.map(|envelope| envelope.key.as_str().to_owned()));
                Ok(())
            }
            Err(error) => Err(error),
        })
        .await;
    }
    assert_eq!(found, keys(&messages([3, 4, 5])));
    assert_counts(&store, 3, 0, 1).await;
}

#[tokio::test]
async fn a_server_that_cannot_serve_says_what_to_do_and_no_password() {
    need_server().await;
    let open = async |url: &str| {
        let error = NatsStore::connect(&Secret::from(url), NatsOptions::default()).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        (error.kind(), error.to_string())
    };
    let (kind, text) = open("nats://bot:s3cret@127.0.0.1:1").await;
    assert!(kind == OpenErrorKind::Storage && text.contains("nats://127.0.0.1:1"), "{text}");
    let mut options = NatsOptions::default();
    options.prefix = "a.b".into();
    let error = NatsStore::connect(&Secret::from("nats://127.0.0.1:1"), options).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    let Some(server) = Server::start(false).await else { return };
    let (kind, text) = open(&server.address()).await;
    assert!(kind == OpenErrorKind::Refused && text.contains("-js"), "{text}");
}
