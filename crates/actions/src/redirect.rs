//! Portals that have moved: where a redirected call may go, and where the next one goes at once.

use std::collections::HashMap;

use url::Url;

use crate::{address, reach::Reach};

/// How many redirections one request follows.
pub(crate) const MAX_HOPS: usize = 3;

/// How many moves of one portal are remembered.
const MAX_MOVES: usize = 16;

/// True for the answers that send a request elsewhere.
pub(crate) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where a request to `from` goes after an answer with this `Location`. The credentials go along, so it never leads
/// from https to http nor from another machine to this one, and no further than the credentials reach. The error says why not, without the address.
pub(crate) fn target(from: &Url, location: Option<&str>, reach: Reach) -> Result<Url, &'static str> {
    let location = location.ok_or("the redirection names no address")?;
    let mut to = from.join(location).map_err(|_| "the redirection names no readable address")?;
    to.set_fragment(None);
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err("the redirection leads from https to an unprotected address");
    }
    if !address::is_loopback(from) && address::is_loopback(&to) {
        return Err("the redirection leads from another machine to this one");
    }
    reach.check(&to).map_err(|_| "the redirection leads to an address that may not be called")?;
    // "The portal is over there": the method is asked for there, too.
    if to.path() == "/" {
        to.set_path(from.path());
    }
    Ok(to)
}

/// The addresses that a portal has moved from, and to.
#[derive(Debug, Default)]
pub(crate) struct Moves(HashMap<String, Url>);

impl Moves {
    /// The address to call instead of `url`: the same path at the portal's present host.
    pub(crate) fn apply(&self, url: &Url) -> Url {
        let Some(present) = self.0.get(&origin(url)) else { return url.clone() };
        let mut moved = present.clone();
        moved.set_path(url.path());
        moved.set_query(url.query());
        moved
    }

    /// A call to `from` was answered at `to`.
    pub(crate) fn remember(&mut self, from: &Url, to: &Url) {
        let (old, new) = (origin(from), origin(to));
        if old == new {
            return;
        }
        if self.0.len() >= MAX_MOVES {
            self.0.clear();
        }
        let mut present = to.clone();
        present.set_path("/");
        present.set_query(None);
        for earlier in self.0.values_mut().filter(|earlier| origin(earlier) == old) {
            *earlier = present.clone();
        }
        self.0.insert(old, present);
        // It answers again: the portal may have moved back.
        self.0.remove(&new);
    }

    /// Nobody answers at the new host any more: the next call asks at the old one.
    pub(crate) fn forget(&mut self, from: &Url) {
        self.0.remove(&origin(from));
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn credentials_go_only_where_they_may() {
        let https = "https://a.example/rest/1/s/profile";
        let local = "http://127.0.0.1:1/rest/1/s/profile";
        for (from, location, to) in [
            (https, "https://b.example/rest/1/s/profile", Some("https://b.example/rest/1/s/profile")),
            (https, "//b.example/x", Some("https://b.example/x")),
            (https, "/other", Some("https://a.example/other")),
            (https, "https://b.example", Some("https://b.example/rest/1/s/profile")),
            (https, "https://b.example/x#top", Some("https://b.example/x")),
            (local, "http://localhost:2/x", Some("http://localhost:2/x")),
            (local, "https://b.example/x", Some("https://b.example/x")),
            (https, "http://b.example/x", None),
            (https, "http://127.0.0.1/x", None),
            (https, "https://localhost/x", None),
            (https, "https://[::1]/x", None),
            (https, "https://me@b.example/x", None),
            (https, "file:///etc/passwd", None),
            (https, "https://", None),
            (local, "http://b.example/x", None),
            (local, "ftp://b.example/x", None),
        ] {
            assert_eq!(
                target(&url(from), Some(location), Reach::Private).ok().map(String::from).as_deref(),
                to,
                "{location}"
            );
        }
        assert!(target(&url(https), None, Reach::Private).is_err());
        for (reach, is_allowed) in
            [(Reach::Public, false), (Reach::Development, false), (Reach::Private, true)]
        {
            let inside = target(&url(https), Some("https://10.0.0.1/x"), reach);
            assert_eq!(inside.is_ok(), is_allowed, "{reach:?}");
        }
    }

    #[test]
    fn moves_are_followed_at_once_even_there_and_back() {
        let [a, b, c] =
            ["https://a.example/rest/", "https://b.example:8/rest/", "https://c.example/rest/"].map(url);
        let mut moves = Moves::default();
        moves.remember(&a, &b);
        assert_eq!(
            moves.apply(&url("https://a.example/rest/profile?x=1")).as_str(),
            "https://b.example:8/rest/profile?x=1"
        );
        moves.remember(&b, &c);
        assert_eq!((moves.apply(&a), moves.apply(&b)), (c.clone(), c.clone()));
        moves.remember(&c, &a);
        assert_eq!((moves.apply(&a), moves.apply(&b), moves.apply(&c)), (a.clone(), a.clone(), a.clone()));
        moves.forget(&b);
        assert_eq!(moves.apply(&b), b);
        moves.remember(&a, &url("https://a.example/elsewhere"));
        assert_eq!(moves.apply(&a), a);
    }
}
