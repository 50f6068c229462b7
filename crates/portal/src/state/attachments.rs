//! `ATTACH`: what a message carries below its text, block by block.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::buttons::{is_link, list};
use crate::tree::Tree;

/// The kinds of blocks, as sent and as `/control` shows them, and whether they hold several entries.
const KINDS: [(&str, &str, bool); 8] = [
    ("USER", "user", false),
    ("LINK", "link", false),
    ("RICH_LINK", "rich", false),
    ("MESSAGE", "message", false),
    ("DELIMITER", "delimiter", false),
    ("GRID", "grid", true),
    ("IMAGE", "image", true),
    ("FILE", "file", true),
];
const FIELDS: [&str; 18] = [
    "NAME",
    "AVATAR",
    "AVATAR_TYPE",
    "LINK",
    "DESC",
    "HTML",
    "PREVIEW",
    "VALUE",
    "DISPLAY",
    "COLOR",
    "COLOR_TOKEN",
    "NETWORK_ID",
    "USER_ID",
    "CHAT_ID",
    "BOT_ID",
    "WIDTH",
    "HEIGHT",
    "SIZE",
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    id: Option<u64>,
    color: Option<String>,
    color_token: Option<String>,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    kind: usize,
    /// One, unless the kind holds several.
    entries: Vec<Tree>,
}

impl Attachment {
    /// Reads `{"BLOCKS": […], "COLOR": …}`, several of these, or a list of blocks. `None` if any block is not as
    /// documented.
    pub(crate) fn read_all(tree: &Tree) -> Option<Vec<Self>> {
        let is_whole = |tree: &Tree| tree.get("BLOCKS").is_some();
        if !is_whole(tree)
            && tree.entries().next().is_some()
            && tree.entries().all(|(_, part)| is_whole(part))
        {
            return tree.entries().map(|(_, part)| Self::read(part)).collect();
        }
        Some(vec![Self::read(tree)?])
    }

    fn read(tree: &Tree) -> Option<Self> {
        let blocks = tree.get("BLOCKS").unwrap_or(tree);
        let blocks: Option<Vec<Block>> = blocks.entries().map(|(_, block)| Block::read(block)).collect();
        let word = |name: &str| tree.get(name).and_then(Tree::text).filter(|word| !word.is_empty());
        Some(Self {
            id: tree.get("ID").and_then(Tree::id),
            color: word("COLOR"),
            color_token: word("COLOR_TOKEN"),
            blocks: blocks.filter(|blocks| !blocks.is_empty())?,
        })
    }

    pub(crate) fn show(&self) -> Value {
        json!({
            "color": self.color,
            "color_token": self.color_token.as_deref().unwrap_or("base"),
            "blocks": self.blocks.iter().map(Block::show).collect::<Vec<_>>(),
        })
    }

    /// As the platform gives it in a message's `params`.
    pub(crate) fn wire(&self, index: usize) -> Tree {
        let mut attachment = Tree::new();
        attachment.put("ID", self.id.unwrap_or(index as u64 + 1));
        attachment.put("BLOCKS", list(self.blocks.iter().map(Block::wire)));
        for (name, value) in [("COLOR", &self.color), ("COLOR_TOKEN", &self.color_token)] {
            if let Some(value) = value {
                attachment.put(name, value.clone());
            }
        }
        attachment
    }
}

impl Block {
    fn read(tree: &Tree) -> Option<Self> {
        let (name, content) = tree.entries().next()?;
        let kind = KINDS.iter().position(|(known, ..)| *known == name)?;
        let several = KINDS.get(kind).is_some_and(|(.., several)| *several);
        // One entry may stand without the list around it.
        let is_list = several && content.entries().next().is_some_and(|(key, _)| key == "0");
        let entries: Vec<Tree> = match is_list {
            true => content.entries().map(|(_, entry)| entry.clone()).collect(),
            false => vec![content.clone()],
        };
        let complete = entries.iter().all(|entry| is_complete(name, entry));
        complete.then_some(Self { kind, entries })
    }

    fn show(&self) -> Value {
        let Some((_, word, several)) = KINDS.get(self.kind) else { return Value::Null };
        let mut shown = match self.entries.first() {
            Some(entry) if !several => show_entry(entry),
            _ => json!({"items": self.entries.iter().map(show_entry).collect::<Vec<_>>()}),
        };
        shown["type"] = json!(word);
        shown
    }

