//! How far calls may reach: whom tokens that came from outside may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::address::{self, AddressError, AddressErrorKind};

/// Which addresses may be called with the tokens of installations and events.
///
/// Their addresses come from outside: without a bound, whoever can have an application installed could have this machine
/// call others that only it can reach. The configured webhook is the operator's own word, and not bounded by this.
///
/// Names are resolved before they are believed: every address of theirs has to be allowed. Where a proxy is configured in
/// the environment (`HTTPS_PROXY`), it is the proxy that resolves names, and that has to refuse what is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    /// https to public addresses.
    Public,
    /// The same, and this very machine, by plain http as well: for a portal on one's own desk.
    #[default]
    Development,
    /// Any address, as self-hosted portals on private networks need it; https, and plain http to this very machine.
    Private,
}

impl Reach {
    /// Whether an address of the network may be called. This machine's own are no matter of names: with
    /// [`Development`](Self::Development) they are allowed where they are written, never where a name leads there.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        match self {
            Self::Public | Self::Development => is_public(ip),
            Self::Private => true,
        }
    }

    /// What can be told from the address as it is written.
    pub(crate) fn check(self, url: &Url) -> Result<(), AddressError> {
        address::check(url)?;
        let is_allowed = match url.host() {
            _ if self == Self::Private => true,
            _ if address::is_loopback(url) => self == Self::Development,
            Some(Host::Ipv4(ip)) => self.allows(ip.into()),
            Some(Host::Ipv6(ip)) => self.allows(ip.into()),
            Some(Host::Domain(name)) => !address::host::is_localhost_name(name),
            None => false,
        };
        if is_allowed { Ok(()) } else { Err(AddressError::new(AddressErrorKind::OutOfReach)) }
    }

    /// The same for an address as text.
    pub(crate) fn parse(self, text: &str) -> Result<Url, AddressError> {
        let url = address::parse(text)?;
        self.check(&url)?;
        Ok(url)
    }
}

/// Whether an address is one of the public network: neither this machine, nor a private network, nor anything that is
/// set aside (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        // "This" network, private ones, this machine, multicast and what is reserved.
        (0 | 10 | 127 | 224.., _, _)
            // Carriers' own, link-local, private ones.
            | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _)
            // For protocols, documentation, old tunnels and measurements.
            | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // Written as IPv6, and IPv4 for whoever translates: ::ffff:0:0/96, 64:ff9b::/96, 2002::/16.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        // Protocols' own (Teredo among them), documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Public ones are all in 2000::/3; fc00::/7, fe80::/10, ff00::/8 and what is unassigned are not.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_not_public_however_it_is_written() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let ip: IpAddr = inside.parse().unwrap();
            assert!(!Reach::Public.allows(ip) && !Reach::Development.allows(ip), "{inside}");
            assert!(Reach::Private.allows(ip), "{inside}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2002:808:808::",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(Reach::Public.allows(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn addresses_as_they_are_written() {
        for (text, public, development, private) in [
            ("https://portal.example/rest/", true, true, true),
            ("https://93.184.216.34/rest/", true, true, true),
            ("https://[2606:4700::1]/", true, true, true),
            ("http://portal.example/rest/", false, false, false),
            ("http://127.0.0.1:9400/rest/", false, true, true),
            ("https://localhost/", false, true, true),
            ("https://LOCALHOST./", false, true, true),
            ("http://[::1]:1/", false, true, true),
            ("https://[::ffff:127.0.0.1]/", false, true, true),
            ("https://admin.localhost/", false, false, true),
            ("https://10.0.0.1/", false, false, true),
            ("https://0.0.0.0/", false, false, true),
            ("https://0x7f.1/", false, true, true),
            ("https://2130706433/", false, true, true),
            ("https://0300.0250.1.1/", false, false, true),
            ("https://[fe80::1]/", false, false, true),
            ("https://me@portal.example/", false, false, false),
        ] {
            for (reach, allowed) in
                [(Reach::Public, public), (Reach::Development, development), (Reach::Private, private)]
            {
                assert_eq!(reach.parse(text).is_ok(), allowed, "{reach:?} {text}");
            }
        }
    }
}
