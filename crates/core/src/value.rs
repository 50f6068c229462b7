//! The data of an event as a tree, for whatever the typed model does not know yet.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A node of an event's data, whether it came as form or as JSON.
///
/// A form has only strings, and writes lists as maps from `0` on; the accessors even that out: [`Value::as_u64`] reads
/// `"27"` and `27`, [`Value::items`] walks lists and maps alike, [`Value::get`] of something absent is
/// [`Value::Null`]. `Debug` hides the values of keys that hold tokens.
///
/// ```
/// use b24bot_core::decode;
///
/// let body = b"event=ONSOMETHINGNEW&data[A][B]=27&auth[member_id]=m";
/// let event = &decode(body)?[0];
/// assert_eq!(event.data().get("A").get("B").as_u64(), Some(27));
/// assert!(event.data().get("no").get("such").is_null());
/// # Ok::<(), b24bot_core::DecodeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// Nothing, or absent.
    #[default]
    Null,
    /// JSON's `true` and `false`. Forms have `Y`, `N`, `1` and `0` instead: see [`Value::as_bool`].
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, or too large for [`Value::Int`].
    Float(f64),
    /// A string; in a form, every scalar.
    Text(String),
    /// A JSON array. An empty one often stands where an object is expected.
    List(Vec<Self>),
    /// An object, or what a form writes with brackets.
    Map(Map),
}

static NULL: Value = Value::Null;

impl Value {
    /// The child of that name, or that index of a list; [`Value::Null`] if there is none.
    #[must_use]
    pub fn get(&self, key: &str) -> &Self {
        match self {
            Self::Map(map) => map.get(key),
            Self::List(list) => key.parse().ok().and_then(|index: usize| list.get(index)),
            _ => None,
        }
        .unwrap_or(&NULL)
    }

    /// The children of a list or a map, in the order they were written.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        let (list, map) = match self {
            Self::List(list) => (Some(list), None),
            Self::Map(map) => (None, Some(map)),
            _ => (None, None),
        };
        list.into_iter().flatten().chain(map.into_iter().flat_map(|map| map.0.values()))
    }

    /// The children of a map with their names, in the order they were written.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let map = if let Self::Map(map) = self { Some(map) } else { None };
        map.into_iter().flat_map(|map| map.0.iter().map(|(key, value)| (key.as_str(), value)))
    }

    /// The string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number that is not negative, written as a number or as a string of digits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::Float(number) => whole(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// `true`, `"Y"`, `"1"`, `1` and their opposites, among them `""`, which is how PHP writes false in a form.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Int(_) | Self::Float(_) => match self.as_u64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Self::Text(text) => flag_of(text),
            _ => None,
        }
    }

    /// The scalar as text, numbers included; `None` for lists, maps and [`Value::Null`].
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The same with `***` for tokens and secrets, to be shown to people.
    #[must_use]
    pub fn masked(&self) -> Self {
        match self {
            Self::List(list) => Self::List(list.iter().map(Self::masked).collect()),
            Self::Map(map) => {
                let mask = |(key, value): (&String, &Self)| {
                    let value = if holds_secret(key) { Self::Text("***".to_owned()) } else { value.masked() };
                    (key.clone(), value)
                };
                Self::Map(Map(map.0.iter().map(mask).collect()))
            }
            scalar => scalar.clone(),
        }
    }

    /// Whether there is nothing here.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

pub(crate) fn flag_of(text: &str) -> Option<bool> {
    match text {
        "Y" | "y" | "1" | "true" => Some(true),
        "N" | "n" | "0" | "false" | "" => Some(false),
        _ => None,
    }
}

/// PHP writes some whole numbers as `12.0`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::List(list) => f.debug_list().entries(list).finish(),
            Self::Map(map) => map.fmt(f),
        }
    }
}

/// The children of a [`Value::Map`], in the order they were written.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Map(pub(crate) IndexMap<String, Value>);

impl Map {
    /// The child of that name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// How many children there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no children.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_map();
        for (key, value) in &self.0 {
            if holds_secret(key) {
                shown.entry(key, &format_args!("***"));
            } else {
                shown.entry(key, value);
            }
        }
        shown.finish()
    }
}

/// Whether the platform keeps a token or a secret under that name, however it spells it: `access_token`,
/// `ACCESS_TOKEN`, `accessToken`.
pub(crate) fn holds_secret(key: &str) -> bool {
    const NAMES: [&str; 9] = [
        "accesstoken",
        "refreshtoken",
        "applicationtoken",
        // Of a bot that was registered through a webhook it is the key itself.
        "clientid",
        "clientsecret",
        "authid",
        "refreshid",
        "bottoken",
        "token",
    ];
    let letters = || key.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    NAMES.iter().any(|name| letters().eq(name.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lists_and_maps_are_walked_alike() {
        let list = read(r#"["a", "b"]"#);
        let map = read(r#"{"0": "a", "1": "b"}"#);
        assert!(list.items().eq(map.items()));
        assert_eq!(list.get("1"), map.get("1"));
        assert!(read("[]").get("KEY").is_null());
    }

    #[test]
    fn scalars_are_read_in_every_spelling() {
        for json in ["true", "1", r#""Y""#, r#""1""#] {
            assert_eq!(read(json).as_bool(), Some(true), "{json}");
        }
        for json in ["false", "0", r#""N""#, r#""0""#, r#""""#] {
            assert_eq!(read(json).as_bool(), Some(false), "{json}");
        }
        assert_eq!(read("27").as_u64(), read(r#""27""#).as_u64());
        assert_eq!(read("12.0").as_u64(), Some(12));
        assert!(["-1", "1.5", "1e300"].iter().all(|json| read(json).as_u64().is_none()));
        assert_eq!(read("18446744073709551615").to_text().as_deref(), Some("18446744073709552000"));
    }

    #[test]
    fn tokens_are_hidden_at_any_depth() {
        let tree = read(
            r#"{"BOT": {"5": {"access_token": "s3cret", "AUTH": {"refreshToken": "s3cret"}, "NAME": "n"}}}"#,
        );
        let masked = serde_json::to_string(&tree.masked()).unwrap();
        assert_eq!(
            masked,
            r#"{"BOT":{"5":{"access_token":"***","AUTH":{"refreshToken":"***"},"NAME":"n"}}}"#
        );
        let shown = format!("{tree:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains(r#""NAME": "n""#), "{shown}");
    }
}
