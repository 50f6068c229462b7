//! Authorization outside the portal's frame: somebody is sent to the portal, and comes back with a code
//! (<https://apidocs.bitrix24.com/settings/oauth/index.html>).

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use b24bot_actions::{Reach, host};
use b24bot_core::{Declined, Secret};
use b24bot_rules::AppSettings;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Frame, Language, Reception, Shows, Untaken};

/// How long somebody may take at the portal, in seconds.
const PATIENCE: u64 = 600;
/// How many authorizations that have come back are remembered, so that none comes back twice.
const REMEMBERED: usize = 4096;

/// Where people are sent, and whether those who come back were.
pub(super) struct Authorization {
    client_id: String,
    /// Made of the application's key, so that all machines have the same.
    key: hmac::Key,
    reach: Reach,
    /// Whether the browser comes by https: on this machine it may not.
    is_secure: bool,
    path: String,
    /// The ones that have come back, and until when they would be good.
    used: Mutex<HashMap<Vec<u8>, u64>>,
}

/// Somebody is to be sent there, with a cookie that they bring back.
#[derive(Debug)]
struct Begun {
    location: String,
    cookie: String,
}

impl Authorization {
    pub(super) fn new(app: &AppSettings, is_secure: bool, reach: Reach, path: &str) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, app.client_secret.expose().as_bytes());
        let derived = hmac::sign(&master, b"b24bot: who comes back from an authorization");
        Self {
            client_id: app.client_id.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            reach,
            is_secure,
            path: path.trim_end_matches('/').to_owned(),
            used: Mutex::default(),
        }
    }

    /// The portal's address to be sent to; `None` if that is no portal's name. `random` binds it to one browser.
    fn begin(&self, domain: &str, random: [u8; 32], now: u64) -> Option<Begun> {
        let origin = origin(domain, self.reach)?;
        let cookie = URL_SAFE_NO_PAD.encode(random);
        let until = now.saturating_add(PATIENCE);
        let proof = hmac::sign(&self.key, &signed(until, domain, &cookie));
        let (domain, proof) = (URL_SAFE_NO_PAD.encode(domain), URL_SAFE_NO_PAD.encode(proof));
        let state = format!("{until:x}.{domain}.{proof}");
        let mut location = reqwest::Url::parse(&origin).ok()?;
        location.set_path("/oauth/authorize/");
        location.query_pairs_mut().append_pair("client_id", &self.client_id).append_pair("state", &state);
        Some(Begun { location: location.into(), cookie: self.cookie(&cookie, PATIENCE) })
    }

    /// The portal that somebody was sent to, if it was this browser, not too long ago, and they have not come back before.
    fn finish(&self, state: &str, cookie: &str, now: u64) -> Option<String> {
        let mut parts = state.splitn(3, '.');
        let until = u64::from_str_radix(parts.next()?, 16).ok()?;
        let domain = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
        let proof = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        hmac::verify(&self.key, &signed(until, &domain, cookie), &proof).ok()?;
        if until <= now {
            return None;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        if used.len() >= REMEMBERED || used.insert(proof, until).is_some() {
            return None;
        }
        Some(domain)
    }

    /// Where somebody belongs who came back to the endpoint itself: a local application's way back is its handler.
    pub(super) fn came_back(&self, query: &str) -> Option<String> {
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        (has("code") && has("state")).then(|| format!("{}/authorized?{query}", self.path))
    }

    fn cookie(&self, value: &str, seconds: u64) -> String {
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.cookie_name())
    }

    const fn cookie_name(&self) -> &'static str {
        // Only what came by https can have a name that no other site can set.
        if self.is_secure { "__Host-b24bot-authorize" } else { "b24bot-authorize" }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// `GET {path}/authorize` and `GET {path}/authorized`.
pub(crate) fn router(reception: &Arc<Reception>) -> Router {
    let path = &reception.authorization.path;
    Router::new()
        .route(&format!("{path}/authorize"), get(authorize))
        .route(&format!("{path}/authorized"), get(authorized))
        .with_state(Arc::clone(reception))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    domain: String,
}

async fn authorize(
    State(reception): State<Arc<Reception>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let mut random = [0; 32];
    let domain = asked.domain.trim().to_ascii_lowercase();
    let is_random = getrandom::fill(&mut random).is_ok();
    match reception.authorization.begin(&domain, random, now()).filter(|_| is_random) {
        Some(Begun { location, cookie }) => {
            let headers = [(header::LOCATION, location), (header::SET_COOKIE, cookie)];
            (StatusCode::FOUND, [(header::CACHE_CONTROL, "no-store")], headers).into_response()
        }
        None => reception.page(&Shows::BadDomain, &Frame::default(), language(&headers)).into_response(),
    }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    server_domain: String,
}

