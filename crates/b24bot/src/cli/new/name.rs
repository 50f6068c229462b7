//! What a project may be called.

use std::fmt;

/// Names that Cargo refuses, or that would hide what every program uses.
const TAKEN: [&str; 14] = [
    "alloc",
    "b24bot",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "proc-macro",
    "proc_macro",
    "std",
    "test",
    "tokio",
    "tracing-subscriber",
    "tracing_subscriber",
];
/// Rust's keywords, of all editions.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield", "union",
];
/// As long as the code of a bot may sensibly be.
const LONGEST: usize = 50;

/// A name that Cargo takes for a package, and everybody for a folder.
#[derive(Debug)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn read(name: &str) -> Result<Self, String> {
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        let why = if name.is_empty() {
            "it is empty".to_owned()
        } else if name.contains(['/', '\\']) {
            "it is a path: go to the folder where the project is to be, and give its name alone".to_owned()
        } else if let Some(char) = name.chars().find(|char| !is_allowed(*char)) {
            format!("{char:?} is neither an English letter, nor a digit, - or _")
        } else if !name.starts_with(|char: char| char.is_ascii_alphabetic()) {
            "it has to begin with a letter".to_owned()
        } else if name.len() > LONGEST {
            format!("it has more than {LONGEST} characters")
        } else if KEYWORDS.contains(&name.to_ascii_lowercase().as_str()) {
            "it is a keyword of Rust".to_owned()
        } else if TAKEN.contains(&name.to_ascii_lowercase().as_str()) {
            "Cargo or the project itself uses it for something else".to_owned()
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(format!("{name:?} cannot be a project's name: {why}"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The bot's code: `tea_bot`.
    pub(super) fn code(&self) -> String {
        self.0.replace('-', "_").to_ascii_lowercase()
    }

    /// What people see: `Tea bot`.
    pub(super) fn title(&self) -> String {
        let words = self.0.replace(['-', '_'], " ");
        let mut chars = words.chars();
        chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says no more politely that it failed")]

    use super::*;

    #[test]
    fn a_name_is_what_cargo_takes() {
        for (name, code, title) in
            [("tea-bot", "tea_bot", "Tea bot"), ("Tea_2", "tea_2", "Tea 2"), ("t", "t", "T")]
        {
            let read = Name::read(name).unwrap();
            assert_eq!((read.as_str(), read.code(), read.title()), (name, code.to_owned(), title.to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_told() {
        let long = "x".repeat(51);
        for (name, why) in [
            ("", "it is empty"),
            ("../tea", "it is a path"),
            ("a\\b", "it is a path"),
            ("tea bot", "' ' is neither"),
            ("чай", "'ч' is neither"),
            ("-tea", "begin with a letter"),
            ("2tea", "begin with a letter"),
            ("fn", "keyword"),
            ("test", "uses it for something else"),
            ("b24bot", "uses it for something else"),
            (long.as_str(), "more than 50"),
        ] {
            let error = Name::read(name).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
