//! Reads what a call says about a message besides its text: attachments, keyboards, menus.

use super::Call;
use crate::params::MAX_DEPTH;
use crate::refusal::{Refusal, bad};
use crate::state::attachments::Attachment;
use crate::state::buttons::{Item, Keyboard};
use crate::state::content::{Part, Parts};
use crate::tree::Tree;

/// One part, with what the platform says when it is wrong.
struct Kind {
    name: &'static str,
    word: &'static str,
    wrong: &'static str,
    too_large: &'static str,
    /// How much of its JSON is too much.
    size: fn(&str) -> usize,
    most: usize,
}

const KILOBYTES_30: usize = 30 * 1024;

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// `ATTACH`, `KEYBOARD` and `MENU`. Their commands are for `bot` where they name none.
pub(super) fn parts_v1(call: &Call<'_>, bot: u64) -> Result<Parts, Refusal> {
    let kind = |name, word, wrong, too_large| Kind {
        name,
        word,
        wrong,
        too_large,
        size: str::len,
        most: KILOBYTES_30,
    };
    let attach = kind("ATTACH", "attach", "ATTACH_ERROR", "ATTACH_OVERSIZE");
    let keyboard = kind("KEYBOARD", "keyboard", "KEYBOARD_ERROR", "KEYBOARD_OVERSIZE");
    let menu = kind("MENU", "menu", "MENU_ERROR", "MENU_OVERSIZE");
    Ok(Parts {
        attach: part(&call.params, &attach, Attachment::read_all)?,
        keyboard: part(&call.params, &keyboard, |tree| Keyboard::read(tree, bot))?,
        menu: part(&call.params, &menu, |tree| Item::read_menu(tree, bot))?,
    })
}

/// `attach` and `keyboard`; generation 2 has no menus.
pub(super) fn parts_v2(fields: &Tree, bot: u64) -> Result<Parts, Refusal> {
    let kind = |name, wrong, too_large, size, most| Kind { name, word: name, wrong, too_large, size, most };
    let attach = kind("attach", "ATTACH_ERROR", "ATTACH_OVERSIZE", characters as fn(&str) -> usize, 60_000);
    let keyboard = kind("keyboard", "KEYBOARD_ERROR", "KEYBOARD_OVERSIZE", str::len, KILOBYTES_30);
    Ok(Parts {
        attach: part(fields, &attach, Attachment::read_all)?,
        keyboard: part(fields, &keyboard, |tree| Keyboard::read(tree, bot))?,
        menu: Part::Kept,
    })
}

/// An array, or the JSON of one. Nothing, `N` and an empty array take away what there is.
fn part<T>(params: &Tree, kind: &Kind, read: impl FnOnce(&Tree) -> Option<T>) -> Result<Part<T>, Refusal> {
    let wrong = || bad(kind.wrong, format!("Incorrect {} params", kind.word));
    let tree = match params.get(kind.name) {
        None | Some(Tree::Null) => return Ok(Part::Kept),
        Some(Tree::Text(text)) if text.is_empty() || text == "N" => return Ok(Part::Removed),
        Some(Tree::Bool(false)) => return Ok(Part::Removed),
        Some(Tree::Text(text)) => serde_json::from_str(text).map_err(|_| wrong())?,
        Some(tree) => tree.clone(),
    };
    if tree == Tree::new() {
        return Ok(Part::Removed);
    }
    // A deeper one could be kept, but not read again.
    if !tree.is_array() || tree.is_deeper_than(MAX_DEPTH) {
        return Err(wrong());
    }
    if (kind.size)(&tree.to_json().to_string()) > kind.most {
        let why = format!("You have exceeded the maximum allowable size of {}", kind.word);
        return Err(bad(kind.too_large, why));
    }
    read(&tree).map(Part::Set).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(json: &str) -> Result<Parts, &'static str> {
        parts_v2(&serde_json::from_str(json).unwrap(), 7).map_err(|refusal| refusal.code)
    }

    #[test]
    fn parts_are_checked_as_the_platform_does() {
        assert_eq!(v2("{}"), Ok(Parts::default()));
        assert_eq!(v2(r#"{"keyboard": null, "attach": null}"#), Ok(Parts::default()));
        for nothing in [r#""N""#, r#""""#, "[]", "{}", "false"] {
            assert_eq!(
                v2(&format!(r#"{{"keyboard": {nothing}}}"#)).unwrap().keyboard,
                Part::Removed,
                "{nothing}"
            );
        }
        let array = v2(r#"{"attach": [{"MESSAGE": "x"}]}"#).unwrap();
        assert!(matches!(array.attach, Part::Set(_)));
        assert_eq!(v2(r#"{"attach": "[{\"MESSAGE\": \"x\"}]"}"#), Ok(array));
        assert_eq!(v2(r#"{"keyboard": "nonsense"}"#), Err("KEYBOARD_ERROR"));
        assert_eq!(v2(r#"{"keyboard": [{"TEXT": "does nothing"}]}"#), Err("KEYBOARD_ERROR"));
        assert_eq!(v2(r#"{"attach": 7}"#), Err("ATTACH_ERROR"));
        let attach = |length: usize| format!(r#"{{"attach": [{{"MESSAGE": "{}"}}]}}"#, "ж".repeat(length));
        assert!(v2(&attach(59_900)).is_ok());
        assert_eq!(v2(&attach(60_000)), Err("ATTACH_OVERSIZE"));
    }
}
