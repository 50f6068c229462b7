//! Parameters as a query string, the way PHP's `http_build_query` writes them: what a call inside `batch` is made of.

use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

/// PHP reads a thousand values of a query unless told otherwise, and drops the rest silently.
const MOST_VALUES: usize = 900;

/// The parameters as a query. None where it would say something else than JSON does: it has no null and no empty list,
/// PHP changes some names, and `$result[…]` and its like are references to what the batch has answered so far.
pub(crate) fn write(params: &Map<String, Value>) -> Option<String> {
    let mut query = Serializer::new(String::new());
    let mut values = 0;
    for (name, value) in params {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            return None;
        }
        append(&mut query, name, value, &mut values)?;
    }
    Some(query.finish())
}

fn append(query: &mut Serializer<'_, String>, name: &str, value: &Value, values: &mut usize) -> Option<()> {
    let mut pair = |text: &str| {
        *values += 1;
        if *values > MOST_VALUES || refers(text) || refers(name) {
            return None;
        }
        query.append_pair(name, text);
        Some(())
    };
    match value {
        Value::Null => None,
        Value::Bool(yes) => pair(if *yes { "1" } else { "0" }),
        Value::Number(number) => pair(&number.to_string()),
        Value::String(text) => pair(text),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(at, item)| append(query, &format!("{name}[{at}]"), item, values))
        }
        Value::Object(fields) if fields.is_empty() => None,
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.try_for_each(|(field, value)| {
                let is_safe = !field.is_empty() && !field.contains(['[', ']', '\0']);
                is_safe.then(|| append(query, &format!("{name}[{field}]"), value, values))?
            })
        }
    }
}

/// Whether there is something like `$result[…]` in it: any of the answer's fields, in any case.
fn refers(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let name = text[at + 1..].trim_start_matches(|char: char| char.is_ascii_alphabetic() || char == '_');
        name.len() < text.len() - at - 1 && name.starts_with('[')
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(params: &Value) -> Option<String> {
        write(params.as_object().unwrap())
    }

    #[test]
    fn trees_are_written_as_php_does() {
        let params = json!({
            "MESSAGE": "a & b=ж\n+#", "n": 5, "yes": true, "no": false, "empty": "",
            "list": ["x", { "y": [1] }], "fields": { "message": "hi" },
        });
        let mut pairs: Vec<_> = query(&params).unwrap().split('&').map(str::to_owned).collect();
        pairs.sort_unstable();
        assert_eq!(
            pairs,
            [
                "MESSAGE=a+%26+b%3D%D0%B6%0A%2B%23",
                "empty=",
                "fields%5Bmessage%5D=hi",
                "list%5B0%5D=x",
                "list%5B1%5D%5By%5D%5B0%5D=1",
                "n=5",
                "no=0",
                "yes=1",
            ]
        );
        assert_eq!(query(&json!({})).unwrap(), "");
        assert!(query(&json!({ "MESSAGE": "$5 [b]$result [/b] $[x]", "filter": { ">=ID": 1 } })).is_some());
    }

    #[test]
    fn what_a_query_cannot_say_is_not_written() {
        for params in [
            json!({ "a": null }),
            json!({ "KEYBOARD": [] }),
            json!({ "fields": { "attach": {} } }),
            json!({ "MESSAGE": "costs $result[x]" }),
            json!({ "MESSAGE": "$Time[c0][start]" }),
            json!({ "fields": { "$total[c0]": 1 } }),
            json!({ "a.b": 1 }),
            json!({ "fields": { "": 1 } }),
            json!({ "fields": { "a]b": 1 } }),
            json!({ "list": vec![1; 901] }),
        ] {
            assert_eq!(query(&params), None, "{params}");
        }
    }
}
