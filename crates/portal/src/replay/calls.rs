//! Recorded calls: what to answer when they are made again, and how what is made differs.

use std::fmt;

use serde_json::{Value, json};

use super::report::Differences;
use crate::params::read_form;
use crate::recording::CallLine;
use crate::secrets::mask;
use crate::tree::Tree;

/// A call without what is never the same: its credentials and its spelling of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(super) method: String,
    pub(super) params: Value,
}

impl Call {
    /// Of parameters as they came.
    pub(super) fn of(method: &str, params: &Tree) -> Self {
        Self::masked(method, &mask(params))
    }

    /// Of parameters whose secrets are masked.
    fn masked(method: &str, params: &Value) -> Self {
        let mut params = as_texts(params);
        if let Some(map) = params.as_object_mut() {
            map.retain(|key, _| !key.eq_ignore_ascii_case("auth"));
        }
        Self { method: method.to_owned(), params }
    }

    /// Of a batch's `method?query`.
    pub(super) fn of_command(command: &str) -> Self {
        let (method, query) = command.split_once('?').unwrap_or((command, ""));
        let method = method.trim().trim_end_matches(".json");
        Self::of(method, &read_form(query).unwrap_or_else(|_| Tree::new()))
    }

    fn is_of(&self, method: &str) -> bool {
        self.method.eq_ignore_ascii_case(method)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.params)
    }
}

/// JSON and forms write numbers and flags in their ways.
fn as_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.is_empty() => json!({}),
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), as_texts(value))).collect(),
        scalar => Tree::from(scalar).text().unwrap_or_default().into(),
    }
}

/// What a call got.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

#[derive(Debug)]
struct Recorded {
    at: f64,
    call: Call,
    /// None if not all of it was kept.
    answer: Option<Answer>,
    given: bool,
}

/// The calls of a recording, those in batches one by one.
#[derive(Debug, Default)]
pub(super) struct Calls {
    recorded: Vec<Recorded>,
    made: Vec<Call>,
}

impl Calls {
    pub(super) fn new(lines: &[CallLine]) -> Self {
        let recorded = lines.iter().filter(|line| came_through(line.status)).flat_map(read).collect();
        Self { recorded, made: Vec::new() }
    }

    /// The answer that was recorded for such a call: with these parameters if there is one, and one that was not given
    /// yet if there is one.
    pub(super) fn answer(&mut self, call: Call) -> Answer {
        let same = |recorded: &Recorded| recorded.call.is_of(&call.method) && recorded.answer.is_some();
        let fits = |recorded: &Recorded| same(recorded) && recorded.call.params == call.params;
        let all = &self.recorded;
        let place = all
            .iter()
            .position(|recorded| fits(recorded) && !recorded.given)
            .or_else(|| all.iter().position(|recorded| same(recorded) && !recorded.given))
            .or_else(|| all.iter().rposition(fits))
            .or_else(|| all.iter().rposition(same));
        let answer = place.and_then(|place| self.recorded.get_mut(place)).and_then(|recorded| {
            recorded.given = true;
            recorded.answer.clone()
        });
        self.made.push(call);
        answer.unwrap_or_else(|| Answer {
            status: 404,
            body: json!({"error": "ERROR_METHOD_NOT_FOUND", "error_description": "No call of this method was recorded"}),
        })
    }

    /// How many calls there were from a moment on.
    pub(super) fn recorded_since(&self, at: f64) -> usize {
        self.recorded.iter().filter(|recorded| recorded.at >= at).count()
    }

    /// What was made against what was recorded from a moment on.
    pub(super) fn differences(&self, since: f64) -> Differences {
        let mut missing: Vec<Call> =
            self.recorded.iter().filter(|r| r.at >= since).map(|r| r.call.clone()).collect();
        let mut found = Differences::default();
        let mut left = Vec::new();
        for made in &self.made {
            match missing.iter().position(|recorded| recorded == made) {
                Some(place) => {
                    missing.remove(place);
                    found.same += 1;
                }
                None => left.push(made.clone()),
            }
        }
        for made in left {
            match missing.iter().position(|recorded| recorded.is_of(&made.method)) {
                Some(place) => found.other.push((missing.remove(place), made)),
                None => found.further.push(made),
            }
        }
        found.missing = missing;
        found
    }
}

/// Whether a request came to its method, and was not turned away because of a limit, a token or a fault.
fn came_through(status: u16) -> bool {
    matches!(status, 200..=299 | 400 | 403..=428 | 430..=499)
}

/// Whether it is a limit's, which turns away single calls of a batch as well.
fn is_limit(error: &Value) -> bool {
    matches!(
        error["error"].as_str(),
        Some("QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" | "OVERLOAD_LIMIT")
    )
}

fn read(line: &CallLine) -> Vec<Recorded> {
    let body = line.answer.clone().filter(|answer| !answer.is_string());
    if !line.method.eq_ignore_ascii_case("batch") {
        let call = Call::masked(&line.method, &line.params);
        let answer = body.map(|body| Answer { status: line.status, body });
        return vec![Recorded { at: line.at, call, answer, given: false }];
    }
    let of = |list: &str, name: &str| -> Option<Value> {
        let list = body.as_ref()?.get("result")?.get(list)?;
        list.get(name).or_else(|| list.get(name.parse::<usize>().ok()?)).cloned()
    };
    let commands = commands(&line.params);
    let calls = commands.into_iter().filter_map(|(name, command)| {
        let answer = match (of("result", &name), of("result_error", &name)) {
            (_, Some(error)) if is_limit(&error) => return None,
            (_, Some(error)) => Some(Answer { status: 400, body: error }),
            (result, None) => body.is_some().then(|| Answer { status: 200, body: json!({"result": result}) }),
        };
        Some(Recorded { at: line.at, call: Call::of_command(&command), answer, given: false })
    });
    calls.collect()
}

