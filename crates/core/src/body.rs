//! A request's body as a tree. It comes from anyone, so what it may cost is bounded; and most of it is never looked
//! at, so keys and values stay where they are in the body until they are.

mod form;
mod json;

use std::{borrow::Cow, collections::HashMap};

use crate::{DecodeError, DecodeErrorKind, Map, Value, value::flag_of};

/// How deep a body may nest. Events of today reach five.
const MAX_DEPTH: usize = 16;
/// How many values a body may hold, the containers among them. Events of today have fewer than 200.
const MAX_VALUES: usize = 8192;
/// From how many values on they are found by hash. Events of today have fewer than 200.
const MANY: usize = 512;
/// So many groups, by marks, they are in until then.
const STARTS: usize = 256;
/// How many bytes of a body there are to a value, at the least, as a rule.
const BYTES_PER_VALUE: usize = 36;

/// Reads a form or a JSON object. The first character tells them apart, since senders and proxies leave the
/// `Content-Type` out, or wrong: no form begins with a brace.
pub(crate) fn parse(body: &[u8]) -> Result<Document<'_>, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        None => Err(DecodeError::new(DecodeErrorKind::Malformed)),
        Some(b'{') => json::parse(body),
        Some(_) => form::parse(body),
    }
}

/// Reads a form alone: an empty one is one, and no brace makes it anything else.
pub(crate) fn parse_form(form: &[u8]) -> Result<Document<'_>, DecodeError> {
    form::parse(form)
}

/// All values of a body, each with the places of its first and last child and of its next sibling.
pub(crate) struct Document<'body> {
    values: Vec<Slot<'body>>,
    /// Where to begin when a value is looked for.
    starts: [Place; STARTS],
    /// The places of all, where there are many.
    index: HashMap<(Place, Key<'body>), Place>,
}

/// A value's parent, and something of its name.
type Mark = u64;

/// Where a value is in a [`Document`]. The root is at 0, and so nobody's child or sibling.
type Place = u32;

/// A name, in UTF-8. Most are only compared, and need not be looked through for that.
type Key<'body> = Cow<'body, [u8]>;

struct Slot<'body> {
    key: Key<'body>,
    leaf: Leaf<'body>,
    first: Place,
    last: Place,
    next: Place,
    mark: Mark,
    /// The last one before it whose mark leads to the same of `starts`.
    before: Place,
    /// The index that a child without a name takes: behind the greatest of its siblings'.
    free: u64,
}

/// What a value is.
enum Leaf<'body> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'body, str>),
    /// Text of a form, with its `+` and `%`.
    Encoded(&'body [u8]),
    List,
    Map,
}

impl<'body> Document<'body> {
    /// Without any value but the root, which is a map; with room for what a body of so many bytes may hold.
    fn new(length: usize) -> Self {
        let room = (length / BYTES_PER_VALUE).clamp(16, 256);
        let mut values = Vec::with_capacity(room);
        values.push(Slot::new(Cow::Borrowed(&[]), Leaf::Map, 0, 0));
        Self { values, starts: [0; STARTS], index: HashMap::new() }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, place: Some(0) }
    }

    /// The child of that name, made if there is none.
    fn child(&mut self, parent: Place, key: Key<'body>) -> Result<Place, DecodeError> {
        match self.find(parent, &key) {
            Some(place) => Ok(place),
            None => self.append(parent, key, Leaf::Null),
        }
    }

    /// Another child. Of equal names the last is found.
    fn append(&mut self, parent: Place, key: Key<'body>, leaf: Leaf<'body>) -> Result<Place, DecodeError> {
        let count = self.values.len();
        if count > MAX_VALUES {
            return Err(DecodeError::new(DecodeErrorKind::TooComplex));
        }
        let place = Place::try_from(count).unwrap_or(Place::MAX);
        if count == MANY {
            for (place, slot) in (1..).zip(&self.values[1..]) {
                self.index.insert(((slot.mark >> 32) as Place, slot.key.clone()), place);
            }
        }
        if count >= MANY {
            self.index.insert((parent, key.clone()), place);
        }
        let slot = &mut self.values[parent as usize];
        if let Some(index) = form::index(&key) {
            slot.free = slot.free.max(index + 1);
        }
        let last = std::mem::replace(&mut slot.last, place);
        if last == 0 {
            slot.first = place;
        } else {
            self.values[last as usize].next = place;
        }
        let mark = mark(parent, &key);
        let before = std::mem::replace(&mut self.starts[start(mark)], place);
        self.values.push(Slot::new(key, leaf, mark, before));
        Ok(place)
    }

    /// The last child of that name.
    fn find(&self, parent: Place, key: &[u8]) -> Option<Place> {
        if self.values.len() > MANY {
            return self.index.get(&(parent, Cow::Borrowed(key))).copied();
        }
        let wanted = mark(parent, key);
        let mut place = self.starts[start(wanted)];
        while place != 0 {
            let slot = &self.values[place as usize];
            if slot.mark == wanted && *slot.key == *key {
                return Some(place);
            }
            place = slot.before;
        }
        None
    }

    fn siblings(&self, first: Place) -> impl Iterator<Item = Place> {
        let next = |place: Place| (place != 0).then_some(place);
        std::iter::successors(next(first), move |place| next(self.values[*place as usize].next))
    }

    /// Makes something else of a value without children.
    fn set(&mut self, place: Place, leaf: Leaf<'body>) {
        self.values[place as usize].leaf = leaf;
    }
}