    fn wire(&self) -> Tree {
        let mut block = Tree::new();
        if let Some((name, _, several)) = KINDS.get(self.kind) {
            let content = match self.entries.first() {
                Some(entry) if !several => entry.clone(),
                _ => list(self.entries.iter().cloned()),
            };
            block.put(*name, content);
        }
        block
    }
}

/// What each kind cannot do without.
fn is_complete(kind: &str, entry: &Tree) -> bool {
    let has = |name: &str| entry.get(name).and_then(Tree::text).is_some_and(|text| !text.is_empty());
    let links = || entry.get("LINK").and_then(Tree::text).is_some_and(|link| is_link(&link));
    match kind {
        "MESSAGE" => entry.text().is_some_and(|text| !text.is_empty()),
        "USER" => has("NAME"),
        "LINK" | "RICH_LINK" | "IMAGE" | "FILE" => links(),
        "GRID" => has("NAME") || has("VALUE"),
        _ => entry.is_array(),
    }
}

/// The documented fields, in lower case; a text alone is a message.
fn show_entry(entry: &Tree) -> Value {
    if !entry.is_array() {
        return json!({"message": entry.text()});
    }
    let fields = FIELDS.iter().filter_map(|name| {
        let value = entry.get(name)?.to_json();
        Some((name.to_lowercase(), value))
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Vec<Attachment>> {
        Attachment::read_all(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_block_is_kept_and_shown() {
        let blocks = r##"[{"MESSAGE": "[B]text[/B]"}, {"USER": {"NAME": "Nora", "USER_ID": 27}},
            {"LINK": {"LINK": "https://example.test/", "NAME": "x"}}, {"RICH_LINK": {"LINK": "/crm/"}},
            {"DELIMITER": {"SIZE": 200, "COLOR": "#c6c6c6"}},
            {"GRID": [{"DISPLAY": "ROW", "NAME": "a", "VALUE": "b"}, {"DISPLAY": "ROW", "VALUE": "c"}]},
            {"IMAGE": {"LINK": "https://example.test/a.png", "WIDTH": 10}}, {"FILE": [{"LINK": "/a", "SIZE": 5}]}]"##;
        let short = read(blocks).unwrap();
        let shown = short[0].show();
        assert_eq!(shown["color_token"], "base");
        let kinds: Vec<&str> =
            shown["blocks"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["message", "user", "link", "rich", "delimiter", "grid", "image", "file"]);
        assert_eq!(shown["blocks"][0]["message"], "[B]text[/B]");
        assert_eq!(shown["blocks"][1], json!({"type": "user", "name": "Nora", "user_id": 27}));
        assert_eq!(shown["blocks"][4], json!({"type": "delimiter", "size": 200, "color": "#c6c6c6"}));
        assert_eq!(shown["blocks"][5]["items"][1], json!({"display": "ROW", "value": "c"}));
        assert_eq!(shown["blocks"][6]["items"][0]["width"], 10);
        let full = read(&format!(r##"{{"COLOR": "#29619b", "COLOR_TOKEN": "alert", "BLOCKS": {blocks}}}"##))
            .unwrap();
        assert_eq!(
            (&full[0].show()["color"], &full[0].show()["color_token"]),
            (&json!("#29619b"), &json!("alert"))
        );
        let wire = full[0].wire(0).to_json();
        assert_eq!((&wire["ID"], &wire["BLOCKS"][0]["MESSAGE"]), (&json!(1), &json!("[B]text[/B]")));
        assert_eq!(wire["BLOCKS"][6]["IMAGE"][0]["LINK"], "https://example.test/a.png");
        let two = read(&format!(r#"[{{"BLOCKS": {blocks}}}, {{"ID": 9, "BLOCKS": {blocks}}}]"#)).unwrap();
        assert_eq!((two.len(), two[1].wire(1).to_json()["ID"].clone()), (2, json!(9)));
    }

    #[test]
    fn a_block_that_is_none_spoils_the_attachment() {
        for json in [
            "[]",
            r#"{"BLOCKS": []}"#,
            r#"["text"]"#,
            r#"[{"DANCE": {}}]"#,
            r#"[{"MESSAGE": ""}]"#,
            r#"[{"USER": {"USER_ID": 27}}]"#,
            r#"[{"LINK": {"LINK": "javascript:x"}}]"#,
            r#"[{"MESSAGE": "good"}, {"IMAGE": {"NAME": "no link"}}]"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
