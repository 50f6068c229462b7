//! No body may panic, and what can be decoded has a key, a lane and a `Debug` form.

#![no_main]

use std::time::SystemTime;

use b24bot_core::{Envelope, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(events) = decode(body) {
        for event in events {
            let envelope = Envelope::new(event, SystemTime::UNIX_EPOCH);
            assert!(!envelope.key.as_str().is_empty() && !envelope.lane.as_str().is_empty());
            let _ = format!("{envelope:?}");
        }
    }
});