/// Equal for equal names in one place, and mostly different for others.
fn mark(parent: Place, key: &[u8]) -> Mark {
    let name = match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first).wrapping_mul(31).wrapping_add(u32::from_le_bytes(*last))
        }
        _ => key.iter().fold(0, |name, byte| name << 8 | u32::from(*byte)),
    };
    Mark::from(parent) << 32 | Mark::from(name)
}

fn start(mark: Mark) -> usize {
    (mark.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % STARTS
}

fn key_of(name: Cow<'_, str>) -> Key<'_> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
        Cow::Owned(name) => Cow::Owned(name.into_bytes()),
    }
}

impl<'body> Slot<'body> {
    fn new(key: Key<'body>, leaf: Leaf<'body>, mark: Mark, before: Place) -> Self {
        Self { key, leaf, first: 0, last: 0, next: 0, mark, before, free: 0 }
    }
}

/// A value in a [`Document`], or the absence of one.
#[derive(Clone, Copy)]
pub(crate) struct Node<'doc> {
    document: &'doc Document<'doc>,
    place: Option<Place>,
}

impl<'doc> Node<'doc> {
    fn slot(self) -> Option<&'doc Slot<'doc>> {
        self.place.map(|place| &self.document.values[place as usize])
    }

    pub(crate) fn get(self, key: &str) -> Self {
        let place = match self.slot() {
            Some(Slot { leaf: Leaf::List, first, .. }) => {
                key.parse().ok().and_then(|index| self.document.siblings(*first).nth(index))
            }
            Some(Slot { first: 1.., .. }) => {
                self.place.and_then(|place| self.document.find(place, key.as_bytes()))
            }
            _ => None,
        };
        Self { place, ..self }
    }

    /// The children with their names; those of a list have none.
    pub(crate) fn children(self) -> impl Iterator<Item = (&'doc str, Self)> {
        let first = self.slot().map_or(0, |slot| slot.first);
        let document = self.document;
        document.siblings(first).map(move |place| {
            let slot = &document.values[place as usize];
            (std::str::from_utf8(&slot.key).unwrap_or_default(), Self { document, place: Some(place) })
        })
    }

