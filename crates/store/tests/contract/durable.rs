//! What a store that outlives the process finds again.

use std::collections::HashSet;

use b24bot_core::{Effect, Ended, Expected, InboxErrorKind, Settled, Stored};

use super::*;

/// The process ends: in good order, or not.
async fn reopened<P: Place>(place: &P, store: Arc<dyn Store>, in_good_order: bool) -> Arc<dyn Store> {
    if in_good_order {
        place.end(store).await;
    } else {
        drop(store);
    }
    place.open().await
}

pub(crate) async fn it_says_so<P: Place>() {
    assert!(P::new().await.open().await.is_durable());
}

pub(crate) async fn what_was_accepted_is_given_out_again_until_it_is_settled<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    let sent = messages(1..=5);
    store.put(sent[..3].to_vec()).await.unwrap();
    store.put(sent[3..].to_vec()).await.unwrap();
    // Each time it has come further before it ends, and gives all of them out again.
    for (given, in_good_order) in [(0, false), (2, true), (5, false), (5, true)] {
        assert_eq!(next_keys(&store, given).await, keys(&sent[..given]));
        store = reopened(&place, store, in_good_order).await;
    }
    for envelope in &sent {
        let entry = next(&store).await;
        assert_eq!(entry.envelope.as_ref().unwrap().to_stored(), envelope.to_stored());
        assert!(entry.progress.is_none());
        store.settle(&entry, Settled::Done).await.unwrap();
    }
    assert_counts(&store, 0, 0, 0).await;
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_is_settled_stays_settled<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages(1..=4)).await.unwrap();
    let mut entries = Vec::new();
    for _ in 0..4 {
        entries.push(next(&store).await);
    }
    // Not in order: a later one is done before the first.
    for settled in [&entries[3], &entries[1]] {
        store.settle(settled, Settled::Done).await.unwrap();
    }
    let store = reopened(&place, store, true).await;
    assert_counts(&store, 2, 0, 0).await;
    assert_eq!(next_keys(&store, 2).await, keys(&messages([1, 3])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_failed_comes_with_its_progress<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let entry = next(&store).await;
    store.settle(&entry, retry(1)).await.unwrap();
    for attempts in 2..4 {
        store = reopened(&place, store, true).await;
        assert_counts(&store, 2, 1, 0).await;
        let entry = next(&store).await;
        assert_eq!(key(&entry), keys(&messages([1]))[0]);
        assert_eq!(entry.progress.as_deref(), Some(&progress(attempts - 1, &["tea::Greet"])));
        assert!(next(&store).await.progress.is_none());
        store.settle(&entry, retry(attempts)).await.unwrap();
    }
}

pub(crate) async fn what_was_set_aside_can_be_handled_again<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let entry = next(&store).await;
    store.settle(&entry, dead(5)).await.unwrap();
    let store = reopened(&place, store, true).await;
    assert_counts(&store, 1, 0, 1).await;
    assert_eq!(next_keys(&store, 1).await, keys(&messages([2])));
    let found = listed(&store, Which::Dead).await.remove(0);
    assert_eq!(found.progress, Some(progress(5, &["tea::Greet"])));
    let (shown, envelope) = store.show(found.id).await.unwrap().unwrap();
    assert_eq!((shown.key, envelope.to_stored()), (found.key, message(27, 1).to_stored()));
    store.retry(found.id).await.unwrap().unwrap();
    // What a person has asked for is not forgotten either.
    let store = reopened(&place, store, false).await;
    assert_counts(&store, 2, 0, 0).await;
    let mut given = Vec::new();
    for _ in 0..2 {
        let entry = next(&store).await;
        let finished = entry.progress.as_ref().map(|progress| (progress.attempts, progress.finished.clone()));
        given.push((key(&entry), finished));
    }
    given.sort();
    let [first, second] = [1, 2].map(|id| keys(&messages([id])).remove(0));
    assert_eq!(given, [(first, Some((0, vec!["tea::Greet".to_owned()]))), (second, None)]);
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_was_purged_stays_purged<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2, 3, 4])).await.unwrap();
    let (set_aside, handled) = (next(&store).await, next(&store).await);
    store.settle(&set_aside, dead(5)).await.unwrap();
    assert_counts(&store, 3, 0, 1).await;
    let dead = listed(&store, Which::Dead).await.remove(0).id;
    let waiting = pending_id(&store, &message(27, 3)).await;
    for id in [dead, handled.id, waiting] {
        assert!(store.purge(id).await.unwrap());
    }
    let store = reopened(&place, store, false).await;
    assert_counts(&store, 1, 0, 0).await;
    assert_eq!(store.put(messages([1, 2, 3])).await.unwrap(), [Stored::Duplicate; 3]);
    assert_eq!(next_keys(&store, 1).await, keys(&messages([4])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_was_purged_before_any_work_is_not_counted<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1])).await.unwrap();
    next(&store).await;
    let store = reopened(&place, store, true).await;
    assert!(store.purge(pending_id(&store, &message(27, 1)).await).await.unwrap());
    assert_counts(&store, 0, 0, 0).await;
    let store = reopened(&place, store, true).await;
    assert_counts(&store, 0, 0, 0).await;
}

