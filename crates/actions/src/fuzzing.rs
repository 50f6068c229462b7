//! What the fuzz targets reach of this crate; compiled for them alone.

use serde_json::Value;

use crate::{answer::Received, batch};

/// Reads a body as the answer to a call and, if it is one, as that to a batch.
pub fn read_answer(status: u16, body: &[u8]) {
    let received = match Received::read("method", status, body.to_vec()) {
        Ok(received) => received,
        Err(error) => {
            let _ = format!("{error} {error:?} {:?}", error.repeat());
            return;
        }
    };
    for part in batch::read(&received, &["a", "b"]) {
        match part.and_then(|part| part.typed::<Value>("a")) {
            Ok(answer) => drop(format!("{answer:?} {:?}", answer.time)),
            Err(error) => drop(format!("{error} {error:?} {:?}", error.repeat())),
        }
    }
    let _ = received.typed::<Vec<u64>>("method");
}
