//! What every store must do.
//!
//! A file of tests says how its store is made, as a [`Place`], and which groups of tests are its:
//!
//! ```ignore
//! mod contract;
//! contract::tests!(Embedded: every, bounded, durable);
//! ```
//!
//! The groups are `every`, for every store; `bounded`, for one that refuses a delivery as a whole when it is full;
//! `shared`, for one that shares its room between portals; and `durable`, which is `restarts` and that the store says so.
//!
//! Nothing here sleeps to see that something does not happen. What a store may tell late (its counts, its lists) is
//! waited for, up to [`PATIENCE`]; what a promise says at once is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24bot_core::{Entry, EntryId, Envelope, Listed, Progress, Settled, Store, Which, decode};

#[allow(dead_code, reason = "not every store can promise it")]
pub(crate) mod bounded;
pub(crate) mod desk;
#[allow(dead_code, reason = "not every store can promise it")]
pub(crate) mod durable;
pub(crate) mod effects;
pub(crate) mod inbox;
pub(crate) mod model;
#[allow(dead_code, reason = "not every store can promise all of it")]
pub(crate) mod portals;
pub(crate) mod states;

/// How long a store may take before a test fails: enough for one that first has to learn that its predecessor is gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where a store keeps things. The store can be opened there, ended, and opened again.
pub(crate) trait Place: Sized + Send + Sync {
    /// How many cases the random tests try at the most.
    const CASES: u32 = 128;

    /// A new place, with nothing in it. What it needs is cleaned up when it is dropped.
    async fn new() -> Self;

    /// Opens the store; the one before has been dropped.
    async fn open(&self) -> Arc<dyn Store>;

    /// Ends a store in good order, so that nothing settled is forgotten.
    async fn end(&self, store: Arc<dyn Store>) {
        store.close();
        drop(store);
    }
}

/// A place whose store refuses events when it is full, and then leaves no trace of them.
#[allow(dead_code, reason = "not every store can promise it")]
pub(crate) trait Bounded: Place {
    /// Opens a store that holds up to so many events.
    async fn open_with_room(&self, events: u64) -> Arc<dyn Store>;
}

/// A place whose store can share its room between portals.
pub(crate) trait Shared: Place {
    /// Opens the store with room for that many events, of which no portal may have more than are left.
    async fn open_to_share(&self, events: u64) -> Arc<dyn Store>;
}

/// Makes tests of the groups that a place's store must pass.
macro_rules! tests {
    ($place:ty: $($group:ident),+) => { $(contract::group!($group $place);)+ };
}
pub(crate) use tests;

