//! Installed applications, and the tokens given out in their name.

use serde::{Deserialize, Serialize};

use super::{Change, State};
use crate::clock::Moment;
use crate::tree::Tree;

const ACCESS_SECONDS: u64 = 3600;
const REFRESH_SECONDS: u64 = 180 * 24 * 3600;
const CODE_SECONDS: u64 = 30;
/// How long an access token is remembered after its end.
const REMEMBERED_SECONDS: u64 = 24 * 3600;
/// An event carries a token that works for at least this long.
const FRESH_SECONDS: u64 = 1800;

/// Every permission an inbound webhook of the portal can have.
pub(crate) const ALL_SCOPES: [&str; 18] = [
    "basic",
    "bizproc",
    "crm",
    "department",
    "disk",
    "entity",
    "im",
    "imbot",
    "imopenlines",
    "log",
    "placement",
    "task",
    "telephony",
    "user",
    "user.userfield",
    "user_basic",
    "user_brief",
    "userfieldconfig",
];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) number: u64,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) application_token: String,
    pub(crate) settings: Settings,
    /// Until then the application hears nothing, neither do its bots.
    pub(crate) installed: bool,
    /// `L` for local ones; `F`, `D`, `T` and `P` for those of the market.
    pub(crate) status: String,
    pub(crate) payment_expired: bool,
    /// How long what was paid for lasts.
    pub(crate) days: Option<u64>,
    /// Events and addresses that `event.bind` has brought together.
    #[serde(default)]
    pub(crate) bound: Vec<(String, String)>,
    /// How often one of its refresh tokens was exchanged.
    #[serde(default)]
    pub(crate) renewals: u64,
}

/// What an application is called by the authorization server. What is missing is invented.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
}

/// What its developer says about an application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) scopes: Vec<String>,
    /// Where ONAPPUPDATE and the like go; an empty URL gets none.
    pub(crate) handler: String,
    /// The same for the installation alone; empty if there is none of its own.
    pub(crate) install: String,
    /// With pages of its own: then its install page decides when the installation is finished.
    pub(crate) interface: bool,
    /// Where `/oauth/authorize/` sends people back to.
    pub(crate) redirect_uri: String,
    pub(crate) version: u64,
}

impl Settings {
    /// Where the installation is told of.
    pub(crate) fn install_address(&self) -> &String {
        if self.install.is_empty() { &self.handler } else { &self.install }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scopes: Vec::new(),
            handler: String::new(),
            install: String::new(),
            interface: false,
            redirect_uri: String::new(),
            version: 1,
        }
    }
}

impl Application {
    /// The scopes as tokens and events tell them.
    pub(crate) fn scope(&self) -> String {
        self.settings.scopes.join(",")
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) client_id: String,
    pub(crate) user: u64,
    pub(crate) expires: Moment,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) client_id: String,
    pub(crate) user: u64,
    pub(crate) expires: Moment,
    /// Once it was used: the access token and the refresh token it was exchanged for.
    #[serde(default)]
    exchanged: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) user: u64,
    pub(crate) expires: Moment,
}

/// A code of `/oauth/authorize/`, to be exchanged for tokens once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(super) client_id: String,
    user: u64,
    expires: Moment,
}

/// Why tokens were not renewed: the authorization server's error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRenewed {
    InvalidClient,
    InvalidGrant,
    PaymentRequired,
}

impl State {
    /// Adds a local application, not yet installed.
    pub(crate) fn add_application(&mut self, settings: Settings, names: Names) -> Application {
        let number = Self::take_id(&mut self.next_application);
        let invented = format!("local.{}.{}", self.hex(14), 10_000_000 + number);
        let secret = self.hex(50);
        let application = Application {
            number,
            client_id: names.client_id.unwrap_or(invented),
            client_secret: names.client_secret.unwrap_or(secret),
            application_token: self.hex(32),
            settings,
            installed: false,
            status: "L".to_owned(),
            payment_expired: false,
            days: None,
            bound: Vec::new(),
            renewals: 0,
        };
        self.applications.insert(application.client_id.clone(), application.clone());
        application
    }

    /// A pair that lives for a while yet: the last one, or a new one.
    pub(crate) fn tokens(&mut self, client_id: &str, user: u64) -> TokenPair {
        let key = (client_id.to_owned(), user);
        match self.current_tokens.get(&key) {
            Some(pair) if pair.expires > self.now.plus_seconds(FRESH_SECONDS) => pair.clone(),
            _ => self.issue(client_id, user),
        }
    }

