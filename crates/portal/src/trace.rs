//! Which events told of a message, and which REST requests followed from it.
//!
//! A request, or a call in a batch, follows from a message when
//! - it names the message among its parameters (`message`), made or changed it (`made`), or fetched an event about it
//!   (`fetch`);
//! - or names no message at all, comes from the owner of a bot that was told of the message, within a minute of
//!   that, and either is about the same dialog, in which that owner was told of no other message since (`dialog`),
//!   or names no dialog, and that owner was told of no other message anywhere since (`time`).

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::credentials::Via;
use crate::journal::{Entry, LONGEST_NAME};
use crate::ring::cut;
use crate::state::State;
use crate::tree::Tree;

/// Seconds in which requests follow that do not name the message.
const FOLLOWS: u64 = 60;
/// Messages of one call that are remembered.
const MOST_NAMED: usize = 1000;
const FETCH: &str = "imbot.v2.event.get";

/// What an event or a call speaks of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct About {
    /// The messages it names.
    messages: Vec<u64>,
    /// The messages that are new or other than before through it.
    made: Vec<u64>,
    dialog: Option<String>,
}

impl About {
    /// Of an event as it is posted.
    pub(crate) fn of_event(body: &Tree) -> Self {
        body.get("data").map(Self::of_data).unwrap_or_default()
    }

    fn of_data(data: &Tree) -> Self {
        let within = |outer: &str, inner: &str| data.get(outer).and_then(|outer| outer.get(inner));
        let commands = data.get("COMMAND").into_iter().flat_map(Tree::entries);
        let messages = [within("PARAMS", "MESSAGE_ID"), within("message", "id"), data.get("messageId")]
            .into_iter()
            .chain(commands.map(|(_, command)| command.get("MESSAGE_ID")))
            .flatten()
            .filter_map(Tree::id)
            .collect();
        let dialogs = [within("PARAMS", "DIALOG_ID"), within("chat", "dialogId"), data.get("dialogId")];
        Self { messages, made: Vec::new(), dialog: dialogs.into_iter().flatten().find_map(Tree::text) }
    }

    /// Of a request: for each call of a batch, for each event that was fetched, or for the one call it is, which
    /// `made` these messages.
    pub(crate) fn of_request(
        method: &str,
        params: &Tree,
        calls: &[Value],
        body: &Value,
        made: &[u64],
    ) -> Vec<Self> {
        if method.eq_ignore_ascii_case(FETCH) {
            let events = body["result"]["events"].as_array().into_iter().flatten();
            return events.map(|event| Self::of_data(&Tree::from(&event["data"]))).collect();
        }
        if !method.eq_ignore_ascii_case("batch") {
            return vec![Self::of_call(params, made.to_vec())];
        }
        calls
            .iter()
            .map(|call| {
                let made = call["messages"].as_array().into_iter().flatten();
                Self::of_call(&Tree::from(&call["params"]), made.filter_map(Value::as_u64).collect())
            })
            .collect()
    }

    fn of_call(params: &Tree, made: Vec<u64>) -> Self {
        let mut about = Self { made, ..Self::default() };
        about.read(params, true);
        about.messages.truncate(MOST_NAMED);
        about
    }

    /// Looks at parameters, and at those in `fields`.
    fn read(&mut self, params: &Tree, deeper: bool) {
        for (key, value) in params.entries() {
            match key.replace('_', "").to_ascii_lowercase().as_str() {
                "messageid" | "replyid" | "messageids" => {
                    let list = value.entries().filter_map(|(_, item)| item.id());
                    self.messages.extend(value.id().into_iter().chain(list));
                }
                "dialogid" => self.dialog = value.text().map(|dialog| cut(dialog, LONGEST_NAME)),
                "chatid" => self.dialog = value.id().map(|id| format!("chat{id}")),
                "fields" if deeper => self.read(value, false),
                _ => {}
            }
        }
    }
}

/// When the owner of a bot was told of something.
struct Told<'a> {
    at: Moment,
    owner: &'a Via,
    about: &'a About,
}

/// The time in which requests of an owner follow from a message.
struct Window<'a> {
    owner: &'a Via,
    dialog: Option<&'a String>,
    from: Moment,
    /// When the owner was told of another message in that dialog.
    until: Moment,
    /// When the owner was told of another message anywhere.
    until_any: Moment,
}

