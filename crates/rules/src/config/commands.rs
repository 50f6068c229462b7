//! Reads `[[command]]`.

use std::collections::{BTreeMap, HashMap};

use crate::{
    CommandSettings,
    document::{Item, Table},
};

/// All commands. Fewer than `tables` if there was a mistake.
pub(super) fn commands(tables: &[Table<'_>]) -> Vec<CommandSettings> {
    let mut lines: HashMap<String, usize> = HashMap::new();
    tables.iter().filter_map(|table| command(table, &mut lines)).collect()
}

fn command(table: &Table<'_>, lines: &mut HashMap<String, usize>) -> Option<CommandSettings> {
    let name = table.require("name", "\"help\"").and_then(|item| name(&item, lines));
    let title = table.or("title", BTreeMap::new(), texts);
    let params = table.or("params", BTreeMap::new(), texts);
    let hidden = table.or("hidden", false, Item::boolean);
    let common = table.or("common", false, Item::boolean);
    let extranet = table.or("extranet", false, Item::boolean);
    if table.get("title").is_none() && hidden == Some(false) {
        table.fail_missing(
            "this command has no `title`, which the list of commands shows".to_owned(),
            "add `title = \"What it does\"`, or `hidden = true` to keep it out of the list".to_owned(),
        );
        return None;
    }
    let mut command = CommandSettings::new(name?);
    command.title = title?;
    command.params = params?;
    command.hidden = hidden?;
    command.common = common?;
    command.extranet = extranet?;
    Some(command)
}

fn name(item: &Item<'_>, lines: &mut HashMap<String, usize>) -> Option<String> {
    let text = item.filled_text("\"help\"")?;
    if let Some(bare) = text.value.strip_prefix('/') {
        let help = if text.is_from_environment() {
            "leave the slash out".to_owned()
        } else {
            format!("write `name = \"{bare}\"`")
        };
        text.fail("a command's `name` has no slash", help);
        return None;
    }
    if !text.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        text.fail(
            format!("a command cannot be called {}", text.quoted()),
            "letters of A to Z, digits and `_` make it up, without spaces",
        );
        return None;
    }
    let line = item.document.line_of(text.span.start);
    if let Some(first) = lines.get(&text.value) {
        text.fail(
            format!("there are two commands named {}", text.quoted()),
            format!("the first one is in line {first}: people could not tell them apart"),
        );
        return None;
    }
    lines.insert(text.value.clone(), line);
    Some(text.value)
}

/// One text for all languages, or a table of them by language.
fn texts(item: &Item<'_>) -> Option<BTreeMap<String, String>> {
    let Some(entries) = item.entries() else {
        if !item.is_text() {
            item.fail_type(
                "a text, or a table of texts by language",
                "for example `{ en = \"Help\", de = \"Hilfe\" }`",
            );
            return None;
        }
        let text = item.filled_text("\"Help\"")?;
        return Some(BTreeMap::from([(CommandSettings::LANGUAGE.to_owned(), text.value)]));
    };
    if entries.is_empty() {
        item.fail(format!("`{}` is empty", item.key), "for example `{ en = \"Help\", de = \"Hilfe\" }`");
        return None;
    }
    // All are read before one is missed, so that all mistakes are seen.
    let read: Vec<Option<(String, String)>> = entries
        .iter()
        .map(|(language, item)| {
            let text = item.filled_text("\"Help\"");
            if language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
                let help = "languages have two small letters, such as `en`, `de`, `ru` or `br`";
                let shown: String = language.chars().take(40).collect();
                item.document.fail(item.key_span.clone(), format!("`{shown}` is no language"), help);
                return None;
            }
            Some((language.clone(), text?.value))
        })
        .collect();
    read.into_iter().collect()
}
