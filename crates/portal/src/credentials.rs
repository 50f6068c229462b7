//! Who is calling: an inbound webhook, or an application's access token.

use crate::clock::Moment;
use crate::refusal::{Refusal, forbidden};
use crate::state::State;
use crate::state::applications::ALL_SCOPES;
use crate::state::people::ADMINISTRATOR;
use crate::tree::Tree;

/// The secret of the one inbound webhook, made by user 1.
pub(crate) const WEBHOOK_SECRET: &str = "local";

/// Through what a call comes in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Via {
    Webhook,
    /// The application's client id.
    Application(String),
}

/// Somebody who may call methods.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: u64,
    pub(crate) via: Via,
    pub(crate) scopes: Vec<String>,
    /// When the access token does; a webhook has no end.
    pub(crate) expires: Option<Moment>,
}

impl Caller {
    /// Whether one of `scopes` is granted; an empty list needs none.
    pub(crate) fn check_scope(&self, scopes: &[&str]) -> Result<(), Refusal> {
        if scopes.is_empty() || scopes.iter().any(|scope| self.scopes.iter().any(|own| own == scope)) {
            return Ok(());
        }
        let by = match self.via {
            Via::Webhook => "webhook token",
            Via::Application(_) => "access token",
        };
        Err(forbidden(
            "insufficient_scope",
            format!("The request requires higher privileges than provided by the {by}"),
        ))
    }
}

/// Checks `/rest/USER/SECRET/…` if the path has it, and `auth` otherwise.
pub(crate) fn authenticate(
    state: &State,
    webhook: Option<(&str, &str)>,
    params: &Tree,
) -> Result<Caller, Refusal> {
    if let Some((user, secret)) = webhook {
        if user.parse() != Ok(ADMINISTRATOR) || secret != WEBHOOK_SECRET {
            return Err(Refusal::new(401, "INVALID_CREDENTIALS", "Invalid request credentials"));
        }
        let scopes = ALL_SCOPES.map(str::to_owned).to_vec();
        return Ok(Caller { user: ADMINISTRATOR, via: Via::Webhook, scopes, expires: None });
    }
    let auth = params.get("auth").and_then(Tree::text).filter(|auth| !auth.is_empty());
    let auth = auth.ok_or_else(|| Refusal::new(401, "NO_AUTH_FOUND", "Wrong authorization data"))?;
    let unknown = || Refusal::new(401, "invalid_token", "Unable to get application by token");
    let token = state.access_tokens.get(&auth).ok_or_else(unknown)?;
    if token.expires <= state.now {
        return Err(expired());
    }
    let application = state.applications.get(&token.client_id).ok_or_else(unknown)?;
    Ok(Caller {
        user: token.user,
        via: Via::Application(token.client_id.clone()),
        scopes: application.settings.scopes.clone(),
        expires: Some(token.expires),
    })
}

pub(crate) fn expired() -> Refusal {
    Refusal::new(401, "expired_token", "The access token provided has expired.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::sample;

    fn auth(token: &str) -> Tree {
        let mut params = Tree::new();
        params.put("auth", token);
        params
    }

    #[test]
    fn a_token_works_for_an_hour() {
        let mut state = sample();
        let app = state.install(&["im"]);
        let token = auth(&state.tokens(&app.client_id, 27).access);
        let caller = authenticate(&state, None, &token).unwrap();
        assert_eq!((caller.user, caller.via.clone()), (27, Via::Application(app.client_id)));
        assert!(caller.check_scope(&["im"]).is_ok() && caller.check_scope(&["imbot"]).is_err());
        state.now = state.now.plus_seconds(3600);
        assert_eq!(authenticate(&state, None, &token).unwrap_err(), expired());
    }

    #[test]
    fn everything_else_is_turned_away() {
        let state = sample();
        let code = |webhook, params: &Tree| authenticate(&state, webhook, params).unwrap_err().code;
        assert_eq!(code(None, &Tree::new()), "NO_AUTH_FOUND");
        assert_eq!(code(None, &auth("")), "NO_AUTH_FOUND");
        assert_eq!(code(None, &auth("nonsense")), "invalid_token");
        assert_eq!(code(Some(("1", "wrong")), &Tree::new()), "INVALID_CREDENTIALS");
        assert_eq!(code(Some(("27", "local")), &Tree::new()), "INVALID_CREDENTIALS");
        assert!(authenticate(&state, Some(("1", "local")), &Tree::new()).is_ok());
    }
}
