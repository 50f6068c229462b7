//! From where requests are taken.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::http::HeaderMap;
use b24bot_rules::Network;

use super::rarely::Rarely;

/// Where a proxy writes whom a request came from.
const FORWARDED: &str = "x-forwarded-for";

/// Admits requests by the address of their sender; all of them by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    senders: Arc<[Network]>,
    proxies: Arc<[Network]>,
    refused: Arc<Rarely>,
}

impl Gate {
    /// Takes requests of these senders, or of any if there is none, and believes these proxies whom they have a request
    /// from.
    pub(crate) fn new(senders: &[Network], proxies: &[Network]) -> Self {
        Self { senders: senders.into(), proxies: proxies.into(), refused: Arc::default() }
    }

    /// Whether one address may have any number of connections: this machine's, and a proxy's.
    pub(super) fn is_exempt(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.is_proxy(address)
    }

    /// Whether a request that came from that address is taken.
    pub(super) fn admits(&self, from: IpAddr, headers: &HeaderMap) -> bool {
        if self.senders.is_empty() {
            return true;
        }
        let sender = self.sender(from, headers);
        let is_admitted =
            sender.is_some_and(|sender| self.senders.iter().any(|network| network.contains(sender)));
        if !is_admitted {
            self.tell_refusal(sender);
        }
        is_admitted
    }

    /// Who sent it: the last address on its way that is no proxy's. `None` if a proxy says what is no address.
    fn sender(&self, from: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let mut sender = from;
        for value in headers.get_all(FORWARDED).iter().rev() {
            for written in value.to_str().ok()?.rsplit(',') {
                if !self.is_proxy(sender) {
                    return Some(sender);
                }
                sender = address(written.trim())?;
            }
        }
        Some(sender)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }

    fn tell_refusal(&self, sender: Option<IpAddr>) {
        if let Some(times) = self.refused.once_more() {
            let sender = sender.map(tracing::field::display);
            tracing::warn!(times, sender, "refused requests of others than the `senders` in [security]");
        }
    }
}

/// Some proxies write the port too.
fn address(written: &str) -> Option<IpAddr> {
    let bare = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    let parsed = bare.parse().or_else(|_| bare.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use b24bot_rules::Config;

    use super::*;

    fn gate(senders: &str, proxies: &str) -> Gate {
        let text = format!("security.senders = {senders}\nserver.proxies = {proxies}");
        let config = Config::parse("bot.toml", &text, &|_| None).unwrap();
        Gate::new(&config.security.senders, &config.server.proxies)
    }

    fn admits(gate: &Gate, from: &str, forwarded: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        gate.admits(from.parse().unwrap(), &headers)
    }

    #[test]
    fn only_senders_are_admitted() {
        let gate = gate("['203.0.113.0/24', '2001:db8::/32']", "'127.0.0.1'");
        for (from, is_admitted) in [
            ("203.0.113.7", true),
            ("203.0.114.7", false),
            ("::ffff:203.0.113.7", true),
            ("2001:db8::5", true),
            ("2001:db9::5", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(admits(&gate, from, &[]), is_admitted, "{from}");
        }
        assert!(admits(&Gate::default(), "198.51.100.1", &["nonsense"]));
    }

    /// The left end of the header is whatever the sender wrote.
    #[test]
    fn a_proxy_is_believed_and_nobody_else() {
        let gate = gate("'203.0.113.0/24'", "['127.0.0.1', '10.0.0.0/8']");
        for (from, forwarded, is_admitted) in [
            ("127.0.0.1", &["203.0.113.7"][..], true),
            ("127.0.0.1", &["198.51.100.1, 203.0.113.7"], true),
            ("127.0.0.1", &["203.0.113.7, 198.51.100.1"], false),
            ("127.0.0.1", &["203.0.113.7, 10.1.2.3"], true),
            ("127.0.0.1", &["203.0.113.7", "10.1.2.3,10.1.2.4"], true),
            ("127.0.0.1", &["203.0.113.7", "198.51.100.1"], false),
            ("127.0.0.1", &["203.0.113.7:5012"], true),
            ("127.0.0.1", &["[::ffff:203.0.113.7]:80"], true),
            ("127.0.0.1", &["[::ffff:203.0.113.7]"], true),
            ("127.0.0.1", &["203.0.113.7, unknown"], false),
            ("127.0.0.1", &[""], false),
            ("127.0.0.1", &["10.1.2.3"], false),
            ("198.51.100.1", &["203.0.113.7"], false),
            ("203.0.113.7", &["198.51.100.1"], true),
        ] {
            assert_eq!(admits(&gate, from, forwarded), is_admitted, "{from} {forwarded:?}");
        }
    }
}
