//! How often and when an event is tried again.

use std::time::Duration;

/// No pause is longer: clocks must be able to show its end.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// How often a failed event is tried again, and what waits for it meanwhile.
///
/// ```
/// use std::time::Duration;
///
/// use b24bot_dispatcher::{Order, Retries};
///
/// let patient = Retries::default().attempts(8).max_pause(Duration::from_secs(3600)).order(Order::Pass);
/// assert_eq!(patient.first_pause, Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How often an event is tried, the first time included; then it is set aside. At least once.
    pub attempts: u32,
    /// The pause after the first attempt. Each further one is four times as long, less up to a fifth by chance: what
    /// failed together need not come again together.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
    /// What becomes of the events behind one that is tried again.
    pub order: Order,
}

/// What becomes of the events behind one that is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those of its lane wait until it has succeeded or was set aside: the order holds.
    #[default]
    Wait,
    /// They pass it while it pauses. Still only one of a lane is handled at a time.
    Pass,
}

impl Default for Retries {
    /// 5 attempts with pauses from a second to 5 minutes; later events of the dialog wait.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(300),
            order: Order::Wait,
        }
    }
}

impl Retries {
    /// How often an event is tried, the first time included.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The pause after the first attempt.
    #[must_use]
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// The longest pause.
    #[must_use]
    pub const fn max_pause(mut self, pause: Duration) -> Self {
        self.max_pause = pause;
        self
    }

    /// What becomes of the events behind one that is tried again.
    #[must_use]
    pub const fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The pause after an attempt, the first being 1; `None` after the last one. `chance` is from 0 to 1.
    pub(crate) fn pause(&self, attempt: u32, chance: f64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let growth = 4_u32.saturating_pow(attempt.saturating_sub(1));
        let pause = self.first_pause.saturating_mul(growth).min(self.max_pause).min(LONGEST);
        Some(pause - pause.mul_f64(0.2 * chance))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_grow_fourfold_until_the_attempts_are_used_up() {
        let seconds = |retries: Retries| {
            (1..10)
                .map_while(|attempt| retries.pause(attempt, 0.0))
                .map(|pause| pause.as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(Retries::default()), [1, 4, 16, 64]);
        assert_eq!(seconds(Retries::default().attempts(7)), [1, 4, 16, 64, 256, 300]);
        assert!(seconds(Retries::default().attempts(1)).is_empty());
        assert!(seconds(Retries::default().attempts(0)).is_empty());
    }

    proptest! {
        #[test]
        fn chance_takes_a_fifth_at_the_most(attempt in 1..u32::MAX, chance in 0.0..=1.0_f64, max in 0..u64::MAX) {
            let retries = Retries::default().attempts(u32::MAX).max_pause(Duration::from_millis(max));
            let longest = retries.pause(attempt, 0.0).unwrap();
            let pause = retries.pause(attempt, chance).unwrap();
            prop_assert!(longest <= retries.max_pause);
            prop_assert!(pause <= longest && pause + Duration::from_micros(1) >= longest.mul_f64(0.8));
        }
    }
}
