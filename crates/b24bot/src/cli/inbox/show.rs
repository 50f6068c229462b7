//! One entry, and the numbers of all.

use b24bot::core::{BotId, Envelope, Listed, MemberId, Stats, Value};
use serde::Serialize;

use super::table::{age, state};
use crate::cli::harmless;

/// An entry with its event, without anything secret: of `auth` only whose portal it is.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listed: &'a Listed,
    event: ShownEvent<'a>,
}

#[derive(Serialize)]
struct ShownEvent<'a> {
    name: &'a str,
    portal: Option<&'a str>,
    domain: Option<&'a str>,
    bot: Option<u64>,
    sent_at: Option<u64>,
    event_id: Option<u64>,
    data: Value,
}

impl<'a> ShownEvent<'a> {
    fn of(envelope: &'a Envelope) -> Self {
        let event = &*envelope.event;
        Self {
            name: &event.name,
            portal: event.portal.member_id.as_ref().map(MemberId::as_str),
            domain: event.portal.domain.as_deref(),
            bot: event.bot.as_ref().map(|bot| BotId::get(bot.id)),
            sent_at: event.sent_at,
            event_id: event.event_id,
            data: event.data().masked(),
        }
    }
}

pub(super) fn json(listed: &Listed, envelope: &Envelope) -> Result<String, serde_json::Error> {
    harmless::json(&Shown { listed, event: ShownEvent::of(envelope) })
}

pub(super) fn text(listed: &Listed, envelope: &Envelope, now: u64) -> Result<String, serde_json::Error> {
    let event = ShownEvent::of(envelope);
    let portal = event.domain.or(event.portal).unwrap_or("unknown");
    let mut lines = vec![
        ("id", listed.id.to_string()),
        ("state", state(listed).to_owned()),
        ("event", event.name.to_owned()),
        ("key", listed.key.clone()),
        ("lane", listed.lane.clone()),
        ("portal", portal.to_owned()),
        ("bot", event.bot.map_or_else(|| "none".to_owned(), |bot| bot.to_string())),
        ("accepted", format!("{} ago", age(listed.received_at, now))),
    ];
    if let Some(progress) = &listed.progress {
        lines.push(("attempts", progress.attempts.to_string()));
        if progress.failed_at > 0 {
            lines.push(("failed", format!("{} ago", age(progress.failed_at, now))));
        }
        if progress.due > now {
            lines.push(("due", format!("in {}", age(now, progress.due))));
        }
        lines.push(("error", progress.error.clone()));
        if !progress.finished.is_empty() {
            lines.push(("content", progress.finished.join(", ")));
        }
    }
    let data = harmless::json(&event.data)?;
    Ok(format!("{}\n\n{data}", aligned(&lines)))
}

pub(super) fn stats(stats: &Stats, now: u64) -> String {
    let mut lines = vec![
        ("pending", stats.pending.to_string()),
        ("retrying", stats.retrying.to_string()),
        ("dead", stats.dead.to_string()),
    ];
    if let Some(oldest) = stats.oldest_pending {
        lines.push(("oldest", format!("{} ago", age(oldest, now))));
    }
    if let Some(bytes) = stats.bytes {
        lines.push(("size", size(bytes)));
    }
    lines.push(("store", stats.store.clone()));
    aligned(&lines)
}

pub(in crate::cli) fn aligned(lines: &[(&str, String)]) -> String {
    let lines = lines.iter().map(|(name, value)| format!("{name:<10}{}", harmless::line(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// In the units of `max_size`, with one digit behind the point.
fn size(bytes: u64) -> String {
    for (unit, length) in [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)]
    {
        if bytes >= length {
            let tenths = bytes / (length / 10);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use b24bot::core::{EntryId, Which, decode};

    use super::*;

    #[test]
    fn an_event_is_shown_without_its_tokens_and_without_harm() {
        let body = b"event=ONIMBOTMESSAGEADD&data[BOT][5][BOT_ID]=5&data[BOT][5][access_token]=s3cret\
            &data[PARAMS][MESSAGE]=a%1B%5B2J&data[PARAMS][MESSAGE_ID]=1&data[PARAMS][DIALOG_ID]=chat%9B1\
            &auth[member_id]=m&auth[access_token]=s3cret&auth[application_token]=s3cret";
        let envelope = Envelope::new(decode(body).unwrap().remove(0), SystemTime::UNIX_EPOCH);
        let listed = Listed::new(EntryId(3), Which::Dead, &envelope, None);
        for shown in [text(&listed, &envelope, 5_000).unwrap(), json(&listed, &envelope).unwrap()] {
            assert!(
                !shown.contains("s3cret") && !shown.contains('\u{1b}') && !shown.contains('\u{9b}'),
                "{shown}"
            );
            assert!(shown.contains("\"access_token\": \"***\"") && shown.contains("a\\u001b[2J"), "{shown}");
        }
        assert!(text(&listed, &envelope, 5_000).unwrap().starts_with("id        3\nstate     dead\n"));
        let again: serde_json::Value = serde_json::from_str(&json(&listed, &envelope).unwrap()).unwrap();
        assert_eq!((&again["id"], &again["event"]["bot"]), (&3.into(), &5.into()));
    }

    #[test]
    fn sizes_are_told_in_units_of_a_thousand() {
        for (bytes, shown) in [(999, "999 B"), (1_000, "1.0 KB"), (4_290_000_000, "4.2 GB")] {
            assert_eq!(size(bytes), shown);
        }
    }
}
