//! Which addresses may be called at all.

use std::fmt;

use url::Url;

/// An address of a portal that cannot be used. Neither `Debug` nor `Display` shows the address: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError(AddressErrorKind);

/// What is wrong with an address.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressErrorKind {
    /// It is no URL.
    NotAnAddress,
    /// Plain http to another machine: whoever listens on the way could read the credentials.
    NotHttps,
    /// A user name, a query or a fragment, which no portal's address has.
    Extra,
    /// The path of a webhook is `/rest/USER/SECRET/`, and this is not.
    NotAWebhook,
    /// The number of the user who made the webhook is not a number.
    User,
    /// An address that [`Reach`](crate::Reach) does not allow: on this machine, on a private network, or set aside.
    OutOfReach,
}

impl AddressError {
    pub(crate) const fn new(kind: AddressErrorKind) -> Self {
        Self(kind)
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> AddressErrorKind {
        self.0
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            AddressErrorKind::NotAnAddress => "not a URL: expected https://DOMAIN/rest/…",
            AddressErrorKind::NotHttps => {
                "must begin with https:// (plain http is allowed for 127.0.0.1, [::1] and localhost only)"
            }
            AddressErrorKind::Extra => "must hold no user name, no query (`?…`) and no fragment (`#…`)",
            AddressErrorKind::NotAWebhook => {
                "an inbound webhook looks like https://DOMAIN/rest/USER/SECRET/, with nothing after the secret"
            }
            AddressErrorKind::User => "in https://DOMAIN/rest/USER/SECRET/ the part USER must be the user's number",
            AddressErrorKind::OutOfReach => {
                "must be a public address: others are called with `private_networks = true` in [security] only"
            }
        })
    }
}

impl std::error::Error for AddressError {}

/// Reads an address and refuses what credentials must not be sent to.
pub(crate) fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).map_err(|_| AddressError(AddressErrorKind::NotAnAddress))?;
    check(&url)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError(AddressErrorKind::Extra));
    }
    Ok(url)
}

/// https, or http to this very machine, without a user name.
pub(crate) fn check(url: &Url) -> Result<(), AddressError> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        "http" => return Err(AddressError(AddressErrorKind::NotHttps)),
        _ => return Err(AddressError(AddressErrorKind::NotAnAddress)),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError(AddressErrorKind::Extra));
    }
    Ok(())
}

/// True for 127.0.0.0/8, `::1` and `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(host::is_this_machine)
}

/// What a host is, told from how it is written: in a URL, a `Host` header or a portal's domain, with a port or without.
pub mod host {
    use std::net::IpAddr;

    /// Whether it is this very machine: 127.0.0.0/8, `::1` however it is written, or `localhost`.
    ///
    /// Names below `localhost` are not: some resolvers ask others about them.
    ///
    /// ```
    /// use b24bot_actions::host::is_this_machine;
    ///
    /// assert!(is_this_machine("127.0.0.1:9400") && is_this_machine("[::1]") && is_this_machine("localhost."));
    /// assert!(!is_this_machine("printer.localhost") && !is_this_machine("10.0.0.1"));
    /// ```
    #[must_use]
    pub fn is_this_machine(host: &str) -> bool {
        ip(host).map_or_else(|| name(host) == "localhost", |ip| ip.to_canonical().is_loopback())
    }

    /// Whether it is `localhost` or a name below it, which nobody outside can have in their DNS.
    #[must_use]
    pub fn is_localhost_name(host: &str) -> bool {
        let name = name(host);
        name == "localhost" || name.ends_with(".localhost")
    }

    /// The address, if it is one and no name.
    #[must_use]
    pub fn ip(host: &str) -> Option<IpAddr> {
        // A bare IPv6 address has colons, and no port.
        let bare = |text: &str| {
            text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse().ok()
        };
        bare(host).or_else(|| bare(without_port(host)))
    }

    fn name(host: &str) -> String {
        without_port(host).trim_end_matches('.').to_ascii_lowercase()
    }

    fn without_port(host: &str) -> &str {
        match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => host,
        }
    }
}

/// `portal.example` or `127.0.0.1:9400`: the domain as the platform writes it.
pub(crate) fn domain(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_however_it_is_written() {
        for (host, is_here, is_name) in [
            ("127.0.0.1", true, false),
            ("127.0.0.2:9400", true, false),
            ("[::1]:9400", true, false),
            ("::1", true, false),
            ("[::ffff:127.0.0.1]", true, false),
            ("localhost", true, true),
            ("LOCALHOST.:80", true, true),
            ("admin.localhost", false, true),
            ("127.0.0.1.rebound.example", false, false),
            ("notlocalhost", false, false),
            ("10.0.0.1", false, false),
            ("[::2]:1", false, false),
            ("portal.example:8443", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (host::is_this_machine(host), host::is_localhost_name(host)),
                (is_here, is_name),
                "{host}"
            );
        }
    }

    #[test]
    fn https_or_loopback() {
        for good in [
            "https://a.example/",
            "http://127.0.0.1:9400/",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://localhost:1/",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for (bad, kind) in [
            ("http://a.example/", AddressErrorKind::NotHttps),
            ("http://localhost.example/", AddressErrorKind::NotHttps),
            ("http://10.0.0.1/", AddressErrorKind::NotHttps),
            ("ftp://127.0.0.1/", AddressErrorKind::NotAnAddress),
            ("a.example/rest", AddressErrorKind::NotAnAddress),
            ("", AddressErrorKind::NotAnAddress),
            ("https://me:pass@a.example/", AddressErrorKind::Extra),
            ("https://a.example/?x", AddressErrorKind::Extra),
        ] {
            assert_eq!(parse(bad).unwrap_err().kind(), kind, "{bad}");
        }
    }
}