pub(crate) async fn repeats_are_recognised<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    store.put(messages(1..=4)).await.unwrap();
    for outcome in [Settled::Done, retry(1), dead(5)] {
        let entry = next(&store).await;
        store.settle(&entry, outcome).await.unwrap();
    }
    for in_good_order in [true, false] {
        store = reopened(&place, store, in_good_order).await;
        assert_eq!(store.put(messages(1..=4)).await.unwrap(), [Stored::Duplicate; 4]);
        assert_counts(&store, 2, 1, 1).await;
    }
    assert_eq!(store.put(messages([5])).await.unwrap(), [Stored::New]);
}

pub(crate) async fn what_was_refused_is_not_there<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.close();
    let refused = store.put(messages([1, 2])).await.unwrap_err();
    assert_eq!(refused.kind(), InboxErrorKind::Closed);
    let store = reopened(&place, store, true).await;
    assert_counts(&store, 0, 0, 0).await;
    assert_eq!(store.put(messages([1, 2])).await.unwrap(), [Stored::New; 2]);
}

pub(crate) async fn numbers_go_on<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    let mut latest = EntryId(0);
    for id in 1..=4 {
        store.put(messages([id])).await.unwrap();
        let entry = next(&store).await;
        assert!(entry.id > latest, "{} after {latest}", entry.id);
        latest = entry.id;
        store.settle(&entry, Settled::Done).await.unwrap();
        store = reopened(&place, store, id % 2 == 0).await;
        if id % 2 == 1 {
            // The process did not end in good order, so the settlement may be forgotten, but not the number.
            for left in listed(&store, Which::Pending).await {
                assert!(store.purge(left.id).await.unwrap());
            }
            store = reopened(&place, store, true).await;
        }
    }
}

pub(crate) async fn effects_are_remembered<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let entry = next(&store).await;
    for effect in ["in doubt", "had", "not had"] {
        store.begin(&entry, effect).await.unwrap();
    }
    store.finish(&entry, "had", Ended::Had(b"7".to_vec())).await.unwrap();
    store.finish(&entry, "not had", Ended::NotHad).await.unwrap();
    let mut outcome = Some(retry(1));
    for in_good_order in [false, true, true] {
        store = reopened(&place, store, in_good_order).await;
        let entry = next(&store).await;
        assert_eq!(store.begin(&entry, "in doubt").await.unwrap(), Effect::InDoubt);
        assert_eq!(store.begin(&entry, "had").await.unwrap(), Effect::Had(b"7".to_vec()));
        assert_eq!(store.begin(&entry, "not had").await.unwrap(), Effect::New);
        store.finish(&entry, "not had", Ended::NotHad).await.unwrap();
        if let Some(outcome) = outcome.take() {
            store.settle(&entry, outcome).await.unwrap();
        }
        let other = next(&store).await;
        assert_eq!(store.begin(&other, "had").await.unwrap(), Effect::New);
        store.finish(&other, "had", Ended::NotHad).await.unwrap();
    }
}

pub(crate) async fn values_and_their_versions_are_kept<P: Place>() {
    let place = P::new().await;
    let mut store = place.open().await;
    let mut versions = HashSet::new();
    store.set("gone", b"v".to_vec(), Expected::Nothing).await.unwrap();
    let mut current = store.set("k", b"0".to_vec(), Expected::Nothing).await.unwrap().unwrap();
    versions.insert(current);
    let gone = store.get("gone").await.unwrap().unwrap().version;
    assert!(store.remove("gone", Expected::Version(gone)).await.unwrap());
    for (number, in_good_order) in [(1, false), (2, true), (3, false)] {
        store = reopened(&place, store, in_good_order).await;
        let state = store.get("k").await.unwrap().unwrap();
        assert_eq!((state.value, state.version), (format!("{}", number - 1).into_bytes(), current));
        assert!(store.get("gone").await.unwrap().is_none());
        let stale = versions.iter().copied().find(|version| *version != current);
        if let Some(stale) = stale {
            let set = store.set("k", b"never".to_vec(), Expected::Version(stale)).await.unwrap();
            assert!(set.is_none());
        }
        let value = format!("{number}").into_bytes();
        current = store.set("k", value, Expected::Version(current)).await.unwrap().unwrap();
        assert!(versions.insert(current), "{current:?} again");
    }
    let again = store.set("gone", b"v".to_vec(), Expected::Nothing).await.unwrap().unwrap();
    assert_ne!(again, gone);
    let mut watch = store.watch("k").await.unwrap();
    let change = tokio::time::timeout(PATIENCE, watch.next()).await.unwrap().unwrap();
    assert_eq!(change.value.as_deref(), Some(&b"3"[..]));
}

pub(crate) async fn counts_are_kept<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages(1..=6)).await.unwrap();
    for outcome in [Settled::Done, retry(1), dead(5), dead(5)] {
        let entry = next(&store).await;
        store.settle(&entry, outcome).await.unwrap();
    }
    let store = reopened(&place, store, true).await;
    assert_counts(&store, 3, 1, 2).await;
    assert_eq!(store.stats().await.unwrap().oldest_pending, Some(2000));
}
