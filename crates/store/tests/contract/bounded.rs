//! A store that is full says so, and nothing of what it refuses stays behind.

use b24bot_core::{InboxErrorKind, Settled, Stored};

use super::*;

async fn assert_refused(store: &Arc<dyn Store>, ids: &[u64]) {
    let refused = store.put(messages(ids.iter().copied())).await.unwrap_err();
    assert_eq!(refused.kind(), InboxErrorKind::Full);
}

pub(crate) async fn a_delivery_is_stored_whole_or_not_at_all<P: Bounded>() {
    let place = P::new().await;
    let store = place.open_with_room(3).await;
    assert_eq!(store.put(messages([1, 2])).await.unwrap(), [Stored::New; 2]);
    assert_refused(&store, &[3, 4]).await;
    assert_refused(&store, &[1, 4, 3]).await;
    assert_counts(&store, 2, 0, 0).await;
    assert_eq!(
        store.put(messages([4, 4])).await.unwrap(),
        [Stored::New, Stored::Duplicate],
        "not remembered"
    );
    assert_refused(&store, &[3]).await;
    assert_eq!(next_keys(&store, 3).await, keys(&messages([1, 2, 4])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn a_full_store_takes_repeats_and_has_room_again_when_something_is_done<P: Bounded>() {
    let place = P::new().await;
    let store = place.open_with_room(2).await;
    store.put(messages([1, 2])).await.unwrap();
    assert_eq!(store.put(messages([2, 1])).await.unwrap(), [Stored::Duplicate; 2]);
    let entry = next(&store).await;
    assert_refused(&store, &[3]).await;
    store.settle(&entry, retry(1)).await.unwrap();
    assert_refused(&store, &[3]).await;
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_eq!(store.put(messages([3])).await.unwrap(), [Stored::New]);
    assert_refused(&store, &[4]).await;
}
