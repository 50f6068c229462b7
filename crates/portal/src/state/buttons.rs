//! Buttons under a message, and the items it adds to its context menu.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tree::Tree;

const ACTIONS: [&str; 6] = ["PUT", "SEND", "COPY", "CALL", "DIALOG", "HELP"];

/// What a button or an item does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Link(String),
    /// `bot` is 0 where the message has no bot to call.
    Command {
        bot: u64,
        name: String,
        params: String,
    },
    Action {
        kind: String,
        value: String,
    },
    /// Opens an application of an open channel.
    App {
        id: u64,
        params: String,
    },
}

/// What buttons and items have in common; an item has nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) deed: Deed,
    pub(crate) disabled: bool,
    context: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Button {
    pub(crate) item: Item,
    /// Pressed once, the keyboard is dead until the bot edits its message.
    pub(crate) block: bool,
    display: String,
    width: Option<u64>,
    bg_color: Option<String>,
    bg_color_token: String,
    text_color: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Key {
    Button(Box<Button>),
    NewLine,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Keyboard {
    pub(crate) keys: Vec<Key>,
    /// A button with `BLOCK` was pressed.
    pub(crate) blocked: bool,
}

impl Keyboard {
    /// Reads `{"BUTTONS": […], "BOT_ID": 7}` or the list alone. `None` if any button is not as documented, or there is
    /// none.
    pub(crate) fn read(tree: &Tree, bot: u64) -> Option<Self> {
        let bot = tree.get("BOT_ID").and_then(Tree::id).unwrap_or(bot);
        let list = tree.get("BUTTONS").unwrap_or(tree);
        let keys: Vec<Key> = list.entries().map(|(_, key)| Key::read(key, bot)).collect::<Option<_>>()?;
        let pressable = keys.iter().any(|key| matches!(key, Key::Button(_)));
        pressable.then_some(Self { keys, blocked: false })
    }

    /// As `/control` shows it.
    pub(crate) fn show(&self) -> Value {
        let keys = self.keys.iter().enumerate().map(|(n, key)| match key {
            Key::NewLine => json!({"n": n, "type": "newline"}),
            Key::Button(button) => {
                let mut shown = button.item.show(n);
                shown["type"] = json!("button");
                shown["display"] = json!(button.display.to_lowercase());
                shown["width"] = json!(button.width);
                shown["bg_color"] = json!(button.bg_color);
                shown["bg_color_token"] = json!(button.bg_color_token);
                shown["text_color"] = json!(button.text_color);
                shown["block"] = json!(button.block);
                shown["disabled"] = json!(button.item.disabled || self.blocked);
                shown
            }
        });
        keys.collect()
    }

    /// As the platform gives it in a message's `params`.
    pub(crate) fn wire(&self) -> Tree {
        list(self.keys.iter().map(|key| match key {
            Key::NewLine => {
                let mut line = Tree::new();
                line.put("TYPE", "NEWLINE").put("CONTEXT", "ALL");
                line
            }
            Key::Button(button) => button.wire(),
        }))
    }
}

impl Key {
    fn read(tree: &Tree, bot: u64) -> Option<Self> {
        if text(tree, "TYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("NEWLINE")) {
            return Some(Self::NewLine);
        }
        Some(Self::Button(Box::new(Button {
            item: Item::read(tree, bot)?,
            block: flag(tree, "BLOCK"),
            display: one_of(tree, "DISPLAY", &["BLOCK", "LINE"]),
            width: tree.get("WIDTH").and_then(Tree::id),
            bg_color: text(tree, "BG_COLOR"),
            bg_color_token: one_of(tree, "BG_COLOR_TOKEN", &["base", "primary", "secondary", "alert"]),
            text_color: text(tree, "TEXT_COLOR"),
        })))
    }
}

impl Button {
    fn wire(&self) -> Tree {
        let mut button = self.item.wire();
        button
            .put("TYPE", "BUTTON")
            .put("BLOCK", if self.block { "Y" } else { "N" })
            .put("DISPLAY", self.display.clone())
            .put("BG_COLOR_TOKEN", self.bg_color_token.clone());
        if let Some(width) = self.width {
            button.put("WIDTH", width);
        }
        for (name, value) in [("BG_COLOR", &self.bg_color), ("TEXT_COLOR", &self.text_color)] {
            if let Some(value) = value {
                button.put(name, value.clone());
            }
        }
        button
    }
}

impl Item {
    /// An item needs a text and one thing to do.
    fn read(tree: &Tree, bot: u64) -> Option<Self> {
        let item_text = text(tree, "TEXT")?;
        let bot = tree.get("BOT_ID").and_then(Tree::id).unwrap_or(bot);
        let link = text(tree, "LINK").filter(|link| is_link(link)).map(Deed::Link);
        let deed = link.or_else(|| Deed::command(tree, bot)).or_else(|| Deed::action(tree))?;
        Some(Self {
            text: item_text,
            deed,
            disabled: flag(tree, "DISABLED"),
            context: one_of(tree, "CONTEXT", &["ALL", "DESKTOP", "MOBILE"]),
        })
    }

    /// `MENU`: `{"ITEMS": […]}` or the list alone.
    pub(crate) fn read_menu(tree: &Tree, bot: u64) -> Option<Vec<Self>> {
        let bot = tree.get("BOT_ID").and_then(Tree::id).unwrap_or(bot);
        let list = tree.get("ITEMS").unwrap_or(tree);
        let items: Vec<Self> =
            list.entries().map(|(_, item)| Self::read(item, bot)).collect::<Option<_>>()?;
        (!items.is_empty()).then_some(items)
    }

    pub(crate) fn show(&self, n: usize) -> Value {
        let mut shown = json!({
            "n": n,
            "text": self.text,
            "link": null,
            "command": null,
            "command_params": null,
            "bot_id": null,
            "action": null,
            "action_value": null,
            "disabled": self.disabled,
            "context": self.context.to_lowercase(),
        });
        match &self.deed {
            Deed::Link(link) => shown["link"] = json!(link),
            Deed::Command { bot, name, params } => {
                shown["command"] = json!(name);
                shown["command_params"] = json!(params);
                shown["bot_id"] = json!(bot);
            }
            Deed::Action { kind, value } => {
                shown["action"] = json!(kind.to_lowercase());
                shown["action_value"] = json!(value);
            }
            Deed::App { id, params } => {
                shown["app_id"] = json!(id);
                shown["app_params"] = json!(params);
            }
        }
        shown
    }

    pub(crate) fn wire(&self) -> Tree {
        let mut item = Tree::new();
        item.put("TEXT", self.text.clone())
            .put("CONTEXT", self.context.clone())
            .put("DISABLED", if self.disabled { "Y" } else { "N" });
        match &self.deed {
            Deed::Link(link) => item.put("LINK", link.clone()),
            Deed::Command { bot, name, params } => {
                item.put("BOT_ID", *bot).put("COMMAND", name.clone()).put("COMMAND_PARAMS", params.clone())
            }
            Deed::Action { kind, value } => {
                item.put("ACTION", kind.clone()).put("ACTION_VALUE", value.clone())
            }
            Deed::App { id, params } => item.put("APP_ID", *id).put("APP_PARAMS", params.clone()),
        };
        item
    }
}

impl Deed {
    fn command(tree: &Tree, bot: u64) -> Option<Self> {
        let name = text(tree, "COMMAND")?;
        let name = name.strip_prefix('/').unwrap_or(&name).to_owned();
        let params = text(tree, "COMMAND_PARAMS").unwrap_or_default();
        (!name.is_empty()).then_some(Self::Command { bot, name, params })
    }

    fn action(tree: &Tree) -> Option<Self> {
        if let (Some(kind), Some(value)) = (text(tree, "ACTION"), text(tree, "ACTION_VALUE")) {
            let kind = ACTIONS.into_iter().find(|known| known.eq_ignore_ascii_case(&kind))?;
            return Some(Self::Action { kind: kind.to_owned(), value });
        }
        let id = tree.get("APP_ID").and_then(Tree::id)?;
        Some(Self::App { id, params: text(tree, "APP_PARAMS").unwrap_or_default() })
    }
}

/// A text that is not empty.
fn text(tree: &Tree, name: &str) -> Option<String> {
    tree.get(name).and_then(Tree::text).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn flag(tree: &Tree, name: &str) -> bool {
    tree.get(name).is_some_and(Tree::flag)
}

/// One of a few words; the first unless another is given.
fn one_of(tree: &Tree, name: &str, words: &[&str]) -> String {
    let given = text(tree, name).unwrap_or_default();
    let known = words.iter().find(|word| word.eq_ignore_ascii_case(&given));
    known.or_else(|| words.first()).copied().unwrap_or_default().to_owned()
}

/// An absolute address, or a path on the portal.
pub(super) fn is_link(address: &str) -> bool {
    ["http://", "https://", "/"].iter().any(|start| address.starts_with(start))
}

pub(super) fn list(trees: impl Iterator<Item = Tree>) -> Tree {
    Tree::Array(trees.enumerate().map(|(index, tree)| (index.to_string(), tree)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Keyboard> {
        Keyboard::read(&serde_json::from_str(json).unwrap(), 1001)
    }

    #[test]
    fn a_keyboard_is_read_in_both_forms_and_shown_complete() {
        let bare = r##"[{"TEXT": "Yes", "COMMAND": "/vote", "COMMAND_PARAMS": "yes", "BLOCK": "Y", "DISPLAY": "LINE"},
            {"TYPE": "NEWLINE"}, {"TEXT": "Site", "LINK": "https://example.test/", "WIDTH": 120, "BG_COLOR": "#f00",
            "BG_COLOR_TOKEN": "alert", "TEXT_COLOR": "#fff", "DISABLED": "Y", "CONTEXT": "MOBILE"},
            {"TEXT": "Say", "ACTION": "SEND", "ACTION_VALUE": "hello"}]"##;
        let keyboard = read(bare).unwrap();
        assert_eq!(read(&format!(r#"{{"BUTTONS": {bare}}}"#)), Some(keyboard.clone()));
        let shown = keyboard.show();
        let expected = json!({"n": 0, "type": "button", "text": "Yes", "display": "line", "width": null, "bg_color": null,
            "bg_color_token": "base", "text_color": null, "link": null, "command": "vote", "command_params": "yes",
            "bot_id": 1001, "action": null, "action_value": null, "disabled": false, "block": true, "context": "all"});
        assert_eq!(shown[0], expected);
        assert_eq!(shown[1], json!({"n": 1, "type": "newline"}));
        assert_eq!((&shown[2]["disabled"], &shown[2]["context"]), (&json!(true), &json!("mobile")));
        assert_eq!((&shown[3]["action"], &shown[3]["action_value"]), (&json!("send"), &json!("hello")));
        let wire = keyboard.wire().to_json();
        assert_eq!((&wire[0]["COMMAND"], &wire[0]["BOT_ID"]), (&json!("vote"), &json!(1001)));
        assert_eq!((&wire[1]["TYPE"], &wire[2]["BG_COLOR"]), (&json!("NEWLINE"), &json!("#f00")));
        let theirs = read(&format!(r#"{{"BOT_ID": 7, "BUTTONS": {bare}}}"#)).unwrap();
        assert_eq!(theirs.show()[0]["bot_id"], 7);
    }

    #[test]
    fn a_button_that_does_nothing_spoils_the_keyboard() {
        for json in [
            "[]",
            r#"[{"TYPE": "NEWLINE"}]"#,
            r#"[{"TEXT": "nothing to do"}]"#,
            r#"[{"COMMAND": "no text"}]"#,
            r#"[{"TEXT": "x", "LINK": "javascript:alert(1)"}]"#,
            r#"[{"TEXT": "x", "ACTION": "DANCE", "ACTION_VALUE": "y"}]"#,
            r#"[{"TEXT": "x", "ACTION": "PUT"}]"#,
            r#"[{"TEXT": "good", "COMMAND": "good"}, {"TEXT": "bad"}]"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn a_menu_is_read_in_both_forms() {
        let menu = |json: &str| Item::read_menu(&serde_json::from_str(json).unwrap(), 1001);
        let bare = r#"[{"TEXT": "Delete", "COMMAND": "delete", "COMMAND_PARAMS": "3"}]"#;
        let items = menu(bare).unwrap();
        assert_eq!(menu(&format!(r#"{{"ITEMS": {bare}}}"#)), Some(items.clone()));
        assert_eq!(items[0].show(0)["command_params"], "3");
        assert_eq!((menu("[]"), menu(r#"[{"TEXT": "nothing to do"}]"#)), (None, None));
    }
}
