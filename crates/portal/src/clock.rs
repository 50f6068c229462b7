//! Moments and how the platform writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    #[cfg(test)]
    pub(crate) fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    pub(crate) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds with a fraction, as `time.start` of an answer has them.
    pub(crate) fn as_f64(self) -> f64 {
        Duration::from_micros(self.0).as_secs_f64()
    }

    pub(crate) fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// `2026-03-04T15:05:07+00:00`
    pub(crate) fn iso(self) -> String {
        let date = self.date();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00",
            date.year(),
            u8::from(date.month()),
            date.day(),
            date.hour(),
            date.minute(),
            date.second()
        )
    }

    /// `02/26/2026 11:14:02`, as in the text that replaces a deleted message.
    pub(crate) fn american(self) -> String {
        let date = self.date();
        format!(
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            u8::from(date.month()),
            date.day(),
            date.year(),
            date.hour(),
            date.minute(),
            date.second()
        )
    }

    fn date(self) -> OffsetDateTime {
        let seconds = i64::try_from(self.seconds()).unwrap_or(i64::MAX);
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_as_the_platform_does() {
        let moment = Moment::from_seconds(1_772_625_907);
        assert_eq!(moment.iso(), "2026-03-04T12:05:07+00:00");
        assert_eq!(moment.american(), "03/04/2026 12:05:07");
    }
}
