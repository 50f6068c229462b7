//! PHP's one container: a scalar, or an ordered map that also serves as a list.
//!
//! Everything that crosses the portal's border is such a tree: request parameters (from a query, a form
//! or JSON), event bodies, and the results of a batch.

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A scalar or an ordered map of trees. A list is a map with the keys `0`, `1`, ….
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Array(IndexMap<String, Self>),
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self::Array(IndexMap::new())
    }

    /// Adds or replaces `key`; a scalar becomes an array first.
    pub(crate) fn put(&mut self, key: impl Into<String>, value: impl Into<Self>) -> &mut Self {
        if !matches!(self, Self::Array(_)) {
            *self = Self::new();
        }
        if let Self::Array(entries) = self {
            entries.insert(key.into(), value.into());
        }
        self
    }

    /// Takes over the entries of another array.
    pub(crate) fn absorb(&mut self, other: Self) -> &mut Self {
        if let (Self::Array(entries), Self::Array(more)) = (&mut *self, other) {
            entries.extend(more);
        }
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Array(entries) => entries.get(key),
            _ => None,
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&String, &Self)> {
        match self {
            Self::Array(entries) => Some(entries.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether arrays are nested in more levels than so many.
    pub(crate) fn is_deeper_than(&self, levels: usize) -> bool {
        self.is_array()
            && levels
                .checked_sub(1)
                .is_none_or(|below| self.entries().any(|(_, value)| value.is_deeper_than(below)))
    }

    /// A scalar the way PHP turns it into a string: `true` is `1`, `false` and `null` are empty.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Null | Self::Bool(false) => Some(String::new()),
            Self::Bool(true) => Some("1".to_owned()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Array(_) => None,
        }
    }

    /// A positive whole number, written as a number or as text.
    pub(crate) fn id(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
        .filter(|id| *id > 0)
    }

    /// A flag in any of the spellings the platform's pages use: `Y`, `1`, `true`.
    pub(crate) fn flag(&self) -> bool {
        match self {
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Text(text) => matches!(text.as_str(), "Y" | "y" | "1" | "true"),
            Self::Null | Self::Float(_) | Self::Array(_) => false,
        }
    }

    /// The same tree with the keys of its first level in upper case: generation 1 methods ignore their case.
    pub(crate) fn with_upper_keys(&self) -> Self {
        Self::Array(self.entries().map(|(key, value)| (key.to_uppercase(), value.clone())).collect())
    }

    /// What PHP's `json_encode` writes: a list where the keys are exactly `0`, `1`, …, and `[]` when empty.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Int(number) => Value::from(*number),
            Self::Float(number) => Value::from(*number),
            Self::Text(text) => Value::String(text.clone()),
            Self::Array(entries) => {
                php_array(entries.iter().map(|(key, value)| (key.clone(), value.to_json())))
            }
        }
    }
}

/// Encodes entries as PHP's `json_encode` does with an array.
pub(crate) fn php_array(entries: impl Iterator<Item = (String, Value)>) -> Value {
    let entries: Vec<_> = entries.collect();
    if entries.iter().enumerate().all(|(index, (key, _))| *key == index.to_string()) {
        Value::Array(entries.into_iter().map(|(_, value)| value).collect())
    } else {
        Value::Object(entries.into_iter().collect::<Map<_, _>>())
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Tree {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Tree {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::Int)
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or_default()), Self::Int)
            }
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(
                items.iter().enumerate().map(|(index, item)| (index.to_string(), item.into())).collect(),
            ),
            Value::Object(map) => {
                Self::Array(map.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

impl Serialize for Tree {
    /// As it was read; unlike [`Tree::to_json`] a list stays the map that it is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(entries) => serializer.collect_map(entries),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    // By hand and not through `Value`: the order of a batch is the order of its keys in the body.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut entries = IndexMap::new();
        while let Some(item) = items.next_element()? {
            entries.insert(entries.len().to_string(), item);
        }
        Ok(Tree::Array(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = IndexMap::new();
        while let Some((key, value)) = map.next_entry::<String, Tree>()? {
            entries.insert(key, value);
        }
        Ok(Tree::Array(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_order_of_keys() {
        let tree: Tree = serde_json::from_str(r#"{"z": "1", "a": "2", "m": ["x", {"k": null}]}"#).unwrap();
        let keys: Vec<_> = tree.entries().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["z", "a", "m"]);
        assert_eq!(tree.get("m").and_then(|m| m.get("0")), Some(&Tree::from("x")));
    }

    #[test]
    fn encodes_arrays_as_php_does() {
        let mut tree = Tree::new();
        assert_eq!(tree.to_json().to_string(), "[]");
        tree.put("0", "a").put("1", "b");
        assert_eq!(tree.to_json().to_string(), r#"["a","b"]"#);
        tree.put("7", "c");
        assert_eq!(tree.to_json().to_string(), r#"{"0":"a","1":"b","7":"c"}"#);
    }

    #[test]
    fn an_id_is_whole_and_positive() {
        for (tree, id) in [
            (Tree::Int(7), Some(7)),
            (Tree::Int(-7), None),
            (Tree::Int(0), None),
            (Tree::from("84331"), Some(84331)),
            (Tree::from("12abc"), None),
            (Tree::from(""), None),
            (Tree::Bool(true), None),
            (Tree::new(), None),
        ] {
            assert_eq!(tree.id(), id, "{tree:?}");
        }
    }
}
