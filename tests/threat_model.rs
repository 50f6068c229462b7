//! `docs/threat-model.md` names the tests that hold each threat: they exist.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{collections::BTreeSet, fs, path::Path};

/// In the table's last cell, `file` is followed by the names of tests in it.
#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/threat-model.md")).unwrap();
    let mut named = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ") && line.contains(".rs`")) {
        let cell = row.trim_end_matches([' ', '|']).rsplit(" | ").next().unwrap();
        let mut file = None;
        for word in cell.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                let path = root.join(word);
                file =
                    Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{word}: {error}\n{row}")));
                continue;
            }
            let text = file.as_deref().unwrap_or_else(|| panic!("no file before {word}\n{row}"));
            assert!(is_test(text, word), "there is no test {word}\n{row}");
            named.insert(word.to_owned());
        }
    }
    assert!(named.len() > 30, "only {} tests are named", named.len());
}

/// Whether a function of that name stands below an attribute that makes it a test, or is a property.
fn is_test(text: &str, name: &str) -> bool {
    text.split_once(&format!("fn {name}(")).is_some_and(|(before, _)| {
        let mut above = before.trim_end().lines().rev().take_while(|line| !line.trim().is_empty());
        above.any(|line| line.contains("#[test]") || line.contains("#[tokio::test"))
    })
}
