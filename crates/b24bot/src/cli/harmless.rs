//! Texts from outside, for a terminal: what would move its cursor or turn its lines around is written out.

use std::fmt::Write;

use serde::Serialize;

/// One line of text.
pub(in crate::cli) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// JSON of several lines, which means the same to whoever reads it.
pub(in crate::cli) fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(value)?;
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Line ends are between values: those in strings are escaped already. So is all of ASCII but DEL.
        if acts(c) && c != '\n' {
            // All that act are in the first plane, and outside strings there is none; writing cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Ok(shown)
}

/// Whether a terminal does something other than show it: control characters, line ends, and what sets the direction of
/// the text around it.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        assert_eq!(line("a\u{1b}[31mb\n\u{202e}c спасибо 🔥"), "a\\u{1b}[31mb\\u{a}\\u{202e}c спасибо 🔥");
        assert_eq!(json(&["\u{1b}\u{9b}\u{7f}\n"]).unwrap(), "[\n  \"\\u001b\\u009b\\u007f\\n\"\n]");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_remains_and_json_says_the_same(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(acts));
            let shown = json(&[&text]).unwrap();
            prop_assert!(!shown.chars().any(|c| acts(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
        }
    }
}