    fn issue(&mut self, client_id: &str, user: u64) -> TokenPair {
        self.forget_old_tokens();
        let expires = self.now.plus_seconds(ACCESS_SECONDS);
        let pair = TokenPair { access: self.hex(70), refresh: self.hex(70), user, expires };
        let client_id = client_id.to_owned();
        self.access_tokens
            .insert(pair.access.clone(), AccessToken { client_id: client_id.clone(), user, expires });
        self.refresh_tokens.insert(
            pair.refresh.clone(),
            RefreshToken {
                client_id: client_id.clone(),
                user,
                expires: self.now.plus_seconds(REFRESH_SECONDS),
                exchanged: None,
            },
        );
        self.current_tokens.insert((client_id, user), pair.clone());
        pair
    }

    /// What nobody can have a use for any more. Expired access tokens are known for a while: their answer differs
    /// from that of unknown ones.
    fn forget_old_tokens(&mut self) {
        let now = self.now;
        self.access_tokens.retain(|_, token| now < token.expires.plus_seconds(REMEMBERED_SECONDS));
        self.refresh_tokens.retain(|_, token| now < token.expires);
        self.codes.retain(|_, code| now < code.expires);
    }

    /// `grant_type=refresh_token`: a new pair. The refresh token is good once: whoever uses it a second time gets
    /// nothing, and what it was exchanged for dies.
    pub(crate) fn renew(
        &mut self,
        client_id: &str,
        secret: &str,
        refresh: &str,
    ) -> Result<TokenPair, NotRenewed> {
        self.check_client(client_id, secret)?;
        let token = self
            .refresh_tokens
            .get(refresh)
            .filter(|token| token.client_id == client_id && token.expires > self.now)
            .ok_or(NotRenewed::InvalidGrant)?;
        if token.exchanged.is_some() {
            self.destroy(refresh.to_owned());
            return Err(NotRenewed::InvalidGrant);
        }
        let user = token.user;
        let pair = self.issue(client_id, user);
        if let Some(used) = self.refresh_tokens.get_mut(refresh) {
            used.exchanged = Some((pair.access.clone(), pair.refresh.clone()));
        }
        if let Some(application) = self.applications.get_mut(client_id) {
            application.renewals += 1;
        }
        self.changes.push(Change::State);
        Ok(pair)
    }

    /// Takes back a refresh token and all that was given for it, one after the other.
    fn destroy(&mut self, mut refresh: String) {
        while let Some((access, next)) = self.refresh_tokens.remove(&refresh).and_then(|used| used.exchanged)
        {
            self.access_tokens.remove(&access);
            self.current_tokens.retain(|_, pair| pair.access != access);
            refresh = next;
        }
    }

    /// Lets every access token of an application end now.
    pub(crate) fn expire_tokens(&mut self, client_id: &str) {
        let now = self.now;
        let tokens = self.access_tokens.values_mut().filter(|token| token.client_id == client_id);
        tokens.for_each(|token| token.expires = token.expires.min(now));
        self.forget_current(client_id);
    }

    /// Makes every refresh token of an application worthless; its access tokens work until they end.
    pub(crate) fn revoke_tokens(&mut self, client_id: &str) {
        self.refresh_tokens.retain(|_, token| token.client_id != client_id);
        self.forget_current(client_id);
    }

    /// The next event or page brings a new pair.
    pub(super) fn forget_current(&mut self, client_id: &str) {
        self.current_tokens.retain(|(owner, _), _| owner != client_id);
    }

    /// A code for tokens of this user.
    pub(crate) fn authorize(&mut self, client_id: &str, user: u64) -> String {
        let code = self.hex(32);
        let expires = self.now.plus_seconds(CODE_SECONDS);
        self.codes.insert(code.clone(), Code { client_id: client_id.to_owned(), user, expires });
        code
    }

    /// `grant_type=authorization_code`
    pub(crate) fn exchange(
        &mut self,
        client_id: &str,
        secret: &str,
        code: &str,
    ) -> Result<TokenPair, NotRenewed> {
        self.check_client(client_id, secret)?;
        let now = self.now;
        let known = self.codes.remove(code).filter(|code| code.client_id == client_id && code.expires > now);
        known.map(|code| self.issue(client_id, code.user)).ok_or(NotRenewed::InvalidGrant)
    }

    fn check_client(&self, client_id: &str, secret: &str) -> Result<(), NotRenewed> {
        let application = self.applications.get(client_id).filter(|known| known.client_secret == secret);
        match application {
            None => Err(NotRenewed::InvalidClient),
            Some(application) if application.payment_expired => Err(NotRenewed::PaymentRequired),
            Some(_) => Ok(()),
        }
    }

