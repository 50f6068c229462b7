//! Events are stored, given out and settled.

use b24bot_core::{Depth, InboxErrorKind, Settled, Stored, Which};
use tokio::sync::mpsc;

use super::*;

pub(crate) async fn events_are_given_out_as_they_came<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let sent: Vec<Envelope> = [message(27, 1), message(28, 2)].into_iter().chain(for_two_bots(3)).collect();
    assert_eq!(store.put(sent.clone()).await.unwrap(), [Stored::New; 4]);
    let mut given = Vec::new();
    for _ in &sent {
        let entry = next(&store).await;
        assert!(entry.progress.is_none());
        given.push(entry.envelope.unwrap().to_stored());
    }
    let mut expected: Vec<_> = sent.iter().map(Envelope::to_stored).collect();
    given.sort();
    expected.sort();
    assert!(given == expected, "the same bytes: body, key, lane and time");
}

pub(crate) async fn a_repeat_is_recognised_whether_its_event_waits_is_handled_or_is_done<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let repeat = async || store.put(messages([1])).await.unwrap();
    assert_eq!(repeat().await, [Stored::New]);
    assert_eq!(repeat().await, [Stored::Duplicate]);
    let entry = next(&store).await;
    assert_eq!(repeat().await, [Stored::Duplicate]);
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_eq!(repeat().await, [Stored::Duplicate]);
    assert_counts(&store, 0, 0, 0).await;
    assert_nothing_waits(&store).await;
}

pub(crate) async fn events_of_one_delivery_are_told_apart<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([2])).await.unwrap();
    let stored = store.put(messages([1, 2, 3, 1])).await.unwrap();
    assert_eq!(stored, [Stored::New, Stored::Duplicate, Stored::New, Stored::Duplicate]);
    assert_eq!(store.put(Vec::new()).await.unwrap(), []);
    assert_eq!(next_keys(&store, 3).await, keys(&messages([2, 1, 3])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn events_of_a_lane_come_in_order_each_to_one_taker<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let (given, mut taken) = mpsc::unbounded_channel();
    let takers: Vec<_> = (0..4)
        .map(|_| {
            let (store, given) = (Arc::clone(&store), given.clone());
            tokio::spawn(async move {
                while let Some(entry) = store.next().await.unwrap() {
                    given.send(entry).unwrap();
                }
            })
        })
        .collect();
    drop(given);
    for id in 0..60 {
        store.put(vec![message(id % 3, 3 * id + 1), message(id % 3, 3 * id + 2)]).await.unwrap();
    }
    let mut entries = Vec::new();
    for _ in 0..120 {
        entries.push(tokio::time::timeout(PATIENCE, taken.recv()).await.unwrap().unwrap());
    }
    store.close();
    for taker in takers {
        tokio::time::timeout(PATIENCE, taker).await.unwrap().unwrap();
    }
    assert!(taken.recv().await.is_none(), "more than there are");
    // Takers that run side by side pass them on in any order; their numbers say in which they came.
    entries.sort_by_key(|entry| entry.id);
    for dialog in 0..3 {
        let sent: Vec<_> = (0..60)
            .filter(|id| id % 3 == dialog)
            .flat_map(|id| [message(dialog, 3 * id + 1), message(dialog, 3 * id + 2)])
            .collect();
        let mut given = Vec::new();
        for entry in entries.iter().filter(|entry| entry.lane == sent[0].lane) {
            given.push(store.load(entry).await.unwrap().unwrap().key.as_str().to_owned());
        }
        assert_eq!(given, keys(&sent));
    }
}

pub(crate) async fn whoever_waits_is_woken_by_an_event_and_by_closing<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let mut event = store.next();
    assert_waits(&mut event).await;
    store.put(messages([1])).await.unwrap();
    assert!(tokio::time::timeout(PATIENCE, event).await.unwrap().unwrap().is_some());
    let (mut one, mut other) = (store.next(), store.next());
    assert_waits(&mut one).await;
    assert_waits(&mut other).await;
    store.close();
    let (one, other) =
        tokio::join!(tokio::time::timeout(PATIENCE, one), tokio::time::timeout(PATIENCE, other));
    for end in [one, other] {
        assert!(end.unwrap().unwrap().is_none());
    }
}

pub(crate) async fn a_closed_store_takes_nothing_and_gives_out_what_it_has<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2, 3])).await.unwrap();
    let first = next(&store).await;
    store.close();
    store.close();
    assert_eq!(store.put(messages([4])).await.unwrap_err().kind(), InboxErrorKind::Closed);
    assert_eq!(next_keys(&store, 2).await, keys(&messages([2, 3])));
    assert!(store.next().await.unwrap().is_none());
    store.settle(&first, Settled::Done).await.unwrap();
    assert_counts(&store, 2, 0, 0).await;
}

pub(crate) async fn what_is_done_is_gone<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let entry = next(&store).await;
    assert_counts(&store, 2, 0, 0).await;
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_counts(&store, 1, 0, 0).await;
    assert!(store.show(entry.id).await.unwrap().is_none());
    assert!(!store.purge(entry.id).await.unwrap());
    assert_eq!(store.retry(entry.id).await.unwrap(), None);
    assert_eq!(next_keys(&store, 1).await, keys(&messages([2])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_is_to_be_tried_again_stays_pending_and_is_not_given_out_again<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let entry = next(&store).await;
    for attempts in 1..3 {
        store.settle(&entry, retry(attempts)).await.unwrap();
        assert_counts(&store, 2, 1, 0).await;
        eventually(async || {
            let found = listed(&store, Which::Pending).await.swap_remove(0).progress;
            if found == Some(progress(attempts, &["tea::Greet"])) { Ok(()) } else { Err(found) }
        })
        .await;
    }
    assert!(store.load(&entry).await.unwrap().is_some(), "the next attempt needs it");
    assert_eq!(next_keys(&store, 1).await, keys(&messages([2])));
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_counts(&store, 1, 0, 0).await;
    assert_nothing_waits(&store).await;
}

pub(crate) async fn what_is_set_aside_is_not_given_out<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1])).await.unwrap();
    let entry = next(&store).await;
    store.settle(&entry, dead(5)).await.unwrap();
    assert_counts(&store, 0, 0, 1).await;
    assert_eq!(store.put(messages([1])).await.unwrap(), [Stored::Duplicate]);
    assert_nothing_waits(&store).await;
    assert_eq!(store.depth(), Depth::new(0, 1));
}
