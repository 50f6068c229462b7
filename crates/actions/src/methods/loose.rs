//! Reading answers: numbers as strings, `[]` for `{}`, `Y` and `N`, keys in any case. The looseness ends
//! here.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use b24bot_core::{BotId, ChatId, CommandId, DialogId, FileId, MessageId, UserId};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};

/// What can be read from whatever the platform writes it as.
pub(crate) trait Loose: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Where it cannot be read, and what was expected there.
    fn loose(value: &Value) -> Result<Self, Mismatch>;

    /// What it is where there is nothing; `None` if it must be there.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the platform means nothing by that.
    #[must_use]
    fn is_nothing(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }
}

/// Something else than expected. It never quotes what it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    expected: &'static str,
    path: String,
}

impl Mismatch {
    const fn expected(expected: &'static str) -> Self {
        Self { expected, path: String::new() }
    }

    fn within(mut self, part: &str) -> Self {
        self.path = if self.path.is_empty() { part.to_owned() } else { format!("{part}.{}", self.path) };
        self
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "another shape, expected {}", self.expected)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, " as `{}`", self.path) }
    }
}

/// Anything [`Loose`], for serde.
pub(crate) struct Loosely<T>(pub(crate) T);

impl<'de, T: Loose> Deserialize<'de> for Loosely<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        T::loose(&value).map(Self).map_err(de::Error::custom)
    }
}

/// Reads a method's result.
pub(crate) fn read<T: Loose>(method: &str, result: &str) -> Result<T, Error> {
    let other = |why: String| Error::new(ErrorKind::Answer, method).never_repeated().note(why);
    let value: Value =
        serde_json::from_str(result).map_err(|_| other("the result is not JSON".to_owned()))?;
    T::loose(&value).map_err(|error| other(format!("the result has {error}")))
}

/// The fields of an object; an empty list stands for an empty one.
pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, Mismatch> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    match value {
        Value::Object(map) => Ok(map),
        Value::Array(list) if list.is_empty() => Ok(&EMPTY),
        _ => Err(Mismatch::expected("an object")),
    }
}

/// Whether an object is meant to be absent. Now and then an empty one comes as JSON within a string.
pub(crate) fn is_no_object(value: &Value) -> bool {
    String::is_nothing(value) || matches!(value.as_str(), Some("{}" | "[]"))
}

/// Whether an object's id says that it is nobody and nothing.
pub(crate) fn has_no_id(value: &Value) -> bool {
    value.as_object().is_some_and(|object| !matches!(field::<u64>(object, "id"), Ok(1..)))
}

/// The field of that name, however its key is written.
pub(crate) fn field<T: Loose>(object: &Map<String, Value>, name: &str) -> Result<T, Mismatch> {
    let found = object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| is_same(key, name)).map(|(_, value)| value));
    let read = match found {
        Some(value) if !value.is_null() => T::loose(value),
        _ => T::absent().ok_or(Mismatch::expected("something")),
    };
    read.map_err(|error| error.within(name))
}

/// Whether a key is that name: `firstName` and `FIRST_NAME` are `first_name`.
fn is_same(key: &str, name: &str) -> bool {
    let letters = |text: &'_ str| {
        text.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    key.len().abs_diff(name.len()) <= 8 && letters(key) == letters(name)
}

impl Loose for bool {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(is) => Ok(*is),
            Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
            Value::String(text) => match text.as_str() {
                "Y" | "y" | "1" | "true" => Ok(true),
                "N" | "n" | "0" | "false" | "" => Ok(false),
                _ => Err(Mismatch::expected("yes or no")),
            },
            // `{"result": {"result": true}}`, as the second generation has it.
            Value::Object(map) if map.len() == 1 => {
                map.get("result").map_or(Err(Mismatch::expected("yes or no")), Self::loose)
            }
            _ => Err(Mismatch::expected("yes or no")),
        }
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn is_nothing(value: &Value) -> bool {
        value.is_null() || value.as_str() == Some("")
    }
}

impl Loose for String {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            value if Self::is_nothing(value) => Ok(Self::new()),
            _ => Err(Mismatch::expected("a text")),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

fn number<T: std::str::FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::Number(number) => {
            number.to_string().parse().ok().or_else(|| whole(number.as_f64()?)?.parse().ok())
        }
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(is) => if *is { "1" } else { "0" }.parse().ok(),
        _ => None,
    }
}

/// `5.0` is 5.
fn whole(number: f64) -> Option<String> {
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| format!("{number:.0}"))
}

macro_rules! numbers {
    ($($type:ty, $absent:expr, $expected:literal;)*) => {$(
        impl Loose for $type {
            fn loose(value: &Value) -> Result<Self, Mismatch> {
                match number(value) {
                    Some(number) => Ok(number),
                    None if Self::is_nothing(value) => Self::absent().ok_or(Mismatch::expected($expected)),
                    None => Err(Mismatch::expected($expected)),
                }
            }

            fn absent() -> Option<Self> {
                $absent
            }
        }
    )*};
}

