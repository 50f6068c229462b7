//! The same tree as JSON: some senders and proxies convert it.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{Document, Leaf, MAX_DEPTH, MAX_VALUES, Place, key_of};
use crate::{DecodeError, DecodeErrorKind};

pub(super) fn parse(body: &[u8]) -> Result<Document<'_>, DecodeError> {
    let mut document = Document::new(body.len());
    let mut too_deep = false;
    let mut json = serde_json::Deserializer::from_slice(body);
    let root = Seed { document: &mut document, too_deep: &mut too_deep, at: At::Root, depth: 0 };
    match root.deserialize(&mut json).and_then(|()| json.end()) {
        Ok(()) => Ok(document),
        Err(_) if too_deep || document.values.len() > MAX_VALUES => {
            Err(DecodeError::new(DecodeErrorKind::TooComplex))
        }
        Err(error) => Err(DecodeError::malformed(error)),
    }
}

/// Reads one value.
struct Seed<'seed, 'body> {
    document: &'seed mut Document<'body>,
    too_deep: &'seed mut bool,
    at: At<'body>,
    depth: usize,
}

/// Where a value goes.
enum At<'body> {
    Root,
    /// Behind the children of that list or map, with that name.
    EndOf(Place, Cow<'body, str>),
}

impl<'body> Seed<'_, 'body> {
    fn set<E: serde::de::Error>(&mut self, leaf: Leaf<'body>) -> Result<Place, E> {
        match std::mem::replace(&mut self.at, At::Root) {
            At::Root => {
                self.document.set(0, leaf);
                Ok(0)
            }
            At::EndOf(parent, key) => self.document.append(parent, key_of(key), leaf).map_err(E::custom),
        }
    }

    fn leaf<E: serde::de::Error>(mut self, leaf: Leaf<'body>) -> Result<(), E> {
        self.set(leaf).map(|_| ())
    }

    fn child(&mut self, at: At<'body>) -> Seed<'_, 'body> {
        Seed { document: self.document, too_deep: self.too_deep, at, depth: self.depth + 1 }
    }
}

impl<'body> DeserializeSeed<'body> for Seed<'_, 'body> {
    type Value = ();

    fn deserialize<D: Deserializer<'body>>(self, json: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            *self.too_deep = true;
            return Err(D::Error::custom("too deep"));
        }
        json.deserialize_any(self)
    }
}

impl<'body> Visitor<'body> for Seed<'_, 'body> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.leaf(Leaf::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Leaf::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.leaf(Leaf::Int(number))
    }

    #[allow(clippy::cast_precision_loss, reason = "a number that large is no id")]
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.leaf(i64::try_from(number).map_or(Leaf::Float(number as f64), Leaf::Int))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.leaf(Leaf::Float(number))
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'body str) -> Result<(), E> {
        self.leaf(Leaf::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.leaf(Leaf::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'body>>(mut self, mut items: A) -> Result<(), A::Error> {
        let list = self.set(Leaf::List)?;
        while items.next_element_seed(self.child(At::EndOf(list, Cow::Borrowed(""))))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'body>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let map = self.set(Leaf::Map)?;
        while let Some(Key(key)) = entries.next_key()? {
            entries.next_value_seed(self.child(At::EndOf(map, key)))?;
        }
        Ok(())
    }
}

/// A key, borrowed if it has no escapes.
struct Key<'body>(Cow<'body, str>);

impl<'body> serde::Deserialize<'body> for Key<'body> {
    fn deserialize<D: Deserializer<'body>>(json: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'body> Visitor<'body> for KeyVisitor {
            type Value = Key<'body>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, key: &'body str) -> Result<Key<'body>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'body>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        json.deserialize_str(KeyVisitor)
    }
}
