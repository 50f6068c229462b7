//! Reads `[[rule]]`.

use std::{collections::HashMap, sync::Arc};

use b24bot_core::{ChatKind, DialogId, UserId};
use regex::Regex;

use b24bot_actions::LikeAction;

use super::settings::Api;
use crate::{
    Limit, Rule, RuleEvent,
    document::{Item, Table, list},
    folding::fold,
    reply::{Template, TemplateError},
    rule::Conditions,
};

const EFFECTS: &[&str] = &["like", "reaction", "reply"];
/// What asks something of a message, or does something to it.
const ABOUT_MESSAGES: &[&str] = &["text", "regex", "mentioned", "like", "reaction"];

/// Which keys of `[portal]` the bot lacks in order to speak in its own name.
#[derive(Default)]
pub(super) struct Voice {
    lacking_for_reaction: Option<&'static str>,
    lacking_for_reply: Option<&'static str>,
}

impl Voice {
    /// Through a webhook, the bot signs with what it was registered with; with a token of its own, it lacks nothing.
    pub(super) fn through_webhook(portal: &Table<'_>, api: Option<Api>) -> Self {
        let lacking = |key| if portal.has_any(&[key]) { None } else { Some(key) };
        Self {
            // Reactions are `imbot.v2.Chat.Message.Reaction.add`, whatever the bot is.
            lacking_for_reaction: lacking("bot_token"),
            // With a mistaken `api` it is not known what is lacking.
            lacking_for_reply: api.and_then(|api| match api {
                Api::V1 => lacking("client_id"),
                Api::V2 => lacking("bot_token"),
            }),
        }
    }

    /// What is said of a rule whose effects the portal will refuse, as far as is known here.
    fn check(&self, rule: &Table<'_>) {
        for (effect, lacking) in [("reaction", self.lacking_for_reaction), ("reply", self.lacking_for_reply)]
        {
            let (Some(item), Some(key)) = (rule.get(effect), lacking) else { continue };
            let variable = if key == "bot_token" { "B24_BOT_TOKEN" } else { "B24_BOT_KEY" };
            item.document.doubt(
                item.key_span,
                format!("`{effect}` needs `{key}` in [portal]"),
                format!("add `{key} = \"${{{variable}}}\"` there: what the bot was registered with"),
            );
        }
    }
}

/// All rules. Shorter than `tables` if there was a mistake.
pub(super) fn rules(tables: &[Table<'_>], voice: &Voice) -> Vec<Rule> {
    let mut names: HashMap<Arc<str>, usize> = HashMap::new();
    let mut rules = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let name = match table.get("name") {
            None => Some(Arc::from(format!("rule {}", number + 1))),
            Some(item) => item.filled_text("\"thank-you\"").and_then(|text| {
                let name: Arc<str> = text.value.as_str().into();
                let line = table.document.line_of(text.span.start);
                if let Some(first) = names.get(&name) {
                    text.fail(
                        format!("there are two rules named {}", text.quoted()),
                        format!("the first one is in line {first}; the name is what the log says, so give each its own"),
                    );
                    return None;
                }
                names.insert(Arc::clone(&name), line);
                Some(name)
            }),
        };
        voice.check(table);
        rules.extend(rule(table, name));
    }
    rules
}

fn rule(table: &Table<'_>, name: Option<Arc<str>>) -> Option<Rule> {
    let event = match table.get("event") {
        Some(item) => item.one_of(RuleEvent::NAMES),
        None => Some(RuleEvent::Message),
    };
    if let Some(event) = event.filter(|event| !event.has_message()) {
        let event = RuleEvent::NAMES.iter().find(|(_, known)| *known == event).map_or("", |(name, _)| name);
        for item in ABOUT_MESSAGES.iter().filter_map(|key| table.get(key)) {
            item.document.fail(
                item.key_span,
                format!("`{}` makes no sense for `event = \"{event}\"`: there is no message", item.key),
                "leave the line out, or write `event = \"message\"`",
            );
        }
    }
    // Each is read before any is missed, so that all mistakes are seen.
    let conditions = conditions(table, event);
    let like = table.maybe("like", like);
    let reaction = table.maybe("reaction", reaction);
    let reply = table.maybe("reply", reply);
    let stop = table.maybe("stop", Item::boolean);
    let limit = table.maybe("limit", limit);
    if !table.has_any(EFFECTS) && matches!(stop, Some(None | Some(false))) {
        table.fail_missing(
            "this rule does nothing".to_owned(),
            format!("add {} or `stop`, for example `like = true`", list(EFFECTS.iter().copied())),
        );
        return None;
    }
    Some(Rule {
        name: name?,
        conditions: conditions?,
        like: like?,
        reaction: reaction?,
        reply: reply?,
        stop: stop?.unwrap_or(false),
        limit: limit?,
    })
}

