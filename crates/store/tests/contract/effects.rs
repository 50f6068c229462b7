//! What was done is not done twice.

use b24bot_core::{Effect, Ended, Settled};

use super::*;

async fn one_entry(store: &Arc<dyn Store>) -> Entry {
    store.put(messages([1])).await.unwrap();
    next(store).await
}

pub(crate) async fn an_effect_is_new_then_in_doubt_then_had<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let entry = one_entry(&store).await;
    assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::New);
    assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::InDoubt);
    assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::InDoubt);
    let result = b"{\"result\":\xff\0}".to_vec();
    store.finish(&entry, "send/1", Ended::Had(result.clone())).await.unwrap();
    assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::Had(result.clone()));
    assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::Had(result));
    assert_eq!(store.begin(&entry, "send/2").await.unwrap(), Effect::New);
    store.finish(&entry, "send/2", Ended::Had(Vec::new())).await.unwrap();
    assert_eq!(store.begin(&entry, "send/2").await.unwrap(), Effect::Had(Vec::new()), "with an empty result");
}

pub(crate) async fn an_effect_that_was_not_had_is_new<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let entry = one_entry(&store).await;
    for _ in 0..3 {
        assert_eq!(store.begin(&entry, "send/1").await.unwrap(), Effect::New);
        store.finish(&entry, "send/1", Ended::NotHad).await.unwrap();
    }
}

pub(crate) async fn effects_are_told_apart_by_name_and_by_event<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put([message(27, 1), message(28, 2)].into_iter().chain(for_two_bots(3)).collect()).await.unwrap();
    // Names that one could mix up when they are joined to keys or cut short.
    let long = "handler/".repeat(50);
    let names = ["a", "a/b", "a.b", "a b", "A", "б*>", &format!("{long}1"), &format!("{long}2")];
    let mut begun = Vec::new();
    for _ in 0..4 {
        let entry = next(&store).await;
        for name in names {
            assert_eq!(store.begin(&entry, name).await.unwrap(), Effect::New, "{name}");
            let result = format!("{} {name}", key(&entry)).into_bytes();
            store.finish(&entry, name, Ended::Had(result.clone())).await.unwrap();
            begun.push((entry.clone(), name, result));
        }
    }
    for (entry, name, result) in begun {
        assert_eq!(store.begin(&entry, name).await.unwrap(), Effect::Had(result));
    }
}

pub(crate) async fn effects_outlast_failures_and_a_second_life<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let mut entry = one_entry(&store).await;
    store.begin(&entry, "had").await.unwrap();
    store.finish(&entry, "had", Ended::Had(b"7".to_vec())).await.unwrap();
    store.begin(&entry, "in doubt").await.unwrap();
    let assert_known = async |entry: &Entry| {
        assert_eq!(store.begin(entry, "had").await.unwrap(), Effect::Had(b"7".to_vec()));
        assert_eq!(store.begin(entry, "in doubt").await.unwrap(), Effect::InDoubt);
    };
    store.settle(&entry, retry(1)).await.unwrap();
    assert_known(&entry).await;
    for _ in 0..2 {
        store.settle(&entry, dead(2)).await.unwrap();
        assert_counts(&store, 0, 0, 1).await;
        let dead = listed(&store, Which::Dead).await.remove(0).id;
        store.retry(dead).await.unwrap().unwrap();
        entry = next(&store).await;
        assert_known(&entry).await;
    }
}

/// After that nothing may be known of them. A store can also say that the entry is no longer to be handled.
pub(crate) async fn effects_go_with_their_entry<P: Place>() {
    for is_purged in [false, true] {
        let place = P::new().await;
        let store = place.open().await;
        let entry = one_entry(&store).await;
        store.begin(&entry, "in doubt").await.unwrap();
        store.begin(&entry, "had").await.unwrap();
        store.finish(&entry, "had", Ended::Had(b"7".to_vec())).await.unwrap();
        if is_purged {
            assert!(store.purge(entry.id).await.unwrap());
        } else {
            store.settle(&entry, Settled::Done).await.unwrap();
        }
        for effect in ["had", "in doubt"] {
            let known = store.begin(&entry, effect).await;
            assert!(matches!(known, Err(_) | Ok(Effect::New)), "{known:?}");
        }
    }
}