macro_rules! group {
    (every $place:ty) => {
        contract::call!($place: inbox {
            events_are_given_out_as_they_came
            a_repeat_is_recognised_whether_its_event_waits_is_handled_or_is_done
            events_of_one_delivery_are_told_apart
            events_of_a_lane_come_in_order_each_to_one_taker
            whoever_waits_is_woken_by_an_event_and_by_closing
            a_closed_store_takes_nothing_and_gives_out_what_it_has
            what_is_done_is_gone
            what_is_to_be_tried_again_stays_pending_and_is_not_given_out_again
            what_is_set_aside_is_not_given_out
        });
        contract::call!($place: desk {
            lists_go_on_where_the_last_one_ended
            an_entry_is_shown_with_its_event_and_what_it_came_to
            what_was_set_aside_is_handled_again_as_if_new
            only_what_was_set_aside_is_handled_again
            whoever_waits_is_woken_by_what_is_to_be_handled_again
            what_is_purged_while_it_waits_is_not_given_out
            what_came_between_others_that_were_purged_is_not_passed_over
            what_is_purged_while_it_is_handled_does_not_come_back
            what_is_purged_after_it_was_set_aside_is_gone
            counts_and_lists_agree
        });
        contract::call!($place: portals {
            entries_are_counted_by_portal
            a_portal_is_dropped_and_nothing_else
            one_lane_of_a_portal_is_kept
            many_are_dropped_while_others_come
        });
        contract::call!($place: effects {
            an_effect_is_new_then_in_doubt_then_had
            an_effect_that_was_not_had_is_new
            effects_are_told_apart_by_name_and_by_event
            effects_outlast_failures_and_a_second_life
            effects_go_with_their_entry
        });
        contract::call!($place: states {
            a_value_is_changed_only_from_what_is_expected
            a_value_is_removed_only_if_it_is_as_expected
            who_follows_knows_the_past_before_the_present
            versions_grow_and_are_told
            keys_and_values_may_be_anything
            nothing_is_lost_when_many_change_one_value
            a_watcher_is_told_what_is_there_and_what_changes
            a_watcher_is_told_of_its_prefix_only
            a_watch_ends_with_the_store
        });
        #[test]
        fn any_operations_do_what_a_model_does() {
            contract::model::any_operations_do_what_a_model_does::<$place>(false);
        }
    };
    (bounded $place:ty) => {
        contract::call!($place: bounded {
            a_delivery_is_stored_whole_or_not_at_all
            a_full_store_takes_repeats_and_has_room_again_when_something_is_done
        });
    };
    (shared $place:ty) => {
        mod shared {
            use super::*;

            contract::call!($place: portals {
                a_flood_fills_half_and_only_its_portal_is_refused
                a_portal_that_was_dropped_has_its_share_again
                over_its_share_a_portal_is_heard_of_the_application
            });
        }
    };
    (durable $place:ty) => {
        contract::group!(restarts $place);
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn it_says_that_it_is_durable() {
            contract::durable::it_says_so::<$place>().await;
        }
    };
    (restarts $place:ty) => {
        contract::call!($place: durable {
            what_was_accepted_is_given_out_again_until_it_is_settled
            what_is_settled_stays_settled
            what_failed_comes_with_its_progress
            what_was_set_aside_can_be_handled_again
            what_was_purged_stays_purged
            what_was_purged_before_any_work_is_not_counted
            repeats_are_recognised
            what_was_refused_is_not_there
            numbers_go_on
            effects_are_remembered
            values_and_their_versions_are_kept
            counts_are_kept
        });
        #[test]
        fn any_operations_and_restarts_do_what_a_model_does() {
            contract::model::any_operations_do_what_a_model_does::<$place>(true);
        }
    };
}
pub(crate) use group;

macro_rules! call {
    ($place:ty: $module:ident { $($name:ident)+ }) => {
        mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                contract::$module::$name::<$place>().await;
            })+
        }
    };
}
pub(crate) use call;

/// A message in a dialog: another for each id, in a lane of its own for each dialog. It was accepted `id` seconds after
/// the beginning of 1970.
pub(crate) fn message(dialog: u64, id: u64) -> Envelope {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[BOT][5][access_token]=invented-{id}\
         &data[PARAMS][MESSAGE]=%22%D1%87%D0%B0%D0%B9%22+{id}&data[PARAMS][MESSAGE_ID]={id}\
         &data[PARAMS][DIALOG_ID]={dialog}&auth[member_id]=m"
    );
    accepted(&body, id).remove(0)
}

/// Messages in one dialog.
pub(crate) fn messages(ids: impl IntoIterator<Item = u64>) -> Vec<Envelope> {
    ids.into_iter().map(|id| message(27, id)).collect()
}

/// One message that was sent to two bots at once.
pub(crate) fn for_two_bots(id: u64) -> Vec<Envelope> {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[BOT][6][BOT_ID]=6&data[PARAMS][MESSAGE_ID]={id}\
         &data[PARAMS][DIALOG_ID]=chat1&auth[member_id]=m"
    );
    accepted(&body, id)
}

fn accepted(body: &str, seconds: u64) -> Vec<Envelope> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    decode(body.as_bytes()).unwrap().into_iter().map(|event| Envelope::new(event, now)).collect()
}

/// What the attempts at an entry came to.
pub(crate) fn progress(attempts: u32, finished: &[&str]) -> Progress {
    let mut progress = Progress::default();
    progress.attempts = attempts;
    progress.error = format!("attempt {attempts}: the portal is busy: «занято»");
    progress.failed_at = 1_771_940_028_123 + u64::from(attempts);
    progress.due = progress.failed_at + 4000;
    progress.finished = finished.iter().map(ToString::to_string).collect();
    progress
}