async fn authorized(
    State(reception): State<Arc<Reception>>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let authorization = &reception.authorization;
    let cookie = cookie(&headers, authorization.cookie_name()).unwrap_or_default();
    let language = language(&headers);
    let Some(domain) = authorization.finish(&back.state, cookie, now()) else {
        return reception.page(&Shows::BadState, &Frame::default(), language).into_response();
    };
    // A portal on this machine is its own authorization server. Otherwise the name only chooses among those that are known.
    let server = match host::is_this_machine(&domain) {
        true => format!("http://{domain}"),
        false => format!("https://{}", back.server_domain),
    };
    let taken = reception.exchange(Secret::from(back.code), server).await;
    let mut response = reception.show(taken, language, false).await.into_response();
    if let Ok(gone) = HeaderValue::from_str(&authorization.cookie("", 0)) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

impl Reception {
    /// Takes what is granted for a code, to its end even if the browser goes away.
    async fn exchange(self: &Arc<Self>, code: Secret, server: String) -> Result<super::Taken, Untaken> {
        let reception = Arc::clone(self);
        let exchanged = tokio::spawn(async move {
            let exchange = reception.portals.exchange(&code, Some(&server));
            let grant = reception.claims.in_turn(exchange).await?;
            reception.take(grant, None, true).await
        });
        exchanged.await.unwrap_or_else(|_| Err(Declined::NotConfirmed.into()))
    }
}

/// What is signed: when it ends, where it leads, and the browser's cookie. No part of it holds a line's end.
fn signed(until: u64, domain: &str, cookie: &str) -> Vec<u8> {
    format!("{until}\n{domain}\n{cookie}").into_bytes()
}

/// Where a portal of that name is, if it can be one: a name and nothing else, so that nobody is sent anywhere but to some
/// host's `/oauth/authorize/`.
fn origin(domain: &str, reach: Reach) -> Option<String> {
    let host = host_of(domain);
    let port = domain.strip_prefix(host)?.strip_prefix(':');
    if port.is_some_and(|port| port.parse::<u16>().is_err()) || domain.len() > 255 {
        return None;
    }
    if host::is_this_machine(domain) {
        return (reach != Reach::Public).then(|| format!("http://{domain}"));
    }
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = host.rsplit('.').next()?;
    let is_public_name = host.contains('.') && last.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_within = reach == Reach::Private || (is_public_name && port.is_none() && last != "localhost");
    (host.split('.').all(is_label) && is_within).then(|| format!("https://{domain}"))
}

/// A domain without its port.
fn host_of(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => domain,
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What the browser likes best.
fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::of(accepted.and_then(|languages| languages.get(..2)))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

#[cfg(test)]
mod tests {
    use b24bot_rules::Config;

    use super::*;

    fn authorization(is_secure: bool) -> Authorization {
        let app = "[app]\nclient_id = \"local.1\"\nclient_secret = \"s3cret\"";
        let config = Config::parse("bot.toml", app, &|_| None).unwrap();
        Authorization::new(&config.app.unwrap(), is_secure, Reach::Development, "/events/")
    }

    fn state_of(begun: &Begun) -> String {
        let url = reqwest::Url::parse(&begun.location).unwrap();
        url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    }

    fn brought_back(begun: &Begun) -> &str {
        begun.cookie.split_once('=').unwrap().1.split_once(';').unwrap().0
    }

    #[test]
    fn only_portals_names_lead_anywhere() {
        for (domain, public, development, private) in [
            ("portal.bitrix24.com", true, true, true),
            ("b24.company.example", true, true, true),
            ("127.0.0.1:9400", false, true, true),
            ("127.0.0.2:9400", false, true, true),
            ("localhost", false, true, true),
            ("portal.example:8443", false, false, true),
            ("intranet", false, false, true),
            ("10.0.0.1", false, false, true),
            ("admin.localhost", false, false, true),
            ("", false, false, false),
            ("portal.example/x", false, false, false),
            ("portal.example?x", false, false, false),
            ("me@portal.example", false, false, false),
            ("portal.example#x", false, false, false),
            ("portal.example:x", false, false, false),
            ("-portal.example", false, false, false),
            ("portal..example", false, false, false),
            ("portal.example\\@evil.example", false, false, false),
            ("портал.рф", false, false, false),
            ("127.0.0.1:9400@evil.example", false, false, false),
            ("portal.example\r\nx", false, false, false),
        ] {
            for (reach, expected) in
                [(Reach::Public, public), (Reach::Development, development), (Reach::Private, private)]
            {
                assert_eq!(origin(domain, reach).is_some(), expected, "{reach:?} {domain}");
            }
        }
    }

    #[test]
    fn who_was_sent_comes_back_once_in_time_and_with_the_cookie() {
        let authorization = authorization(true);
        let begun = authorization.begin("portal.example", [1; 32], 1000).unwrap();
        assert!(
            begun.location.starts_with("https://portal.example/oauth/authorize/?client_id=local.1&state=")
        );
        assert!(begun.cookie.starts_with("__Host-b24bot-authorize=") && begun.cookie.ends_with("; Secure"));
        let (state, cookie) = (state_of(&begun), brought_back(&begun));
        let other = authorization.begin("portal.example", [2; 32], 1000).unwrap();
        assert_eq!(authorization.finish(&state, brought_back(&other), 1001), None, "another browser");
        assert_eq!(authorization.finish(&state, cookie, 1000 + PATIENCE), None, "too late");
        assert_eq!(authorization.finish(&state, cookie, 999 + PATIENCE).as_deref(), Some("portal.example"));
        assert_eq!(authorization.finish(&state, cookie, 1001), None, "twice");
        let elsewhere = authorization.begin("portal.example", [1; 32], 1500).unwrap();
        let other_machine = self::authorization(true);
        assert!(other_machine.finish(&state_of(&elsewhere), cookie, 1501).is_some(), "any machine");
    }

    #[test]
    fn nothing_in_a_state_can_be_changed() {
        let authorization = authorization(false);
        let begun = authorization.begin("portal.example", [1; 32], 1000).unwrap();
        assert!(!begun.cookie.contains("Secure") && !begun.cookie.contains("__Host"));
        let (state, cookie) = (state_of(&begun), brought_back(&begun));
        for (at, _) in state.char_indices() {
            let mut changed = state.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of Base64 can say the same in several ways, which are one state all the same.
            if let Some(domain) = authorization.finish(&changed, cookie, 1001) {
                assert_eq!((at + 1, domain.as_str()), (state.len(), "portal.example"));
            }
        }
        for nothing in ["", "..", "x.y.z", "3e8"] {
            assert_eq!(authorization.finish(nothing, cookie, 1001), None);
        }
    }
}
