//! Entries as a table, and how long ago something was.

use b24bot::core::{Listed, Which};

use crate::cli::harmless;

const TITLES: [&str; 7] = ["ID", "STATE", "EVENT", "DIALOG", "AGE", "ATTEMPTS", "ERROR"];
/// Of an error there is so much; `show` has all of it.
const ERROR_LENGTH: usize = 100;

/// A line for each entry, below the titles.
pub(super) fn listed(entries: &[Listed], now: u64) -> String {
    aligned(TITLES, entries.iter().map(|entry| row(entry, now)))
}

/// Rows below their titles.
pub(in crate::cli) fn aligned<const COLUMNS: usize>(
    titles: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let rows: Vec<_> = std::iter::once(titles.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(entry: &Listed, now: u64) -> [String; 7] {
    let attempts = entry.progress.as_ref().map_or(0, |progress| progress.attempts);
    let error = entry.progress.as_ref().map_or("", |progress| progress.error.as_str());
    [
        entry.id.to_string(),
        state(entry).to_owned(),
        shortened(&harmless::line(event(&entry.key)), 44),
        shortened(&harmless::line(dialog(&entry.lane)), 24),
        age(entry.received_at, now),
        attempts.to_string(),
        shortened(&harmless::line(error), ERROR_LENGTH),
    ]
}

pub(super) fn state(entry: &Listed) -> &'static str {
    match (entry.which, &entry.progress) {
        (Which::Dead, _) => "dead",
        (Which::Pending, Some(_)) => "retrying",
        (Which::Pending, None) => "waiting",
    }
}

/// A key without its portal and its bot: the event's name, and which one it is.
fn event(key: &str) -> &str {
    key.splitn(3, '/').nth(2).unwrap_or(key)
}

/// The dialog of a lane of that form; a lane of another form as it is.
fn dialog(lane: &str) -> &str {
    match lane.splitn(3, '/').nth(2) {
        Some("") => "-",
        Some(dialog) => dialog,
        None => lane,
    }
}

pub(in crate::cli) fn shortened(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How long ago that was, in the greatest unit of which there is one.
pub(in crate::cli) fn age(then: u64, now: u64) -> String {
    let seconds = now.saturating_sub(then) / 1_000;
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= length {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(json: serde_json::Value) -> Listed {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn entries_are_told_in_aligned_columns() {
        let progress =
            json!({"attempts": 5, "error": "broke\u{1b}[2J", "failed_at": 0, "due": 0, "finished": []});
        let entries = [
            entry(json!({"id": 7, "which": "dead", "key": "m/5/ONIMBOTMESSAGEADD/101", "lane": "m/5/chat1",
                "received_at": 0, "progress": progress})),
            entry(json!({"id": 1234, "which": "pending", "key": "m/5/ONAPPUPDATE/x", "lane": "m/5/",
                "received_at": 90_000, "progress": null})),
        ];
        let expected = "\
ID    STATE    EVENT                  DIALOG  AGE  ATTEMPTS  ERROR
7     dead     ONIMBOTMESSAGEADD/101  chat1   2m   5         broke\\u{1b}[2J
1234  waiting  ONAPPUPDATE/x          -       30s  0";
        assert_eq!(listed(&entries, 120_000), expected);
    }

    #[test]
    fn ages_are_short() {
        for (seconds, shown) in [(0, "0s"), (59, "59s"), (60, "1m"), (7_199, "1h"), (172_800, "2d")] {
            assert_eq!(age(1_000, 1_000 + seconds * 1_000), shown);
        }
        assert_eq!(age(5_000, 0), "0s", "clocks differ");
    }
}
