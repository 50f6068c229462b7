//! Diagnostics quote lines of the file, and a line may hold a secret. What a mistyped or broken file
//! means is uncertain, so this goes by lines, not by the parsed tree, and hides rather too much.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Sections that hold no secrets. All others, unknown ones and the part above the first header are masked.
const HARMLESS: &[&str] = &["bot", "server", "store", "limits", "admin", "rule"];
const SECRET_KEYS: &[&str] = &["webhook", "bot_token", "application_token", "client_id", "client_secret"];
const SECRET_WORDS: &[&str] = &["webhook", "token", "secret", "client", "password"];

#[expect(clippy::unwrap_used, reason = "the patterns are constants")]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

static KEY: LazyLock<Regex> = LazyLock::new(|| compiled(r#"^\s*["']?([A-Za-z0-9_.\-]+)["']?\s*="#));
/// A complete string and the beginning of a comment.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| compiled(r#"^\s*("[^"]*"|'[^']*')\s*#"#));
static WORD: LazyLock<Regex> = LazyLock::new(|| compiled(r"\$\{\w*\}|[^\s]"));
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"(?i)(/rest/\d+/)([^/"'\s]+)|(://)([^/@"'\s]+)(@)"#));

/// Line `number` (from 0) of the text, with stars for what may be secret; as many characters as before.
pub(crate) fn masked_line(text: &str, number: usize) -> String {
    let mut section = "";
    for (at, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let start = line.trim_start().trim_start_matches('\u{feff}');
        let is_header = start.starts_with('[');
        if is_header {
            let name = start.trim_start_matches(['[', ' ', '\t', '"', '\'']);
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            section = &name[..end];
        }
        if at == number {
            let open = HARMLESS.contains(&section);
            return mask(line, is_header, open);
        }
    }
    String::new()
}

fn mask(line: &str, is_header: bool, open: bool) -> String {
    let key = KEY.captures(line).and_then(|found| Some((found.get(0)?.end(), found.get(1)?.as_str())));
    let line = match key {
        Some((end, key)) if !open || looks_secret(key) => {
            let (key, value) = line.split_at(end);
            format!("{key}{}", stars(value))
        }
        None if !open && !is_header => stars(line),
        _ => line.to_owned(),
    };
    without_addresses(&line)
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

fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
        || SECRET_KEYS.iter().any(|known| strsim::jaro_winkler(known, &key) > 0.85)
}

#[cfg(test)]
mod tests {
    use super::masked_line;

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
    }
}
