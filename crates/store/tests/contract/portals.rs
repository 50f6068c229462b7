//! Whose entries they are: portals are counted, dropped, and share the room.

use b24bot_core::{InboxErrorKind, Lane, PortalDepth, Settled, Stored};

use super::*;

/// A message on a portal.
fn of_portal(portal: &str, id: u64) -> Envelope {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]={}\
         &auth[member_id]={portal}",
        id % 3
    );
    accepted(&body, id).remove(0)
}

fn messages_of(portal: &str, ids: impl IntoIterator<Item = u64>) -> Vec<Envelope> {
    ids.into_iter().map(|id| of_portal(portal, id)).collect()
}

/// Sees what there is of each portal: its name, and how much is pending and was set aside.
async fn assert_portals(store: &Arc<dyn Store>, expected: &[(&str, u64, u64, u64)]) {
    eventually(async || {
        let found = store.portals().await.unwrap();
        let told = |depth: &PortalDepth| (depth.portal.clone(), depth.pending, depth.dead, depth.latest);
        let wanted = expected.iter().map(|(portal, pending, dead, latest)| {
            ((*portal).to_owned(), *pending, *dead, Some(latest * 1000))
        });
        if found.iter().map(told).eq(wanted) { Ok(()) } else { Err(found) }
    })
    .await;
}

pub(crate) async fn entries_are_counted_by_portal<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    assert_portals(&store, &[]).await;
    // One portal's name begins as another's does, and is no pattern.
    store.put(messages_of("m", [1, 2])).await.unwrap();
    store.put(messages_of("m2", [3])).await.unwrap();
    store.put(messages_of("%25", [4])).await.unwrap();
    assert_portals(&store, &[("%", 1, 0, 4), ("m", 2, 0, 2), ("m2", 1, 0, 3)]).await;
    for _ in 0..4 {
        let entry = next(&store).await;
        let outcome = if entry.portal() == "m" { dead(1) } else { Settled::Done };
        store.settle(&entry, outcome).await.unwrap();
    }
    assert_portals(&store, &[("m", 0, 2, 2)]).await;
}

pub(crate) async fn a_portal_is_dropped_and_nothing_else<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    assert_eq!(store.drop_portal("m", None).await.unwrap(), 0);
    let others = [of_portal("m2", 1), of_portal("_", 2), of_portal("", 3)];
    for (nth, other) in (0..).zip(&others) {
        store.put(messages_of("m", 10 * nth + 10..10 * nth + 20)).await.unwrap();
        store.put(vec![other.clone()]).await.unwrap();
    }
    for _ in 0..2 {
        let mut entry = next(&store).await;
        while entry.portal() != "m" {
            entry = next(&store).await;
        }
        store.settle(&entry, dead(1)).await.unwrap();
    }
    let left: Vec<_> = others.iter().filter(|other| other.lane.portal() != "m").collect();
    let handled = next(&store).await;
    assert_counts(&store, 31, 0, 2).await;
    assert_eq!(store.drop_portal("m", None).await.unwrap(), 30);
    assert_counts(&store, left.len() as u64, 0, 0).await;
    if handled.portal() == "m" {
        assert!(store.load(&handled).await.unwrap().is_none(), "its event is gone, what runs is left to end");
        store.settle(&handled, retry(1)).await.unwrap();
        store.settle(&handled, Settled::Done).await.unwrap();
    }
    assert_counts(&store, left.len() as u64, 0, 0).await;
    assert_eq!(store.drop_portal("m", None).await.unwrap(), 0);
    assert_eq!(store.put(messages_of("m", [40])).await.unwrap(), [Stored::New], "it may come back");
}

pub(crate) async fn one_lane_of_a_portal_is_kept<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let uninstalled = accepted("event=ONAPPUNINSTALL&auth[member_id]=m", 9).remove(0);
    assert!(uninstalled.lane.is_of_application());
    store.put(messages_of("m", 1..=4)).await.unwrap();
    store.put(vec![uninstalled.clone()]).await.unwrap();
    assert_eq!(store.drop_portal("m", Some(&uninstalled.lane)).await.unwrap(), 4);
    assert_eq!(key(&next(&store).await), uninstalled.key.as_str());
    assert_eq!(store.drop_portal("m", Some(&Lane::from("m/5/1".to_owned()))).await.unwrap(), 1);
    assert_counts(&store, 0, 0, 0).await;
}

