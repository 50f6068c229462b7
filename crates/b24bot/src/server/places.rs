//! Who has the connections that there are, and who gets the next one.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::rarely::Rarely;

/// The connections of one server.
#[derive(Debug)]
pub(super) struct Places(Arc<House>);

#[derive(Debug)]
struct House {
    table: Mutex<Table>,
    /// A place may be had where none was.
    changed: Notify,
    opened: Instant,
    turned_away: Rarely,
}

/// A connection's place, until this is dropped.
#[derive(Debug)]
pub(super) struct Visit {
    number: u64,
    address: IpAddr,
    seat: Arc<Seat>,
    house: Arc<House>,
}

impl Places {
    /// So many in all, and for one address.
    pub(super) fn new(most: usize, share: usize) -> Self {
        let table = Table { most, share, next: 0, taken: BTreeMap::new() };
        Self(Arc::new(House {
            table: Mutex::new(table),
            changed: Notify::new(),
            opened: Instant::now(),
            turned_away: Rarely::default(),
        }))
    }

    /// A place for a connection from there, or none if that address has its share. Where all are taken, whoever has
    /// asked for nothing the longest loses theirs; where all are at work, the newcomer waits.
    pub(super) async fn take(&self, address: IpAddr, is_exempt: bool) -> Option<Visit> {
        let network = (!is_exempt).then(|| network_of(address));
        loop {
            // The lock is free again before anything waits.
            let verdict = {
                let mut table = self.0.table();
                let verdict = table.judge(network);
                if let Verdict::Instead(number) = verdict {
                    table.end(number);
                }
                match verdict {
                    Verdict::Free | Verdict::Instead(_) => {
                        let (number, seat) = table.sit(network, self.0.now());
                        return Some(Visit { number, address, seat, house: Arc::clone(&self.0) });
                    }
                    other => other,
                }
            };
            if verdict == Verdict::Refused {
                self.tell_refusal(address);
                return None;
            }
            self.0.changed.notified().await;
        }
    }

    fn tell_refusal(&self, address: IpAddr) {
        if let Some(times) = self.0.turned_away.once_more() {
            tracing::warn!(
                times,
                %address,
                "turned connections away, since their address has too many: if it is a proxy of yours, add it to \
                 `proxies` in [server]"
            );
        }
    }
}

impl House {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }
}

impl Visit {
    /// From where.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// A request has come.
    pub(super) fn begin(&self) {
        self.seat.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// It has got its answer.
    pub(super) fn finish(&self) {
        self.seat.rest(self.house.now());
        self.house.changed.notify_one();
    }

    /// Waits until the place is someone else's.
    pub(super) async fn ended(&self) {
        self.seat.ended.notified().await;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.house.table().taken.remove(&self.number);
        self.house.changed.notify_one();
    }
}

/// What a provider gives one customer: a single address, of IPv6 a /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[derive(Debug)]
struct Table {
    most: usize,
    share: usize,
    next: u64,
    taken: BTreeMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    /// Whose share it counts to.
    network: Option<IpAddr>,
    seat: Arc<Seat>,
}

#[derive(Debug)]
struct Seat {
    /// Since when nothing is asked for, in milliseconds of the house.
    idle_since: AtomicU64,
    ended: Notify,
}

const BUSY: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Free,
    Instead(u64),
    Refused,
    Full,
}

impl Table {
    fn judge(&self, network: Option<IpAddr>) -> Verdict {
        let is_own = |taken: &Taken| network.is_some() && taken.network == network;
        if self.taken.values().filter(|taken| is_own(taken)).count() >= self.share {
            return self.idlest(is_own).map_or(Verdict::Refused, Verdict::Instead);
        }
        if self.taken.len() >= self.most {
            return self.idlest(|_| true).map_or(Verdict::Full, Verdict::Instead);
        }
        Verdict::Free
    }

    fn idlest(&self, of: impl Fn(&Taken) -> bool) -> Option<u64> {
        let idle = self
            .taken
            .iter()
            .filter(|(_, taken)| of(taken))
            .map(|(number, taken)| (taken.seat.idle_since.load(Ordering::Relaxed), *number));
        idle.filter(|(since, _)| *since != BUSY).min().map(|(_, number)| number)
    }

    fn sit(&mut self, network: Option<IpAddr>, now: Duration) -> (u64, Arc<Seat>) {
        self.next += 1;
        let seat = Arc::new(Seat { idle_since: AtomicU64::new(BUSY), ended: Notify::new() });
        seat.rest(now);
        self.taken.insert(self.next, Taken { network, seat: Arc::clone(&seat) });
        (self.next, seat)
    }

    fn end(&mut self, number: u64) {
        if let Some(taken) = self.taken.remove(&number) {
            taken.seat.ended.notify_one();
        }
    }
}

impl Seat {
    fn rest(&self, now: Duration) {
        self.idle_since.store(u64::try_from(now.as_millis()).unwrap_or(BUSY - 1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2));

    async fn sit(places: &Places, address: IpAddr) -> Visit {
        tokio::time::advance(Duration::from_secs(1)).await;
        places.take(address, false).await.unwrap()
    }

    fn is_over(visit: &Visit) -> bool {
        visit.ended().now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_house_closes_the_idlest() {
        let places = Places::new(3, 3);
        let (first, second, third) = (sit(&places, A).await, sit(&places, A).await, sit(&places, B).await);
        first.begin();
        let newcomer = sit(&places, B).await;
        assert_eq!([&first, &second, &third, &newcomer].map(is_over), [false, true, false, false]);
        // Who has got an answer just now is not the idlest.
        first.finish();
        let _next = sit(&places, B).await;
        assert_eq!([&first, &third, &newcomer].map(is_over), [false, true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_at_work_is_closed_and_newcomers_wait_for_the_first_that_is_done() {
        let places = Places::new(2, 2);
        let (first, second) = (sit(&places, A).await, sit(&places, B).await);
        first.begin();
        second.begin();
        let mut waiting = Box::pin(places.take(B, false));
        assert!((&mut waiting).now_or_never().is_none());
        second.finish();
        let newcomer = waiting.await.unwrap();
        assert_eq!([&first, &second, &newcomer].map(is_over), [false, true, false]);
        newcomer.begin();
        let mut waiting = Box::pin(places.take(B, false));
        assert!((&mut waiting).now_or_never().is_none());
        drop(first);
        assert!(waiting.await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_its_share_and_no_more() {
        let places = Places::new(100, 2);
        let (first, second) = (sit(&places, A).await, sit(&places, A).await);
        first.begin();
        let third = sit(&places, A).await;
        assert_eq!([&first, &second, &third].map(is_over), [false, true, false]);
        third.begin();
        assert!(places.take(A, false).await.is_none(), "all of its connections are at work");
        assert!(places.take(B, false).await.is_some());
        assert!(places.take(A, true).await.is_some(), "a proxy has no share");
        drop(first);
        assert!(places.take(A, false).await.is_some());
    }

    #[test]
    fn addresses_that_one_customer_has_are_one() {
        let one = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(one("2001:db8:1:2::1"), one("2001:db8:1:2:ffff::9"));
        assert_ne!(one("2001:db8:1:2::1"), one("2001:db8:1:3::1"));
        assert_ne!(one("203.0.113.1"), one("203.0.113.2"));
    }
}