numbers! {
    u64, Some(0), "a number";
    i64, Some(0), "a whole number";
    f64, Some(0.0), "a number";
    MessageId, None, "a message's id";
    UserId, None, "a user's id";
    ChatId, None, "a chat's id";
    BotId, None, "a bot's id";
    CommandId, None, "a command's id";
    FileId, None, "a file's id";
}

impl Loose for DialogId {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(id) if !id.is_empty() => Ok(id.as_str().into()),
            Value::Number(id) => Ok(id.to_string().into()),
            _ => Err(Mismatch::expected("a dialog's id")),
        }
    }
}

impl<T: Loose> Loose for Option<T> {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        if T::is_nothing(value) { Ok(None) } else { T::loose(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Loose> Loose for Vec<T> {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        let read = |(at, value): (String, &Value)| T::loose(value).map_err(|error| error.within(&at));
        match value {
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, value)| read((at.to_string(), value))).collect()
            }
            // PHP writes a list with gaps as an object.
            Value::Object(map) => map.iter().map(|(at, value)| read((at.clone(), value))).collect(),
            value if Self::is_nothing(value) => Ok(Self::new()),
            _ => Err(Mismatch::expected("a list")),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: Loose> Loose for BTreeMap<String, T> {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        let read = |at: String, value: &Value| match T::loose(value) {
            Ok(value) => Ok((at, value)),
            Err(error) => Err(error.within(&at)),
        };
        match value {
            Value::Object(map) => map.iter().map(|(at, value)| read(at.clone(), value)).collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, value)| read(at.to_string(), value)).collect()
            }
            value if Self::is_nothing(value) => Ok(Self::new()),
            _ => Err(Mismatch::expected("an object")),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// As it is.
impl Loose for b24bot_core::Value {
    fn loose(value: &Value) -> Result<Self, Mismatch> {
        Self::deserialize(value).map_err(|_| Mismatch::expected("JSON"))
    }

    fn absent() -> Option<Self> {
        Some(Self::Null)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_value_in_all_its_forms() {
        for yes in [json!(true), json!("Y"), json!("1"), json!(1), json!({ "result": true })] {
            assert_eq!(bool::loose(&yes), Ok(true), "{yes}");
        }
        for no in [json!(false), json!("N"), json!("0"), json!(0), json!("")] {
            assert_eq!(bool::loose(&no), Ok(false), "{no}");
        }
        for five in [json!(5), json!("5"), json!(5.0), json!(" 5 ")] {
            assert_eq!(u64::loose(&five), Ok(5), "{five}");
            assert_eq!(MessageId::loose(&five), Ok(5.into()), "{five}");
        }
        for nothing in [json!(null), json!(""), json!([]), json!({}), json!(false)] {
            assert_eq!(Option::<String>::loose(&nothing), Ok(None), "{nothing}");
            assert_eq!(Vec::<String>::loose(&nothing), Ok(vec![]), "{nothing}");
            assert_eq!(BTreeMap::<String, u64>::loose(&nothing), Ok(BTreeMap::new()), "{nothing}");
        }
        assert_eq!(Option::<bool>::loose(&json!(false)), Ok(Some(false)));
        assert_eq!(Vec::<u64>::loose(&json!({ "3": "7", "5": 8 })), Ok(vec![7, 8]));
        assert_eq!(Vec::<u64>::loose(&json!([7])), Ok(vec![7]));
        assert_eq!(DialogId::loose(&json!(27)), Ok("27".into()));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_place_and_not_quoted() {
        let error = BTreeMap::<String, Vec<u64>>::loose(&json!({ "a": [1, "secret"] })).unwrap_err();
        assert_eq!(error.to_string(), "another shape, expected a number as `a.1`");
        assert!(bool::loose(&json!("maybe")).is_err());
        assert!(MessageId::loose(&json!("")).is_err());
        assert!(UserId::loose(&json!(-5)).is_err());
    }

    #[test]
    fn keys_are_found_in_any_case() {
        let map = json!({ "firstName": "Ann", "LAST_NAME": "Lee", "id": 5 });
        let map = object(&map).unwrap();
        assert_eq!(field::<String>(map, "first_name").unwrap(), "Ann");
        assert_eq!(field::<String>(map, "last_name").unwrap(), "Lee");
        assert_eq!(field::<UserId>(map, "id").unwrap(), UserId::from(5));
        assert_eq!(field::<Option<String>>(map, "name").unwrap(), None);
        assert!(field::<UserId>(map, "user_id").is_err());
    }
}
