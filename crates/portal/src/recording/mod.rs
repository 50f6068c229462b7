//! A session in a file: events as they were posted, with what the bots answered, and REST requests with what they got.

mod format;
mod writer;

use std::time::Duration;

use serde_json::Value;

pub(crate) use format::{CallLine, EventLine, Line, Recording, Unreadable};
pub(crate) use writer::Recorder;

use crate::delivery::Delivered;
use crate::journal::Entry;

impl Recorder {
    /// Records an event, now that it was answered.
    pub(crate) fn event(&self, delivered: &Delivered) {
        // What was too long for the record is too long for a recording.
        let Some(body) = delivered.body.clone() else { return };
        self.add(&Line::Event(EventLine {
            at: self.at(Duration::from_millis(delivered.milliseconds)),
            bot: delivered.bot,
            event: delivered.event.to_owned(),
            url: delivered.url.clone(),
            body,
            status: delivered.outcome.as_ref().ok().copied(),
            error: delivered.outcome.as_ref().err().cloned(),
            answer: delivered.answer.clone(),
            milliseconds: delivered.milliseconds,
        }));
    }

    /// Records a request, now that it is about to be answered.
    pub(crate) fn call(&self, entry: &Entry) {
        // One that was cut is no JSON any more.
        let answer = entry.answer.as_ref();
        let answer =
            answer.map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())));
        self.add(&Line::Call(CallLine {
            at: self.at(Duration::from_millis(entry.milliseconds).saturating_sub(entry.waits)),
            method: entry.method.clone(),
            params: entry.params.clone(),
            user: entry.user,
            status: entry.status,
            answer,
            milliseconds: entry.milliseconds,
        }));
    }
}
