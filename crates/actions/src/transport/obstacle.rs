//! What stood in the way of a connection, in a sentence.

use std::{error::Error as StdError, io, iter::successors};

use rustls::{AlertDescription, CertificateError, Error as Tls};
use url::Url;

use super::names::NoAddress;
use crate::address;

/// `error` came up while connecting to `url`, through `proxy` if there is one. Of the addresses, only hosts and ports
/// are shown.
pub(super) fn sentence(error: &reqwest::Error, url: &Url, proxy: Option<&Url>) -> String {
    let host = url.host_str().unwrap_or_default();
    if let Some(tls) = find::<Tls>(error) {
        return match proxy.filter(|proxy| proxy.scheme() == "https") {
            Some(proxy) => untrusted(tls, &format!("{host} or of the proxy {}", address::domain(proxy))),
            None => untrusted(tls, host),
        };
    }
    let (name, peer) = match proxy.map(address::domain) {
        Some(proxy) => (format!("proxy {proxy}"), format!("the proxy {proxy}")),
        None => (format!("name {host}"), address::domain(url)),
    };
    if let Some(reason) = find::<NoAddress>(error) {
        return format!(
            "the {name} cannot be resolved ({reason}): is it spelled right, and does DNS work on this machine?"
        );
    }
    if error.is_timeout() {
        return format!("{peer} did not answer in time: is it up, and does a firewall let this machine out?");
    }
    let Some(io) = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).last() else {
        // What a proxy answers has no public type.
        return match proxy {
            Some(_) => {
                format!("{peer} opened no way to {host}: does it ask for a password, or forbid the host?")
            }
            None => format!("no connection to {peer} came about"),
        };
    };
    match io.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("{peer} refuses connections: is the port right, and does anything listen there?")
        }
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown => {
            format!("there is no route to {peer}: is this machine online?")
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => format!("{peer} hung up before the connection was complete"),
        io::ErrorKind::PermissionDenied => format!("this machine forbids connections to {peer}"),
        _ => format!("no connection to {peer} came about ({io})"),
    }
}

fn untrusted(tls: &Tls, host: &str) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Revoked, UnknownIssuer,
    };
    match tls {
        Tls::InvalidCertificate(certificate) => match certificate {
            Expired | ExpiredContext { .. } => {
                format!("the TLS certificate of {host} has expired, or the clock of this machine is wrong")
            }
            NotValidYet | NotValidYetContext { .. } => {
                format!("the TLS certificate of {host} is not valid yet: is the clock of this machine right?")
            }
            NotValidForName | NotValidForNameContext { .. } => {
                format!("the TLS certificate of {host} is for another name")
            }
            UnknownIssuer => format!(
                "the TLS certificate of {host} is by an issuer this machine does not know: a company's own is to be \
                 added to those it trusts, and a server sends its intermediate certificates along"
            ),
            Revoked => format!("the TLS certificate of {host} has been revoked"),
            other => format!("the TLS certificate of {host} is not accepted ({other})"),
        },
        Tls::PeerIncompatible(_)
        | Tls::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => format!("the TLS of {host} is too old or too different: at least TLS 1.2 is needed"),
        Tls::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("the TLS of {host} does not know that name")
        }
        Tls::InvalidMessage(_) => format!("the port of {host} speaks no TLS: is it the right one?"),
        other => format!("the TLS of {host} failed ({other})"),
    }
}

/// The first error of a type behind another.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// What an I/O error wraps is not its source: that would be passed over.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    })
}
