//! All that happened on the portal, to look into and to print.

use std::{collections::HashSet, fmt::Write};

use b24bot_core::Listed;
use serde_json::Value as Json;

use super::calls::{Call, Number, calls};

/// So much of parameters and answers is printed, in characters.
const SHOWN: usize = 200;

/// The portal at one moment.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) messages: Vec<Json>,
    pub(super) calls: Vec<Call>,
    requests: Vec<Json>,
    deliveries: Vec<Json>,
}

impl Seen {
    /// Of what `/control/conversation` answers.
    pub(super) fn new(mut answer: Json) -> Self {
        let mut list = |name| match answer[name].take() {
            Json::Array(items) => items,
            _ => Vec::new(),
        };
        let (messages, requests, deliveries) = (list("messages"), list("requests"), list("deliveries"));
        Self { calls: calls(&requests), messages, requests, deliveries }
    }

    pub(super) fn message(&self, id: u64) -> Option<&Json> {
        self.messages.iter().find(|message| message["id"] == id)
    }

    /// Everything in order, a line each.
    pub(super) fn print(&self, bot: u64, failed: &[Listed]) -> String {
        let time = |of: &Json| of["at_seconds"].as_f64().unwrap_or_default();
        let mut lines: Vec<(f64, String)> = Vec::new();
        lines.extend(self.messages.iter().map(|message| (time(message), said(message, bot))));
        lines.extend(self.requests.iter().map(|request| (time(request), called(request))));
        lines.extend(self.deliveries.iter().map(|delivery| {
            // It is recorded when it ends.
            let took = delivery["milliseconds"].as_f64().unwrap_or_default() / 1000.0;
            (time(delivery) - took, delivered(delivery, bot))
        }));
        lines.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut text = String::from("what happened, in seconds:\n");
        let start = lines.first().map_or(0.0, |(at, _)| *at);
        for (at, line) in lines {
            let _ = writeln!(text, "{:>8.3}  {line}", at - start);
        }
        if !failed.is_empty() {
            text.push_str("events that the bot is not done with:\n");
        }
        for listed in failed {
            // Without the portal's id: there is one here.
            let key = listed.key.split_once('/').map_or(&*listed.key, |(_, key)| key);
            let _ = write!(text, "          {key}, ");
            match &listed.progress {
                Some(progress) => {
                    let _ = writeln!(text, "tried {} times: {}", progress.attempts, progress.error);
                }
                None => text.push_str("being handled\n"),
            }
        }
        text
    }
}

fn said(message: &Json, bot: u64) -> String {
    let flag = |name: &str| message[name].as_bool().unwrap_or_default();
    let who = match message["author"].as_u64() {
        Some(0) => "the portal".to_owned(),
        Some(author) if author == bot => "the bot".to_owned(),
        author => format!("{} ({})", text(&message["author_name"]), author.unwrap_or_default()),
    };
    let chat = &message["chat"];
    let mut line = format!("chat{chat}  {who}: {:?}  [message {}", text(&message["text"]), message["id"]);
    if flag("edited") {
        line.push_str(", edited");
    }
    if flag("deleted") {
        line.push_str(", deleted");
    }
    if message["likes"].as_array().is_some_and(|likes| !likes.is_empty()) {
        let _ = write!(line, ", liked by {}", message["likes"]);
    }
    if message["reactions"].as_object().is_some_and(|reactions| !reactions.is_empty()) {
        let _ = write!(line, ", reactions {}", message["reactions"]);
    }
    line.push(']');
    line
}

fn delivered(delivery: &Json, bot: u64) -> String {
    let to = if delivery["bot"] == bot { "the bot".to_owned() } else { format!("bot {}", delivery["bot"]) };
    let came = match delivery["error"].as_str() {
        Some(error) => format!("not delivered: {error}"),
        None => format!("{} in {} ms", delivery["status"], delivery["milliseconds"]),
    };
    format!("  → {} to {to}: {came}", text(&delivery["event"]))
}

fn called(request: &Json) -> String {
    let mut line = format!("  ← {}: {}", one_call(request), request["status"]);
    match request["error"].as_str() {
        Some(error) => {
            let _ = write!(line, " {error}");
        }
        // Without the times, which say nothing here.
        None => {
            let answer = request["answer"].as_str().and_then(|text| serde_json::from_str::<Json>(text).ok());
            if let Some(answer) = answer {
                let _ = write!(line, " {}", cut(&answer["result"].to_string()));
            }
        }
    }
    for call in request["calls"].as_array().into_iter().flatten() {
        let _ = write!(line, "\n              {}", one_call(call));
        if let Some(error) = call["error"].as_str() {
            let _ = write!(line, ": {error}");
        }
    }
    line
}

fn one_call(call: &Json) -> String {
    // The calls of a batch are printed one by one.
    let inside = call["calls"].as_array().is_some_and(|calls| !calls.is_empty());
    let params = if inside { String::new() } else { format!(" {}", cut(&call["params"].to_string())) };
    format!("{}{params}", text(&call["method"]))
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What an expectation looks into.
pub(super) struct Moment<'a> {
    pub(super) seen: &'a Seen,
    pub(super) bot: u64,
    /// Calls that other expectations have asked for.
    pub(super) accounted: &'a HashSet<Number>,
    /// Messages that other expectations meant.
    pub(super) taken: &'a HashSet<u64>,
}

impl Moment<'_> {
    /// The first call of that kind that is not accounted for.
    pub(super) fn call(&self, is: impl Fn(&Call) -> bool) -> Option<&Call> {
        self.seen.calls.iter().find(|call| !self.accounted.contains(&call.number) && is(call))
    }

    /// The last one.
    pub(super) fn last_call(&self, is: impl Fn(&Call) -> bool) -> Option<&Call> {
        self.seen.calls.iter().rfind(|call| !self.accounted.contains(&call.number) && is(call))
    }

    /// The first call not accounted for that changed a message, with one of these words in its method.
    pub(super) fn change(&self, message: u64, words: &[&str]) -> Option<Number> {
        Some(self.call(|call| call.messages.contains(&message) && call.has(words))?.number)
    }

    /// The first of the bot's messages that is so and that no other expectation meant, and the call that wrote it.
    pub(super) fn written(&self, is: impl Fn(&Json) -> bool) -> Option<(&Json, Option<Number>)> {
        let message = self.seen.messages.iter().find(|message| {
            let taken = message["id"].as_u64().is_none_or(|id| self.taken.contains(&id));
            message["author"] == self.bot && message["system"] != true && !taken && is(message)
        })?;
        let id = message["id"].as_u64()?;
        let call = self.seen.calls.iter().find(|call| call.messages.contains(&id));
        Some((message, call.map(|call| call.number)))
    }
}
