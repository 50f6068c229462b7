//! Where the server is, and who asks.

use b24bot_core::Secret;
use percent_encoding::percent_decode_str;

/// Addresses without what is secret in them, and that.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) servers: Vec<String>,
    pub(crate) login: Option<Login>,
}

#[derive(Debug)]
pub(crate) enum Login {
    Password(String, Secret),
    Token(Secret),
}

impl Addresses {
    /// Takes apart addresses separated by commas. The first that names a user or a token speaks for all.
    pub(crate) fn parse(addresses: &str) -> Self {
        let mut parsed = Self { servers: Vec::new(), login: None };
        for address in addresses.split(',').map(str::trim).filter(|address| !address.is_empty()) {
            let (scheme, rest) = address.split_once("://").unwrap_or(("nats", address));
            let (login, host) =
                rest.rsplit_once('@').map_or((None, rest), |(login, host)| (Some(login), host));
            parsed.servers.push(format!("{scheme}://{host}"));
            if let (Some(login), None) = (login, &parsed.login) {
                let text = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
                parsed.login = Some(match login.split_once(':') {
                    Some((user, password)) => Login::Password(text(user), text(password).into()),
                    None => Login::Token(text(login).into()),
                });
            }
        }
        parsed
    }

    /// The addresses, for people.
    pub(crate) fn shown(&self) -> String {
        self.servers.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_taken_out_of_addresses() {
        let parsed = Addresses::parse("nats://bot:p%40ss@one:4222, tls://two,three");
        assert_eq!(parsed.shown(), "nats://one:4222,tls://two,nats://three");
        let Some(Login::Password(user, password)) = &parsed.login else { panic!() };
        assert_eq!((user.as_str(), password.expose()), ("bot", "p@ss"));
        assert!(!format!("{parsed:?}").contains("p@ss"));

        let parsed = Addresses::parse("nats://t0ken@one");
        let Some(Login::Token(token)) = &parsed.login else { panic!() };
        assert_eq!((parsed.shown().as_str(), token.expose()), ("nats://one", "t0ken"));
        assert!(Addresses::parse("one").login.is_none());
    }
}
