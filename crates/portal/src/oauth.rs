//! `/oauth/token/`: the authorization server, in the same house.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::params::{merge, read_form};
use crate::refusal::{Refusal, bad, json_response};
use crate::rest::read_body;
use crate::shared::Shared;
use crate::state::applications::NotRenewed;
use crate::tree::Tree;

/// `grant_type=refresh_token`, as GET or POST. The refresh token that was used is worth nothing afterwards.
pub(crate) async fn token(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let params = match (read_form(&query), body) {
        (Ok(query), Ok(body)) => merge(query, &body),
        _ => return bad("invalid_request", "The request cannot be read").into_response(),
    };
    match renew(&shared, &params) {
        Ok(answer) => json_response(200, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

fn renew(shared: &Shared, params: &Tree) -> Result<Value, Refusal> {
    let text = |name: &str| params.get(name).and_then(Tree::text).unwrap_or_default();
    if text("grant_type") != "refresh_token" {
        return Err(bad("invalid_request", "Only grant_type=refresh_token is served here"));
    }
    shared.with(|state| {
        let client_id = text("client_id");
        let pair =
            state.renew(&client_id, &text("client_secret"), &text("refresh_token")).map_err(|error| {
                match error {
                    NotRenewed::InvalidClient => Refusal::new(401, "invalid_client", "Invalid client data"),
                    NotRenewed::InvalidGrant => bad("invalid_grant", "Invalid grant"),
                }
            })?;
        let scope = state.applications.get(&client_id).map(|app| app.scopes.join(",")).unwrap_or_default();
        Ok(json!({
            "access_token": pair.access,
            "client_endpoint": state.endpoint(),
            // The authorization server's own, never the portal's: a trap the platform has as well.
            "domain": "oauth.local",
            "expires": pair.expires.seconds(),
            "expires_in": pair.expires.since(state.now).as_secs(),
            "member_id": state.member_id,
            "refresh_token": pair.refresh,
            "scope": scope,
            "server_endpoint": state.endpoint(),
            "status": "L",
            "user_id": pair.user,
        }))
    })
}
