//! A person looks at what there is and puts it right.

use b24bot_core::{Settled, Stored, Which};

use super::*;

pub(crate) async fn lists_go_on_where_the_last_one_ended<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages(1..=5)).await.unwrap();
    for attempts in [1, 2] {
        let entry = next(&store).await;
        store.settle(&entry, dead(attempts)).await.unwrap();
    }
    assert_counts(&store, 3, 0, 2).await;
    for (which, ids) in [(Which::Pending, 3..=5), (Which::Dead, 1..=2)] {
        let all = listed(&store, which).await;
        assert_eq!(all.iter().map(|listed| listed.key.clone()).collect::<Vec<_>>(), keys(&messages(ids)));
        assert!(all.is_sorted_by(|a, b| a.id < b.id) && all.iter().all(|listed| listed.which == which));
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = store.list(which, after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            paged.extend(page);
            assert!(paged.len() <= all.len(), "it goes round in circles");
        }
        assert_eq!(paged, all);
    }
}

pub(crate) async fn an_entry_is_shown_with_its_event_and_what_it_came_to<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let sent = message(27, 1);
    store.put(vec![sent.clone()]).await.unwrap();
    let id = pending_id(&store, &sent).await;
    let (shown, envelope) = store.show(id).await.unwrap().unwrap();
    assert_eq!(shown, Listed::new(id, Which::Pending, &sent, None));
    assert_eq!(envelope.to_stored(), sent.to_stored());

    let entry = next(&store).await;
    assert_eq!(entry.id, id);
    store.settle(&entry, dead(5)).await.unwrap();
    eventually(async || {
        let found = listed(&store, Which::Dead).await;
        let [dead] = &found[..] else { return Err(found) };
        let expected = Listed::new(dead.id, Which::Dead, &sent, Some(progress(5, &["tea::Greet"])));
        assert_eq!(*dead, expected);
        let (shown, envelope) = store.show(dead.id).await.unwrap().unwrap();
        assert_eq!(shown, expected);
        assert_eq!(envelope.to_stored(), sent.to_stored());
        Ok(())
    })
    .await;
}

/// The number of the only entry that was set aside.
async fn dead_id(store: &Arc<dyn Store>) -> EntryId {
    let mut id = None;
    eventually(async || {
        let found = listed(store, Which::Dead).await;
        let [dead] = &found[..] else { return Err(found) };
        id = Some(dead.id);
        Ok(())
    })
    .await;
    id.unwrap()
}

pub(crate) async fn what_was_set_aside_is_handled_again_as_if_new<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1])).await.unwrap();
    store.settle(&next(&store).await, dead(5)).await.unwrap();
    let id = store.retry(dead_id(&store).await).await.unwrap().unwrap();
    assert_counts(&store, 1, 0, 0).await;
    let entry = next(&store).await;
    assert_eq!((entry.id, key(&entry)), (id, keys(&messages([1])).remove(0)));
    let before = entry.progress.as_ref().unwrap();
    assert_eq!((before.attempts, before.due, &before.finished[..]), (0, 0, &["tea::Greet".to_owned()][..]));
    store.settle(&entry, retry(1)).await.unwrap();
    assert_counts(&store, 1, 1, 0).await;
    store.settle(&entry, dead(2)).await.unwrap();
    assert_counts(&store, 0, 0, 1).await;
    assert!(store.retry(dead_id(&store).await).await.unwrap().is_some(), "as often as one likes");
    let entry = next(&store).await;
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_counts(&store, 0, 0, 0).await;
    assert_nothing_waits(&store).await;
}

pub(crate) async fn only_what_was_set_aside_is_handled_again<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2])).await.unwrap();
    let handled = next(&store).await;
    let waiting = pending_id(&store, &message(27, 2)).await;
    for id in [handled.id, waiting, EntryId(u64::MAX)] {
        assert_eq!(store.retry(id).await.unwrap(), None);
    }
    store.settle(&handled, retry(1)).await.unwrap();
    assert_eq!(store.retry(handled.id).await.unwrap(), None);
    assert_counts(&store, 2, 1, 0).await;
    store.settle(&handled, dead(2)).await.unwrap();
    let id = dead_id(&store).await;
    let again = store.retry(id).await.unwrap().unwrap();
    for id in [id, again] {
        assert_eq!(store.retry(id).await.unwrap(), None, "once");
    }
    let mut given = next_keys(&store, 2).await;
    given.sort();
    assert_eq!(given, keys(&messages([1, 2])));
    assert_nothing_waits(&store).await;
}

