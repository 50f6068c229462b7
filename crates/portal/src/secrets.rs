//! What a record shows of parameters, forms, answers and addresses: everything but their secrets.

use serde_json::{Map, Value};

use crate::form;
use crate::params::decode;
use crate::ring::cut;
use crate::tree::Tree;

const MASK: &str = "***";
/// Fields whose values are never shown, in lower case.
const SECRET: [&str; 10] = [
    "access_token",
    "application_token",
    "auth",
    "auth_id",
    "bottoken",
    "client_id",
    "client_secret",
    "refresh_id",
    "refresh_token",
    "token",
];
/// A parameter longer than this is a file, or a text whose end nobody reads.
const LONGEST: usize = 24 * 1024;
/// How much of it is shown.
const BEGINNING: usize = 2000;
/// Addresses in addresses: what lies deeper is not shown at all.
const MAX_DEPTH: usize = 8;

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
                shorten(value)
            };
            (key.clone(), shown)
        })
        .collect();
    Value::Object(shown)
}

fn shorten(value: &Tree) -> Value {
    match value {
        Tree::Text(text) => mask_text(text).into(),
        // A list, whose items can be long or hold secrets.
        Tree::Array(items) => items
            .values()
            .map(
                |item| if item.is_array() && item.to_json().is_object() { mask(item) } else { shorten(item) },
            )
            .collect(),
        short => short.to_json(),
    }
}

fn mask_commands(commands: &Tree) -> Value {
    commands
        .entries()
        .map(|(key, command)| (key.clone(), Value::from(mask_text(&command.text().unwrap_or_default()))))
        .collect::<Map<_, _>>()
        .into()
}

/// A text, or the beginning of a long one, with the secrets of an address or a batch's `method?query` in it masked.
pub(crate) fn mask_text(text: &str) -> String {
    if text.len() > LONGEST { mask_url(&cut(text.to_owned(), BEGINNING)) } else { mask_url(text) }
}

/// An address, or a batch's `method?query`, with the secrets of its query masked.
pub(crate) fn mask_url(url: &str) -> String {
    mask_query(url, MAX_DEPTH)
}

/// Whatever follows the first `?` is taken for a query: in other texts that hides nothing but what looks like a secret.
fn mask_query(text: &str, depth: usize) -> String {
    match text.split_once('?') {
        Some(_) if depth == 0 => MASK.to_owned(),
        Some((address, query)) => format!("{address}?{}", mask_pairs(query, depth - 1)),
        None => text.to_owned(),
    }
}

/// A form or query: every pair as it was, unless it or an address in it holds a secret.
pub(crate) fn mask_form(form: &str) -> String {
    mask_pairs(form, MAX_DEPTH)
}

fn mask_pairs(form: &str, depth: usize) -> String {
    let pairs: Vec<String> = form
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = decode(name);
            // In a text something can come before the name; and `&amp;` is an `&`.
            let starts = |letter: char| matches!(letter, '[' | '?' | ';') || letter.is_whitespace();
            let last = decoded.rsplit(starts).next().unwrap_or_default().trim_end_matches(']');
            if is_secret(last) {
                return format!("{name}={}", form::encode(MASK));
            }
            let address = decode(value);
            let masked = mask_query(&address, depth);
            if masked == address { pair.to_owned() } else { format!("{name}={}", form::encode(&masked)) }
        })
        .collect();
    pairs.join("&")
}

/// An answer as the record shows it. A block such as an event's `auth` stays, without its secrets.
pub(crate) fn mask_answer(answer: &Value) -> Value {
    match answer {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let scalar = !value.is_object() && !value.is_array();
                let masked = if scalar && is_secret(key) { MASK.into() } else { mask_answer(value) };
                (key.clone(), masked)
            })
            .collect(),
        Value::Array(items) => items.iter().map(mask_answer).collect(),
        Value::String(text) => mask_url(text).into(),
        other => other.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::params::read_form;

    #[test]
    fn secrets_never_reach_the_record() {
        let query = "auth=s3cret&fields[botToken]=s3cret&fields[code]=x&CLIENT_ID=s3cret&list[0][auth]=s3cret\
                     &cmd[a]=imbot.message.like%3FMESSAGE_ID%3D7%26CLIENT_ID%3Ds3cret\
                     &cmd[b]=m%3Ffields%255BbotToken%255D%3Ds3cret\
                     &cmd[c]=batch%3Fcmd[d]%3Dprofile%253Fa%253D1%2526auth%253Ds3cret\
                     &link=http://p/rest/download.json?token%3Ddisk%257Cs3cret\
                     &text=see+http://p/?a%3D1+http://p/rest/download.json?a%3D1%26amp;token%3Ds3cret";
        let shown = mask(&read_form(query).unwrap()).to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("MESSAGE_ID=7") && shown.contains(r#""code":"x""#), "{shown}");
    }

    #[test]
    fn forms_and_answers_keep_all_but_their_secrets() {
        let form = "event=E&data%5BBOT%5D%5B7%5D%5Baccess_token%5D=s3cret&auth%5Bapplication_token%5D=s3cret\
                    &file=http%3A%2F%2Fp%2Ff%3Fid%3D7%26auth%3Ds3cret&text=a+%26%20b";
        let shown = mask_form(form);
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.starts_with("event=E&data%5BBOT%5D%5B7%5D%5Baccess_token%5D=%2A%2A%2A&"), "{shown}");
        assert!(shown.contains("id%3D7") && shown.ends_with("&text=a+%26%20b"), "{shown}");

        let form = "text=see+http%3A%2F%2Fp%2F%3F+http%3A%2F%2Fp%2Ff%3Ftoken%3Ds3cret\
                    &cmd%5Ba%5D=batch%3Fcmd%5Bb%5D%3Dm%253Fauth%253Ds3cret&text=Why%3F";
        let shown = mask_form(form);
        assert!(!shown.contains("s3cret") && shown.ends_with("&text=Why%3F"), "{shown}");
        let endless = "a?b=".repeat(20_000) + "s3cret";
        assert!(!mask_url(&endless).contains("s3cret"));

        let answer = json!({"result": [{"auth": {"access_token": "s3cret", "domain": "p"}, "botToken": "s3cret",
            "url": "http://p/f?auth=s3cret&id=7", "text": "see http://p/f?token=s3cret"}]});
        let shown = mask_answer(&answer).to_string();
        assert!(!shown.contains("s3cret") && shown.contains("id=7") && shown.contains("domain"), "{shown}");
    }

    #[test]
    fn files_do_not_fill_the_record() {
        let mut params = Tree::new();
        params.put("content", "A".repeat(LONGEST + 1));
        params.put("cmd", Tree::from(&serde_json::json!({"a": "A".repeat(LONGEST + 1)})));
        assert!(mask(&params).to_string().len() < 2 * BEGINNING + 200);
    }
}