    /// The authorization block of an event, for one user. `refresh` adds the refresh token.
    pub(crate) fn auth_block(&mut self, client_id: &str, user: u64, refresh: bool) -> Tree {
        let pair = self.tokens(client_id, user);
        let application = self.applications.get(client_id);
        let scope = application.map(Application::scope).unwrap_or_default();
        let status = application.map(|application| application.status.clone()).unwrap_or_default();
        let mut auth = Tree::new();
        auth.put("access_token", pair.access)
            .put("expires", pair.expires.seconds().to_string())
            .put("expires_in", pair.expires.since(self.now).as_secs().to_string())
            .put("scope", scope)
            .put("domain", self.domain())
            .put("server_endpoint", self.server_endpoint())
            .put("status", status)
            .put("client_endpoint", self.endpoint())
            .put("member_id", self.member_id.clone())
            .put("user_id", user.to_string());
        if refresh {
            auth.put("refresh_token", pair.refresh);
        }
        auth
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_refresh_token_works_once() {
        let mut state = sample();
        let app = state.install(&["im", "imbot"]);
        let first = state.tokens(&app.client_id, 1);
        let second = state.renew(&app.client_id, &app.client_secret, &first.refresh).unwrap();
        assert_ne!(first.access, second.access);
        assert_eq!(state.tokens(&app.client_id, 1), second);
        let again = state.renew(&app.client_id, &app.client_secret, &first.refresh);
        assert_eq!(again, Err(NotRenewed::InvalidGrant));
        let refused = state.renew(&app.client_id, &app.client_secret, &second.refresh);
        assert_eq!(refused, Err(NotRenewed::InvalidGrant), "what it was exchanged for died");
        assert!(!state.access_tokens.contains_key(&second.access));
        assert!(state.access_tokens.contains_key(&first.access));
        assert_eq!(state.applications[&app.client_id].renewals, 1);

        let second = state.tokens(&app.client_id, 1);
        let stranger = state.renew(&app.client_id, "wrong", &second.refresh);
        assert_eq!(stranger, Err(NotRenewed::InvalidClient));
        state.now = state.now.plus_seconds(REFRESH_SECONDS);
        assert_eq!(
            state.renew(&app.client_id, &app.client_secret, &second.refresh),
            Err(NotRenewed::InvalidGrant)
        );
    }

    #[test]
    fn a_second_use_reaches_all_that_came_of_the_first() {
        let mut state = sample();
        let app = state.install(&["im"]);
        let (id, secret) = (&app.client_id, &app.client_secret);
        let first = state.tokens(id, 1);
        let second = state.renew(id, secret, &first.refresh).unwrap();
        let third = state.renew(id, secret, &second.refresh).unwrap();
        assert_eq!(state.renew(id, secret, &first.refresh), Err(NotRenewed::InvalidGrant));
        assert_eq!(state.renew(id, secret, &third.refresh), Err(NotRenewed::InvalidGrant));
        assert!(!state.access_tokens.contains_key(&third.access));
        assert!(state.refresh_tokens.is_empty() && state.current_tokens.is_empty());
    }

    #[test]
    fn a_code_works_once_and_for_half_a_minute() {
        let mut state = sample();
        let app = state.install(&["im"]);
        let code = state.authorize(&app.client_id, 27);
        assert_eq!(state.exchange(&app.client_id, "wrong", &code), Err(NotRenewed::InvalidClient));
        assert_eq!(state.exchange(&app.client_id, &app.client_secret, &code).unwrap().user, 27);
        assert_eq!(state.exchange(&app.client_id, &app.client_secret, &code), Err(NotRenewed::InvalidGrant));
        let code = state.authorize(&app.client_id, 27);
        state.now = state.now.plus_seconds(CODE_SECONDS);
        assert_eq!(state.exchange(&app.client_id, &app.client_secret, &code), Err(NotRenewed::InvalidGrant));
    }

    #[test]
    fn events_share_a_token_while_it_is_fresh() {
        let mut state = sample();
        let app = state.install(&["imbot"]);
        let first = state.tokens(&app.client_id, 27);
        state.now = state.now.plus_seconds(1700);
        assert_eq!(state.tokens(&app.client_id, 27), first);
        state.now = state.now.plus_seconds(200);
        assert_ne!(state.tokens(&app.client_id, 27), first);
    }
}
