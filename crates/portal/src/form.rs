//! Writes a tree as PHP's `http_build_query` does: the body of every event.

use crate::tree::Tree;

/// `a[b]=x&a[c]=y`, percent-encoded; empty arrays vanish, booleans are `1` and `0`, spaces are `+`.
///
/// `null` becomes an empty value, as the platform documents for its webhooks (PHP itself would drop it).
pub(crate) fn http_build_query(tree: &Tree) -> String {
    let mut body = String::new();
    for (key, value) in tree.entries() {
        write_entry(&encode(key), value, &mut body);
    }
    body
}

fn write_entry(name: &str, value: &Tree, body: &mut String) {
    let text = match value {
        Tree::Array(entries) => {
            for (key, value) in entries {
                write_entry(&format!("{name}%5B{}%5D", encode(key)), value, body);
            }
            return;
        }
        Tree::Bool(false) => "0".to_owned(),
        scalar => encode(&scalar.text().unwrap_or_default()),
    };
    if !body.is_empty() {
        body.push('&');
    }
    body.push_str(name);
    body.push('=');
    body.push_str(&text);
}

/// PHP's `urlencode` (RFC 1738): letters, digits, `-`, `_` and `.` stand for themselves, a space is `+`.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use proptest::prelude::*;

    #[test]
    fn writes_what_php_writes() {
        let mut bot = Tree::new();
        bot.put("id", 456_u64).put("hidden", false).put("active", true).put("forward", Tree::Null);
        let mut data = Tree::new();
        data.put("bot", bot).put("params", Tree::new()).put("text", "Hi, ~ты & [b]");
        let mut event = Tree::new();
        event.put("event", "ONIMBOTV2MESSAGEADD").put("data", data);
        assert_eq!(
            http_build_query(&event),
            "event=ONIMBOTV2MESSAGEADD&data%5Bbot%5D%5Bid%5D=456&data%5Bbot%5D%5Bhidden%5D=0\
             &data%5Bbot%5D%5Bactive%5D=1&data%5Bbot%5D%5Bforward%5D=\
             &data%5Btext%5D=Hi%2C+%7E%D1%82%D1%8B+%26+%5Bb%5D"
        );
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let leaf = "\\PC{0,12}".prop_map(Tree::Text);
        let key = "[a-zA-Z0-9_ ж]{1,6}";
        let node = leaf.prop_recursive(3, 24, 4, move |inner| {
            proptest::collection::vec((key, inner), 1..4).prop_map(|entries| {
                let mut tree = Tree::new();
                for (key, value) in entries {
                    tree.put(key, value);
                }
                tree
            })
        });
        proptest::collection::vec(("[a-zA-Z0-9_]{1,6}", node), 0..4).prop_map(|entries| {
            let mut tree = Tree::new();
            for (key, value) in entries {
                tree.put(key, value);
            }
            tree
        })
    }

    proptest! {
        #[test]
        fn reading_gives_back_what_was_written(tree in tree()) {
            prop_assert_eq!(params::read_form(&http_build_query(&tree)).unwrap(), tree);
        }
    }
}
