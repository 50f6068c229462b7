//! The portal's address, which can change: then the old one sends everybody to the new one.

use super::State;

/// Where the portal is reached, and where it was before.
#[derive(Debug, Default)]
pub(crate) struct Domain {
    /// `http://127.0.0.1:9400`, where it listens; the authorization server stays there.
    pub(crate) home: String,
    /// Former names and ports, in lower case.
    former: Vec<String>,
}

impl Domain {
    pub(crate) fn new(home: String) -> Self {
        Self { home, former: Vec::new() }
    }
}

impl State {
    /// The loopback name that `host` is not, on the port where the portal listens: as good as another address for all
    /// who look at names.
    pub(crate) fn other_name(&self, host: &str) -> String {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let other = if name.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { "localhost" };
        let port = self.domain.home.rsplit_once(':').map_or("80", |(_, port)| port);
        format!("{other}:{port}")
    }

    /// Gives the portal another address; its `member_id` stays. From now on events and answers tell the new one,
    /// and what still comes to a former one is sent on with 302.
    pub(crate) fn move_to(&mut self, url: String) {
        self.domain.former.push(self.domain().to_ascii_lowercase());
        self.url = url;
        let new = self.domain().to_ascii_lowercase();
        self.domain.former.retain(|former| *former != new);
    }

    pub(crate) fn move_home(&mut self) {
        self.url.clone_from(&self.domain.home);
        self.domain.former.clear();
    }

    /// Where a request belongs that came to a former address.
    pub(crate) fn moved_to(&self, host: &str, path: &str) -> Option<String> {
        let former = self.domain.former.iter().any(|former| former.eq_ignore_ascii_case(host));
        former.then(|| format!("{}{path}", self.url))
    }

    /// Where the authorization server answers, even after a move.
    pub(crate) fn is_home(&self, host: &str) -> bool {
        self.domain.home.split_once("://").is_some_and(|(_, home)| home.eq_ignore_ascii_case(host))
    }

    /// The authorization server's REST address: `http://127.0.0.1:9400/rest/`, wherever the portal moves.
    pub(crate) fn server_endpoint(&self) -> String {
        format!("{}/rest/", self.domain.home)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn former_addresses_lead_to_the_present_one() {
        let mut state = sample();
        let member_id = state.member_id.clone();
        assert_eq!(state.moved_to("127.0.0.1:9400", "/rest/x"), None);
        state.move_to(format!("http://{}", state.other_name("127.0.0.1:9400")));
        assert_eq!(state.endpoint(), "http://localhost:9400/rest/");
        let moved = state.moved_to("127.0.0.1:9400", "/rest/x?y");
        assert_eq!(moved.as_deref(), Some("http://localhost:9400/rest/x?y"));
        assert_eq!(state.moved_to("LocalHost:9400", "/"), None);
        state.move_to("https://new.example".to_owned());
        assert_eq!(state.moved_to("LOCALHOST:9400", "/").as_deref(), Some("https://new.example/"));
        assert_eq!(state.moved_to("127.0.0.1:9400", "/").as_deref(), Some("https://new.example/"));
        state.move_to("http://127.0.0.1:9400".to_owned());
        assert_eq!(state.moved_to("127.0.0.1:9400", "/"), None);
        assert!(state.moved_to("new.example", "/").is_some());
        assert_eq!(state.other_name("new.example"), "localhost:9400", "where the portal listens");
        state.move_home();
        assert_eq!(state.moved_to("new.example", "/"), None);
        assert_eq!((state.member_id, state.domain.home), (member_id, state.url));
    }
}
