//! The queue for a slot in a portal's bucket.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::Mutex as Turn,
    time::{Instant, sleep},
};

use crate::{
    bucket::{Bucket, Limits},
    measure,
};

/// Lets callers through one after the other, each when the bucket has room.
///
/// Nothing is reserved ahead: a caller who gives up leaves no hole, and a refusal slows everyone still waiting.
#[derive(Debug)]
pub(crate) struct Limiter {
    bucket: Mutex<Bucket>,
    /// Where new calls wait, in the order in which they came.
    queue: Turn<()>,
    /// Held by whoever is next. Repeated requests come here at once and so overtake the queue: they have waited.
    turn: Turn<()>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { bucket: Mutex::new(Bucket::new(limits)), queue: Turn::new(()), turn: Turn::new(()) }
    }

    /// Waits for the slot of a new call.
    pub(crate) async fn slot(&self) {
        let _queued = measure::queued();
        let _place = self.queue.lock().await;
        self.take().await;
    }

    /// Waits for the slot of a call that goes out once more.
    pub(crate) async fn slot_again(&self) {
        let _queued = measure::queued();
        self.take().await;
    }

    async fn take(&self) {
        let _turn = self.turn.lock().await;
        loop {
            let wait = self.bucket().reserve(Instant::now().into_std());
            if wait.is_zero() {
                return;
            }
            sleep(wait).await;
        }
    }

    /// The portal said that it is asked too fast.
    pub(crate) fn refused(&self) {
        self.bucket().refused(Instant::now().into_std());
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        // The bucket is sound after every step: a panic elsewhere does not matter.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::{sync::mpsc, time::timeout};

    use super::*;

    fn limiter(burst: u32, per_second: f64) -> Arc<Limiter> {
        Arc::new(Limiter::new(Limits { burst, per_second }))
    }

    #[tokio::test(start_paused = true)]
    async fn callers_go_in_order_at_the_portals_pace() {
        let limiter = limiter(2, 2.0);
        let (done, mut order) = mpsc::unbounded_channel();
        let start = Instant::now();
        for n in 0..6 {
            let (limiter, done) = (Arc::clone(&limiter), done.clone());
            tokio::spawn(async move {
                limiter.slot().await;
                done.send((n, start.elapsed().as_millis())).unwrap();
            });
        }
        drop(done);
        let mut seen = Vec::new();
        while let Some(step) = order.recv().await {
            seen.push(step);
        }
        assert_eq!(seen, [(0, 0), (1, 0), (2, 500), (3, 1000), (4, 1500), (5, 2000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_takes_no_slot() {
        let limiter = limiter(1, 1.0);
        limiter.slot().await;
        let start = Instant::now();
        assert!(timeout(Duration::from_millis(300), limiter.slot()).await.is_err());
        limiter.slot().await;
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_slows_those_who_wait_already() {
        let limiter = limiter(1, 1.0);
        limiter.slot().await;
        let start = Instant::now();
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move { limiter.slot().await }
        });
        sleep(Duration::from_millis(900)).await;
        limiter.refused();
        waiting.await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(1900));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeated_request_overtakes_the_queue() {
        let limiter = limiter(1, 1.0);
        limiter.slot().await;
        let (done, mut order) = mpsc::unbounded_channel();
        for n in 0..3 {
            let (limiter, done) = (Arc::clone(&limiter), done.clone());
            tokio::spawn(async move {
                limiter.slot().await;
                done.send(n).unwrap();
            });
        }
        sleep(Duration::from_millis(100)).await;
        limiter.slot_again().await;
        done.send(99).unwrap();
        drop(done);
        let mut seen = Vec::new();
        while let Some(step) = order.recv().await {
            seen.push(step);
        }
        assert_eq!(seen, [0, 99, 1, 2]);
    }
}
