//! `application/x-www-form-urlencoded` with brackets, as PHP's `http_build_query` writes it and PHP reads it.

use std::borrow::Cow;

use super::{Budget, MAX_DEPTH};
use crate::{DecodeError, DecodeErrorKind, Map, Value};

pub(super) fn parse(body: &[u8]) -> Result<Map, DecodeError> {
    let mut budget = Budget::new();
    let mut root = Map::default();
    for (key, value) in form_urlencoded::parse(body) {
        insert(&mut root, &key, value, &mut budget)?;
    }
    Ok(root)
}

/// `data[BOT][5]=x` becomes `x` at `data`, `BOT`, `5`. An empty segment takes the next free index; a later value
/// replaces an earlier one; brackets that do not close are part of the name.
fn insert(root: &mut Map, key: &str, value: Cow<'_, str>, budget: &mut Budget) -> Result<(), DecodeError> {
    let (mut name, mut rest) = match key.split_once('[') {
        Some((name, rest)) if !name.is_empty() && rest.contains(']') => (name, rest),
        _ => (key, ""),
    };
    let mut map = root;
    for _ in 0..MAX_DEPTH {
        let slot = slot(map, name, budget)?;
        let Some((segment, after)) = rest.split_once(']') else {
            *slot = Value::Text(value.into_owned());
            return Ok(());
        };
        if !matches!(slot, Value::Map(_)) {
            *slot = Value::Map(Map::default());
        }
        let Value::Map(child) = slot else { break };
        map = child;
        name = segment;
        rest = after.strip_prefix('[').filter(|rest| rest.contains(']')).unwrap_or("");
    }
    Err(DecodeError::new(DecodeErrorKind::TooComplex))
}

fn slot<'map>(map: &'map mut Map, name: &str, budget: &mut Budget) -> Result<&'map mut Value, DecodeError> {
    // A tree is written depth first: nearly always it is the last child again, and needs no hashing.
    let index = match map.0.last() {
        Some((last, _)) if last == name => Some(map.0.len() - 1),
        _ => map.0.get_index_of(name),
    };
    let index = if let Some(index) = index {
        index
    } else {
        budget.spend()?;
        let name = if name.is_empty() { next_index(map) } else { name.to_owned() };
        map.0.insert_full(name, Value::Null).0
    };
    Ok(&mut map.0[index])
}

/// Behind the last index; where indexes come out of order, behind those that are taken.
fn next_index(map: &Map) -> String {
    let mut index =
        map.0.last().and_then(|(last, _)| last.parse().ok()).map_or(0, |last: usize| last.wrapping_add(1));
    while map.0.contains_key(&index.to_string()) {
        index = index.wrapping_add(1);
    }
    index.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_json(body: &str) -> String {
        serde_json::to_string(&parse(body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn brackets_become_a_tree() {
        for (body, json) in [
            ("a=1&b=2", r#"{"a":"1","b":"2"}"#),
            ("a[b][c]=1&a[b][d]=2&a[e]=3", r#"{"a":{"b":{"c":"1","d":"2"},"e":"3"}}"#),
            ("a%5Bb%5D=x+y%26%3D%D1%81", r#"{"a":{"b":"x y&=с"}}"#),
            ("a[]=1&a[]=2", r#"{"a":{"0":"1","1":"2"}}"#),
            ("a[1]=x&a[]=y&a[0]=z&a[]=w", r#"{"a":{"1":"x","2":"y","0":"z","3":"w"}}"#),
            ("a[5][x]=1&a[7][x]=2", r#"{"a":{"5":{"x":"1"},"7":{"x":"2"}}}"#),
            ("a[b]=1&c=2&a[d]=3", r#"{"a":{"b":"1","d":"3"},"c":"2"}"#),
            ("a[18446744073709551615]=x&a[]=y", r#"{"a":{"18446744073709551615":"x","0":"y"}}"#),
            ("a&b=", r#"{"a":"","b":""}"#),
            ("a=%ff", "{\"a\":\"\u{fffd}\"}"),
        ] {
            assert_eq!(as_json(body), json, "{body}");
        }
    }

    #[test]
    fn odd_keys_are_kept_as_php_would() {
        for (body, json) in [
            ("a=1&a=2", r#"{"a":"2"}"#),
            ("a=1&a[b]=2", r#"{"a":{"b":"2"}}"#),
            ("a[b=1", r#"{"a[b":"1"}"#),
            ("[a]=1", r#"{"[a]":"1"}"#),
            ("a[b]c[d]=1", r#"{"a":{"b":"1"}}"#),
            ("a[b][c=1", r#"{"a":{"b":"1"}}"#),
        ] {
            assert_eq!(as_json(body), json, "{body}");
        }
    }
}
