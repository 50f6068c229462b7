//! What machines and people leave behind them in the streams.

use async_nats::jetstream;
use b24bot_core::decode;
use futures_util::TryStreamExt as _;

use super::*;

/// The partition of the dialog of [`messages`].
const PARTITION: u16 = 21;

impl Nats {
    async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(&self.address).await.unwrap())
    }

    async fn write(&self, subject: &str, payload: Vec<u8>) -> u64 {
        let subject = format!("{}.{subject}", self.prefix);
        self.jetstream().await.publish(subject, payload.into()).await.unwrap().await.unwrap().sequence
    }

    async fn told(&self, of: &str) -> Vec<serde_json::Value> {
        let share = self.jetstream().await.get_stream(format!("{}_share", self.prefix)).await.unwrap();
        let filter = format!("{}.share.{of}.>", self.prefix);
        let subjects: Vec<_> = share.info_with_subjects(filter).await.unwrap().try_collect().await.unwrap();
        let mut told = Vec::new();
        for (subject, _) in subjects {
            let message = share.get_last_raw_message_by_subject(&subject).await.unwrap();
            told.push(serde_json::from_slice(&message.payload).unwrap());
        }
        told
    }

    /// How many partitions are somebody's.
    async fn owned(&self) -> usize {
        self.told("part").await.iter().filter(|part| part["o"] != "").count()
    }

    /// The number of the latest sign of life, where there is one machine.
    async fn beats(&self) -> u64 {
        self.told("node").await[0]["n"].as_u64().unwrap()
    }

    /// How many entries' purges are still told of.
    async fn notices(&self) -> usize {
        let share = self.jetstream().await.get_stream(format!("{}_share", self.prefix)).await.unwrap();
        let filter = format!("{}.share.purged.>", self.prefix);
        share.info_with_subjects(filter).await.unwrap().try_collect::<Vec<_>>().await.unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_stops_takes_nothing_back_that_it_gave_up() {
    let place = Nats::new().await;
    let bot = place.store(LEASE).await;
    bot.put(messages([1])).await.unwrap();
    next(&bot).await;
    contract::eventually(async || match place.owned().await {
        32 => Ok(()),
        owned => Err(owned),
    })
    .await;
    bot.close();
    bot.flush().await.unwrap();
    // It goes on living, for it has an entry in hand.
    let (before, mut owned) = (place.beats().await, 0);
    contract::eventually(async || {
        let beats = place.beats().await;
        owned = owned.max(place.owned().await);
        if beats > before + 2 { Ok(()) } else { Err(beats) }
    })
    .await;
    assert_eq!(owned, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_purged_is_counted_by_nobody() {
    let place = Nats::new().await;
    let (bot, person) = (place.open().await, place.open().await);
    bot.put(messages([1, 2, 3])).await.unwrap();
    for id in [3, 1] {
        assert!(person.purge(EntryId(id)).await.unwrap());
    }
    let entry = next(&bot).await;
    bot.settle(&entry, Settled::Done).await.unwrap();
    bot.flush().await.unwrap();
    assert_counts(&person, 0, 0, 0).await;
    assert_counts(&place.open().await, 0, 0, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_this_version_cannot_read_is_set_aside_and_in_nobodys_way() {
    let place = Nats::new().await;
    let person = place.open().await;
    let mut of_later_form = messages([1])[0].to_stored();
    of_later_form[0] = 2;
    let mut of_unknown_event = messages([2])[0].to_stored();
    let header = 5 + usize::try_from(u32::from_le_bytes(of_unknown_event[1..5].try_into().unwrap())).unwrap();
    of_unknown_event.truncate(header);
    let event = format!("event.{PARTITION}");
    place.write(&event, of_later_form.clone()).await;
    place.write(&event, of_unknown_event).await;
    person.put(messages([3])).await.unwrap();
    let pending = person.list(Which::Pending, None, 10).await.unwrap();
    assert_eq!(pending.len(), 3);
    assert_eq!((pending[0].key.as_str(), pending[1].key.clone()), ("?", keys(&messages([2]))[0].clone()));

    let bot = place.open().await;
    assert_eq!(next_keys_loaded(&bot, 1).await, keys(&messages([3])));
    bot.flush().await.unwrap();
    assert_counts(&person, 1, 0, 2).await;
    let dead = person.list(Which::Dead, None, 10).await.unwrap();
    let error = &dead[0].progress.as_ref().unwrap().error;
    assert!(error.contains("this version does not know"), "{error}");
    assert!(dead[1].progress.as_ref().unwrap().error.contains("cannot be read"));
}

#[test]
fn a_machine_that_stood_still_hears_of_all_that_were_purged() {
    with_machines(|place| {
        let bot = Machine::new(place);
        let ids = bot.runtime.block_on(async {
            bot.store.put(messages(1..=4)).await.unwrap();
            let mut ids = Vec::new();
            for _ in 1..=4 {
                ids.push(next(&bot.store).await.id);
            }
            ids
        });
        let person = Machine::new(place);
        person.runtime.block_on(async {
            for id in &ids[1..] {
                assert!(person.store.purge(*id).await.unwrap());
            }
            assert_eq!(place.notices().await, 3);
        });
        bot.runtime.block_on(async {
            assert_counts(&bot.store, 1, 0, 0).await;
            contract::eventually(async || match place.notices().await {
                0 => Ok(()),
                left => Err(left),
            })
            .await;
        });
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_of_purges_that_nobody_needed_go_when_work_begins() {
    let place = Nats::new().await;
    place.open().await.put(messages(1..=3)).await.unwrap();
    let person = place.open().await;
    for listed in person.list(Which::Pending, None, 2).await.unwrap() {
        assert!(person.purge(listed.id).await.unwrap());
    }
    assert_eq!(place.notices().await, 2);
    assert_eq!(person.depth().pending, 1);
    let bot = place.open().await;
    assert_eq!(next_keys(&bot, 1).await, keys(&messages([3])));
    contract::eventually(async || match place.notices().await {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_set_aside_just_before_a_crash_is_not_handled_again() {
    let place = Nats::new().await;
    let person = place.open().await;
    person.put(messages([1, 2])).await.unwrap();
    let first = person.list(Which::Pending, None, 1).await.unwrap()[0].id;
    place.write(&format!("dead.{first}"), messages([1])[0].to_stored()).await;
    let bot = place.open().await;
    assert_eq!(next_keys(&bot, 1).await, keys(&messages([2])));
    assert_counts(&bot, 1, 0, 1).await;
    // In its second life it is handled.
    assert!(person.retry(first).await.unwrap().is_some());
    let again = next(&bot).await;
    assert_eq!(key(&again), keys(&messages([1]))[0]);
    assert!(again.progress.unwrap().asked_at > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_has_an_end_though_the_last_events_are_gone() {
    let place = Nats::new().await;
    let person = place.open().await;
    person.put(messages([1, 2])).await.unwrap();
    let last = person.list(Which::Pending, None, 2).await.unwrap()[1].id;
    assert!(person.purge(last).await.unwrap());
    let bot = place.open().await;
    let one = next(&bot).await;
    bot.settle(&one, Settled::Done).await.unwrap();
    contract::assert_nothing_waits(&bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_only_just_fits_can_be_set_aside_whatever_its_error() {
    let place = Nats::new().await;
    let store = place.open().await;
    let room = async_nats::connect(&place.address).await.unwrap().server_info().max_payload;
    let body = |length: usize| {
        let text = "a".repeat(length);
        let body = format!(
            "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE]={text}&data[PARAMS][MESSAGE_ID]=1\
             &data[PARAMS][DIALOG_ID]=27&auth[member_id]=m"
        );
        let event = decode(body.as_bytes()).unwrap().remove(0);
        b24bot_core::Envelope::new(event, std::time::SystemTime::UNIX_EPOCH)
    };
    let around = body(0).to_stored().len();
    for (spare, error, expected) in [(80, 1_000, None), (600, 1_000, Some(201)), (2_000, 1_000, Some(1_000))]
    {
        let envelope = body(room - around - spare);
        let id = place.write(&format!("event.{PARTITION}"), envelope.to_stored()).await;
        let entry = next(&store).await;
        assert_eq!(entry.id, EntryId(id));
        let mut progress = progress(1, &[]);
        progress.error = "x".repeat(error);
        store.settle(&entry, Settled::Dead(progress)).await.unwrap();
        let dead = store.list(Which::Dead, Some(EntryId(id - 1)), 1).await.unwrap().remove(0);
        assert_eq!(dead.progress.map(|progress| progress.error.chars().count()), expected);
    }
}

#[tokio::test]
async fn times_beyond_all_measure_are_taken_for_long_ones() {
    let place = Nats::new().await;
    let mut options = place.options();
    for time in [&mut options.remember, &mut options.max_age, &mut options.keep_dead] {
        *time = Duration::MAX;
    }
    let store: Arc<dyn Store> =
        Arc::new(NatsStore::connect(&Secret::from(place.address.as_str()), options).await.unwrap());
    store.put(messages([1])).await.unwrap();
    assert_eq!(next_keys(&store, 1).await, keys(&messages([1])));
}
