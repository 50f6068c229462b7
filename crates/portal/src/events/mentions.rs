//! `[USER=27]Nora[/USER]`: who is mentioned in a text, and the text without it.

const OPEN: &str = "[USER=";
const CLOSE: &str = "[/USER]";

/// One mention: its place in the text, and whom it means.
struct Mention {
    start: usize,
    end: usize,
    user: u64,
}

fn find(text: &str, from: usize) -> Option<Mention> {
    let mut from = from;
    loop {
        let start = from + text.get(from..)?.find(OPEN)?;
        let inside = start + OPEN.len();
        let head = text.get(inside..inside + text.get(inside..)?.find(']')?)?;
        let user = head.split_whitespace().next().and_then(|id| id.parse().ok());
        let body = inside + head.len() + 1;
        match (user, text.get(body..)?.find(CLOSE)) {
            (Some(user), Some(length)) => {
                return Some(Mention { start, end: body + length + CLOSE.len(), user });
            }
            _ => from = inside,
        }
    }
}

/// Everybody mentioned, each once, in the order of appearance.
pub(super) fn ids(text: &str) -> Vec<u64> {
    let (mut ids, mut from) = (Vec::new(), 0);
    while let Some(mention) = find(text, from) {
        if !ids.contains(&mention.user) {
            ids.push(mention.user);
        }
        from = mention.end;
    }
    ids
}

/// The text of a generation 1 event: mentions gone, each with a comma that follows at once, and trimmed.
pub(super) fn strip(text: &str) -> String {
    let (mut stripped, mut from) = (String::new(), 0);
    while let Some(mention) = find(text, from) {
        stripped.push_str(&text[from..mention.start]);
        from = mention.end;
        if text[from..].starts_with(',') {
            from += 1;
        }
    }
    stripped.push_str(&text[from..]);
    stripped.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strips_mentions_as_the_platform_does() {
        for (text, stripped, mentioned) in [
            ("[USER=567]NewBot[/USER] , how to", ", how to", vec![567]),
            ("[USER=571]NewBot[/USER], create a task", "create a task", vec![571]),
            ("ask [USER=42]Тимур[/USER] and [USER=27 REPLACE]Nora[/USER]!", "ask  and !", vec![42, 27]),
            ("[USER=5]a[/USER][USER=5]a[/USER]", "", vec![5]),
            ("[USER=all]x[/USER] y", "[USER=all]x[/USER] y", vec![]),
            ("[USER=5]open", "[USER=5]open", vec![]),
            ("[USER=[USER=5]a[/USER]", "[USER=", vec![5]),
        ] {
            assert_eq!((strip(text).as_str(), ids(text)), (stripped, mentioned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn takes_any_text(text in "(\\[USER=|\\]|\\[/USER\\]|[0-9ж, ]){0,12}") {
            prop_assert!(strip(&text).len() <= text.len());
            let _ = ids(&text);
        }
    }
}
