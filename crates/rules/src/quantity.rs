//! Durations and sizes: a whole number and a unit, as in `90s` and `4GB`.

use std::time::Duration;

/// The units of a duration, as messages list them.
pub(crate) const UNITS_OF_TIME: &str = "ms, s, m, h, d";
/// The units of a size.
pub(crate) const UNITS_OF_SIZE: &str = "KB, MB, GB, TB, of a thousand each";

const SECOND: u64 = 1_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;

/// The digits that a text begins with, and what comes after them.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..digits], text[digits..].trim_start())
}

/// A unit of time, in milliseconds.
pub(crate) fn unit_of_time(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 60 * 60 * SECOND,
        "d" => DAY,
        _ => return None,
    })
}

/// Reads `90s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text);
    let milliseconds = number.parse::<u64>().ok()?.checked_mul(unit_of_time(unit)?)?;
    Some(Duration::from_millis(milliseconds))
}

/// What someone meant who wrote the unit as a word.
pub(crate) fn duration_meant(text: &str) -> Option<String> {
    let (number, unit) = split(text);
    let number: u64 = number.parse().ok()?;
    let (factor, unit) = match unit.to_lowercase().trim_end_matches('s') {
        "msec" | "milli" | "millisecond" => (1, "ms"),
        // `S`, of which nothing is left.
        "" if !unit.is_empty() => (1, "s"),
        "sec" | "second" => (1, "s"),
        "min" | "minute" => (1, "m"),
        "h" | "hr" | "hour" => (1, "h"),
        "d" | "day" => (1, "d"),
        "w" | "wk" | "week" => (7, "d"),
        _ => return None,
    };
    Some(format!("{}{unit}", number.checked_mul(factor)?))
}

/// A duration as it is written, in the greatest unit that is exact.
pub(crate) fn shown(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let units = ["d", "h", "m", "s"].into_iter().filter_map(|unit| Some((unit, unit_of_time(unit)?)));
    let exact = units.into_iter().find(|(_, length)| milliseconds > 0 && milliseconds % length == 0);
    match exact {
        Some((unit, length)) => format!("{}{unit}", milliseconds / length),
        None if milliseconds == 0 => "0s".to_owned(),
        None => format!("{milliseconds}ms"),
    }
}

/// Reads `4GB`, in bytes. Without a unit it is bytes already.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text);
    let factor: u64 = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// What someone meant who shortened the unit.
pub(crate) fn size_meant(text: &str) -> Option<String> {
    let (number, unit) = split(text);
    let unit = unit.to_ascii_uppercase();
    let is_short = matches!(unit.as_str(), "K" | "M" | "G" | "T");
    (is_short && !number.is_empty()).then(|| format!("{number}{unit}B"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_have_one_number_and_one_unit() {
        let milliseconds = |text| duration(text).map(|duration| duration.as_millis());
        for (text, expected) in [
            ("250ms", Some(250)),
            ("90s", Some(90_000)),
            (" 15 m ", Some(900_000)),
            ("12h", Some(43_200_000)),
            ("7d", Some(604_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("7", None),
            ("d", None),
            ("7D", None),
            ("7w", None),
            ("1h30m", None),
            ("1.5h", None),
            ("-1s", None),
            ("+1s", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_have_one_number_and_perhaps_a_unit() {
        for (text, expected) in [
            ("4GB", Some(4_000_000_000)),
            ("500 mb", Some(500_000_000)),
            ("1TB", Some(1_000_000_000_000)),
            ("3kB", Some(3_000)),
            ("17", Some(17)),
            ("17B", Some(17)),
            ("", None),
            ("GB", None),
            ("4G", None),
            ("4GiB", None),
            ("1.5GB", None),
            ("-1GB", None),
            ("99999999TB", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_understood_well_enough_to_propose_the_unit() {
        for (text, meant) in [
            ("7 days", Some("7d")),
            ("7D", Some("7d")),
            ("30 S", Some("30s")),
            ("30sec", Some("30s")),
            ("2 weeks", Some("14d")),
            ("1 Hour", Some("1h")),
            ("5 minutes", Some("5m")),
            ("7", None),
            ("a day", None),
            ("1 fortnight", None),
        ] {
            assert_eq!(duration_meant(text).as_deref(), meant, "{text}");
        }
        assert_eq!(size_meant("4 g").as_deref(), Some("4GB"));
        assert_eq!((size_meant("4GiB"), size_meant("G")), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(milliseconds in prop_oneof![0..10_000_u64, (0..4_000_u64).prop_map(|days| days * DAY)]) {
            let length = Duration::from_millis(milliseconds);
            prop_assert_eq!(duration(&shown(length)), Some(length));
        }

        #[test]
        fn what_is_meant_can_be_read(text in "[0-9]{1,3} ?[a-zA-Z]{0,7}") {
            if let Some(meant) = duration_meant(&text) {
                prop_assert!(duration(&meant).is_some(), "{}", meant);
            }
            if let Some(meant) = size_meant(&text) {
                prop_assert!(size(&meant).is_some(), "{}", meant);
            }
        }
    }
}
