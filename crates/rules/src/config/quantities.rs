//! Durations, sizes and counts in `bot.toml`: how they are written, and within what bounds they make sense.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    document::Item,
    quantity::{self, UNITS_OF_SIZE, UNITS_OF_TIME},
};

/// A duration such as `"7d"`; `example` is one that makes sense there.
pub(super) fn duration(item: &Item<'_>, range: &RangeInclusive<Duration>, example: &str) -> Option<Duration> {
    let key = item.key;
    let like = format!("for example `{key} = \"{example}\"`; units are {UNITS_OF_TIME}");
    if !item.is_text() {
        item.fail_type("a duration in quotes", &like);
        return None;
    }
    let text = item.filled_text(&format!("\"{example}\""))?;
    let quoted = text.quoted();
    let Some(duration) = quantity::duration(&text.value) else {
        let meant = quantity::duration_meant(&text.value).filter(|_| !text.is_from_environment());
        let help = meant.map_or(like, |meant| format!("did you mean `{meant}`? Units are {UNITS_OF_TIME}"));
        text.fail(format!("`{key}` cannot be {quoted}: a duration is a whole number and a unit"), help);
        return None;
    };
    if !range.contains(&duration) {
        let (from, to) = (quantity::shown(*range.start()), quantity::shown(*range.end()));
        text.fail(format!("`{key}` cannot be {quoted}: it is from {from} to {to}"), like);
        return None;
    }
    Some(duration)
}

/// A size such as `"4GB"`, in bytes; a bare number is bytes too.
pub(super) fn size(item: &Item<'_>, range: &RangeInclusive<u64>, words: &str, example: &str) -> Option<u64> {
    let key = item.key;
    let like = format!("for example `{key} = \"{example}\"`; units are {UNITS_OF_SIZE}");
    if let Some(bytes) = item.bare_integer() {
        let bytes = u64::try_from(bytes).ok().filter(|bytes| range.contains(bytes));
        if bytes.is_none() {
            item.fail(format!("`{key}` must be {words}, a number without a unit is bytes"), like);
        }
        return bytes;
    }
    if !item.is_text() {
        item.fail_type("a size in quotes", &like);
        return None;
    }
    let text = item.filled_text(&format!("\"{example}\""))?;
    let quoted = text.quoted();
    let Some(bytes) = quantity::size(&text.value) else {
        let meant = quantity::size_meant(&text.value).filter(|_| !text.is_from_environment());
        let help = meant.map_or(like, |meant| format!("did you mean `{meant}`? Units are {UNITS_OF_SIZE}"));
        text.fail(format!("`{key}` cannot be {quoted}: a size is a whole number and a unit"), help);
        return None;
    };
    if !range.contains(&bytes) {
        text.fail(format!("`{key}` cannot be {quoted}: it is {words}"), like);
        return None;
    }
    Some(bytes)
}

/// A whole number; `example` is one that makes sense there.
pub(super) fn count(item: &Item<'_>, range: &RangeInclusive<u64>, example: u64) -> Option<u64> {
    let key = item.key;
    let like = format!("for example `{key} = {example}`");
    let Some(count) = item.bare_integer() else {
        item.fail_type("an integer", &format!("write digits without quotes, {like}"));
        return None;
    };
    let count = u64::try_from(count).ok().filter(|count| range.contains(count));
    if count.is_none() {
        item.fail(format!("`{key}` must be from {} to {}", range.start(), range.end()), like);
    }
    count
}