pub(crate) async fn whoever_waits_is_woken_by_what_is_to_be_handled_again<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1])).await.unwrap();
    store.settle(&next(&store).await, dead(5)).await.unwrap();
    let id = dead_id(&store).await;
    let mut waiting = store.next();
    assert_waits(&mut waiting).await;
    let id = store.retry(id).await.unwrap().unwrap();
    let entry = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(entry.id, id);
}

pub(crate) async fn what_is_purged_while_it_waits_is_not_given_out<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2, 3])).await.unwrap();
    let id = pending_id(&store, &message(27, 2)).await;
    assert!(store.purge(id).await.unwrap());
    assert!(!store.purge(id).await.unwrap(), "once");
    assert!(!store.purge(EntryId(u64::MAX)).await.unwrap());
    assert!(store.show(id).await.unwrap().is_none());
    assert_eq!(store.put(messages([2])).await.unwrap(), [Stored::Duplicate]);
    assert_counts(&store, 2, 0, 0).await;
    // An entry that is on its way already is given out, but cannot be loaded: as good as not given out.
    store.close();
    let mut given = Vec::new();
    while let Some(entry) = tokio::time::timeout(PATIENCE, store.next()).await.unwrap().unwrap() {
        if let Some(envelope) = store.load(&entry).await.unwrap() {
            given.push(envelope.key.as_str().to_owned());
        }
    }
    assert_eq!(given, keys(&messages([1, 3])));
}

pub(crate) async fn what_came_between_others_that_were_purged_is_not_passed_over<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1, 2, 3])).await.unwrap();
    for id in [3, 1] {
        assert!(store.purge(pending_id(&store, &message(27, id)).await).await.unwrap());
    }
    assert_counts(&store, 1, 0, 0).await;
    let entry = next(&store).await;
    assert_eq!(key(&entry), keys(&messages([2]))[0]);
    store.settle(&entry, Settled::Done).await.unwrap();
    assert_counts(&store, 0, 0, 0).await;
    store.put(messages([4])).await.unwrap();
    assert_eq!(next_keys(&store, 1).await, keys(&messages([4])));
}

pub(crate) async fn what_is_purged_while_it_is_handled_does_not_come_back<P: Place>() {
    for outcome in [Settled::Done, retry(1), dead(1)] {
        let place = P::new().await;
        let store = place.open().await;
        store.put(messages([1])).await.unwrap();
        let entry = next(&store).await;
        assert!(store.purge(entry.id).await.unwrap());
        assert!(store.load(&entry).await.unwrap().is_none());
        assert_counts(&store, 0, 0, 0).await;
        store.settle(&entry, outcome).await.unwrap();
        assert!(store.load(&entry).await.unwrap().is_none());
        assert!(store.show(entry.id).await.unwrap().is_none());
        assert_eq!(store.put(messages([1])).await.unwrap(), [Stored::Duplicate]);
        assert_counts(&store, 0, 0, 0).await;
        assert_nothing_waits(&store).await;
    }
}

pub(crate) async fn what_is_purged_after_it_was_set_aside_is_gone<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    store.put(messages([1])).await.unwrap();
    store.settle(&next(&store).await, dead(5)).await.unwrap();
    let id = dead_id(&store).await;
    assert!(store.purge(id).await.unwrap());
    assert!(!store.purge(id).await.unwrap(), "once");
    assert!(store.show(id).await.unwrap().is_none());
    assert_eq!(store.retry(id).await.unwrap(), None);
    assert_eq!(store.put(messages([1])).await.unwrap(), [Stored::Duplicate]);
    assert_counts(&store, 0, 0, 0).await;
    assert_nothing_waits(&store).await;
}

pub(crate) async fn counts_and_lists_agree<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    assert_counts(&store, 0, 0, 0).await;
    store.put(messages(1..=6)).await.unwrap();
    assert_counts(&store, 6, 0, 0).await;
    for outcome in [Settled::Done, retry(1), dead(5), dead(5)] {
        let entry = next(&store).await;
        store.settle(&entry, outcome).await.unwrap();
    }
    assert_counts(&store, 3, 1, 2).await;
    let stats = store.stats().await.unwrap();
    assert_eq!(stats.oldest_pending, Some(2000), "the first is done, the second waits for another attempt");
    assert!(!stats.store.is_empty());
}