/// The names and `method?query` of a batch.
fn commands(params: &Value) -> Vec<(String, String)> {
    let Some(map) = params.as_object() else { return Vec::new() };
    let commands = map.iter().find(|(key, _)| key.eq_ignore_ascii_case("cmd")).map(|(_, commands)| commands);
    let text = |command: &Value| command.as_str().unwrap_or_default().to_owned();
    match commands {
        Some(Value::Object(map)) => map.iter().map(|(name, command)| (name.clone(), text(command))).collect(),
        Some(Value::Array(list)) => {
            list.iter().enumerate().map(|(index, command)| (index.to_string(), text(command))).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: f64, method: &str, params: Value, status: u16, answer: Value) -> CallLine {
        CallLine {
            at,
            method: method.to_owned(),
            params,
            status,
            answer: Some(answer),
            ..CallLine::default()
        }
    }

    fn like(id: u64) -> Call {
        Call::of_command(&format!("im.message.like?MESSAGE_ID={id}"))
    }

    fn recorded() -> Calls {
        let command = |id: u64| format!("im.message.like?MESSAGE_ID={id}");
        Calls::new(&[
            line(0.1, "imbot.register", json!({"CODE": "x"}), 200, json!({"result": 1001})),
            line(
                1.0,
                "im.message.like",
                json!({"MESSAGE_ID": 101, "auth": "***"}),
                503,
                json!({"error": "X"}),
            ),
            line(
                1.1,
                "im.message.like",
                json!({"MESSAGE_ID": 101, "auth": "***"}),
                200,
                json!({"result": true}),
            ),
            line(
                2.0,
                "batch",
                json!({"cmd": {"a": command(102), "b": command(103)}}),
                200,
                json!({"result": {"result": {"a": "first"}, "result_error": {"b": {"error": "WITHOUT_CHANGES"}}}}),
            ),
            line(
                3.0,
                "batch",
                json!({"cmd": [command(104)]}),
                200,
                json!({"result": {"result": ["listed"], "result_error": []}}),
            ),
        ])
    }

    #[test]
    fn a_call_gets_the_answer_that_was_recorded_for_it() {
        let mut calls = recorded();
        assert_eq!(calls.answer(like(102)).body, json!({"result": "first"}));
        let refused = calls.answer(like(103));
        assert_eq!((refused.status, refused.body), (400, json!({"error": "WITHOUT_CHANGES"})));
        assert_eq!(calls.answer(like(104)).body, json!({"result": "listed"}));
        assert_eq!(calls.answer(like(999)).body, json!({"result": true}), "the one not given yet");
        assert_eq!(calls.answer(like(102)).body, json!({"result": "first"}), "again");
        assert_eq!(calls.answer(Call::of_command("user.get")).status, 404);
    }

    #[test]
    fn differences_are_told_whatever_the_order() {
        let mut calls = recorded();
        for id in [103, 999, 101, 102] {
            calls.answer(like(id));
        }
        calls.answer(Call::of_command("user.get"));
        let found = calls.differences(1.0);
        assert_eq!((found.same, &found.other[..]), (3, &[(like(104), like(999))][..]));
        assert_eq!((&found.missing[..], &found.further[..]), (&[][..], &[Call::of_command("user.get")][..]));
        assert_eq!(calls.recorded_since(1.0), 4);
        assert_eq!(calls.differences(0.0).missing.len(), 1, "what was registered before the first event");
    }

    #[test]
    fn what_a_limit_turned_away_is_no_call_and_a_cut_answer_is_not_given() {
        let one = |id: u64| format!("im.message.like?MESSAGE_ID={id}");
        let mut calls = Calls::new(&[
            line(
                1.0,
                "batch",
                json!({"cmd": {"a": one(101), "b": one(102)}}),
                200,
                json!({"result": {"result": {"a": "first"}, "result_error": {"b": {"error": "OPERATION_TIME_LIMIT"}}}}),
            ),
            line(2.0, "user.get", json!({"ID": 27}), 200, json!("{\"result\": [{\"ID")),
            line(3.0, "batch", json!({"cmd": {"a": one(103)}}), 200, json!("{\"result\": ")),
        ]);
        assert_eq!(calls.recorded_since(0.0), 3);
        assert_eq!(calls.answer(Call::of_command("user.get?ID=27")).status, 404);
        assert_eq!(calls.answer(like(103)).body, json!({"result": "first"}));
        assert_eq!(calls.differences(0.0).same, 2);
    }

    #[test]
    fn json_and_forms_are_the_same_call() {
        let json: Tree =
            serde_json::from_str(r#"{"ID": 5, "flag": true, "list": [1, "2"], "none": null, "auth": "s"}"#)
                .unwrap();
        let form = read_form("ID=5&flag=1&list[]=1&list[]=2&none=&AUTH=t").unwrap();
        assert_eq!(Call::of("m", &json), Call::of("m", &form));
    }
}
