//! The platform's own example events, where the folder with them lies beside the repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says no more politely that it failed")]

use std::{fs, path::Path};

use b24bot_core::{Payload, decode};

/// Both forms of every event are read, and say the same.
#[test]
fn every_documented_event_is_read_alike_as_form_and_as_json() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bitrix24/events");
    let Ok(files) = fs::read_dir(&folder) else {
        assert!(std::env::var_os("CI").is_none(), "there is no {}", folder.display());
        println!("skipped: there is no {}", folder.display());
        return;
    };
    let mut pairs = 0;
    for form in files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "form"))
    {
        let name = form.file_stem().unwrap().to_string_lossy().into_owned();
        let from_form = decode(&fs::read(&form).unwrap()).unwrap();
        assert!(!from_form.is_empty(), "{name}");
        assert!(!matches!(from_form[0].payload, Payload::Other), "{name}");

        let Ok(json) = fs::read(form.with_extension("json")) else { continue };
        let from_json = decode(&json).unwrap();
        let seen = |events: &[b24bot_core::Event]| {
            events
                .iter()
                .map(|e| format!("{:?} {:?} {:?} {:?}", e.name, e.portal, e.bot, e.payload))
                .collect::<Vec<_>>()
        };
        assert_eq!(seen(&from_form), seen(&from_json), "{name}");
        pairs += 1;
    }
    assert!(pairs > 20, "only {pairs} events were compared");
}
