//! When something that anyone can cause is worth a line in the log.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts, and tells the first time, the tenth, the hundredth …
#[derive(Debug, Default)]
pub(super) struct Rarely(AtomicU64);

impl Rarely {
    /// How often it has happened by now, if that is to be told.
    pub(super) fn once_more(&self) -> Option<u64> {
        let times = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        (times == 10_u64.pow(times.ilog10())).then_some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_told() {
        let rarely = Rarely::default();
        let told: Vec<u64> = (0..1_500).filter_map(|_| rarely.once_more()).collect();
        assert_eq!(told, [1, 10, 100, 1_000]);
    }
}