/// `GET /control/trace/ID`
pub(crate) fn trace(state: &State, message: u64) -> Value {
    let deliveries: Vec<Value> = state
        .deliveries
        .iter()
        .filter(|(_, delivered)| delivered.about.messages.contains(&message))
        .map(|(number, delivered)| delivered.show_whole(number))
        .collect();
    let windows = windows(state, message);
    let requests: Vec<Value> =
        state.journal.iter().filter_map(|(number, entry)| show(number, entry, message, &windows)).collect();
    json!({"message_id": message, "deliveries": deliveries, "requests": requests})
}

fn show(number: u64, entry: &Entry, message: u64, windows: &[Window<'_>]) -> Option<Value> {
    let ways: Vec<_> = entry.about.iter().map(|about| follows(entry, about, message, windows)).collect();
    let way = ways.iter().flatten().next()?;
    let mut shown = entry.show_whole(number);
    shown["by"] = json!(way);
    if let Some(calls) = shown["calls"].as_array_mut() {
        for (call, way) in calls.iter_mut().zip(&ways) {
            call["by"] = json!(way);
        }
    }
    Some(shown)
}

fn follows(entry: &Entry, about: &About, message: u64, windows: &[Window<'_>]) -> Option<&'static str> {
    let fetch = is_fetch(entry);
    if about.messages.contains(&message) {
        return Some(if fetch { "fetch" } else { "message" });
    }
    if about.made.contains(&message) {
        return Some("made");
    }
    if fetch || !about.messages.is_empty() {
        return None;
    }
    windows
        .iter()
        .filter(|window| entry.via.as_ref() == Some(window.owner) && entry.at >= window.from)
        .find_map(|window| match &about.dialog {
            Some(dialog) => (Some(dialog) == window.dialog && entry.at < window.until).then_some("dialog"),
            None => (entry.at < window.until_any).then_some("time"),
        })
}

fn is_fetch(entry: &Entry) -> bool {
    entry.method.eq_ignore_ascii_case(FETCH)
}

fn windows(state: &State, message: u64) -> Vec<Window<'_>> {
    let posted = state.deliveries.iter().filter_map(|(_, delivered)| {
        Some(Told { at: delivered.began, owner: delivered.owner.as_ref()?, about: &delivered.about })
    });
    let fetched = state.journal.iter().filter(|(_, entry)| is_fetch(entry)).flat_map(|(_, entry)| {
        let owner = entry.via.as_ref();
        let told = move |about| owner.map(|owner| Told { at: entry.at, owner, about });
        entry.about.iter().filter_map(told)
    });
    let told: Vec<Told<'_>> = posted.chain(fetched).filter(|told| !told.about.messages.is_empty()).collect();
    let names = |told: &&Told<'_>| told.about.messages.contains(&message);
    told.iter()
        .filter(names)
        .map(|this| {
            let others = || {
                told.iter().filter(|other| !names(other) && other.owner == this.owner && other.at > this.at)
            };
            let end = this.at.plus_seconds(FOLLOWS);
            let same = others().filter(|other| other.about.dialog == this.about.dialog);
            Window {
                owner: this.owner,
                dialog: this.about.dialog.as_ref(),
                from: this.at,
                until: same.map(|other| other.at).min().unwrap_or(end).min(end),
                until_any: others().map(|other| other.at).min().unwrap_or(end).min(end),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::delivery::{Answer, Delivered, Outgoing};
    use crate::params::read_json;
    use crate::state::sample;

    fn tree(value: &Value) -> Tree {
        Tree::from(value)
    }

    fn tell(state: &mut State, second: u64, dialog: &str, message: u64) {
        let body = json!({"data": {"PARAMS": {"MESSAGE_ID": message.to_string(), "DIALOG_ID": dialog}}});
        let outgoing = Outgoing::new(String::new(), 7, "E", String::new(), &tree(&body));
        let answer = Answer { status: 200, text: String::new() };
        let at = Moment::from_seconds(second);
        let delivered = Delivered::new(outgoing, Ok(answer), (at, Duration::ZERO), at, Some(Via::Webhook));
        state.deliveries.add(delivered);
    }

    fn call(state: &mut State, second: u64, method: &str, params: &Value, body: &Value) {
        let calls: Vec<Value> = params["calls"].as_array().cloned().unwrap_or_default();
        let messages: Vec<u64> = serde_json::from_value(body["made"].clone()).unwrap_or_default();
        let about = About::of_request(method, &tree(params), &calls, body, &messages);
        state.journal.add(Entry {
            messages,
            at: Moment::from_seconds(second),
            path: String::new(),
            method: method.to_owned(),
            params: params.clone(),
            user: Some(1),
            via: Some(Via::Webhook),
            status: 200,
            error: None,
            answer: Some(body.to_string()),
            milliseconds: 1,
            waits: Duration::ZERO,
            example: false,
            calls,
            weight: 0,
            about,
        });
    }

    fn ways(state: &State, message: u64) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let requests = trace(state, message)["requests"].as_array().unwrap().clone();
        requests.iter().map(|one| (text(&one["method"]), text(&one["by"]))).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(method, by)| ((*method).to_owned(), (*by).to_owned())).collect()
    }

    #[test]
    fn requests_follow_by_message_then_dialog_then_time() {
        let mut state = sample();
        let nothing = json!({});
        tell(&mut state, 100, "chat1", 101);
        call(&mut state, 100, "im.message.like", &json!({"MESSAGE_ID": "101"}), &nothing);
        call(&mut state, 101, "user.current", &nothing, &nothing);
        tell(&mut state, 110, "27", 102);
        call(&mut state, 111, "scope", &nothing, &nothing);
        call(&mut state, 112, "imbot.message.add", &json!({"DIALOG_ID": "chat1"}), &json!({"made": [103]}));
        call(&mut state, 113, "imbot.message.like", &json!({"message_id": 102}), &nothing);
        tell(&mut state, 120, "chat1", 104);
        call(&mut state, 121, "imbot.chat.sendTyping", &json!({"DIALOG_ID": "chat1"}), &nothing);
        call(&mut state, 181, "app.info", &nothing, &nothing);
        assert_eq!(
            ways(&state, 101),
            pairs(&[
                ("im.message.like", "message"),
                ("user.current", "time"),
                ("imbot.message.add", "dialog")
            ])
        );
        assert_eq!(ways(&state, 102), pairs(&[("scope", "time"), ("imbot.message.like", "message")]));
        assert_eq!(ways(&state, 103), pairs(&[("imbot.message.add", "made")]));
        assert_eq!(ways(&state, 104), pairs(&[("imbot.chat.sendTyping", "dialog")]));
        assert_eq!(ways(&state, 105), []);
    }

    #[test]
    fn each_call_of_a_batch_is_judged_by_itself() {
        let mut state = sample();
        let calls = json!({"calls": [
            {"name": "a", "method": "im.message.like", "params": {"MESSAGE_ID": "101"}},
            {"name": "b", "method": "imbot.v2.Chat.Message.send", "params": {"fields": {"replyId": "102"}}, "messages": [103]},
        ]});
        call(&mut state, 100, "batch", &calls, &json!({}));
        for (message, expected) in [(101, ["message", ""]), (102, ["", "message"]), (103, ["", "made"])] {
            let shown = trace(&state, message);
            let by =
                |index: usize| shown["requests"][0]["calls"][index]["by"].as_str().unwrap_or("").to_owned();
            assert_eq!([by(0), by(1)], expected, "{message}");
        }
    }

    #[test]
    fn a_fetched_event_is_as_good_as_a_posted_one() {
        let mut state = sample();
        let event = json!({"data": {"message": {"id": 101}, "chat": {"dialogId": "chat1"}}});
        let body = json!({"result": {"events": [event]}});
        call(&mut state, 100, "imbot.v2.Event.get", &json!({}), &body);
        call(&mut state, 101, "imbot.v2.Event.get", &json!({}), &json!({"result": {"events": []}}));
        call(&mut state, 102, "imbot.v2.Chat.Message.send", &json!({"dialogId": "chat1"}), &json!({}));
        assert_eq!(
            ways(&state, 101),
            pairs(&[("imbot.v2.Event.get", "fetch"), ("imbot.v2.Chat.Message.send", "dialog")])
        );
    }

    #[test]
    fn commands_and_deletions_name_their_message() {
        for data in [
            r#"{"data": {"COMMAND": {"11": {"MESSAGE_ID": "101"}}, "PARAMS": {"DIALOG_ID": "27"}}}"#,
            r#"{"data": {"messageId": 101, "chat": {"dialogId": "27"}}}"#,
        ] {
            let about = About::of_event(&read_json(data.as_bytes()).unwrap());
            assert_eq!(
                (about.messages.as_slice(), about.dialog.as_deref()),
                (&[101][..], Some("27")),
                "{data}"
            );
        }
    }
}