fn conditions(table: &Table<'_>, event: Option<RuleEvent>) -> Option<Conditions> {
    let text = table.all("text", |item| Some(fold(&item.filled_text("\"thanks\"")?.value)));
    let regex = table.maybe("regex", regex);
    let users = table.all("users", user);
    let not_users = table.all("not_users", user);
    let dialogs = table.all("dialogs", dialog);
    let chat_types = table.all("chat_types", |item| {
        item.one_of(&[
            ("private", ChatKind::Private),
            ("group", ChatKind::Group),
            ("openline", ChatKind::OpenLine),
        ])
    });
    let mentioned = table.maybe("mentioned", Item::boolean);
    Some(Conditions {
        event: event?,
        text: text?,
        regex: regex?,
        users: users?,
        not_users: not_users?,
        dialogs: dialogs?,
        chat_types: chat_types?,
        mentioned: mentioned?,
    })
}

fn regex(item: &Item<'_>) -> Option<Regex> {
    let text = item.filled_text("'(?i)\\bthanks?\\b'")?;
    match Regex::new(&text.value) {
        Ok(regex) => Some(regex),
        Err(error) => {
            // What it says before its last line is the pattern, drawn.
            let error = error.to_string();
            let reason = error.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            text.fail(
                format!("`regex` is not a regular expression: {reason}"),
                "single quotes keep backslashes as they are: `regex = '\\d+'`; for plain words use `text`",
            );
            None
        }
    }
}

fn user(item: &Item<'_>) -> Option<UserId> {
    let help =
        format!("for example `{} = [1, 27]`; the id is in the address of a person's profile", item.key);
    item.id("ids of users, positive numbers", &help).map(UserId::from)
}

fn dialog(item: &Item<'_>) -> Option<DialogId> {
    let text = item.text()?;
    let id = text.value.trim().to_ascii_lowercase();
    let digits = id.trim_start_matches(|c: char| c.is_ascii_lowercase());
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        text.fail(
            format!("{} is not a dialog's id", text.quoted()),
            "a private chat has the other person's id, `\"27\"`; a group is `\"chat1157\"`",
        );
        return None;
    }
    Some(id.into())
}

fn like(item: &Item<'_>) -> Option<LikeAction> {
    if item.is_boolean() {
        if item.boolean() == Some(true) {
            return Some(LikeAction::Plus);
        }
        item.fail(
            "`like = false` does nothing",
            "leave the line out; to take a like back, write `like = \"minus\"`",
        );
        return None;
    }
    if !item.is_text() {
        item.fail_type("true, \"plus\", \"minus\" or \"auto\"", "for example `like = true`");
        return None;
    }
    item.one_of(&[("plus", LikeAction::Plus), ("minus", LikeAction::Minus), ("auto", LikeAction::Auto)])
}

fn reaction(item: &Item<'_>) -> Option<Arc<str>> {
    let text = item.filled_text("\"fire\"")?;
    if !text.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        text.fail(
            format!("{} is not the code of a reaction", text.quoted()),
            "codes are words such as `fire`, `redHeart`, `clappingHands`, `partyingFace`",
        );
        return None;
    }
    Some(text.value.into())
}

fn reply(item: &Item<'_>) -> Option<Template> {
    let text = item.filled_text("\"You are welcome, {user}!\"")?;
    match Template::parse(&text.value) {
        Ok(template) => Some(template),
        Err(error) => {
            let help = "`{user}` is the author's name, `{text}` what they wrote; `{{` is a plain brace";
            let message = match error {
                TemplateError::Unknown(_) if text.is_from_environment() => {
                    "unknown placeholder in `reply`".to_owned()
                }
                error => error.to_string(),
            };
            text.fail(message, help);
            None
        }
    }
}

fn limit(item: &Item<'_>) -> Option<Limit> {
    let text = item.filled_text("\"5/1m\"")?;
    let limit = text.value.trim().parse();
    if let Err(error) = &limit {
        text.fail(
            format!("`limit` cannot be {}: {error}", text.quoted()),
            "`\"5/1m\"` is five times a minute in each dialog; units are ms, s, m, h, d",
        );
    }
    limit.ok()
}
