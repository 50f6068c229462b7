//! When recorded events are posted again.

use std::time::Duration;

/// How fast a recording is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(Option<f64>);

impl Pace {
    /// As it was.
    pub const REAL_TIME: Self = Self(Some(1.0));
    /// Each event once the one before is answered.
    pub const FAST: Self = Self(None);

    /// So many times as fast; `None` unless that is a positive number.
    ///
    /// ```
    /// use b24bot_portal::replay::Pace;
    ///
    /// assert_eq!(Pace::times(1.0), Some(Pace::REAL_TIME));
    /// assert_eq!(Pace::times(0.0), None);
    /// ```
    #[must_use]
    pub fn times(speed: f64) -> Option<Self> {
        (speed.is_finite() && speed > 0.0).then_some(Self(Some(speed)))
    }

    /// How long after the first event one is due that was posted so many seconds after it.
    pub(super) fn due(self, seconds: f64) -> Duration {
        let Some(speed) = self.0 else { return Duration::ZERO };
        // What is not to be read as a time has none.
        Duration::try_from_secs_f64(seconds.max(0.0) / speed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_stretches_time() {
        let seconds = Duration::from_secs_f64;
        assert_eq!(Pace::REAL_TIME.due(1.5), seconds(1.5));
        assert_eq!(Pace::FAST.due(1.5), Duration::ZERO);
        assert_eq!(Pace::times(10.0).unwrap().due(15.0), seconds(1.5));
        assert_eq!(Pace::REAL_TIME.due(f64::NAN), Duration::ZERO);
        assert_eq!(Pace::REAL_TIME.due(-3.0), Duration::ZERO);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Pace::times(wrong), None);
        }
    }
}
