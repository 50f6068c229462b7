//! Stores that are full, or fail: events are refused while it lasts, nothing that was acknowledged is lost, and the bot
//! comes back by itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are worth knowing")]

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use b24bot_tests::{
    Durable, Habits, Kind, Load, Mood, Program, Recorder, Tally, Terms, event, eventually, program, seed,
    skipped,
};
use tempfile::TempDir;

/// What cannot be recorded is tried again as often as it takes, and uses up no attempt.
const PATIENT: &str = "attempts = 3";

/// A small disk of its own, in memory.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn mount(size: &str) -> Result<Self, String> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        let output = mount.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self { folder })
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file as large as there is room for.
    fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        for size in [64 * 1024, 4096] {
            let piece = vec![1; size];
            while file.write_all(&piece).is_ok() {}
        }
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn metric_is(program: &Program, name: &str, value: f64) {
    eventually(&format!("{name} {value}"), || async {
        (program.metric(name).await == Some(value)).then_some(())
    })
    .await;
}

/// Has the store fail under load and come back; the figures in the end.
async fn fails_and_comes_back(
    test: &str,
    (bot, program): (&Durable, Program),
    portal: &Recorder,
    fail: impl FnOnce(&Program),
    mend: impl FnOnce(&Program),
) {
    let seed = seed(test);
    let load = Load::start(Habits { people: 8, ..Habits::default() }, seed);
    load.doors(&[program.door().await]);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(load.ledger().refusals().is_empty(), "{program:?}");

    fail(&program);
    let failed = Instant::now();
    metric_is(&program, "b24bot_store_failing", 1.0).await;
    let noticed = failed.elapsed();
    // More than a second: it is tried again meanwhile, in vain.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(program.metric("b24bot_store_failing").await, Some(1.0), "{program:?}");
    assert_eq!(program.admin("/healthz").await.0, 200);
    let refusals = load.ledger().refusals();
    assert!(refusals.len() > 20, "only {} were refused", refusals.len());
    let before = load.ledger().acknowledged(Kind::Thanks);
    let liked = || async {
        let done = portal.done();
        before.iter().all(|id| done.likes.contains_key(id)).then_some(())
    };
    eventually("likes of all that was acknowledged before", liked).await;

    mend(&program);
    let mended = Instant::now();
    metric_is(&program, "b24bot_store_failing", 0.0).await;
    let recovered = mended.elapsed();
    assert!(recovered < Duration::from_secs(10), "it took {recovered:?}");
    let known = load.ledger().sent().len();
    let more = || async {
        let sent = load.ledger().sent();
        (sent.iter().rev().filter(|(_, sent)| sent.acknowledged).count() > known).then_some(())
    };
    eventually("more acknowledged than were sent by then", more).await;
    let ledger = load.stop().await;
    let drained = program.drained(Duration::from_secs(60)).await;
    println!(
        "{test}: {} of {} thanks were acknowledged before it came back; noticed after {noticed:?}, recovered after \
         {recovered:?}, handled {drained:?} after the last message",
        before.len(),
        ledger.acknowledged(Kind::Thanks).len(),
    );
    let refusals = ledger.refusals();
    assert!(refusals.iter().all(|(status, after)| *status == 503 && after.is_some()), "{refusals:?}");
    let log = program.output();
    assert_eq!(log.matches("the store cannot write").count(), 1, "{log}");
    assert_eq!(log.matches("the store works again").count(), 1, "{log}");
    let tally = Tally::of(&ledger, &portal.done(), &bot.aside().await);
    tally.demand(test);
    assert_eq!(tally.replies_aside, 0, "{tally}");

    // And nothing of it is in memory only.
    drop(program);
    let done = portal.done();
    let program = bot.run().await;
    program.drained(Duration::from_secs(20)).await;
    assert_eq!((portal.done().likes, portal.done().replies), (done.likes, done.replies));
}

/// Sets how large a file of the program's may become.
fn limit_files(program: &Program, to: &str) {
    let limit =
        Command::new("prlimit").arg(format!("--pid={}", program.id())).arg(format!("--fsize={to}")).status();
    assert!(limit.unwrap().success());
}

/// On a small disk of its own, where it may be mounted, and with files that may not become larger, which anyone may ask
/// for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk() {
    let disk = Disk::mount("80m");
    let can_limit = Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_ok();
    if let (Err(why), false) = (&disk, can_limit) {
        return skipped("full disk", why);
    }
    if let Ok(disk) = disk {
        let portal = Recorder::start().await;
        let place = format!("path = '{}'", disk.path().join("b24bot.db").display());
        let bot = Durable::new(&portal, Terms { place: Some(&place), retry: PATIENT, ..Terms::default() });
        let mend = |_: &Program| std::fs::remove_file(disk.ballast()).unwrap();
        let program = bot.run().await;
        fails_and_comes_back("full disk", (&bot, program), &portal, |_| disk.fill(), mend).await;
    }
    if can_limit {
        let portal = Recorder::start().await;
        let bot = Durable::new(&portal, Terms { retry: PATIENT, ..Terms::default() });
        // A signal comes with the error, and ends whoever does not ignore it.
        let file = program();
        let run = ["-c", "trap '' XFSZ; exec \"$0\" run", file.to_str().unwrap()];
        let program = Program::start_file(Path::new("/bin/sh"), &run, Some(bot.config()), "info");
        program.door().await;
        let fail = |program: &Program| limit_files(program, "4096:unlimited");
        let mend = |program: &Program| limit_files(program, "unlimited:unlimited");
        fails_and_comes_back("file size limit", (&bot, program), &portal, fail, mend).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_errs() {
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms { retry: PATIENT, ..Terms::default() });
    let execute = |sql: &str| {
        let connection = rusqlite::Connection::open(bot.store()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    // Of every write: it is not well again between two of them.
    let fail = "CREATE TRIGGER broken BEFORE UPDATE ON counter BEGIN SELECT RAISE(FAIL, 'as told'); END";
    let mend = "DROP TRIGGER broken";
    let program = bot.run().await;
    fails_and_comes_back("failing store", (&bot, program), &portal, |_| execute(fail), |_| execute(mend))
        .await;
}

#[tokio::test]
async fn a_full_inbox() {
    let portal = Recorder::start().await;
    let bot = Durable::new(&portal, Terms { store: "max_events = 20", ..Terms::default() });
    let program = bot.run().await;
    portal.is(Mood::Hanging);
    let id = |nth: u64| nth * 1_000_000 + 1;
    for nth in 1..=20 {
        assert_eq!(program.post(event(id(nth), Kind::Thanks)).await.status(), 200);
    }
    for nth in 21..=25 {
        let refused = program.post(event(id(nth), Kind::Thanks)).await;
        assert_eq!(refused.status(), 503);
        let after: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=600).contains(&after), "{after}");
    }
    let repeat = program.post(event(id(5), Kind::Thanks)).await;
    assert_eq!(repeat.status(), 200, "what is there already needs no room");
    assert_eq!(program.metric("b24bot_inbox_pending").await, Some(20.0));
    assert_eq!(program.metric("b24bot_store_failing").await, Some(0.0), "full is not broken");

    portal.is(Mood::Well);
    program.drained(Duration::from_secs(20)).await;
    for nth in 21..=25 {
        assert_eq!(program.post(event(id(nth), Kind::Thanks)).await.status(), 200);
    }
    program.drained(Duration::from_secs(20)).await;
    let likes = portal.done().likes;
    assert_eq!(likes.len(), 25);
    assert!(likes.values().all(|times| *times == 1), "{likes:?}");
}
