//! How many deliveries were queued and how many have ended, for those who wait until none is left.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    queued: u64,
    ended: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Traffic(watch::Sender<Count>);

impl Traffic {
    pub(crate) fn queued(&self) {
        self.0.send_modify(|count| count.queued += 1);
    }

    pub(crate) fn ended(&self) {
        self.0.send_modify(|count| count.ended += 1);
    }

    /// Waits until everything that was queued has ended, and says how much that was.
    pub(crate) async fn settled(&self) -> u64 {
        let mut counts = self.0.subscribe();
        // The sender is here: the channel cannot close.
        let settled = counts.wait_for(|count| count.ended >= count.queued).await;
        settled.map_or(0, |count| count.queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn it_is_settled_once_as_much_has_ended_as_was_queued() {
        let traffic = Traffic::default();
        assert_eq!(traffic.settled().now_or_never(), Some(0));
        traffic.queued();
        traffic.queued();
        traffic.ended();
        let mut settled = Box::pin(traffic.settled());
        assert_eq!(settled.as_mut().now_or_never(), None);
        traffic.ended();
        assert_eq!(settled.now_or_never(), Some(2));
    }
}
