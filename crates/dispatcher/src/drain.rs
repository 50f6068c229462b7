//! How a dispatcher comes to its end.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};

/// Ends a running [`Dispatcher`](crate::Dispatcher) within a limit, from
/// [`Dispatcher::drain`](crate::Dispatcher::drain). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Drain(watch::Sender<Option<Instant>>);

impl Drain {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Lets what waits be handled for that long; then handlers that are running are broken off and
    /// [`Dispatcher::run`](crate::Dispatcher::run) returns. Before that it returns as soon as the store, which the
    /// caller has closed, has nothing more. A second call can only bring the end forward.
    pub fn within(&self, limit: Duration) {
        let now = Instant::now();
        // A limit that no clock can show is none.
        let Some(end) = now.checked_add(limit) else { return };
        self.0.send_if_modified(|present| {
            let sooner = present.is_none_or(|present| end < present);
            if sooner {
                *present = Some(end);
            }
            sooner
        });
    }

    /// Waits until the limit has passed; for ever if there is none.
    pub(crate) async fn passed(&self) {
        let mut limit = self.0.subscribe();
        loop {
            let end = *limit.borrow_and_update();
            tokio::select! {
                () = at(end) => return,
                // The other end is `self`: it does not go away.
                _ = limit.changed() => {}
            }
        }
    }
}

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// How a dispatcher ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Events that the store gave out and that are not settled: they wait for another attempt, or the limit has passed
    /// before they were handled. A durable store gives them out again after the next start; what it had not given out
    /// yet is not counted.
    pub left: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_soonest_end_counts() {
        let drain = Drain::new();
        let begun = Instant::now();
        drain.within(Duration::MAX);
        drain.within(Duration::from_secs(20));
        drain.within(Duration::from_secs(30));
        let passed = tokio::spawn({
            let drain = drain.clone();
            async move { drain.passed().await }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        drain.within(Duration::from_secs(5));
        passed.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
    }
}
