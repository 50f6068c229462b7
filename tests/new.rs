//! `b24bot new`: the project it makes builds, and passes its tests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, path::Path, process::Command};

use b24bot_tests::program;
use tempfile::TempDir;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn new(folder: &TempDir, arguments: &[&str]) -> Result<String, String> {
    let output =
        Command::new(program()).arg("new").args(arguments).current_dir(folder.path()).output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn a_new_project_builds_and_passes_its_tests() {
    let folder = TempDir::new().unwrap();
    let made = new(&folder, &["tea-bot", "--b24bot", checkout().to_str().unwrap()]).unwrap();
    assert!(made.contains("cd tea-bot"), "{made}");
    let project = folder.path().join("tea-bot");
    // The versions that were tested here, and what was built with them: no network, and little to build.
    fs::copy(checkout().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let tests = std::env::current_exe().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--offline"]).current_dir(&project);
    cargo.arg("--target-dir").arg(tests.ancestors().nth(3).unwrap());
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test result: ok. 3 passed"), "{said}");
}

#[test]
fn nothing_is_overwritten_and_bad_names_are_told() {
    let folder = TempDir::new().unwrap();
    let made = new(&folder, &["tea-bot"]).unwrap();
    assert!(made.contains("cargo run -- dev"), "{made}");
    let manifest = fs::read_to_string(folder.path().join("tea-bot/Cargo.toml")).unwrap();
    assert!(manifest.contains("b24bot = { git = \"https://"), "{manifest}");
    assert!(new(&folder, &["tea-bot"]).unwrap_err().contains("`tea-bot` is there already"));
    assert!(new(&folder, &["fn"]).unwrap_err().contains("keyword"));
    assert!(new(&folder, &["coffee", "--b24bot", "/"]).unwrap_err().contains("no checkout of b24bot"));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["tea-bot"]);
}
