//! Addresses in `bot.toml`: their shapes, and what people write instead.

use std::net::{Ipv4Addr, SocketAddr};

use b24bot_actions::{AddressErrorKind, WebhookUrl, host};
use b24bot_core::Secret;
use url::Url;

use super::Network;
use crate::document::Item;

const WEBHOOK: &str = "https://DOMAIN/rest/USER/SECRET/";

/// The address of an inbound webhook. No message repeats any of it.
pub(super) fn webhook(item: &Item<'_>) -> Option<WebhookUrl> {
    let text = item.filled_text(&format!("\"{WEBHOOK}\""))?;
    let error = match WebhookUrl::parse(&text.value) {
        Ok(webhook) => return Some(webhook),
        Err(error) => error,
    };
    let help = match error.kind() {
        AddressErrorKind::NotHttps => "plain http would show the secret to everyone on the way",
        _ => {
            "copy it from the portal's inbound webhook and leave out the method: `https://DOMAIN/rest/USER/SECRET/`"
        }
    };
    text.fail(format!("`webhook`: {error}"), help);
    None
}

/// Where the portal reaches the bot.
pub(super) fn public_url(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text("\"https://bot.example.com\"")?;
    let Ok(url) = Url::parse(text.value.trim()) else {
        text.fail(
            format!("`public_url` is not a web address: {}", text.quoted()),
            "for example `public_url = \"https://bot.example.com\"`",
        );
        return None;
    };
    if !is_safe(&url) {
        text.fail(
            "`public_url` must be an https address",
            "portals post to https only; plain http is for loopback",
        );
        return None;
    }
    let extra = url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some();
    if extra {
        text.fail(
            "`public_url` is more than an address",
            "leave out user, `?…` and `#…`: `https://bot.example.com`",
        );
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// An authorization server that may learn the application's key.
pub(super) fn authorization_server(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text("[\"https://oauth.example\"]")?;
    let written = text.value.trim();
    let is_server = |url: &Url| {
        is_safe(url)
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    if !Url::parse(written).is_ok_and(|url| is_server(&url)) {
        text.fail(
            format!("`{}` cannot be {}", item.key, text.quoted()),
            "it is the https address of a server, with nothing behind it: `https://oauth.example`",
        );
        return None;
    }
    Some(written.trim_end_matches('/').to_owned())
}

/// An address to listen on; `host` is what to propose where only a port is given.
pub(super) fn listen(item: &Item<'_>, host: Ipv4Addr) -> Option<SocketAddr> {
    let text = item.filled_text(&format!("\"{host}:8080\""))?;
    let written = text.value.trim();
    if let Ok(address) = written.parse() {
        return Some(address);
    }
    let port = |text: &str| text.parse::<u16>().ok();
    let meant = match written.rsplit_once(':') {
        Some(("localhost", number)) => port(number).map(|number| (Ipv4Addr::LOCALHOST, number)),
        Some(("" | "*", number)) => port(number).map(|number| (host, number)),
        Some(_) => None,
        None => port(written).map(|number| (host, number)),
    };
    let help = match meant.filter(|_| !text.is_from_environment()) {
        Some((host, number)) => format!("did you mean `{host}:{number}`?"),
        None => "it is an IP address and a port: `0.0.0.0:8080`, `127.0.0.1:8081`, `[::]:8080`".to_owned(),
    };
    text.fail(format!("`{}` cannot be {}", item.key, text.quoted()), help);
    None
}

/// The path of the endpoint.
pub(super) fn path(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text("\"/bitrix24/events\"")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()+,;=:@%".contains(c);
    // The router takes these for patterns, today's or those of its earlier versions.
    let is_pattern =
        text.value.contains(['{', '}']) || text.value.split('/').any(|part| part.starts_with([':', '*']));
    if !text.value.starts_with('/') {
        text.fail("`path` must start with `/`", "for example `path = \"/bitrix24/events\"`");
    } else if is_pattern {
        text.fail(
            "`path` is one path, not a pattern",
            "leave out `{` and `}`; no part between slashes begins with `:` or `*`",
        );
    } else if !text.value.chars().all(is_plain) {
        text.fail("`path` has characters that no path has", "letters, digits, `-`, `_` and `/` are safe");
    } else {
        return Some(text.value);
    }
    None
}

/// A network, or one address.
pub(super) fn network(item: &Item<'_>) -> Option<Network> {
    let example = "\"203.0.113.0/24\"";
    let text = item.filled_text(example)?;
    let network = Network::parse(text.value.trim());
    match network.filter(|network| network.is_whole()) {
        Some(network) => return Some(network),
        None => {
            let help = match network.filter(|_| !text.is_from_environment()) {
                Some(network) => format!("did you mean `{}`?", network.whole()),
                None => "it is an IP address or a network: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`; names are not looked up".to_owned(),
            };
            text.fail(format!("`{}` cannot be {}", item.key, text.quoted()), help);
        }
    }
    None
}

/// One or more addresses of NATS servers.
pub(super) fn nats(item: &Item<'_>) -> Option<Secret> {
    let text = item.filled_text("\"nats://127.0.0.1:4222\"")?;
    let is_server = |address: &str| {
        Url::parse(address.trim()).is_ok_and(|url| {
            matches!(url.scheme(), "nats" | "tls" | "ws" | "wss")
                && url.host_str().is_some_and(|host| !host.is_empty())
        })
    };
    if !text.value.split(',').all(is_server) {
        text.fail(
            "`nats` is not the address of a NATS server",
            "for example `nats = \"nats://127.0.0.1:4222\"`",
        );
        return None;
    }
    Some(text.value.into())
}

/// Encrypted, or not leaving this machine.
fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host_str().is_some_and(host::is_this_machine),
        _ => false,
    }
}
