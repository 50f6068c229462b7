use std::path::Path;

use b24bot_core::{EntryId, Expected, Progress, States, decode};
use proptest::prelude::*;

use super::*;

fn message(id: u64) -> Envelope {
    let body = format!(
        "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]=27"
    );
    Envelope::new(decode(body.as_bytes()).unwrap().remove(0), std::time::UNIX_EPOCH)
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/b24bot.db");
    (folder, path)
}

fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path, EmbeddedOptions::default()).unwrap()
}

fn kind(path: &Path) -> OpenErrorKind {
    EmbeddedStore::open(path, EmbeddedOptions::default()).unwrap_err().kind()
}

#[test]
fn another_process_is_told_who_has_it() {
    let (_folder, path) = place();
    let first = open(&path);
    let second = EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap_err();
    assert_eq!(second.kind(), OpenErrorKind::Locked);
    drop(first);
    drop(open(&path));
}

#[cfg(unix)]
#[test]
fn one_file_has_one_lock_whatever_links_lead_to_it() {
    let (folder, path) = place();
    let _first = open(&path);
    let (file, around) = (folder.path().join("link.db"), folder.path().join("around"));
    std::os::unix::fs::symlink(&path, &file).unwrap();
    std::os::unix::fs::symlink(path.parent().unwrap(), &around).unwrap();
    assert_eq!(kind(&file), OpenErrorKind::Locked);
    assert_eq!(kind(&around.join("b24bot.db")), OpenErrorKind::Locked);
}

#[tokio::test]
async fn another_file_in_its_place_is_not_taken_for_the_store() {
    let (folder, path) = place();
    let store = open(&path);
    store.put((1..=3).map(message).collect()).await.unwrap();
    let file = |end: &str| PathBuf::from(format!("{}{end}", path.display()));
    let away = |end: &str| folder.path().join(format!("away{end}"));
    // As if its disk were gone: the connection fails, and what is opened instead is empty.
    let rival = Connection::open(&path).unwrap();
    rival
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    drop(rival);
    for end in ["", "-wal", "-shm"] {
        std::fs::rename(file(end), away(end)).unwrap();
    }
    assert_eq!(store.put(vec![message(4)]).await.unwrap_err().kind(), InboxErrorKind::Storage);
    assert!(!path.exists(), "none is made in its place");
    drop(schema::open(&path).unwrap());
    let refused = async || {
        for _ in 0..60 {
            assert_eq!(store.put(vec![message(4)]).await.unwrap_err().kind(), InboxErrorKind::Storage);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    refused().await;
}

#[test]
fn what_waits_to_be_written_is_bounded() {
    let taken = AtomicU64::new(0);
    let first = Room::take(&taken, UNWRITTEN - 1).unwrap();
    let second = Room::take(&taken, 1).unwrap();
    assert!(Room::take(&taken, 1).is_none());
    drop(first);
    assert!(Room::take(&taken, 1).is_some());
    drop(second);
    assert!(Room::take(&taken, 2 * UNWRITTEN).is_some(), "alone, anything may");
    assert_eq!(taken.into_inner(), 0);
}

#[tokio::test]
async fn what_is_purged_after_it_was_given_out_is_known() {
    use b24bot_core::Desk;
    let (_folder, path) = place();
    let store = open(&path);
    store.put(vec![message(1), message(2)]).await.unwrap();
    let (first, second) = (store.next().await.unwrap().unwrap(), store.next().await.unwrap().unwrap());
    assert!(store.purge(second.id).await.unwrap());
    assert!(!store.is_purged(&first) && store.is_purged(&second));
}

#[test]
fn what_is_something_else_is_left_alone() {
    let (folder, path) = place();
    assert_eq!(kind(folder.path()), OpenErrorKind::Foreign);
    let letter = folder.path().join("letter.txt");
    std::fs::write(&letter, "dear".repeat(1000)).unwrap();
    assert_eq!(kind(&letter), OpenErrorKind::Foreign);
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "dear".repeat(1000));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipe (name TEXT)").unwrap();
    assert_eq!(kind(&path), OpenErrorKind::Foreign);
}

#[test]
fn a_later_format_is_refused_and_left_as_it_is() {
    let (_folder, path) = place();
    drop(open(&path));
    let later = schema::FORMAT + 1;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", later).unwrap();
    let error = EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Newer);
    assert!(error.to_string().contains(&format!("format {later}")), "{error}");
    let format: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    assert_eq!(format, later);
}

