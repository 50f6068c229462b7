//! Named fields of buttons and blocks.

use serde_json::{Map, Value};

use super::{
    address::is_link,
    color::{Color, ColorToken},
    error::{ContentError, ContentErrorKind},
};

/// Fields that hold an address, and what to call them in an error.
const ADDRESSES: &[(&str, &str)] = &[("LINK", "`LINK`"), ("AVATAR", "`AVATAR`"), ("PREVIEW", "`PREVIEW`")];

/// The fields of one button, menu item or block, under the platform's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with_color(self, name: &'static str, color: Color) -> Self {
        self.with(name, color.to_string())
    }

    pub(super) fn with_token(self, name: &'static str, token: ColorToken) -> Self {
        self.with(name, token.as_str())
    }

    /// As it is said unless something has been said.
    pub(super) fn or(self, name: &'static str, value: &'static str) -> Self {
        if self.has(name) { self } else { self.with(name, value) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a text is missing or blank.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty())
    }

    /// Fails if a text is missing or blank.
    pub(super) fn need(&self, name: &'static str, part: &'static str) -> Result<(), ContentError> {
        if self.lacks(name) { Err(ContentError::new(part, ContentErrorKind::Empty)) } else { Ok(()) }
    }

    /// The fields, once their addresses have been looked at.
    pub(super) fn checked(self) -> Result<Value, ContentError> {
        for (name, part) in ADDRESSES {
            if self.0.get(*name).and_then(Value::as_str).is_some_and(|address| !is_link(address)) {
                return Err(ContentError::new(part, ContentErrorKind::Link));
            }
        }
        Ok(Value::Object(self.0))
    }
}
