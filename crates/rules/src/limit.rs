//! `limit = "5/1m"`: how often a rule may act in one dialog.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    hash::Hash,
    str::FromStr,
    time::{Duration, Instant},
};

use crate::quantity;

/// So many dialogs are remembered for a rule; beyond, those that were quiet longest start afresh.
const DIALOGS: usize = 10_000;
const MOST: usize = 1_000;

/// At most so many times within any stretch of time of that length.
///
/// ```
/// use std::time::Duration;
/// use b24bot_rules::Limit;
///
/// let limit: Limit = "5/1m".parse()?;
/// assert_eq!((limit.times(), limit.within()), (5, Duration::from_secs(60)));
/// # Ok::<(), b24bot_rules::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    times: usize,
    within: Duration,
}

impl Limit {
    /// How many times, 1 to 1000.
    #[must_use]
    pub fn times(&self) -> usize {
        self.times
    }

    /// Within how long.
    #[must_use]
    pub fn within(&self) -> Duration {
        self.within
    }
}

/// Why a text is not a [`Limit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitError(&'static str);

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for LimitError {}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let shape = LimitError("a limit is a count, a slash and a duration");
        let (times, within) = text.split_once('/').ok_or(shape.clone())?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (times, within) = (times.trim(), within.trim());
        let (length, unit) = quantity::split(within);
        // "5/m" is short for "5/1m".
        let length = if length.is_empty() { "1" } else { length };
        if !is_number(times) || within.is_empty() {
            return Err(shape);
        }
        let milliseconds = quantity::unit_of_time(unit)
            .ok_or(LimitError("a duration is a whole number and its unit: ms, s, m, h or d"))?;
        let times = times.parse().ok().filter(|times| (1..=MOST).contains(times));
        let length = length.parse().ok().filter(|length| (1..=10_000_u64).contains(length));
        Ok(Self {
            times: times.ok_or(LimitError("the count is from 1 to 1000"))?,
            within: Duration::from_millis(
                length.ok_or(LimitError("the duration is from 1 to 10000 units"))? * milliseconds,
            ),
        })
    }
}

/// When a rule acted lately, for each dialog, and on which event.
#[derive(Debug)]
pub(crate) struct Windows<K> {
    limit: Limit,
    acted: HashMap<K, VecDeque<(Instant, u64)>>,
    sweep_at: usize,
}

impl<K: Eq + Hash + Clone> Windows<K> {
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, acted: HashMap::new(), sweep_at: 64 }
    }

    /// Whether the rule may act there now; if so, it counts as done. On an event that it may act on it may do so again,
    /// without counting twice: the event is handled again because something failed.
    pub(crate) fn admit(&mut self, dialog: &K, event: u64, now: Instant) -> bool {
        let within = self.limit.within;
        let is_recent = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) < within;
        if !self.acted.contains_key(dialog) && self.acted.len() >= self.sweep_at {
            self.acted.retain(|_, times| times.back().is_some_and(is_recent));
            self.forget_quietest();
            self.sweep_at = (self.acted.len() * 2).clamp(64, DIALOGS);
        }
        let times = self.acted.entry(dialog.clone()).or_default();
        while times.front().is_some_and(|at| !is_recent(at)) {
            times.pop_front();
        }
        if times.iter().any(|(_, other)| *other == event) {
            return true;
        }
        let admitted = times.len() < self.limit.times;
        if admitted {
            times.push_back((now, event));
        }
        admitted
    }

    fn forget_quietest(&mut self) {
        if self.acted.len() < DIALOGS {
            return;
        }
        let mut latest: Vec<Instant> =
            self.acted.values().filter_map(|times| times.back().map(|(at, _)| *at)).collect();
        let middle = latest.len() / 2;
        let (_, median, _) = latest.select_nth_unstable(middle);
        let median = *median;
        let mut spare = DIALOGS / 2;
        self.acted.retain(|_, times| {
            let keeps = times.back().is_some_and(|(at, _)| *at >= median) && spare > 0;
            spare -= usize::from(keeps);
            keeps
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn reads_a_count_and_a_duration() {
        let seconds = |text: &str| text.parse::<Limit>().map(|limit| (limit.times, limit.within.as_secs()));
        assert_eq!(seconds("5/1m"), Ok((5, 60)));
        assert_eq!(seconds("1/s"), Ok((1, 1)));
        assert_eq!(seconds("1000 / 2h"), Ok((1000, 7200)));
        assert_eq!(seconds("3/7d"), Ok((3, 604_800)));
        for text in [
            "",
            "/",
            "5",
            "5/",
            "5/1",
            "5/1w",
            "0/1m",
            "5/0s",
            "-1/1m",
            "1001/1m",
            "5/ä",
            "+5/1m",
            "5/1m/2",
            "5/10001s",
            "99999999999999999999/1m",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut windows = Windows::new("1/1d".parse().unwrap());
        let start = Instant::now();
        for dialog in 0..50_000_u32 {
            assert!(windows.admit(&dialog, 1, start + Duration::from_millis(dialog.into())));
            assert!(windows.acted.len() <= DIALOGS);
        }
        assert!(!windows.admit(&49_999, 2, start + Duration::from_secs(60)));
    }

    #[test]
    fn memory_is_bounded_if_all_acts_fall_on_one_moment() {
        let mut windows = Windows::new("1/1d".parse().unwrap());
        let now = Instant::now();
        for dialog in 0..50_000_u32 {
            assert!(windows.admit(&dialog, 1, now));
            assert!(windows.acted.len() <= DIALOGS);
        }
    }

    #[test]
    fn quiet_dialogs_are_forgotten() {
        let mut windows = Windows::new("2/1s".parse().unwrap());
        let start = Instant::now();
        for dialog in 0..10_000_u32 {
            windows.admit(&dialog, 1, start + Duration::from_secs(dialog.into()));
            assert!(windows.acted.len() <= 64);
        }
    }

    proptest! {
        /// Against the definition: an act is admitted if and only if fewer than the limit were within the time before it.
        #[test]
        fn agrees_with_the_definition(
            times in 1_usize..4,
            within in 1_u64..20,
            steps in vec((0_u8..3, 0_u64..6_000), 1..120),
        ) {
            let limit = Limit { times, within: Duration::from_secs(within) };
            let mut windows = Windows::new(limit);
            let mut admitted: Vec<(u8, Instant)> = Vec::new();
            let mut now = Instant::now();
            for (event, (dialog, pause)) in (0..).zip(steps) {
                now += Duration::from_millis(pause);
                let recent = admitted.iter().filter(|(d, at)| *d == dialog && now - *at < limit.within).count();
                let expected = recent < times;
                prop_assert_eq!(windows.admit(&dialog, event, now), expected);
                prop_assert_eq!(windows.admit(&dialog, event, now), expected, "handled again");
                if expected {
                    admitted.push((dialog, now));
                }
            }
        }
    }
}