#[tokio::test]
async fn an_earlier_format_is_brought_up_to_date_with_all_it_holds() {
    let (_folder, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = Connection::open(&path).unwrap();
    old.pragma_update(None, "application_id", 0x6232_3462).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch(schema::STEPS[0]).unwrap();
    let envelope = message(7);
    old.execute(
        "INSERT INTO event (id, key, lane, received_at, nth, body) VALUES (3, ?, ?, 0, 0, ?)",
        rusqlite::params![envelope.key.as_str(), envelope.lane.as_str(), &envelope.event.body()[..]],
    )
    .unwrap();
    old.execute(
        "UPDATE counter SET next = 4, pending = 1, bytes = ?",
        [envelope.event.body().len().cast_signed()],
    )
    .unwrap();
    drop(old);

    let store = open(&path);
    let entry = store.next().await.unwrap().unwrap();
    assert_eq!((entry.id, store.depth()), (EntryId(3), Depth::new(1, 0)));
    assert_eq!(store.load(&entry).await.unwrap().unwrap().key, envelope.key);
    // What the newer format added is there.
    assert!(store.set("a", vec![1], Expected::Nothing).await.unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn others_on_the_machine_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = place();
    let _store = open(&path);
    for end in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{end}", path.display()));
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{end}");
    }
}

#[tokio::test]
async fn the_old_goes_by_itself() {
    static NOW: AtomicU64 = AtomicU64::new(1_000_000);
    fn now() -> u64 {
        NOW.load(Ordering::Relaxed)
    }
    let (_folder, path) = place();
    let mut options = EmbeddedOptions { now, ..EmbeddedOptions::default() };
    options.remember = Duration::from_secs(60);
    options.keep_dead = Duration::from_secs(600);
    let store = EmbeddedStore::open(&path, options).unwrap();
    let mut dead = Progress::default();
    dead.failed_at = now();
    assert_eq!(store.put(vec![message(1)]).await.unwrap(), [Stored::New]);
    let entry = store.next().await.unwrap().unwrap();
    store.settle(&entry, Settled::Dead(dead)).await.unwrap();
    NOW.fetch_add(60_000, Ordering::Relaxed);
    assert_eq!(store.put(vec![message(1)]).await.unwrap(), [Stored::Duplicate]);
    NOW.fetch_add(1, Ordering::Relaxed);
    assert_eq!(store.put(vec![message(1)]).await.unwrap(), [Stored::New], "forgotten");
    assert_eq!(store.depth(), Depth::new(1, 1));
    NOW.fetch_add(600_000, Ordering::Relaxed);
    while store.depth().dead > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.depth(), Depth::new(1, 0));
}

