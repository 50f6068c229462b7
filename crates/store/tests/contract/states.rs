//! Values are changed by compare and swap, and watched.

use std::collections::HashSet;

use b24bot_core::{Changes, Expected, StateChange, Version};

use super::*;

pub(crate) async fn a_value_is_changed_only_from_what_is_expected<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let set = async |value: &str, expected| store.set("a/b", value.into(), expected).await.unwrap();
    let assert_is = async |value: &str, version| {
        let state = store.get("a/b").await.unwrap().unwrap();
        assert_eq!((state.value, state.version), (value.as_bytes().to_vec(), version));
    };
    assert!(store.get("a/b").await.unwrap().is_none());
    assert_eq!(set("0", Expected::Version(Version(1))).await, None, "there is no version yet");
    assert!(store.get("a/b").await.unwrap().is_none());
    let first = set("1", Expected::Nothing).await.unwrap();
    assert_is("1", first).await;
    assert_eq!(set("0", Expected::Nothing).await, None);
    assert_is("1", first).await;
    let second = set("2", Expected::Version(first)).await.unwrap();
    assert_is("2", second).await;
    assert_eq!(set("0", Expected::Version(first)).await, None);
    assert_is("2", second).await;
    let third = set("3", Expected::Anything).await.unwrap();
    assert_is("3", third).await;
    assert!(store.get("a").await.unwrap().is_none() && store.get("a/b/c").await.unwrap().is_none());
    assert!(store.set("a/c", b"4".to_vec(), Expected::Anything).await.unwrap().is_some(), "also nothing");
}

pub(crate) async fn a_value_is_removed_only_if_it_is_as_expected<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let remove = async |expected| store.remove("k", expected).await.unwrap();
    let set = async || store.set("k", b"v".to_vec(), Expected::Nothing).await.unwrap().unwrap();
    let first = set().await;
    assert!(!remove(Expected::Nothing).await);
    assert!(store.get("k").await.unwrap().is_some());
    assert!(remove(Expected::Version(first)).await);
    assert!(store.get("k").await.unwrap().is_none());
    assert!(!remove(Expected::Version(first)).await, "it is gone");
    assert!(remove(Expected::Nothing).await && remove(Expected::Anything).await, "as expected");
    set().await;
    assert!(!remove(Expected::Version(first)).await, "that was another");
    assert!(store.get("k").await.unwrap().is_some());
    assert!(remove(Expected::Anything).await);
    assert!(store.get("k").await.unwrap().is_none());
}

pub(crate) async fn versions_grow_and_are_told<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let mut watch = store.watch("k").await.unwrap();
    let mut latest = Version(0);
    for _ in 0..3 {
        for _ in 0..2 {
            let version = store.set("k", b"same".to_vec(), Expected::Anything).await.unwrap().unwrap();
            assert!(version > latest, "{version:?} after {latest:?}");
            assert_eq!(change(&mut *watch).await.version, version);
            let late = change(&mut *store.watch("k").await.unwrap()).await;
            assert_eq!((late.version, store.get("k").await.unwrap().unwrap().version), (version, version));
            latest = version;
        }
        store.set("other", b"same".to_vec(), Expected::Anything).await.unwrap();
        store.remove("k", Expected::Anything).await.unwrap();
        let removed = change(&mut *watch).await.version;
        assert!(removed > latest, "{removed:?} after {latest:?}");
        latest = removed;
    }
}

pub(crate) async fn keys_and_values_may_be_anything<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let long = "long/".repeat(30);
    let keys =
        ["token/5", "token.5", "token 5", "Token/5", "ключ/*.>?=%2F\\\u{1}", "/", ".", "a=", "a", &long];
    let value = |key: &str| [b"\0\xff", key.as_bytes()].concat();
    for key in keys {
        assert!(store.set(key, value(key), Expected::Nothing).await.unwrap().is_some(), "{key:?}");
    }
    for key in keys {
        assert_eq!(store.get(key).await.unwrap().unwrap().value, value(key), "{key:?}");
    }
    assert_eq!(
        initial(&mut *store.watch("").await.unwrap(), keys.len()).await,
        HashSet::from(keys.map(String::from))
    );
    store.set("a", Vec::new(), Expected::Anything).await.unwrap();
    assert_eq!(store.get("a").await.unwrap().unwrap().value, b"", "an empty value is a value");
    let large = vec![7; 100_000];
    store.set("a", large.clone(), Expected::Anything).await.unwrap();
    assert!(store.get("a").await.unwrap().unwrap().value == large);
}