    pub(crate) fn text(self) -> Option<Cow<'doc, str>> {
        Some(match &self.slot()?.leaf {
            Leaf::Text(text) => Cow::Borrowed(text.as_ref()),
            Leaf::Encoded(encoded) => form::decode(encoded),
            Leaf::Int(number) => Cow::Owned(number.to_string()),
            Leaf::Float(number) => Cow::Owned(number.to_string()),
            Leaf::Bool(value) => Cow::Owned(value.to_string()),
            Leaf::Null | Leaf::List | Leaf::Map => return None,
        })
    }

    /// The number, as [`Value::as_u64`] reads it.
    pub(crate) fn number(self) -> Option<u64> {
        match &self.slot()?.leaf {
            Leaf::Encoded(encoded) => form::digits(encoded).or_else(|| form::decode(encoded).parse().ok()),
            Leaf::Text(text) => text.parse().ok(),
            _ => self.scalar().as_u64(),
        }
    }

    /// Yes or no, as [`Value::as_bool`] reads it.
    pub(crate) fn flag(self) -> Option<bool> {
        match &self.slot()?.leaf {
            Leaf::Encoded(encoded) => flag_of(&form::decode(encoded)),
            Leaf::Text(text) => flag_of(text),
            _ => self.scalar().as_bool(),
        }
    }

    /// The scalar, as the accessors of [`Value`] read it.
    pub(crate) fn scalar(self) -> Value {
        match self.slot().map(|slot| &slot.leaf) {
            None | Some(Leaf::Null | Leaf::List | Leaf::Map) => Value::Null,
            Some(Leaf::Bool(value)) => Value::Bool(*value),
            Some(Leaf::Int(number)) => Value::Int(*number),
            Some(Leaf::Float(number)) => Value::Float(*number),
            Some(Leaf::Text(text)) => Value::Text(text.clone().into_owned()),
            Some(Leaf::Encoded(encoded)) => Value::Text(form::decode(encoded).into_owned()),
        }
    }

    /// The value with all that is below it, independent of the body.
    pub(crate) fn to_value(self) -> Value {
        match self.slot().map(|slot| &slot.leaf) {
            Some(Leaf::List) => Value::List(self.children().map(|(_, child)| child.to_value()).collect()),
            Some(Leaf::Map) => Value::Map(Map(self
                .children()
                .map(|(key, child)| (key.to_owned(), child.to_value()))
                .collect())),
            _ => self.scalar(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8]) -> Result<Value, DecodeError> {
        parse(body).map(|document| document.root().to_value())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_body_breaks_the_parser(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = read(&body);
        }

        #[test]
        fn no_form_breaks_the_parser(body in r"([a-c]?(\[[a-c0-2]?\]?){0,20}(%5[bdBD]|=|&|\+|%)?){0,40}") {
            let _ = read(body.as_bytes());
        }

        #[test]
        fn a_form_and_the_same_tree_as_json_are_equal(
            keys in proptest::collection::btree_map(
                "[a-zA-Z_ é%+]{1,8}", proptest::collection::btree_map("[a-zA-Z_]{1,2}", any::<String>(), 1..200), 1..5,
            ),
            raw_brackets in any::<bool>(),
        ) {
            let json = serde_json::to_vec(&keys).unwrap();
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (outer, children) in &keys {
                for (inner, value) in children {
                    form.append_pair(&format!("{outer}[{inner}]"), value);
                }
            }
            let mut form = form.finish();
            if raw_brackets {
                form = form.replace("%5B", "[").replace("%5D", "]");
            }
            prop_assert_eq!(read(&json).unwrap(), read(form.as_bytes()).unwrap());
        }
    }

    #[test]
    fn bodies_larger_than_any_event_are_refused() {
        let deep = format!("event=X&a{}=1", "[b]".repeat(MAX_DEPTH));
        let wide: String = (0..=MAX_VALUES).map(|n| format!("a{n}=1&")).collect();
        let deep_json = format!("{}1{}", r#"{"a":"#.repeat(MAX_DEPTH + 1), "}".repeat(MAX_DEPTH + 1));
        let wide_json = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(MAX_VALUES));
        for body in [deep, wide, deep_json, wide_json, "&".repeat(MAX_VALUES + 1)] {
            assert_eq!(read(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::TooComplex);
        }
    }

    #[test]
    fn the_first_character_tells_json_from_a_form() {
        let json = read(b" \n{\"event\": \"X\"}").unwrap();
        assert_eq!(json, read(b"event=X").unwrap());
        assert_eq!(json, read(b"\xef\xbb\xbf{\"event\": \"X\"}").unwrap(), "with a byte order mark");
        assert_eq!(json.get("event").as_str(), Some("X"));
        for body in ["", " ", "{", "{\"a\":}", "{} x"] {
            assert_eq!(read(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::Malformed, "{body}");
        }
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let body = read(b"a[name1long]=1&a[name2long]=2&b[name1long]=3&a[]=4&a[0]=5&a[%00]=6").unwrap();
        let child = |key| body.get("a").get(key).as_u64();
        assert_eq!([child("name1long"), child("name2long"), child("name3long")], [Some(1), Some(2), None]);
        assert_eq!([child("0"), child("\0"), child("")], [Some(5), Some(6), None]);
    }

    #[test]
    fn what_came_before_there_were_many_is_found_again() {
        let many: String = (0..MANY).map(|n| format!("m[{n}]=1&")).collect();
        let body = read(format!("a[x]=1&b[x]=2&{many}a[y]=3&b[x]=4").as_bytes()).unwrap();
        let value = |name, key| body.get(name).get(key).as_u64();
        assert_eq!([value("a", "x"), value("a", "y"), value("b", "x")], [Some(1), Some(3), Some(4)]);
        assert_eq!([value("m", "0"), value("m", "511")], [Some(1); 2]);
    }

    #[test]
    fn of_equal_names_the_last_counts_in_json_too() {
        assert_eq!(read(br#"{"a": {"b": 1}, "a": 2}"#).unwrap(), read(br#"{"a": 2}"#).unwrap());
    }
}
