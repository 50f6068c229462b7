//! How names become addresses.

use std::{fmt, io, net::SocketAddr, time::Duration};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{net::lookup_host, time::timeout};

/// Asks the system, and gives up before the time for connecting is over: else a dead name server would look like a
/// portal that does not answer.
pub(super) struct Names {
    pub(super) patience: Duration,
}

/// Why a name has no address.
#[derive(Debug)]
pub(super) enum NoAddress {
    Failed(io::Error),
    Empty,
    TimedOut,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let patience = self.patience;
        Box::pin(async move { Ok(within(patience, lookup_host((name.as_str(), 0))).await?) })
    }
}

async fn within(
    patience: Duration,
    lookup: impl Future<Output = io::Result<impl Iterator<Item = SocketAddr>>>,
) -> Result<Addrs, NoAddress> {
    let found = timeout(patience, lookup).await.map_err(|_| NoAddress::TimedOut)?;
    let found: Vec<SocketAddr> = found.map_err(NoAddress::Failed)?.collect();
    if found.is_empty() { Err(NoAddress::Empty) } else { Ok(Box::new(found.into_iter())) }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Empty => f.write_str("it has no address"),
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
        assert!(matches!(within(patience, never).await, Err(NoAddress::TimedOut)));
        let none = async { Ok(Vec::new().into_iter()) };
        assert!(matches!(within(patience, none).await, Err(NoAddress::Empty)));
    }
}
