//! `batch`: up to fifty calls in one request.

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::credentials::Caller;
use crate::methods;
use crate::params::read_form;
use crate::refusal::{Refusal, bad};
use crate::secrets::{mask, mask_text};
use crate::state::State;
use crate::tree::{Tree, php_array};

const MAX_CALLS: usize = 50;

/// Runs `cmd` in order and gives the batch's `result`; what was called is added to `record`.
///
/// Nothing here fails as a whole: a call that does ends up in `result_error`, and ends the batch if `halt`
/// is set. As PHP encodes arrays, an answer whose keys are exactly `0`, `1`, … is a list, an empty one `[]`.
pub(crate) fn run(state: &mut State, caller: &Caller, params: &Tree, record: &mut Vec<Value>) -> Value {
    let params = params.with_upper_keys();
    let halt = params.get("HALT").is_some_and(Tree::flag);
    let mut results: IndexMap<String, Value> = IndexMap::new();
    let mut errors: IndexMap<String, Value> = IndexMap::new();
    let mut totals: IndexMap<String, Value> = IndexMap::new();
    let mut times: IndexMap<String, Value> = IndexMap::new();
    let commands = params.get("CMD").cloned().unwrap_or_else(Tree::new);
    for (index, (name, command)) in commands.entries().enumerate() {
        let command = command.text().unwrap_or_default();
        let (method, query) = split(&command);
        let params = read_form(query);
        let shown = params.as_ref().map(mask).unwrap_or_default();
        let changes = state.changes.len();
        let outcome = match params {
            _ if index >= MAX_CALLS => Err(bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")),
            _ if is_forbidden(method) => Err(Refusal::new(
                405,
                "ERROR_BATCH_METHOD_NOT_ALLOWED",
                "Method is not allowed for batch usage",
            )),
            Ok(mut params) => {
                fill_in(&mut params, &results);
                methods::call(state, caller, method, &params)
            }
            Err(unreadable) => Err(bad("INVALID_REQUEST", unreadable.0)),
        };
        record.push(json!({
            "name": name,
            "method": method,
            "params": shown,
            "command": mask_text(&command),
            "error": outcome.as_ref().err().map(|refusal| refusal.code),
            "example": outcome.as_ref().is_ok_and(|done| done.example),
            "messages": state.messages_changed_since(changes),
        }));
        match outcome {
            Ok(done) => {
                results.insert(name.clone(), done.result);
                totals.extend(done.total.map(|total| (name.clone(), total.into())));
                times.insert(name.clone(), done.time);
            }
            Err(refusal) => {
                errors.insert(name.clone(), refusal.body());
                if halt {
                    break;
                }
            }
        }
    }
    json!({
        "result": php_array(results.into_iter()),
        "result_error": php_array(errors.into_iter()),
        "result_total": php_array(totals.into_iter()),
        "result_next": [],
        "result_time": php_array(times.into_iter()),
    })
}

/// Another batch, and what moves a file.
fn is_forbidden(method: &str) -> bool {
    let last = method.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    method.eq_ignore_ascii_case("batch") || ["upload", "download"].iter().any(|word| last.starts_with(word))
}

/// `method?query`; like any address it ends at a `#`.
fn split(command: &str) -> (&str, &str) {
    let command = command.split('#').next().unwrap_or_default();
    let (method, query) = command.split_once('?').unwrap_or((command, ""));
    (method.trim().trim_end_matches(".json"), query)
}

/// Puts earlier results in place of `$result[name][field]`. This comes after decoding: the platform's own libraries
/// encode references like everything else.
fn fill_in(params: &mut Tree, results: &IndexMap<String, Value>) {
    match params {
        Tree::Text(text) => *text = fill(text, results),
        Tree::Array(entries) => entries.values_mut().for_each(|value| fill_in(value, results)),
        Tree::Null | Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) => {}
    }
}

fn fill(text: &str, results: &IndexMap<String, Value>) -> String {
    const MARK: &str = "$result";
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let (path, length) = read_path(&from[MARK.len()..]);
        match lookup(results, &path) {
            Some(text) if !path.is_empty() => filled.push_str(&text),
            // PHP's null in a string: nothing.
            _ => {}
        }
        rest = &from[MARK.len() + length..];
    }
    filled.push_str(rest);
    filled
}

