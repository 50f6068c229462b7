//! The record of REST requests, with secrets masked.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::credentials::Via;
use crate::ring::{Bulky, Ring};
use crate::trace::About;

/// Requests kept; the oldest go first.
const KEPT: usize = 50_000;
/// Bytes of parameters, calls and answers kept.
const ROOM: usize = 32 * 1024 * 1024;
/// The longest answer kept whole.
pub(crate) const LONGEST_ANSWER: usize = 64 * 1024;
/// The longest name of a method or a dialog that is kept; real ones are far shorter.
pub(crate) const LONGEST_NAME: usize = 500;

/// One REST request.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Moment,
    /// With the secret in it masked, unless everybody knows it.
    pub(crate) path: String,
    pub(crate) method: String,
    /// Masked and cut; null when it is kept no more.
    pub(crate) params: Value,
    pub(crate) user: Option<u64>,
    pub(crate) via: Option<Via>,
    /// 0 when the connection was closed without an answer.
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    /// As sent, but masked and cut; `None` when there was none or it is kept no more.
    pub(crate) answer: Option<String>,
    pub(crate) milliseconds: u64,
    /// How much of that was still to come when it was recorded.
    pub(crate) waits: Duration,
    /// The answer is, or contains, an example.
    pub(crate) example: bool,
    /// Those of a batch; none when they are kept no more.
    pub(crate) calls: Vec<Value>,
    /// Bytes of parameters and calls.
    pub(crate) weight: usize,
    /// Of each call in a batch, each event fetched, or of itself.
    pub(crate) about: Vec<About>,
    /// Messages that are new or other than before through it.
    pub(crate) messages: Vec<u64>,
}

impl Bulky for Entry {
    fn bulk(&self) -> usize {
        self.answer.as_ref().map_or(0, String::len) + self.weight
    }

    fn slim(&mut self) {
        (self.answer, self.params, self.weight) = (None, Value::Null, 0);
        self.calls = Vec::new();
    }
}

impl Entry {
    pub(crate) fn show(&self, number: u64) -> Value {
        json!({
            "n": number,
            "at": self.at.iso(),
            "at_seconds": self.at.as_f64(),
            "path": self.path,
            "method": self.method,
            "params": self.params,
            "user": self.user,
            "status": self.status,
            "error": self.error,
            "milliseconds": self.milliseconds,
            "example": self.example,
            "calls": self.calls,
            "messages": self.messages,
        })
    }

    /// The same with the answer.
    pub(crate) fn show_whole(&self, number: u64) -> Value {
        let mut shown = self.show(number);
        shown["answer"] = json!(self.answer);
        shown
    }
}

#[derive(Debug)]
pub(crate) struct Journal(Ring<Entry>);

impl Default for Journal {
    fn default() -> Self {
        Self(Ring::new(KEPT, ROOM))
    }
}

impl Journal {
    /// Adds a record and gives its number.
    pub(crate) fn add(&mut self, mut entry: Entry) -> u64 {
        let calls = entry.calls.iter().map(|call| call.to_string().len());
        entry.weight = entry.params.to_string().len() + calls.sum::<usize>();
        self.0.add(entry)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Entry> {
        self.0.get(number)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> {
        self.0.iter()
    }

    /// Every request with a number above `since`.
    pub(crate) fn show(&self, since: u64) -> Vec<Value> {
        self.iter().filter(|(number, _)| *number > since).map(|(number, entry)| entry.show(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(params: Value, calls: Vec<Value>) -> Entry {
        Entry {
            at: Moment::default(),
            path: String::new(),
            method: "m".to_owned(),
            params,
            user: None,
            via: None,
            status: 200,
            error: None,
            answer: None,
            milliseconds: 1,
            waits: Duration::ZERO,
            example: false,
            calls,
            weight: 0,
            about: Vec::new(),
            messages: Vec::new(),
        }
    }

    #[test]
    fn old_parameters_and_calls_make_room_for_new_ones() {
        let mut journal = Journal(Ring::new(10, 300));
        let long = || json!({"text": "x".repeat(100)});
        journal.add(entry(long(), Vec::new()));
        journal.add(entry(json!({}), vec![long()]));
        journal.add(entry(long(), Vec::new()));
        let kept: Vec<_> =
            journal.iter().map(|(_, entry)| (entry.params.is_null(), entry.calls.len())).collect();
        assert_eq!(kept, [(true, 0), (false, 1), (false, 0)]);
        journal.add(entry(long(), vec![long()]));
        assert_eq!(journal.get(2).map(|entry| entry.calls.len()), Some(0));
        assert_eq!(journal.get(2).map(|entry| entry.params.is_null()), Some(true));
    }
}
