//! Compares embedded engines for the durable inbox; README.md says how to run it and what came out.
#![forbid(unsafe_code)]

mod engine;
mod fjall;
mod full;
mod load;
mod process;
mod redb;
mod sqlite;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use engine::{Engine, Outcome};
use load::Load;

const USAGE: &str = "engines [sync|life|pending|full]... [--engine NAME]... [--dir DIR] [--body FILE] \
    [--events N] [--sync-delay-ms MS]";

struct Options {
    dir: PathBuf,
    body: PathBuf,
    events: usize,
    sync_delay: Duration,
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let bodies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../core/tests/bodies");
    let mut options = Options {
        dir: std::env::temp_dir().join("b24bot-engines"),
        body: bodies.join("onimbotv2messageadd.form"),
        events: 1_000_000,
        sync_delay: Duration::from_millis(2),
    };
    let (mut cases, mut engines, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if !arg.starts_with("--") {
            cases.push(arg.as_str());
            continue;
        }
        let value = rest.next().ok_or(USAGE)?;
        if arg != "--engine" {
            flags.extend([arg, value]);
        }
        match arg.as_str() {
            "--engine" => engines.push(value.as_str()),
            "--dir" => options.dir = value.into(),
            "--body" => options.body = value.into(),
            "--events" => options.events = value.parse()?,
            "--sync-delay-ms" => options.sync_delay = Duration::from_secs_f64(value.parse::<f64>()? / 1e3),
            _ => return Err(USAGE.into()),
        }
    }
    if let [case, waiting] = cases[..]
        && let Some(case) = case.strip_prefix("one-")
    {
        return one(case, engines.first().ok_or(USAGE)?, &options, waiting.parse()?);
    }
    if cases.is_empty() {
        cases = vec!["sync", "life", "pending", "full"];
    }
    if engines.is_empty() {
        engines = engine::NAMES.to_vec();
    }
    for case in cases {
        if case == "sync" {
            fs::create_dir_all(&options.dir)?;
            sync(&options.dir)?;
            continue;
        }
        for name in &engines {
            let again = |case: &str, waiting: &str| {
                // Each in a process of its own, for memory and processor time are counted by process.
                let mut one = Command::new("timeout");
                one.arg("900").arg(std::env::current_exe()?).args([&format!("one-{case}"), waiting]);
                one.args(&flags).args(["--engine", name]);
                one.args(["--dir".as_ref(), options.dir.as_os_str()]).status()
            };
            println!("{case} {name}");
            if case != "full" {
                let _ = fs::remove_dir_all(&options.dir);
                fs::create_dir_all(&options.dir)?;
            }
            let status = again(case, "0")?;
            if !status.success() {
                println!("  failed: {status}");
            }
            if case != "full" {
                again("reopen", "1")?;
                again("reopen", "2")?;
            }
        }
    }
    let _ = fs::remove_dir_all(&options.dir);
    Ok(())
}

fn one(case: &str, name: &str, options: &Options, turn: usize) -> Outcome<()> {
    match case {
        "life" => life(name, options),
        "pending" => pending(name, options),
        "reopen" => reopen(name, &options.dir, turn),
        "full" => full::run(name, &fs::read(&options.body)?),
        _ => Err(USAGE.into()),
    }
}

/// What the disk alone needs for a small append that lasts.
fn sync(dir: &Path) -> Outcome<()> {
    let mut file = File::create(dir.join("append"))?;
    let mut took = Vec::new();
    for _ in 0..2000 {
        let start = Instant::now();
        file.write_all(&[b'x'; 4096])?;
        file.sync_all()?;
        took.push(start.elapsed());
    }
    println!("fsync of a 4 KB append: {}", spread(&mut took));
    Ok(())
}

fn spread(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    format!("median {:.2} ms, p99 {:.2} ms, longest {:.1} ms", at(0.5), at(0.99), at(1.0))
}

/// Runs events through and prints what they cost.
fn measure(
    load: &mut Load,
    engine: &mut dyn Engine,
    events: usize,
    size: usize,
    delay: Duration,
) -> Outcome<()> {
    let (start, cpu, written) = (Instant::now(), process::cpu_micros()?, process::written()?);
    let mut took = load.run(engine, events, size, 1000, delay)?;
    let (seconds, events) = (start.elapsed().as_secs_f64(), (took.len() * size) as f64);
    let after = if delay.is_zero() { String::new() } else { format!(" + {delay:?} a commit") };
    println!(
        "  groups of {size}{after}: {:.0} events/s, {:.0} us CPU and {:.1} KB written an event; commit: {}",
        events / seconds,
        (process::cpu_micros()? - cpu) / events,
        (process::written()? - written) / events / 1e3,
        spread(&mut took),
    );
    Ok(())
}