/// A failure that is tried again.
pub(crate) fn retry(attempts: u32) -> Settled {
    Settled::Retry(progress(attempts, &["tea::Greet"]))
}

/// A failure for good.
pub(crate) fn dead(attempts: u32) -> Settled {
    Settled::Dead(progress(attempts, &["tea::Greet"]))
}

/// The next entry, with its event.
pub(crate) async fn next(store: &Arc<dyn Store>) -> Entry {
    let next = tokio::time::timeout(PATIENCE, store.next()).await;
    let mut entry = next.unwrap_or_else(|_| panic!("nothing is given out")).unwrap().unwrap();
    let envelope = store.load(&entry).await.unwrap().unwrap();
    assert_eq!(entry.lane, envelope.lane);
    if let Some(brought) = &entry.envelope {
        assert_eq!(brought.to_stored(), envelope.to_stored());
    }
    entry.envelope = Some(envelope);
    entry
}

/// Begins to wait for an entry, and sees that there is none yet: what happens next must wake whoever waits.
pub(crate) async fn assert_waits<T: std::fmt::Debug>(waiting: &mut (impl Future<Output = T> + Unpin)) {
    tokio::select! {
        biased;
        found = waiting => panic!("{found:?}"),
        () = std::future::ready(()) => {}
    }
}

/// The keys of the next entries.
pub(crate) async fn next_keys(store: &Arc<dyn Store>, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(key(&next(store).await));
    }
    keys
}

/// Closes a store and sees that nothing is given out any more.
pub(crate) async fn assert_nothing_waits(store: &Arc<dyn Store>) {
    store.close();
    let next = tokio::time::timeout(PATIENCE, store.next()).await;
    let entry = next.unwrap_or_else(|_| panic!("a closed store has no end")).unwrap();
    assert!(entry.is_none(), "{entry:?}");
}

/// The key of an entry that has its event.
pub(crate) fn key(entry: &Entry) -> String {
    entry.envelope.as_ref().unwrap().key.as_str().to_owned()
}

/// The keys of envelopes.
pub(crate) fn keys(envelopes: &[Envelope]) -> Vec<String> {
    envelopes.iter().map(|envelope| envelope.key.as_str().to_owned()).collect()
}

/// Everything of that kind.
pub(crate) async fn listed(store: &Arc<dyn Store>, which: Which) -> Vec<Listed> {
    store.list(which, None, 1000).await.unwrap()
}

/// The number of a pending event.
pub(crate) async fn pending_id(store: &Arc<dyn Store>, envelope: &Envelope) -> EntryId {
    let mut found = None;
    eventually(async || {
        let pending = listed(store, Which::Pending).await;
        found = pending.iter().find(|listed| listed.key == envelope.key.as_str()).map(|listed| listed.id);
        found.map(|_| ()).ok_or(pending)
    })
    .await;
    found.unwrap()
}

/// Sees that so many are pending, to be tried again, and set aside, whichever way one asks.
pub(crate) async fn assert_counts(store: &Arc<dyn Store>, pending: u64, retrying: u64, dead: u64) {
    eventually(async || {
        let (stats, depth) = (store.stats().await.unwrap(), store.depth());
        let lists =
            (listed(store, Which::Pending).await.len() as u64, listed(store, Which::Dead).await.len() as u64);
        let found = (
            (stats.pending, stats.retrying, stats.dead),
            (depth.pending, depth.dead),
            lists,
            "pending, retrying, dead",
        );
        let right = found.0 == (pending, retrying, dead)
            && found.1 == (pending, dead)
            && found.2 == (pending, dead)
            && stats.oldest_pending.is_some() == (pending > 0);
        if right { Ok(()) } else { Err((found, stats.oldest_pending)) }
    })
    .await;
}

/// Tries until it is so, for what a store may tell late; panics with what it is instead, or if it is not told.
pub(crate) async fn eventually<E: std::fmt::Debug>(mut check: impl AsyncFnMut() -> Result<(), E>) {
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut last = None;
    while tokio::time::Instant::now() < end {
        match tokio::time::timeout(PATIENCE, check()).await {
            Ok(Ok(())) => return,
            Ok(Err(found)) => last = Some(found),
            Err(_) => panic!("no answer; before, {last:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still {last:?}");
}