pub(crate) async fn nothing_is_lost_when_many_change_one_value<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let adders: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..10 {
                    loop {
                        let state = store.get("sum").await.unwrap();
                        let (sum, expected) = state.map_or((0, Expected::Nothing), |state| {
                            (state.value[0], Expected::Version(state.version))
                        });
                        if store.set("sum", vec![sum + 1], expected).await.unwrap().is_some() {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    for adder in adders {
        tokio::time::timeout(PATIENCE, adder).await.unwrap().unwrap();
    }
    assert_eq!(store.get("sum").await.unwrap().unwrap().value, [40]);
}

/// The key and the value.
async fn told(changes: &mut dyn Changes) -> (String, Option<Vec<u8>>) {
    let change = change(changes).await;
    (change.key, change.value)
}

async fn change(changes: &mut dyn Changes) -> StateChange {
    tokio::time::timeout(PATIENCE, changes.next())
        .await
        .unwrap_or_else(|_| panic!("nothing is told"))
        .unwrap()
}

async fn initial(changes: &mut dyn Changes, count: usize) -> HashSet<String> {
    let mut keys = HashSet::new();
    for _ in 0..count {
        let change = change(changes).await;
        assert!(change.value.is_some());
        keys.insert(change.key);
    }
    keys
}

pub(crate) async fn a_watcher_is_told_what_is_there_and_what_changes<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let set = async |key: &str, value: &str| store.set(key, value.into(), Expected::Anything).await.unwrap();
    set("a/1", "old").await;
    set("a/1", "one").await;
    set("a/2", "gone").await;
    store.remove("a/2", Expected::Anything).await.unwrap();
    let mut early = store.watch("a/").await.unwrap();
    assert_eq!(told(&mut *early).await, ("a/1".to_owned(), Some(b"one".to_vec())));
    let refused = store.set("a/1", b"never".to_vec(), Expected::Nothing).await.unwrap();
    assert!(refused.is_none() && !store.remove("a/1", Expected::Nothing).await.unwrap());
    set("a/1", "two").await;
    set("a/2", "").await;
    assert_eq!(told(&mut *early).await, ("a/1".to_owned(), Some(b"two".to_vec())));
    assert_eq!(told(&mut *early).await, ("a/2".to_owned(), Some(Vec::new())));
    let mut late = store.watch("a/").await.unwrap();
    assert_eq!(initial(&mut *late, 2).await, HashSet::from(["a/1".to_owned(), "a/2".to_owned()]));
    store.remove("a/1", Expected::Anything).await.unwrap();
    for watch in [&mut early, &mut late] {
        assert_eq!(told(&mut **watch).await, ("a/1".to_owned(), None));
    }
    for value in ["3", "4", "5"] {
        set("a/1", value).await;
    }
    for watch in [&mut early, &mut late] {
        for value in ["3", "4", "5"] {
            assert_eq!(told(&mut **watch).await, ("a/1".to_owned(), Some(value.into())), "in order, all");
        }
    }
}

pub(crate) async fn a_watcher_is_told_of_its_prefix_only<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let set = async |key: &str| store.set(key, b"v".to_vec(), Expected::Anything).await.unwrap();
    let strangers = ["a", "A*b/1", "aXb/1", "b/a*b/1", "a*"];
    for key in strangers {
        set(key).await;
    }
    let mut watch = store.watch("a*b").await.unwrap();
    for key in strangers {
        set(key).await;
    }
    for key in ["a*b", "a*b/1", "a*bc"] {
        set(key).await;
        assert_eq!(change(&mut *watch).await.key, key);
    }
}

pub(crate) async fn a_watch_ends_with_the_store<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.set("k", b"v".to_vec(), Expected::Anything).await.unwrap();
    let mut watch = store.watch("k").await.unwrap();
    place.end(store).await;
    assert_eq!(change(&mut *watch).await.key, "k", "what was told before is not lost");
    assert!(tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().is_none());
}

pub(crate) async fn who_follows_knows_the_past_before_the_present<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let set = async |key: &str| store.set(key, key.into(), Expected::Anything).await.unwrap();
    for key in ["a/1", "a/2", "b/1"] {
        set(key).await;
    }
    let mut past = Vec::new();
    let apply = |change: StateChange| past.push((change.key, change.value));
    let mut changes = b24bot_core::follow(&*store, "a/", apply).await.unwrap();
    past.sort();
    let of = |key: &str| Some(key.as_bytes().to_vec());
    assert_eq!(past, [("1".to_owned(), of("a/1")), ("2".to_owned(), of("a/2"))]);
    // Others who begin to follow are not noticed.
    drop(b24bot_core::follow(&*store, "a/", |_| ()).await.unwrap());
    set("a/3").await;
    store.remove("a/1", Expected::Anything).await.unwrap();
    assert_eq!(told(&mut *changes).await, ("3".to_owned(), of("a/3")));
    assert_eq!(told(&mut *changes).await, ("1".to_owned(), None));
    let left = HashSet::from(["a/2".to_owned(), "a/3".to_owned()]);
    assert_eq!(initial(&mut *store.watch("a/").await.unwrap(), 2).await, left, "nothing else stays");
}
