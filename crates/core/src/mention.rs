//! Mentions in the text of a message: `[USER=27]Anna[/USER]`.

use std::ops::Range;

use crate::UserId;

/// Who is mentioned, each once, in the order of the text.
pub(crate) fn find(text: &str) -> Vec<UserId> {
    let mut found = Vec::new();
    for user in tags(text).filter_map(|tag| tag.user) {
        if !found.contains(&user) {
            found.push(user);
        }
    }
    found
}

/// The text as its author meant it for the bot: mentions are gone, and where the message began with one, what
/// separated it from the rest (`, `) is gone as well. `original` says whether it did, since the platform may have
/// taken the mention out already.
pub(crate) fn strip(text: &str, original: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut from = 0;
    for tag in tags(text) {
        stripped.push_str(&text[from..tag.range.start]);
        from = tag.range.end;
    }
    stripped.push_str(&text[from..]);
    let addressed = tags(original).next().is_some_and(|tag| original[..tag.range.start].trim().is_empty());
    let separators: &[char] = if addressed { &[',', ':', ';'] } else { &[] };
    stripped.trim_start_matches(|c: char| c.is_whitespace() || separators.contains(&c)).trim_end().to_owned()
}

struct Tag {
    user: Option<UserId>,
    range: Range<usize>,
}

/// `[USER=27]Anna[/USER]` and `[USER=27 REPLACE]…[/USER]`, in any case.
fn tags(text: &str) -> impl Iterator<Item = Tag> {
    const OPEN: &str = "[USER=";
    const CLOSE: &str = "[/USER]";
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + find_ignoring_case(&text[from..], OPEN)?;
        let inside = &text[start + OPEN.len()..];
        let length = find_ignoring_case(inside, CLOSE)?;
        from = start + OPEN.len() + length + CLOSE.len();
        let attribute = inside[..length].split([']', ' ']).next().unwrap_or_default();
        Some(Tag { user: attribute.parse().ok(), range: start..from })
    })
}

/// Where an ASCII word begins that begins with a bracket. Every byte of it is ASCII, so the place is a character's
/// beginning.
fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    let is_it = |at: &usize| {
        text.as_bytes()[*at..]
            .get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    memchr::memchr_iter(b'[', text.as_bytes()).find(is_it)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mentions_are_taken_out_with_what_separates_them() {
        for (text, stripped) in [
            ("[USER=567]NewBot[/USER] , how are you", "how are you"),
            ("[USER=567]NewBot[/USER], [user=27 REPLACE]A[/user]: hi", "hi"),
            ("thanks [USER=567]NewBot[/USER]", "thanks"),
            ("a [USER=5]B[/USER], c", "a , c"),
            (", no mention", ", no mention"),
            ("[USER=5]never closed", "[USER=5]never closed"),
            ("[USER=all]everyone[/USER] спасибо", "спасибо"),
        ] {
            assert_eq!(strip(text, text), stripped, "{text}");
        }
        assert_eq!(
            strip(", how", "[USER=567]NewBot[/USER] , how"),
            "how",
            "taken out by the platform already"
        );
    }

    #[test]
    fn users_are_found_once_each() {
        let text = "[USER=5]B[/USER] [USER=27]A[/USER] [user=5]B[/user] [USER=all]x[/USER]";
        assert_eq!(find(text), [UserId::from(5), UserId::from(27)]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_stripped(text in r"(\[/?(USER|user)(=[0-9]{0,2})?\]?|[ ,é\]\[]){0,20}") {
            let _ = find(&text);
            prop_assert!(strip(&text, &text).len() <= text.len());
        }
    }
}
