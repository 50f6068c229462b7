//! A request's body as a tree of [`Value`]s. It comes from anyone, so what it may cost is bounded.

mod form;
mod json;

use crate::{DecodeError, DecodeErrorKind, Map};

/// How deep a body may nest. Events of today reach five.
const MAX_DEPTH: usize = 16;
/// How many values a body may hold, the containers among them. Events of today have fewer than 200.
const MAX_VALUES: usize = 8192;

/// Reads a form or a JSON object. The first character tells them apart, since senders and proxies leave the
/// `Content-Type` out, or wrong: no form begins with a brace.
pub(crate) fn parse(body: &[u8]) -> Result<Map, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        None => Err(DecodeError::new(DecodeErrorKind::Malformed)),
        Some(b'{') => json::parse(body),
        Some(_) => form::parse(body),
    }
}

/// What a body may still add.
struct Budget(usize);

impl Budget {
    fn new() -> Self {
        Self(MAX_VALUES)
    }

    fn spend(&mut self) -> Result<(), DecodeError> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| DecodeError::new(DecodeErrorKind::TooComplex))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Value;

    proptest! {
        #[test]
        fn no_body_breaks_the_parser(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = parse(&body);
        }

        #[test]
        fn no_form_breaks_the_parser(body in r"([a-c]?(\[[a-c0-2]?\]?){0,20}(%5[bdBD]|=|&|\+|%)?){0,40}") {
            let _ = parse(body.as_bytes());
        }

        #[test]
        fn a_form_and_the_same_tree_as_json_are_equal(keys in proptest::collection::btree_map(
            "[a-zA-Z_]{1,8}", proptest::collection::btree_map("[a-zA-Z_]{1,8}", any::<String>(), 1..5), 1..5,
        )) {
            let json = serde_json::to_vec(&keys).unwrap();
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (outer, children) in &keys {
                for (inner, value) in children {
                    form.append_pair(&format!("{outer}[{inner}]"), value);
                }
            }
            prop_assert_eq!(parse(&json).unwrap(), parse(form.finish().as_bytes()).unwrap());
        }
    }

    #[test]
    fn bodies_larger_than_any_event_are_refused() {
        let deep = format!("event=X&a{}=1", "[b]".repeat(MAX_DEPTH));
        let wide: String = (0..=MAX_VALUES).map(|n| format!("a{n}=1&")).collect();
        let deep_json = format!("{}1{}", r#"{"a":"#.repeat(MAX_DEPTH + 1), "}".repeat(MAX_DEPTH + 1));
        let wide_json = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(MAX_VALUES));
        for body in [deep, wide, deep_json, wide_json] {
            assert_eq!(parse(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::TooComplex);
        }
    }

    #[test]
    fn the_first_character_tells_json_from_a_form() {
        let json = parse(b" \n{\"event\": \"X\"}").unwrap();
        assert_eq!(json, parse(b"event=X").unwrap());
        assert_eq!(json, parse(b"\xef\xbb\xbf{\"event\": \"X\"}").unwrap(), "with a byte order mark");
        assert_eq!(json.get("event"), Some(&Value::Text("X".into())));
        for body in ["", " ", "{", "{\"a\":}", "{} x"] {
            assert_eq!(parse(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::Malformed, "{body}");
        }
    }
}
