//! Diagnostics quote lines of the file, and a line may hold a secret. What a mistyped or broken file
//! means is uncertain, so this goes by lines, not by the parsed tree, and hides rather too much.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::config::SECTIONS;

/// Sections that hold no secrets. Of these, the values of known keys are shown; all else is masked.
const HARMLESS: &[&str] = &["bot", "server", "store", "retry", "limits", "admin", "command", "rule"];
/// Known keys of theirs that may hold one all the same.
const SECRET_KEYS: &[&str] = &["nats", "key", "token"];
/// A key, or a section's name.
const NAME: &str = r#"(?:"[^"]*"|'[^']*'|[\w-]+)"#;

#[expect(clippy::unwrap_used, reason = "the patterns are constants")]
fn compiled(pattern: &str) -> Regex {
    Regex::new(&pattern.replace("NAME", NAME)).unwrap()
}

static KEY: LazyLock<Regex> = LazyLock::new(|| compiled(r"^[\s\x{feff}]*(NAME(?:\s*\.\s*NAME)*)\s*="));
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"^[\s\x{feff}]*\[{1,2}\s*(NAME(?:\s*\.\s*NAME)*)?\s*\]{0,2}"));
/// A complete string and the beginning of a comment.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| compiled(r#"^\s*("[^"]*"|'[^']*')\s*#"#));
static WORD: LazyLock<Regex> = LazyLock::new(|| compiled(r"\$\{\w*\}|[^\s]"));
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"(?i)(/rest/\d+/)([^/"'\s]+)|(://)([^/@"'\s]+)(@)"#));

/// The lines of the text, with stars for what may be secret; as many characters as before.
pub(crate) fn masked_lines(text: &str) -> Vec<String> {
    let mut reader = Reader::default();
    let mask = |line: &str| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (shown, hidden) = line.split_at(reader.read(line));
        without_addresses(&format!("{shown}{}", stars(hidden)))
    };
    text.split('\n').map(mask).collect()
}

/// Where in the file the next line is.
#[derive(Default)]
struct Reader {
    /// One without secrets, or "".
    section: &'static str,
    /// Whether the value of the last key is shown.
    is_shown: bool,
    /// Brackets that are open in it.
    depth: usize,
    /// The quotes that end it, if it is a string of several lines.
    quotes: Option<&'static str>,
}

impl Reader {
    /// How many bytes of the line are shown.
    fn read(&mut self, line: &str) -> usize {
        let is_inside = self.depth > 0 || self.quotes.is_some();
        if let Some((name, end)) = captured(&HEADER, line) {
            // A value that is never closed must not hide where it ends.
            let is_known = SECTIONS.iter().any(|(section, _)| *section == name);
            if !is_inside || is_known {
                let section = HARMLESS.iter().find(|section| **section == name);
                *self = Self { section: section.copied().unwrap_or_default(), ..Self::default() };
                return end;
            }
        }
        if is_inside && !self.is_shown {
            self.follow(line);
            return 0;
        }
        if let Some((key, end)) = captured(&KEY, line) {
            *self = Self { section: self.section, is_shown: self.shows(key), ..Self::default() };
            self.follow(&line[end..]);
            return if self.is_shown { line.len() } else { end };
        }
        if is_inside {
            self.follow(line);
            return if self.is_shown { line.len() } else { 0 };
        }
        // No key, no value: a known key without one, or anything at all.
        let key = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if self.shows(key) { line.len() } else { 0 }
    }

    fn shows(&self, key: &str) -> bool {
        let key = key.trim_matches(['"', '\'']);
        let keys =
            SECTIONS.iter().find(|(section, _)| *section == self.section).map_or(&[][..], |found| found.1);
        keys.contains(&key) && !SECRET_KEYS.contains(&key)
    }

    /// Follows the value through the rest of a line.
    fn follow(&mut self, mut rest: &str) {
        loop {
            if let Some(quotes) = self.quotes {
                let Some(end) = rest.find(quotes) else { return };
                rest = &rest[end + quotes.len()..];
                self.quotes = None;
            }
            let Some(at) = rest.find(['"', '\'', '#', '[', ']', '{', '}']) else { return };
            let (mark, after) = rest[at..].split_at(1);
            rest = after;
            match mark {
                "#" => return,
                "[" => self.depth += 1,
                "{" => {
                    // No value is a table: its keys are unknown.
                    self.is_shown = false;
                    self.depth += 1;
                }
                "]" | "}" => self.depth = self.depth.saturating_sub(1),
                quote => {
                    let triple = if quote == "'" { "'''" } else { "\"\"\"" };
                    if let Some(after) = rest.strip_prefix(&triple[1..]) {
                        self.quotes = Some(triple);
                        rest = after;
                    } else {
                        rest = after_string(rest, quote);
                    }
                }
            }
        }
    }
}

/// What follows a string of one line.
fn after_string<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut from = 0;
    while let Some(end) = text[from..].find(quote).map(|at| from + at) {
        let escapes = text[..end].bytes().rev().take_while(|byte| *byte == b'\\').count();
        from = end + quote.len();
        if quote == "'" || escapes % 2 == 0 {
            return &text[from..];
        }
    }
    ""
}

/// What the pattern's group found, and where the whole of it ends.
fn captured<'l>(pattern: &Regex, line: &'l str) -> Option<(&'l str, usize)> {
    let found = pattern.captures(line)?;
    Some((found.get(1).map_or("", |name| name.as_str()), found.get(0)?.end()))
}

