//! How names become addresses.

use std::{fmt, io, net::SocketAddr, time::Duration};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{net::lookup_host, time::timeout};

use crate::reach::Reach;

/// Asks the system, and gives up before the time for connecting is over: else a dead name server would look like a
/// portal that does not answer. No name leads further than allowed, but for those of proxies.
pub(super) struct Names {
    pub(super) patience: Duration,
    pub(super) reach: Reach,
    pub(super) proxies: Vec<String>,
}

/// Why a name has no address.
#[derive(Debug)]
pub(super) enum NoAddress {
    Failed(io::Error),
    Empty,
    TimedOut,
    /// One of its addresses may not be called.
    OutOfReach,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        let (patience, reach) = (self.patience, if is_proxy { Reach::Private } else { self.reach });
        Box::pin(async move { Ok(within(patience, reach, lookup_host((name.as_str(), 0))).await?) })
    }
}

async fn within(
    patience: Duration,
    reach: Reach,
    lookup: impl Future<Output = io::Result<impl Iterator<Item = SocketAddr>>>,
) -> Result<Addrs, NoAddress> {
    let found = timeout(patience, lookup).await.map_err(|_| NoAddress::TimedOut)?;
    let found: Vec<SocketAddr> = found.map_err(NoAddress::Failed)?.collect();
    match &found[..] {
        [] => Err(NoAddress::Empty),
        // One of many would do to lead inside: which one is called is not chosen here.
        all if all.iter().any(|address| !reach.allows(address.ip())) => Err(NoAddress::OutOfReach),
        _ => Ok(Box::new(found.into_iter())),
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Empty => f.write_str("it has no address"),
            Self::OutOfReach => f.write_str("it leads to an address that may not be called"),
            Self::TimedOut => f.write_str("no name server answered in time"),
        }
    }
}

impl std::error::Error for NoAddress {}

#[cfg(test)]
mod tests {
    use std::{future::pending, vec::IntoIter};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_name_server_is_not_waited_for_without_end() {
        let patience = Duration::from_secs(8);
        let never = pending::<io::Result<IntoIter<SocketAddr>>>();
        assert!(matches!(within(patience, Reach::Private, never).await, Err(NoAddress::TimedOut)));
        let none = async { Ok(Vec::new().into_iter()) };
        assert!(matches!(within(patience, Reach::Private, none).await, Err(NoAddress::Empty)));
    }

    #[tokio::test]
    async fn a_name_leads_inside_with_none_of_its_addresses() {
        let outside: SocketAddr = "93.184.216.34:443".parse().unwrap();
        for (inside, is_allowed) in
            [("10.0.0.1:443", false), ("127.0.0.1:1", false), ("[::1]:1", false), ("1.1.1.1:1", true)]
        {
            for reach in [Reach::Public, Reach::Development, Reach::Private] {
                let found = async { Ok(vec![outside, inside.parse().unwrap()].into_iter()) };
                let found = within(Duration::from_secs(1), reach, found).await;
                assert_eq!(found.is_ok(), is_allowed || reach == Reach::Private, "{inside} {reach:?}");
            }
        }
    }
}
