//! What a text has to be.

use std::fmt;

use regex::Regex;

/// What a text has to be: a text is exactly that one, [`containing`] one that has it in it, [`matching`] one that a
/// regular expression finds something in.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Exactly(String),
    Containing(String),
    Matching(Result<Regex, String>),
}

/// A text with this in it, in the same case.
///
/// ```
/// use b24bot::testing::containing;
///
/// assert!(containing("tea").fits("One tea for Mira"));
/// ```
#[must_use]
pub fn containing(text: impl Into<String>) -> Pattern {
    Pattern(Kind::Containing(text.into()))
}

/// A text that this regular expression, in the syntax of the crate `regex`, finds something in. What expects a wrong
/// expression fails at once.
///
/// ```
/// use b24bot::testing::matching;
///
/// assert!(matching(r"^So far \d+\.$").fits("So far 12."));
/// assert!(!matching("(").fits("what is no regular expression fits nothing"));
/// ```
#[must_use]
pub fn matching(regex: &str) -> Pattern {
    Pattern(Kind::Matching(Regex::new(regex).map_err(|error| error.to_string())))
}

impl Pattern {
    /// Whether a text is so.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exactly(wanted) => text == wanted,
            Kind::Containing(wanted) => text.contains(wanted),
            Kind::Matching(Ok(regex)) => regex.is_match(text),
            Kind::Matching(Err(_)) => false,
        }
    }

    /// Whether it is a wrong expression.
    pub(super) fn is_wrong(&self) -> bool {
        matches!(self.0, Kind::Matching(Err(_)))
    }
}

impl<T: Into<String>> From<T> for Pattern {
    fn from(text: T) -> Self {
        Self(Kind::Exactly(text.into()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exactly(text) => write!(f, "{text:?}"),
            Kind::Containing(text) => write!(f, "something with {text:?} in it"),
            Kind::Matching(Ok(regex)) => write!(f, "something that matches /{regex}/"),
            Kind::Matching(Err(error)) => write!(f, "something that matches a wrong expression: {error}"),
        }
    }
}
