//! A section: which keys it may have, and which it has.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{
    Document, Item,
    suggestion::{list, nearest},
};

/// One section of the document.
#[derive(Clone)]
pub(crate) struct Table<'d> {
    pub(crate) document: &'d Document<'d>,
    /// As messages call it: `[bot]`.
    title: String,
    keys: &'static [&'static str],
    entries: &'d DeTable<'d>,
    /// Its header.
    pub(crate) head: Range<usize>,
    /// From its header to the end of what is known to be in it.
    part: Range<usize>,
    /// Whether its values matter. If not, neither the environment nor their meaning is looked at.
    pub(crate) matters: bool,
}

impl<'d> Table<'d> {
    /// A section, after checking that it has no key but `keys`.
    pub(crate) fn new(
        document: &'d Document<'d>,
        title: String,
        keys: &'static [&'static str],
        entries: &'d DeTable<'d>,
        head: Range<usize>,
    ) -> Self {
        let next_header = document
            .text
            .get(head.end..)
            .and_then(|rest| rest.find("\n["))
            .map_or(document.text.len(), |at| head.end + at);
        let table =
            Self { document, title, keys, entries, part: head.start..next_header, head, matters: true };
        table.refuse_unknown_keys();
        table
    }

    /// The same section, with values that are not looked at.
    pub(crate) fn unimportant(self) -> Self {
        Self { matters: false, ..self }
    }

    fn refuse_unknown_keys(&self) {
        for (key, _) in self.entries.iter() {
            let name = key.get_ref();
            if self.keys.contains(&name.as_ref()) {
                continue;
            }
            let help = match nearest(name, self.keys) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys: {}", list(self.keys.iter().copied())),
            };
            let name: String = name.chars().take(40).collect();
            self.document.fail(key.span(), format!("unknown key `{name}` in {}", self.title), help);
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &'static str) -> Option<Item<'d>> {
        debug_assert!(self.keys.contains(&key), "{key} is not in the list of keys");
        let (name, value) = self.entries.get_key_value(key)?;
        Some(Item {
            document: self.document,
            key,
            key_span: name.span(),
            span: value.span(),
            value: value.get_ref(),
            matters: self.matters,
        })
    }

    /// The value of a key that has to be there.
    pub(crate) fn require(&self, key: &'static str, example: &str) -> Option<Item<'d>> {
        let item = self.get(key);
        if item.is_none() && self.matters {
            let message = format!("{} lacks `{key}`", self.title);
            self.document.fail_missing(
                self.head.clone(),
                self.part.clone(),
                message,
                format!("add `{key} = {example}`"),
            );
        }
        item
    }

    /// The value of a key that may be left out.
    pub(crate) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<T> {
        self.get(key).map_or(Some(default), |item| read(&item))
    }

    /// The value of a key that may be left out and has no default. The outer `None` is a mistake.
    #[expect(clippy::option_option, reason = "absent and wrong are different")]
    pub(crate) fn maybe<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Item<'d>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.or(key, None, |item| read(item).map(Some))
    }

    /// All values of a key that takes one or a list; none if it is left out.
    pub(crate) fn all<T>(&self, key: &'static str, read: impl Fn(&Item<'d>) -> Option<T>) -> Option<Vec<T>> {
        let Some(item) = self.get(key) else { return Some(Vec::new()) };
        // All are read before one is missed, so that all mistakes are seen.
        let values: Vec<Option<T>> = item.items().iter().map(read).collect();
        if values.is_empty() { None } else { values.into_iter().collect() }
    }

    /// Whether any of the keys is there.
    pub(crate) fn has_any(&self, keys: &[&'static str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }

    /// Something that is said in none of its lines.
    pub(crate) fn fail_missing(&self, message: String, help: String) {
        self.document.fail_missing(self.head.clone(), self.part.clone(), message, help);
    }
}

/// The whole document: a table of sections.
pub(crate) struct Root<'d> {
    document: &'d Document<'d>,
    entries: &'d DeTable<'d>,
    sections: &'static [(&'static str, &'static [&'static str])],
}

impl<'d> Root<'d> {
    /// The document, of which only these sections are known.
    pub(crate) fn new(
        document: &'d Document<'d>,
        entries: &'d DeTable<'d>,
        sections: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        Self { document, entries, sections }
    }

    /// Every section but the known ones is a mistake.
    pub(crate) fn refuse_unknown_sections(&self) {
        for (key, value) in self.entries.iter() {
            let name = key.get_ref().as_ref();
            let is_known = self.sections.iter().any(|(section, _)| *section == name);
            // Of a header without its bracket the parser makes a section named like a key further down.
            let is_guess = key.span().start >= value.span().end;
            if !is_known && !is_guess {
                self.refuse(
                    name,
                    key.span(),
                    matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_)),
                );
            }
        }
    }

    fn refuse(&self, name: &str, span: Range<usize>, is_section: bool) {
        let names: Vec<&str> = self.sections.iter().map(|(section, _)| *section).collect();
        let home = self.sections.iter().find(|(_, keys)| keys.contains(&name));
        let help = match (nearest(name, &names), home) {
            (_, Some((section, _))) if !is_section => format!("`{name}` belongs below {}", title(section)),
            (Some(near), _) => format!("did you mean {}?", title(near)),
            _ => {
                let titles: Vec<String> = names.into_iter().map(title).collect();
                format!("known sections: {}", titles.join(", "))
            }
        };
        let name: String = name.chars().take(40).collect();
        let message =
            if is_section { format!("unknown section [{name}]") } else { format!("unknown key `{name}`") };
        self.document.fail(span, message, help);
    }

    /// A section that may be there once.
    pub(crate) fn section(&self, name: &'static str) -> Option<Table<'d>> {
        let (key, value) = self.entries.get_key_value(name)?;
        match value.get_ref() {
            DeValue::Table(entries) => {
                let head = if value.span().is_empty() { key.span() } else { value.span() };
                Some(Table::new(self.document, title(name), self.keys(name), entries, head))
            }
            DeValue::Array(_) => {
                let help = format!("there is one: write `[{name}]` with single brackets");
                self.document.fail(key.span(), format!("[{name}] is not a list"), help);
                None
            }
            _ => {
                let help = format!("write `[{name}]` on a line of its own and its keys below");
                self.document.fail(key.span(), format!("`{name}` is a section, not a value"), help);
                None
            }
        }
    }

    /// A section that may be there any number of times.
    pub(crate) fn sections(&self, name: &'static str) -> Vec<Table<'d>> {
        let Some((key, value)) = self.entries.get_key_value(name) else { return Vec::new() };
        let double = format!("write `[[{name}]]` with double brackets: there can be several");
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| match item.get_ref() {
                    DeValue::Table(entries) => {
                        Some(Table::new(self.document, title(name), self.keys(name), entries, item.span()))
                    }
                    _ => {
                        self.document.fail(item.span(), format!("`{name}` is a list of sections"), &double);
                        None
                    }
                })
                .collect(),
            _ => {
                self.document.fail(key.span(), format!("`{name}` is a list of sections"), double);
                Vec::new()
            }
        }
    }

    fn keys(&self, name: &str) -> &'static [&'static str] {
        self.sections.iter().find(|(section, _)| *section == name).map_or(&[], |(_, keys)| keys)
    }
}

fn title(section: &str) -> String {
    if matches!(section, "command" | "rule") { format!("[[{section}]]") } else { format!("[{section}]") }
}
