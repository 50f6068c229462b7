//! `reply = "Thank you, {user}!"`.

use std::fmt;

use b24bot_actions::content::{MESSAGE_CHARACTERS as LONGEST, push_harmless};

/// A reply with gaps for what is only known when a rule acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    User,
    Text,
}

/// What is wrong with a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    Unclosed,
    Unknown(String),
    TooLong,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => f.write_str("`{` is not closed in `reply`"),
            Self::Unknown(name) => write!(f, "unknown placeholder `{{{name}}}` in `reply`"),
            Self::TooLong => write!(f, "`reply` is longer than the {LONGEST} characters of a message"),
        }
    }
}

impl Template {
    /// Reads a template: `{user}` and `{text}` are gaps, `{{` and `}}` are braces.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
            } else if let Some(closing) = brace.strip_prefix('}') {
                literal.push('}');
                rest = closing;
            } else {
                let (name, after) = brace[1..].split_once('}').ok_or(TemplateError::Unclosed)?;
                let gap = match name {
                    "user" => Part::User,
                    "text" => Part::Text,
                    _ => return Err(TemplateError::Unknown(name.to_owned())),
                };
                parts.extend([Part::Literal(std::mem::take(&mut literal)), gap]);
                rest = after;
            }
        }
        literal.push_str(rest);
        parts.push(Part::Literal(literal));
        let template = Self(parts);
        if template.fixed() > LONGEST { Err(TemplateError::TooLong) } else { Ok(template) }
    }

    /// The reply. What comes from the message cannot add BB code to it, and is shortened if it would get too long.
    pub(crate) fn fill(&self, user: &str, text: &str) -> String {
        let gaps = self.0.iter().filter(|part| !matches!(part, Part::Literal(_))).count();
        let room = LONGEST.saturating_sub(self.fixed()) / gaps.max(1);
        let mut reply = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => reply.push_str(literal),
                Part::User => push_shortened(&mut reply, user, room),
                Part::Text => push_shortened(&mut reply, text, room),
            }
        }
        reply
    }

    fn fixed(&self) -> usize {
        self.0.iter().map(|part| if let Part::Literal(text) = part { text.chars().count() } else { 0 }).sum()
    }
}

/// Appends text that is shown and not acted on, shortened to so many characters.
fn push_shortened(reply: &mut String, text: &str, room: usize) {
    let start = reply.len();
    push_harmless(reply, text);
    if reply[start..].chars().count() > room {
        let kept: usize = reply[start..].chars().take(room.saturating_sub(1)).map(char::len_utf8).sum();
        reply.truncate(start + kept);
        reply.extend((room > 0).then_some('…'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fill(template: &str, user: &str, text: &str) -> String {
        Template::parse(template).unwrap().fill(user, text)
    }

    #[test]
    fn fills_gaps() {
        assert_eq!(fill("Thank you, {user}!", "Anna Petrova", "hi"), "Thank you, Anna Petrova!");
        assert_eq!(fill("{text}{text} {user}", "A", "x"), "xx A");
        assert_eq!(fill("{{user}} } {user}", "A", ""), "{user} } A");
        assert_eq!(fill("{user}", "{text}", "x"), "{text}");
    }

    #[test]
    fn finds_fault() {
        assert_eq!(Template::parse("Hi {name}"), Err(TemplateError::Unknown("name".to_owned())));
        assert_eq!(Template::parse("Hi {}"), Err(TemplateError::Unknown(String::new())));
        assert_eq!(Template::parse("Hi {user"), Err(TemplateError::Unclosed));
        assert_eq!(Template::parse(&"x".repeat(20_001)), Err(TemplateError::TooLong));
    }

    #[test]
    fn what_users_write_stays_text() {
        assert_eq!(fill("{text}", "", "[b]x[/b]"), "[\u{2060}b]x[\u{2060}/b]");
        assert_eq!(fill("{text}", "", ">>quote"), ">\u{2060}>quote");
        assert_eq!(fill("{text}", "", "a #BR# b"), "a #BR\u{2060}# b");
        assert_eq!(fill("[b]{user}[/b]", "[i]", ""), "[b][\u{2060}i][/b]");
        assert_eq!(fill("[{text}", "", "b]"), "[\u{2060}b]");
        assert_eq!(fill("{user}b]", "[", ""), "[\u{2060}b]");
        assert_eq!(fill("{text}", "", "a-b, 1>0 [1]"), "a-b, 1>0 [\u{2060}1]");
    }

    #[test]
    fn long_text_is_shortened_and_the_rest_stays() {
        let reply = fill("[b]{text}[/b] {user}", "Anna", &"[".repeat(20_000));
        assert!(reply.chars().count() <= LONGEST);
        assert!(reply.ends_with("…[/b] Anna"));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_makes_a_tag(template in "([a-z ]|\\{user\\}|\\{text\\}){0,6}", text in "[\\[\\]/bUSER=\\->1ä]{0,40}") {
            let reply = fill(&template, &text, &text);
            for (at, _) in reply.match_indices('[') {
                prop_assert_eq!(reply[at + 1..].chars().next(), Some('\u{2060}'));
            }
            prop_assert!(!reply.contains(">>") && !reply.contains("--"));
        }

        #[test]
        fn any_template_is_read_or_refused(template in any::<String>()) {
            if let Ok(template) = Template::parse(&template) {
                template.fill("user", "text");
            }
        }
    }
}
