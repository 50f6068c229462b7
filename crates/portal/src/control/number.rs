//! Ids and counts, written as numbers or as their digits.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    // By hand: serde's untagged enums do not say what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number or its digits")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
        Ok(Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        let digits = Some(text.trim()).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.map(Number).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_good_as_a_number() {
        for (json, expected) in [("27", 27), (r#""27""#, 27), (r#"" 0 ""#, 0), ("0", 0)] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap(), Number(expected), "{json}");
        }
        for json in [
            "-1",
            "1.5",
            "null",
            "true",
            "[]",
            r#""""#,
            r#""-1""#,
            r#""+1""#,
            r#""x""#,
            r#""99999999999999999999""#,
        ] {
            let error = serde_json::from_str::<Number>(json).unwrap_err().to_string();
            assert!(error.contains("a whole number or its digits"), "{json}: {error}");
        }
    }
}