#[tokio::test]
async fn a_store_that_cannot_write_refuses_and_recovers_by_itself() {
    let (_folder, path) = place();
    let store = open(&path);
    store.put(vec![message(1), message(2)]).await.unwrap();
    let first = store.next().await.unwrap().unwrap();
    // Another connection that keeps the file to itself makes every write fail, as a disk does that fails.
    let rival = Connection::open(&path).unwrap();
    rival
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    assert_eq!(store.put(vec![message(3)]).await.unwrap_err().kind(), InboxErrorKind::Storage);
    store.settle(&first, Settled::Done).await.unwrap();
    assert_eq!(store.put(vec![message(3)]).await.unwrap_err().kind(), InboxErrorKind::Storage);
    rival.execute_batch("DROP TRIGGER full").unwrap();
    let mut attempts = 0;
    while let Err(error) = store.put(vec![message(3)]).await {
        assert_eq!(error.kind(), InboxErrorKind::Storage);
        attempts += 1;
        assert!(attempts < 1000, "never again: {error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.depth(), Depth::new(2, 0), "what was settled meanwhile was not forgotten");
    for id in [2, 3] {
        let entry = store.next().await.unwrap().unwrap();
        let key = store.load(&entry).await.unwrap().unwrap().key.clone();
        assert_eq!(key, message(id).key);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_set_aside_and_holds_up_nothing() {
    let (_folder, path) = place();
    let store = open(&path);
    store.put(vec![message(1), message(2)]).await.unwrap();
    drop(store);
    Connection::open(&path).unwrap().execute("UPDATE event SET body = x'ff' WHERE id = 1", []).unwrap();
    let store = open(&path);
    let damaged = store.next().await.unwrap().unwrap();
    assert!(store.load(&damaged).await.unwrap().is_none());
    let whole = store.next().await.unwrap().unwrap();
    assert!(store.load(&whole).await.unwrap().is_some());
    store.flush().await.unwrap();
    assert_eq!(store.depth(), Depth::new(1, 1));
}

/// Ten thousand events wait: most of them come from the disk, all of them once and in order.
#[tokio::test]
async fn what_does_not_fit_in_memory_waits_on_the_disk() {
    let (_folder, path) = place();
    let store = Arc::new(open(&path));
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for hundred in 0..100 {
            writer.put((hundred * 100 + 1..=hundred * 100 + 100).map(message).collect()).await.unwrap();
        }
    });
    let mut last = 0;
    for _ in 0..10_000 {
        let entry = store.next().await.unwrap().unwrap();
        assert!(entry.id.0 > last, "{} after {last}", entry.id);
        last = entry.id.0;
        if last == 10 {
            // The rest comes in while nobody asks.
            while store.depth().pending < 5_000 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    writing.await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn counters_agree_with_the_tables(steps in proptest::collection::vec((0..6_u8, 1..12_u64), 1..40)) {
        let (_folder, path) = place();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut store = open(&path);
            let mut taken = Vec::new();
            for (what, number) in steps {
                match (what, taken.pop()) {
                    (0 | 1, entry) => {
                        taken.extend(entry);
                        if store.put(vec![message(number)]).await.unwrap() == [Stored::New] {
                            taken.push(store.next().await.unwrap().unwrap());
                        }
                    }
                    (2, Some(entry)) => store.settle(&entry, Settled::Done).await.unwrap(),
                    (3, Some(entry)) => store.settle(&entry, Settled::Dead(Progress::default())).await.unwrap(),
                    (4, _) => {
                        use b24bot_core::Desk;
                        if let Some(id) = store.retry(EntryId(number)).await.unwrap() {
                            let entry = store.next().await.unwrap().unwrap();
                            assert_eq!(entry.id, id);
                        } else {
                            store.purge(EntryId(number)).await.unwrap();
                        }
                    }
                    _ => {
                        drop(store);
                        store = open(&path);
                        taken.clear();
                        for _ in 0..store.depth().pending {
                            taken.push(store.next().await.unwrap().unwrap());
                        }
                    }
                }
            }
            drop(store);
        });
        let connection = schema::open(&path).unwrap();
        let counters = rows::counters(&connection).unwrap();
        let counted = |sql: &str| connection.query_row(sql, [], |row| rows::number(row, 0)).unwrap();
        prop_assert_eq!(counters.pending, counted("SELECT count(*) FROM event"));
        prop_assert_eq!(counters.dead, counted("SELECT count(*) FROM dead"));
        let bytes = "SELECT ifnull(sum(length(body)), 0) FROM (SELECT body FROM event UNION ALL SELECT body FROM dead)";
        prop_assert_eq!(counters.bytes, counted(bytes));
    }
}

#[tokio::test]
async fn tokens_of_events_that_are_done_do_not_stay_in_the_file() {
    let (_folder, path) = place();
    let store = open(&path);
    for id in 1..=20 {
        let body = format!(
            "event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[BOT][5][access_token]=n33dle\
             &data[PARAMS][MESSAGE_ID]={id}&data[PARAMS][DIALOG_ID]=27"
        );
        let event = decode(body.as_bytes()).unwrap().remove(0);
        store.put(vec![Envelope::new(event, std::time::UNIX_EPOCH)]).await.unwrap();
    }
    drop(store);
    let found = || std::fs::read(&path).unwrap().windows(6).filter(|bytes| *bytes == b"n33dle").count();
    assert!(found() >= 20);
    let store = open(&path);
    for _ in 0..20 {
        let entry = store.next().await.unwrap().unwrap();
        store.settle(&entry, Settled::Done).await.unwrap();
    }
    store.flush().await.unwrap();
    drop(store);
    assert_eq!(found(), 0);
}