/// Stars for the secrets of addresses, wherever they stand.
pub(crate) fn without_addresses(text: &str) -> String {
    let hide = |part: &str| "*".repeat(part.chars().count());
    let shorten = |found: &Captures<'_>| match (found.get(1), found.get(2), found.get(4)) {
        (Some(before), Some(secret), _) => format!("{}{}", before.as_str(), hide(secret.as_str())),
        (_, _, Some(secret)) => format!("://{}@", hide(secret.as_str())),
        _ => String::new(),
    };
    ADDRESS.replace_all(text, shorten).into_owned()
}

/// Keeps quotes, brackets and the names of environment variables; a comment becomes blank.
fn stars(value: &str) -> String {
    let (value, comment) = value.split_at(QUOTED.find(value).map_or(value.len(), |quoted| quoted.end() - 1));
    let blank = " ".repeat(comment.chars().count());
    let hidden = WORD.replace_all(value, |found: &Captures<'_>| match &found[0] {
        name if name.starts_with("${") => name.to_owned(),
        mark @ ("\"" | "'" | "[" | "]" | "{" | "}" | ",") => mark.to_owned(),
        _ => "*".to_owned(),
    });
    format!("{hidden}{blank}")
}

#[cfg(test)]
mod tests {
    fn masked_line(text: &str, number: usize) -> String {
        super::masked_lines(text).swap_remove(number)
    }

    #[test]
    fn hides_secrets_wherever_they_stand() {
        for line in [
            "webhook = \"https://a.example/rest/1/s3cr3t/\"",
            "[portal]\nwebhook = https://a.example/rest/1/s3cr3t/",
            "[portal\nwebhok = \"s3cr3t",
            "[portal]\nwebhook = \"\"\"\ns3cr3t",
            "[portl]\nx = 's3cr3t'",
            "portal = { webhook = \"s3cr3t\" }",
            "portal.webhook = \"s3cr3t\"",
            "[bot]\naplication_tokn = \"s3cr3t\"",
            "[bot]\nname = \"https://a.example/rest/27/s3cr3t/\"",
            "[rule]\ntext = [\"https://a.example/rest/27/s3cr3t/im.message.like\"]",
            "[store]\nnats = \"nats://user:s3cr3t@host\"",
            "[security]\n# was s3cr3t",
            "[security]\nx = \"s3cr3t\" # was s3cr3t",
            "[security]\nx = \"s3cr3t # s3cr3t",
            "[bot]\nmine = 's3cr3t'",
            "[bot]\nmine = [\n[\"s3cr3t\"],",
            "[bot]\nmine = [\n\"name = s3cr3t\"",
            "[bot]\nmine = '''\nname = s3cr3t",
            "[bot]\nmine = {\nname = 's3cr3t'",
            "[bot]\nname = {\nname = 's3cr3t'",
            "[bot]\nname = '''\n[portal]\nbot_token = 's3cr3t'",
            "[rule]\ntext = ['a', { name = 's3cr3t' }]",
            "[rule]\ntext = [\n'a', # {\n{ name = 's3cr3t' },",
            "[bot.mine]\nname = 's3cr3t'",
            "[bot]\nname.mine = 's3cr3t'",
            "[bot]\nname . mine = 's3cr3t'",
            "[bot]\nмоё = 's3cr3t'",
            "[bot]\nmy own = 's3cr3t'",
            "[bot]\nname: s3cr3t",
            "[bot]\nmine\ns3cr3t",
            "[bot] mine = 's3cr3t'",
            "[bot mine = 's3cr3t'",
            "[portal] bot_token = 's3cr3t'",
            "[store]\nnats = 'user:s3cr3t'",
        ] {
            let last = line.matches('\n').count();
            let shown = masked_line(line, last);
            assert!(!shown.contains("s3cr3t"), "{shown}");
            assert!(shown.contains("******"), "{shown}");
            assert_eq!(shown.chars().count(), line.split('\n').next_back().map_or(0, |l| l.chars().count()));
        }
    }

    #[test]
    fn shows_the_rest() {
        let line = masked_line("[portal]\nwebhook = \"${B24_WEBHOOK_URL}\" # ours", 1);
        assert_eq!(line, "webhook = \"${B24_WEBHOOK_URL}\"       ");
        let text = "[portal]\r\nwebhook = \"${B24_WEBHOOK_URL}\"\r\n[[rule]]\ntext = [\"спасибо\"]";
        assert_eq!(masked_line(text, 0), "[portal]");
        assert_eq!(masked_line(text, 1), "webhook = \"${B24_WEBHOOK_URL}\"");
        assert_eq!(masked_line(text, 3), "text = [\"спасибо\"]");
        for line in [
            "[[rule]] ",
            "[bot.extra]",
            "[bot]\nmine =      ",
            "[bot]\nname",
            "[bot]\n'name' = b",
            "[rule]\ntext = [\n  \"a\", # [\n  'b {'",
            "[rule]\ntext = [\n'a'\nlike = true",
            "[rule]\nregex = '''\na{1}",
            "[rule]\nreply = \"\\\"{user}\"",
            "[portal]\nx = [\n[bot]\nname = 5",
        ] {
            let last = line.matches('\n').count();
            assert_eq!(Some(masked_line(line, last).as_str()), line.split('\n').next_back());
        }
    }
}
