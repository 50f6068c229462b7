//! Text that the platform shows and does not act on.

/// Invisible, and no line breaks at it.
pub(super) const JOINER: char = '\u{2060}';
/// The platform reads it as a line break (`#BR#`).
const BREAK: &str = "#BR#";

/// Text from someone else, so that the platform shows it and does not act on it.
///
/// The platform knows no escape for BB code. A tag, a quoted line (`>>`), a quoted message (`------`) and `#BR#` are
/// recognized by characters that stand together: with an invisible one (U+2060) between them they look the same but
/// are just text.
///
/// ```
/// use b24bot_actions::content::harmless;
///
/// assert_eq!(harmless("[b]hi[/b]"), "[\u{2060}b]hi[\u{2060}/b]");
/// assert_eq!(harmless(">>quote"), ">\u{2060}>quote");
/// assert_eq!(harmless("a-b, 1 > 0"), "a-b, 1 > 0");
/// ```
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_harmless(&mut out, text);
    out
}

/// Appends [`harmless`] text, which makes nothing together with what `out` ends with either.
///
/// ```
/// let mut out = String::from("[");
/// b24bot_actions::content::push_harmless(&mut out, "b]");
/// assert_eq!(out, "[\u{2060}b]");
/// ```
pub fn push_harmless(out: &mut String, text: &str) {
    for c in text.chars() {
        if completes(out, c) {
            out.push(JOINER);
        }
        out.push(c);
    }
    if !text.is_empty() && out.ends_with('[') {
        out.push(JOINER);
    }
}

/// Appends a piece of BB code; text at its beginning makes nothing together with what `out` ends with.
pub(super) fn join(out: &mut String, piece: &str) {
    let spans_break =
        (1..BREAK.len()).any(|at| out.ends_with(&BREAK[..at]) && piece.starts_with(&BREAK[at..]));
    if spans_break || piece.chars().next().is_some_and(|c| completes(out, c)) {
        out.push(JOINER);
    }
    out.push_str(piece);
}

/// Appends text for between `[code]` and `[/code]`. What programs are full of stays as it is, so that it can be
/// copied and run (`a[i]`, `x >> 1`, `--flag`): formatting means nothing there, and only what ends the code or could
/// still act (`[/code]`, `[send=…]`, a quote) is broken.
pub(super) fn push_code(out: &mut String, code: &str) {
    let mut dashes = 0;
    for (at, c) in code.char_indices() {
        dashes = if c == '-' { dashes + 1 } else { 0 };
        let quotes = c == '>' && ends_line_with(&code[..at], '>');
        if quotes || dashes == 6 || ends_break(out, c) {
            out.push(JOINER);
            dashes = u8::from(c == '-');
        }
        out.push(c);
        let mut next = code[at + c.len_utf8()..].chars();
        let (first, second) = (next.next(), next.next());
        let tag = first == Some('/')
            || first.is_some_and(char::is_alphabetic) && second.is_some_and(char::is_alphabetic);
        if c == '[' && (tag || first.is_none()) {
            out.push(JOINER);
        }
    }
}

/// Whether the text ends with a line that consists of this one character.
fn ends_line_with(text: &str, only: char) -> bool {
    text.strip_suffix(only).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
}

/// Whether the character would make something of what it follows.
fn completes(out: &str, c: char) -> bool {
    matches!((out.chars().next_back(), c), (Some('['), _) | (Some('>'), '>') | (Some('-'), '-'))
        || ends_break(out, c)
}

fn ends_break(out: &str, c: char) -> bool {
    c == '#' && out.ends_with(&BREAK[..BREAK.len() - 1])
}
