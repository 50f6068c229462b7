//! Who may look at the admin side.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use b24bot_actions::host;
use b24bot_core::Secret;
use b24bot_rules::AdminSettings;
use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

use crate::{Error, ErrorKind};

/// Lets in who knows the token. Where there is none the admin side listens on this machine only, and everyone on it is
/// let in, but no page of a browser that got another name for this machine into its DNS.
#[derive(Clone)]
pub(crate) struct Guard {
    token: Option<Secret>,
}

impl Guard {
    /// # Errors
    ///
    /// When others could reach the admin side, and nothing would keep them out.
    pub(crate) fn new(settings: &AdminSettings) -> Result<Self, Error> {
        if settings.token.is_none() && !settings.listen.ip().is_loopback() {
            let message = format!("the admin side on {} needs a `token` in [admin]", settings.listen);
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Self { token: settings.token.clone() })
    }

    /// Why one is not let in, if so.
    fn refusal(&self, headers: &HeaderMap) -> Option<Response> {
        let Some(token) = &self.token else {
            let is_ours =
                headers.get(header::HOST).is_none_or(|host| host.to_str().is_ok_and(is_no_foreign_name));
            return (!is_ours).then(misdirected);
        };
        let given = headers.get(header::AUTHORIZATION).and_then(|header| presented(header.as_bytes()));
        let is_right = given.is_some_and(|given| given.ct_eq(token.expose().as_bytes()).into());
        (!is_right).then(unauthorized)
    }
}

/// Asks the guard before anything is shown.
pub(super) async fn ask(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.refusal(request.headers()) {
        None => next.run(request).await,
        Some(refusal) => refusal,
    }
}

/// The token in an `Authorization`: a bearer's, or the password that a browser has asked for, with any user's name.
fn presented(authorization: &[u8]) -> Option<Vec<u8>> {
    let space = authorization.iter().position(|byte| *byte == b' ')?;
    let (scheme, value) = (&authorization[..space], authorization[space..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(value.to_vec());
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let mut pair = STANDARD.decode(value).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair.split_off(colon + 1))
}

/// Whether a `Host` is an address or `localhost`. Anyone can give this machine any other name, and so let a browser on
/// it take what the admin side says for their own.
fn is_no_foreign_name(name: &str) -> bool {
    host::is_localhost_name(name) || host::ip(name).is_some()
}

fn unauthorized() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"b24bot\", charset=\"UTF-8\"")];
    (StatusCode::UNAUTHORIZED, challenge, "the `token` in [admin] is the password, with any user name\n")
        .into_response()
}

fn misdirected() -> Response {
    let advice = "ask by the address or as localhost, or set a `token` in [admin]\n";
    (StatusCode::MISDIRECTED_REQUEST, advice).into_response()
}

#[cfg(test)]
mod tests {
    use b24bot_rules::Config;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn guard(admin: &str) -> Guard {
        let config = Config::parse("bot.toml", &format!("[admin]\n{admin}"), &|_| None).unwrap();
        Guard::new(config.admin.as_ref().unwrap()).unwrap()
    }

    fn answer(guard: &Guard, name: &'static str, value: &str) -> u16 {
        let headers = [(header::HeaderName::from_static(name), value.parse().unwrap())];
        guard.refusal(&HeaderMap::from_iter(headers)).map_or(200, |response| response.status().as_u16())
    }

    #[test]
    fn without_a_token_other_names_for_this_machine_are_refused() {
        let guard = guard("");
        for (host, status) in [
            ("127.0.0.1:8081", 200),
            ("localhost", 200),
            ("LOCALHOST:8081", 200),
            ("bot.localhost:8081", 200),
            ("[::1]:8081", 200),
            ("192.168.1.5:8081", 200),
            ("rebound.example:8081", 421),
            ("rebound.example", 421),
            ("127.0.0.1.rebound.example", 421),
            ("notlocalhost", 421),
            ("", 421),
        ] {
            assert_eq!(answer(&guard, "host", host), status, "{host}");
        }
        assert!(guard.refusal(&HeaderMap::new()).is_none(), "no browser leaves it out");
    }

    #[test]
    fn a_token_is_asked_for_as_bearer_or_password() {
        let guard = guard(&format!("listen = '0.0.0.0:1'\ntoken = '{TOKEN}'"));
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for (authorization, status) in [
            (format!("Bearer {TOKEN}"), 200),
            (format!("bearer  {TOKEN}"), 200),
            (basic(&format!("me:{TOKEN}")), 200),
            (basic(&format!(":{TOKEN}")), 200),
            (format!("Bearer {TOKEN}0"), 401),
            (format!("Bearer {}", &TOKEN[1..]), 401),
            (basic(TOKEN), 401),
            (basic(&format!("{TOKEN}:")), 401),
            (format!("Digest {TOKEN}"), 401),
            (TOKEN.to_owned(), 401),
            ("Basic !".to_owned(), 401),
            ("Bearer".to_owned(), 401),
        ] {
            assert_eq!(answer(&guard, "authorization", &authorization), status, "{authorization}");
        }
        assert_eq!(answer(&guard, "host", "127.0.0.1"), 401);
        let refusal = guard.refusal(&HeaderMap::new()).unwrap();
        assert!(refusal.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
    }

    #[test]
    fn what_others_reach_is_not_served_without_a_token() {
        let text = "[bot]\ncode = 'b'\n[admin]\nlisten = '0.0.0.0:8081'";
        let config = Config::parse_for_local_portal("bot.toml", text, &|_| None).unwrap();
        assert_eq!(
            Guard::new(&config.admin.unwrap()).err().map(|error| error.kind()),
            Some(ErrorKind::Config)
        );
    }
}