pub(crate) async fn many_are_dropped_while_others_come<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    for first in [1, 301, 601] {
        store.put(messages_of("m", first..first + 300)).await.unwrap();
        store.put(messages_of("n", [first])).await.unwrap();
    }
    let dropping = Arc::clone(&store);
    let dropping = tokio::spawn(async move { dropping.drop_portal("m", None).await.unwrap() });
    store.put(messages_of("n", [1000])).await.unwrap();
    assert_eq!(dropping.await.unwrap(), 900);
    let expected = keys(&messages_of("n", [1, 301, 601, 1000]));
    let mut found = Vec::new();
    while found.len() < 4 {
        let entry = store.next().await.unwrap().unwrap();
        if let Some(envelope) = store.load(&entry).await.unwrap() {
            found.push(envelope.key.as_str().to_owned());
        }
    }
    found.sort_by_key(|key| expected.iter().position(|expected| expected == key));
    assert_eq!(found, expected);
}

async fn assert_over_share(store: &Arc<dyn Store>, portal: &str, ids: &[u64]) {
    let refused = store.put(messages_of(portal, ids.iter().copied())).await.unwrap_err();
    assert_eq!(refused.kind(), InboxErrorKind::PortalFull);
    assert!(refused.retry_after() > Duration::ZERO);
}

pub(crate) async fn a_flood_fills_half_and_only_its_portal_is_refused<P: Shared>() {
    let place = P::new().await;
    let store = place.open_to_share(8).await;
    store.put(messages_of("flood", 1..=4)).await.unwrap();
    assert_over_share(&store, "flood", &[5]).await;
    assert_eq!(store.put(messages_of("flood", [4])).await.unwrap(), [Stored::Duplicate]);
    store.put(messages_of("calm", [11, 12])).await.unwrap();
    assert_over_share(&store, "flood", &[5]).await;
    store.put(messages_of("another", [21])).await.unwrap();
    store.put(messages_of("last", [31])).await.unwrap();
    // Only now there is no room at all.
    let full = store.put(messages_of("more", [41])).await.unwrap_err();
    assert_eq!(full.kind(), InboxErrorKind::Full);

    // What is handled makes room, for whoever has the least first.
    for _ in 0..4 {
        let entry = next(&store).await;
        assert_eq!(entry.portal(), "flood");
        store.settle(&entry, Settled::Done).await.unwrap();
        store.flush().await.unwrap();
    }
    assert_over_share(&store, "calm", &[13, 14, 15]).await;
    assert_eq!(store.put(messages_of("flood", [5, 6])).await.unwrap(), [Stored::New; 2]);
}

pub(crate) async fn a_portal_that_was_dropped_has_its_share_again<P: Shared>() {
    let place = P::new().await;
    let store = place.open_to_share(8).await;
    store.put(messages_of("flood", 1..=4)).await.unwrap();
    assert_over_share(&store, "flood", &[5]).await;
    assert_eq!(store.drop_portal("flood", None).await.unwrap(), 4);
    store.put(messages_of("flood", 5..=8)).await.unwrap();
    assert_over_share(&store, "flood", &[9]).await;
}

pub(crate) async fn over_its_share_a_portal_is_heard_of_the_application<P: Shared>() {
    let place = P::new().await;
    let store = place.open_to_share(8).await;
    store.put(messages_of("flood", 1..=4)).await.unwrap();
    assert_over_share(&store, "flood", &[5]).await;
    let uninstalled = accepted("event=ONAPPUNINSTALL&auth[member_id]=flood", 9);
    assert_eq!(store.put(uninstalled).await.unwrap(), [Stored::New]);
    assert_over_share(&store, "flood", &[5]).await;
}
