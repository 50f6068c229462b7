//! The record of REST requests, with secrets masked.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::clock::Moment;
use crate::form;
use crate::params::decode;
use crate::tree::Tree;

/// Requests kept; the oldest go first.
const KEPT: usize = 50_000;
const MASK: &str = "***";
/// Parameters whose values are never shown, in lower case.
const SECRET: [&str; 9] = [
    "access_token",
    "application_token",
    "auth",
    "auth_id",
    "bottoken",
    "client_id",
    "client_secret",
    "refresh_id",
    "refresh_token",
];

/// One REST request.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Moment,
    pub(crate) method: String,
    pub(crate) params: Value,
    pub(crate) user: Option<u64>,
    /// 0 when the connection was closed without an answer.
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    /// The answer is, or contains, an example.
    pub(crate) example: bool,
    pub(crate) calls: Vec<Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<(u64, Entry)>,
    next: u64,
}

impl Journal {
    pub(crate) fn add(&mut self, entry: Entry) {
        self.next += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back((self.next, entry));
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Every request with a number above `since`.
    pub(crate) fn show(&self, since: u64) -> Vec<Value> {
        self.entries
            .iter()
            .filter(|(number, _)| *number > since)
            .map(|(number, entry)| {
                json!({
                    "n": number,
                    "at": entry.at.iso(),
                    "at_seconds": entry.at.as_f64(),
                    "method": entry.method,
                    "params": entry.params,
                    "user": entry.user,
                    "status": entry.status,
                    "error": entry.error,
                    "example": entry.example,
                    "calls": entry.calls,
                })
            })
            .collect()
    }
}

/// Parameters as the record shows them.
pub(crate) fn mask(params: &Tree) -> Value {
    let shown: Map<String, Value> = params
        .entries()
        .map(|(key, value)| {
            let shown = if is_secret(key) {
                Value::from(MASK)
            } else if key.eq_ignore_ascii_case("cmd") {
                mask_commands(value)
            } else if value.is_array() && value.to_json().is_object() {
                mask(value)
            } else {
                value.to_json()
            };
            (key.clone(), shown)
        })
        .collect();
    Value::Object(shown)
}

fn mask_commands(commands: &Tree) -> Value {
    commands
        .entries()
        .map(|(key, command)| (key.clone(), Value::from(mask_url(&command.text().unwrap_or_default()))))
        .collect::<Map<_, _>>()
        .into()
}

/// An address, or a batch's `method?query`, with the secrets of its query masked.
pub(crate) fn mask_url(url: &str) -> String {
    let Some((address, query)) = url.split_once('?') else { return url.to_owned() };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            let decoded = decode(name);
            let last = decoded.rsplit('[').next().unwrap_or_default().trim_end_matches(']');
            if is_secret(last) { format!("{name}={}", form::encode(MASK)) } else { pair.to_owned() }
        })
        .collect();
    format!("{address}?{}", pairs.join("&"))
}

fn is_secret(name: &str) -> bool {
    SECRET.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::read_form;

    #[test]
    fn secrets_never_reach_the_record() {
        let query = "auth=s3cret&fields[botToken]=s3cret&fields[code]=x&CLIENT_ID=s3cret\
                     &cmd[a]=imbot.message.like%3FMESSAGE_ID%3D7%26CLIENT_ID%3Ds3cret\
                     &cmd[b]=m%3Ffields%255BbotToken%255D%3Ds3cret";
        let shown = mask(&read_form(query).unwrap()).to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("MESSAGE_ID=7") && shown.contains(r#""code":"x""#), "{shown}");
    }

    #[test]
    fn numbers_go_on_after_a_clear() {
        let mut journal = Journal::default();
        let entry = Entry {
            at: Moment::from_seconds(1),
            method: "profile".to_owned(),
            params: json!({}),
            user: Some(1),
            status: 200,
            error: None,
            example: false,
            calls: Vec::new(),
        };
        journal.add(entry.clone());
        journal.clear();
        journal.add(entry);
        assert_eq!(journal.show(1).len(), 1);
        assert_eq!(journal.show(2).len(), 0);
    }
}
