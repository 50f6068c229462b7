//! Networks by their addresses.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

/// A network, such as `203.0.113.0/24`, or a single address.
///
/// ```
/// let config = b24bot_rules::Config::parse("bot.toml", "server.proxies = ['203.0.113.0/24', '::1']", &|_| None)?;
/// let [network, loopback] = config.server.proxies[..] else { panic!() };
/// assert!(network.contains([203, 0, 113, 7].into()) && !network.contains([203, 0, 114, 7].into()));
/// assert_eq!(loopback.to_string(), "::1/128");
/// # Ok::<(), b24bot_rules::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok().map(Self)
    }

    /// Whether it says no more than which network it is: `203.0.113.7/24` names an address in it too.
    pub(super) fn is_whole(self) -> bool {
        self.whole() == self
    }

    pub(super) fn whole(self) -> Self {
        Self(self.0.trunc())
    }

    /// Whether an address is in it. One of IPv4 that is written as of IPv6 (`::ffff:203.0.113.7`) is the same.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
