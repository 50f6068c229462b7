//! A value: what type it has to be, and what it is.

use std::ops::{Range, RangeBounds};

use toml::de::DeValue;

use super::{
    Document,
    environment::expand,
    suggestion::{list, nearest},
};

/// A value in the document, or one of a list.
pub(crate) struct Item<'d> {
    pub(crate) document: &'d Document<'d>,
    pub(crate) key: &'static str,
    pub(crate) key_span: Range<usize>,
    pub(crate) span: Range<usize>,
    pub(super) value: &'d DeValue<'d>,
    pub(super) matters: bool,
}

/// A string, its `${NAME}`s filled in.
pub(crate) struct Text<'d> {
    pub(crate) value: String,
    from_environment: bool,
    document: &'d Document<'d>,
    pub(crate) span: Range<usize>,
}

impl<'d> Item<'d> {
    /// The same value, whose meaning is not looked at.
    pub(crate) fn unimportant(self) -> Self {
        Self { matters: false, ..self }
    }

    /// What is wrong with this value.
    pub(crate) fn fail(&self, message: impl Into<String>, help: impl Into<String>) {
        self.document.fail(self.span.clone(), message, help);
    }

    /// The value is of the wrong type.
    pub(crate) fn fail_type(&self, expected: &str, help: &str) {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fail(format!("`{}` must be {expected}, this is {found}", self.key), help);
    }

    /// A string. `None` means that there was a mistake, or that the value does not matter.
    pub(crate) fn text(&self) -> Option<Text<'d>> {
        let DeValue::String(raw) = self.value else {
            let help = match self.value {
                DeValue::Array(_) | DeValue::Table(_) => "write one value in quotes",
                _ => "put it in quotes",
            };
            self.fail_type("a string", help);
            return None;
        };
        let nothing = |_: &str| Some(String::new());
        let expanded = expand(raw, if self.matters { self.document.environment } else { &nothing });
        let is_sound = expanded.faults.is_empty();
        for fault in expanded.faults {
            self.document.fail(self.within(raw, &fault.at), fault.message, fault.help);
        }
        (is_sound && self.matters).then(|| Text {
            value: expanded.value,
            from_environment: expanded.used,
            document: self.document,
            span: self.span.clone(),
        })
    }

    /// Where a part of the string stands in the file; escapes in it make that uncertain, then it is all of it.
    fn within(&self, value: &str, part: &Range<usize>) -> Range<usize> {
        let written = self.document.text.get(self.span.clone()).unwrap_or_default();
        match written.find(value) {
            Some(at) => self.span.start + at + part.start..self.span.start + at + part.end,
            None => self.span.clone(),
        }
    }

    /// A string that says something.
    pub(crate) fn filled_text(&self, example: &str) -> Option<Text<'d>> {
        let text = self.text()?;
        if text.value.trim().is_empty() {
            let empty = if text.from_environment { "is empty in the environment" } else { "is empty" };
            self.fail(format!("`{}` {empty}", self.key), format!("for example `{} = {example}`", self.key));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        let value = self.value.as_bool();
        if value.is_none() {
            self.fail_type("true or false", "write it without quotes");
        }
        value
    }

    /// Whether this is a string.
    pub(crate) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// Whether this is `true` or `false`.
    pub(crate) fn is_boolean(&self) -> bool {
        self.value.is_bool()
    }

    /// A whole number in a range; `words` say which.
    pub(crate) fn integer(&self, range: impl RangeBounds<i64>, words: &str) -> Option<i64> {
        if !self.value.is_integer() {
            self.fail_type("an integer", "write digits without quotes");
            return None;
        }
        let value = self.any_integer().filter(|value| range.contains(value));
        if value.is_none() {
            self.fail(format!("`{}` must be {words}", self.key), format!("for example `{} = 1`", self.key));
        }
        value
    }

    /// A whole number, if that is what was written; one that is too large is the largest.
    pub(crate) fn bare_integer(&self) -> Option<i64> {
        self.value.is_integer().then(|| self.any_integer().unwrap_or(i64::MAX))
    }

    /// A whole number, if it is one and not too large.
    fn any_integer(&self) -> Option<i64> {
        let number = self.value.as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// A positive number, also as a string of digits.
    pub(crate) fn id(&self, words: &str, help: &str) -> Option<u64> {
        let id = if self.value.is_integer() {
            self.any_integer().and_then(|id| u64::try_from(id).ok())
        } else {
            self.text()?.value.trim().parse().ok()
        };
        let id = id.filter(|id| *id > 0);
        if id.is_none() {
            self.fail(format!("`{}` must be {words}", self.key), help);
        }
        id
    }

    /// A number in a range; `words` say which.
    pub(crate) fn number(&self, range: impl RangeBounds<f64>, words: &str) -> Option<f64> {
        let value = match self.value {
            #[expect(clippy::cast_precision_loss, reason = "nobody limits to a number that large")]
            DeValue::Integer(_) => self.any_integer().map(|value| value as f64),
            DeValue::Float(raw) => raw.as_str().parse().ok(),
            _ => {
                self.fail_type("a number", "write digits without quotes");
                return None;
            }
        };
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            self.fail(format!("`{}` must be {words}", self.key), format!("for example `{} = 2`", self.key));
        }
        value
    }

    /// The values of a list; a single value is a list of one. An empty list is a mistake.
    pub(crate) fn items(&self) -> Vec<Self> {
        let one = |span: Range<usize>, value: &'d DeValue<'d>| Self {
            document: self.document,
            key: self.key,
            key_span: self.key_span.clone(),
            span,
            value,
            matters: self.matters,
        };
        match self.value {
            DeValue::Array(items) => {
                if items.is_empty() {
                    self.fail(
                        format!("`{}` is empty", self.key),
                        "put something into the list or leave the line out",
                    );
                }
                items.iter().map(|item| one(item.span(), item.get_ref())).collect()
            }
            value => vec![one(self.span.clone(), value)],
        }
    }

    /// The entries of a table, by their names.
    pub(crate) fn entries(&self) -> Option<Vec<(String, Self)>> {
        let DeValue::Table(entries) = self.value else { return None };
        let named = entries.iter().map(|(name, value)| {
            let item = Self {
                document: self.document,
                key: self.key,
                key_span: name.span(),
                span: value.span(),
                value: value.get_ref(),
                matters: self.matters,
            };
            (name.get_ref().to_string(), item)
        });
        Some(named.collect())
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let known = format!("one of {}", list(names.iter().copied()));
            let near = if text.from_environment { None } else { nearest(&text.value, &names) };
            let help = near.map_or(known.clone(), |near| format!("did you mean `{near}`? It is {known}"));
            self.fail(format!("`{}` cannot be {}", self.key, text.quoted()), help);
        }
        found.map(|(_, choice)| *choice)
    }
}

impl Text<'_> {
    /// The value as messages may show it: never if any of it came from the environment.
    pub(crate) fn quoted(&self) -> String {
        if self.from_environment {
            return "what the environment says".to_owned();
        }
        let mut shown: String = self.value.chars().take(60).collect();
        if shown.len() < self.value.len() {
            shown.push('…');
        }
        format!("`{shown}`")
    }

    /// Whether messages must not show any of it.
    pub(crate) fn is_from_environment(&self) -> bool {
        self.from_environment
    }

    /// What is wrong with this value.
    pub(crate) fn fail(&self, message: impl Into<String>, help: impl Into<String>) {
        self.document.fail(self.span.clone(), message, help);
    }
}