/// `[a][b]…` at the beginning of a text: its keys, and how long it is.
fn read_path(text: &str) -> (Vec<&str>, usize) {
    let (mut path, mut length) = (Vec::new(), 0);
    while let Some(inside) = text[length..].strip_prefix('[') {
        let Some(end) = inside.find(']') else { break };
        path.push(&inside[..end]);
        length += end + 2;
    }
    (path, length)
}

fn lookup(results: &IndexMap<String, Value>, path: &[&str]) -> Option<String> {
    let (name, fields) = path.split_first()?;
    let mut value = results.get(*name)?;
    for field in fields {
        value = match value {
            Value::Array(items) => items.get(field.parse::<usize>().ok()?)?,
            Value::Object(map) => map.get(*field)?,
            _ => return None,
        };
    }
    Tree::from(value).text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::authenticate;
    use crate::state::sample;

    fn batch(json: &str) -> (Value, Vec<Value>) {
        let mut state = sample();
        let caller = authenticate(&state, Some(("1", "local")), &Tree::new()).unwrap();
        let mut calls = Vec::new();
        let params: Tree = serde_json::from_str(json).unwrap();
        (run(&mut state, &caller, &params, &mut calls), calls)
    }

    #[test]
    fn results_and_errors_stand_under_their_names() {
        let (answer, calls) = batch(
            r#"{"cmd": {"me": "profile", "no": "nonsense", "post": "im.message.add?DIALOG_ID=chat1&MESSAGE=a%20%26+b",
                "like": "im.message.like?MESSAGE_ID=$result[post]&ACTION=plus", "nested": "batch?cmd[a]=profile"}}"#,
        );
        assert_eq!(answer["result"]["me"]["ID"], "1");
        assert_eq!(answer["result"]["like"], true);
        assert_eq!(answer["result_error"]["no"]["error"], "ERROR_METHOD_NOT_FOUND");
        assert_eq!(answer["result_error"]["nested"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
        assert_eq!(answer["result_total"], json!([]));
        let names: Vec<_> = calls.iter().map(|call| call["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["me", "no", "post", "like", "nested"]);
        assert_eq!(calls[2]["params"]["MESSAGE"], "a & b");
    }

    #[test]
    fn lists_say_how_long_they_are() {
        let (answer, calls) = batch(r#"{"cmd": {"me": "profile", "users": "user.get"}}"#);
        assert_eq!(
            answer["result_total"],
            json!({"users": answer["result"]["users"].as_array().unwrap().len()})
        );
        assert_eq!((&calls[0]["example"], &calls[1]["example"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn halt_ends_at_the_first_error() {
        let (answer, calls) = batch(r#"{"halt": 1, "cmd": ["profile", "nonsense", "profile"]}"#);
        assert_eq!(calls.len(), 2);
        assert_eq!(answer["result"].as_array().unwrap().len(), 1);
        assert_eq!(answer["result_error"]["1"]["error"], "ERROR_METHOD_NOT_FOUND");
    }

    #[test]
    fn the_fifty_first_call_is_refused() {
        let commands = vec!["server.time"; 52];
        let (answer, _) = batch(&json!({"cmd": commands}).to_string());
        assert_eq!(answer["result"].as_array().unwrap().len(), 50);
        assert_eq!(answer["result_error"]["51"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
        assert_eq!(answer["result_error"].as_object().unwrap().len(), 2);
    }

    #[test]
    fn an_empty_batch_is_five_empty_arrays() {
        let (answer, _) = batch("{}");
        assert!(answer.as_object().unwrap().values().all(|value| *value == json!([])));
        assert_eq!(answer.as_object().unwrap().len(), 5);
    }

    #[test]
    fn references_reach_into_results_and_vanish_when_wrong() {
        let results = IndexMap::from([("a".to_owned(), json!({"x": [5, "ж & y"]}))]);
        let filled = |query: &str| {
            let mut params = read_form(query).unwrap();
            fill_in(&mut params, &results);
            params.to_json().to_string()
        };
        assert_eq!(
            filled("k=$result[a][x][0]&l[m][]=-$result[a][x][1]-&n=$result[b][z]!"),
            r#"{"k":"5","l":{"m":["-ж & y-"]},"n":"!"}"#
        );
        assert_eq!(filled("k=%24result%5Ba%5D%5Bx%5D%5B0%5D0"), r#"{"k":"50"}"#);
        assert_eq!(filled("k=$result&l=$result[a"), r#"{"k":"","l":"[a"}"#);
    }
}
