//! What happens when the disk is full: a small file system that is filled, then made larger.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::{self, Engine, Group, Outcome};
use crate::load::Load;

/// A file system in memory, which only root can make.
struct Small {
    dir: PathBuf,
}

impl Small {
    fn mount(megabytes: u32) -> Outcome<Self> {
        let dir = std::env::temp_dir().join("b24bot-engines-full");
        std::fs::create_dir_all(&dir)?;
        command("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "none"], &dir)?;
        Ok(Self { dir })
    }

    fn grow(&self, megabytes: u32) -> Outcome<()> {
        command("mount", &["-o", &format!("remount,size={megabytes}m")], &self.dir)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = command("umount", &["-l"], &self.dir);
    }
}

fn command(name: &str, args: &[&str], dir: &Path) -> Outcome<()> {
    let status = Command::new(name).args(args).arg(dir).status()?;
    status.success().then_some(()).ok_or_else(|| format!("{name}: {status}").into())
}

/// Says in a line how a step went; a panic is an answer too.
fn step<T>(what: &str, run: impl FnOnce() -> Outcome<T>) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => {
            println!("    {what}: ok");
            Some(value)
        }
        Ok(Err(error)) => {
            println!("    {what}: {error} ({error:?})");
            None
        }
        Err(_) => {
            println!("    {what}: PANIC");
            None
        }
    }
}

/// Puts events until one group fails; returns what was promised.
fn fill(engine: &mut dyn Engine, load: &mut Load) -> Vec<u64> {
    let mut promised = Vec::new();
    loop {
        let (group, _) = load.group(64, usize::MAX);
        let before = load.waiting.len();
        match catch_unwind(AssertUnwindSafe(|| engine.commit(&group))) {
            Ok(Ok(_)) => promised.clone_from(&load.waiting.iter().copied().collect()),
            Ok(Err(error)) => {
                println!("    filled with {} of {before} events: {error} ({error:?})", promised.len());
                return promised;
            }
            Err(_) => {
                println!("    filled with {} of {before} events: PANIC", promised.len());
                return promised;
            }
        }
    }
}

fn check(engine: &mut dyn Engine, promised: &[u64]) -> Outcome<()> {
    let mut waiting = engine.waiting()?;
    waiting.sort_unstable();
    let lost = promised.iter().filter(|id| waiting.binary_search(id).is_err()).count();
    println!("    of {} promised {lost} are lost; {} are there in all", promised.len(), waiting.len());
    Ok(())
}

/// Fills a file system twice: to see whether space alone helps, and whether a reopening needs space.
pub fn run(name: &str, body: &[u8]) -> Outcome<()> {
    println!("  the engine stays open:");
    let disk = Small::mount(96)?;
    let mut load = Load::new(body.to_vec())?;
    let mut engine = engine::open(name, &disk.dir)?;
    let mut promised = fill(engine.as_mut(), &mut load);
    step("first can be read", || engine.first());
    let one = load.group(1, usize::MAX).0;
    if step("store one", || engine.commit(&one)).is_some() {
        promised.extend(one.put.iter().map(|event| event.id));
    }
    let settled: Vec<u64> = promised.iter().copied().take(1000).collect();
    let settle = Group { settled: settled.clone(), ..Group::default() };
    if step("settle 1000", || engine.commit(&settle)).is_some() {
        promised.retain(|id| !settled.contains(id));
        let one = load.group(1, usize::MAX).0;
        if step("store one after settling", || engine.commit(&one)).is_some() {
            promised.extend(one.put.iter().map(|event| event.id));
        }
    }
    disk.grow(400)?;
    let one = load.group(1, usize::MAX).0;
    if step("store one with space again", || engine.commit(&one)).is_some() {
        promised.extend(one.put.iter().map(|event| event.id));
    }
    step("close", || {
        drop(engine);
        Ok(())
    });
    if let Some(mut engine) = step("open in the same process", || engine::open(name, &disk.dir)) {
        check(engine.as_mut(), &promised)?;
        let one = load.group(1, usize::MAX).0;
        step("store one", || engine.commit(&one));
    }
    drop(disk);

    println!("  the engine is closed while the disk is full:");
    let disk = Small::mount(96)?;
    let mut load = Load::new(body.to_vec())?;
    let mut engine = engine::open(name, &disk.dir)?;
    let promised = fill(engine.as_mut(), &mut load);
    step("close", || {
        drop(engine);
        Ok(())
    });
    if let Some(mut engine) = step("open while full", || engine::open(name, &disk.dir)) {
        check(engine.as_mut(), &promised)?;
    }
    disk.grow(400)?;
    if let Some(mut engine) = step("open with space again", || engine::open(name, &disk.dir)) {
        check(engine.as_mut(), &promised)?;
        let one = load.group(1, usize::MAX).0;
        step("store one", || engine.commit(&one));
    }
    Ok(())
}
