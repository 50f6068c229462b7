//! Which addresses may be called at all.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

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
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        None => false,
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
