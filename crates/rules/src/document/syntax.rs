//! A list that is never closed: the parser takes all the rest of the file for a part of it, and finds fault
//! with each line.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A list or an inline table that is never closed.
pub(super) struct Unclosed {
    bracket: char,
    /// Where it opens, in bytes.
    pub(super) opening: usize,
    /// Where that was noticed: what the parser found from there on is a guess.
    pub(super) noticed: usize,
}

impl Unclosed {
    /// Finds one, and drops of the syntax errors what only follows from it. They have to be in file order.
    pub(super) fn find(
        text: &str,
        root: &DeTable<'_>,
        errors: &mut Vec<(Range<usize>, &str)>,
    ) -> Option<Self> {
        let is_unclosed = |message: &str| {
            message.starts_with("unclosed array") || message.starts_with("unclosed inline table")
        };
        if !errors.iter().any(|(_, message)| is_unclosed(message)) {
            return None;
        }
        let opening = root.iter().filter_map(|(_, value)| last_opening(text, value)).max()?;
        let first = errors.partition_point(|(span, _)| span.start < opening);
        let noticed = errors.get(first)?.0.start;
        errors.truncate(first + 1);
        Some(Self { bracket: text[opening..].chars().next()?, opening, noticed })
    }

    /// What would be right. `line` is where it opens.
    pub(super) fn help(&self, line: usize) -> String {
        format!("the `{}` in line {line} is not closed", self.bracket)
    }

    /// Whether what was read at this byte is a guess.
    pub(super) fn misleads(&self, at: usize) -> bool {
        at >= self.noticed || at == self.opening
    }
}

/// Where the last list or inline table below a value opens that is not part of another.
fn last_opening(text: &str, value: &Spanned<DeValue<'_>>) -> Option<usize> {
    let start = value.span().start;
    let mark = text.get(start..).and_then(|rest| rest.chars().next());
    match value.get_ref() {
        // The sections of `[[rule]]` begin where their list does.
        DeValue::Array(items) if items.iter().next().is_some_and(|first| first.span().start == start) => {
            items.iter().filter_map(|item| last_opening(text, item)).max()
        }
        DeValue::Array(_) if mark == Some('[') => Some(start),
        DeValue::Table(_) if mark == Some('{') => Some(start),
        DeValue::Table(entries) => entries.iter().filter_map(|(_, value)| last_opening(text, value)).max(),
        _ => None,
    }
}
