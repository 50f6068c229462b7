//! The same tree as JSON: some senders and proxies convert it.

use std::{cell::RefCell, fmt};

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{Budget, MAX_DEPTH};
use crate::{DecodeError, DecodeErrorKind, Map, Value};

pub(super) fn parse(body: &[u8]) -> Result<Map, DecodeError> {
    let over = RefCell::new(Budget::new());
    let mut json = serde_json::Deserializer::from_slice(body);
    let tree =
        Node { depth: 0, budget: &over }.deserialize(&mut json).and_then(|tree| json.end().map(|()| tree));
    match tree {
        Ok(Value::Map(map)) => Ok(map),
        Ok(_) => Err(DecodeError::new(DecodeErrorKind::Malformed)),
        Err(_) if over.borrow().0 == 0 => Err(DecodeError::new(DecodeErrorKind::TooComplex)),
        Err(error) => Err(DecodeError::malformed(error)),
    }
}

/// Reads one value, counting what all of them cost together.
#[derive(Clone, Copy)]
struct Node<'budget> {
    depth: usize,
    budget: &'budget RefCell<Budget>,
}

impl Node<'_> {
    fn child(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        let mut budget = self.budget.borrow_mut();
        if self.depth > MAX_DEPTH {
            *budget = Budget(0);
        }
        budget.spend().map_err(D::Error::custom)?;
        drop(budget);
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    #[allow(clippy::cast_precision_loss, reason = "a number that large is no id")]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(self.child())? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = IndexMap::new();
        while let Some(key) = entries.next_key()? {
            map.insert(key, entries.next_value_seed(self.child())?);
        }
        Ok(Value::Map(Map(map)))
    }
}