/// A bot's life: a million events, then the rates at group sizes, then a backlog, then a kill.
fn life(name: &str, options: &Options) -> Outcome<()> {
    let mut engine = engine::open(name, &options.dir)?;
    let engine = engine.as_mut();
    let mut load = Load::new(fs::read(&options.body)?)?;
    let no_delay = Duration::ZERO;
    load.run(engine, 10_000, 64, 1000, no_delay)?;
    println!(
        "  memory after 10k events: {:.0} MB ({:.0} MB of its own)",
        process::rss_mb()?,
        process::rss_anon_mb()?
    );
    measure(&mut load, engine, options.events - 10_000, 64, no_delay)?;
    println!(
        "  memory after {} events: {:.0} MB ({:.0} MB of its own)",
        options.events,
        process::rss_mb()?,
        process::rss_anon_mb()?
    );
    measure(&mut load, engine, options.events / 5, 64, no_delay)?;
    measure(&mut load, engine, options.events / 20, 8, no_delay)?;
    measure(&mut load, engine, options.events / 100, 1, no_delay)?;
    if !options.sync_delay.is_zero() {
        measure(&mut load, engine, options.events / 50, 64, options.sync_delay)?;
        measure(&mut load, engine, options.events / 1000, 1, options.sync_delay)?;
    }
    load.settle(engine)?;
    sleep(Duration::from_secs(2));
    print!("  on disk: {:.0} MB with nothing waiting", process::disk_mb(&options.dir)?);
    load.run(engine, options.events / 10, 64, usize::MAX, no_delay)?;
    sleep(Duration::from_secs(2));
    println!(", {:.0} MB with {} waiting", process::disk_mb(&options.dir)?, load.waiting.len());
    leave(&load, &options.dir)
}

/// A million events wait, then a kill.
fn pending(name: &str, options: &Options) -> Outcome<()> {
    let mut engine = engine::open(name, &options.dir)?;
    let mut load = Load::new(fs::read(&options.body)?)?;
    let start = Instant::now();
    load.run(engine.as_mut(), options.events, 64, usize::MAX, Duration::ZERO)?;
    let rate = options.events as f64 / start.elapsed().as_secs_f64();
    println!(
        "  {} waiting, stored at {rate:.0} events/s in groups of 64, {:.0} MB on disk, memory {:.0} MB",
        load.waiting.len(),
        process::disk_mb(&options.dir)?,
        process::rss_mb()?
    );
    leave(&load, &options.dir)
}

/// Writes down what was promised and ends without closing anything, as a kill would.
fn leave(load: &Load, dir: &Path) -> Outcome<()> {
    let ids: Vec<String> = load.waiting.iter().map(u64::to_string).collect();
    fs::write(dir.join("promised"), ids.join("\n"))?;
    std::process::exit(0)
}

/// Opens what a killed process left, looks whether it kept its promise, and closes it, or does so once more.
fn reopen(name: &str, dir: &Path, turn: usize) -> Outcome<()> {
    let start = Instant::now();
    let mut engine = engine::open(name, dir)?;
    let opened = start.elapsed();
    let first = engine.first()?.map(|(id, _)| id);
    let read = start.elapsed();
    let memory = process::rss_mb()?;
    let mut promised = Vec::new();
    for id in fs::read_to_string(dir.join("promised"))?.lines() {
        promised.push(id.parse::<u64>()?);
    }
    let mut waiting = engine.waiting()?;
    waiting.sort_unstable();
    promised.sort_unstable();
    let kept =
        if waiting == promised && first == promised.first().copied() { "all there" } else { "NOT ALL THERE" };
    let after = if turn == 1 { "a kill" } else { "a close" };
    println!(
        "  after {after}: opened in {opened:.2?}, first read at {read:.2?}, memory {memory:.0} MB, {kept}"
    );
    let start = Instant::now();
    drop(engine);
    println!("    closed in {:.2?}", start.elapsed());
    Ok(())
}
