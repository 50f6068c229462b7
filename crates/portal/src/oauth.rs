//! `/oauth/authorize/` and `/oauth/token/`: the authorization server, in the same house.

use std::sync::Arc;

use axum::extract::{Request, State as Extract};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::body::read_body;
use crate::form::http_build_query;
use crate::params::{merge, read_form};
use crate::refusal::{Refusal, bad, forbidden, json_response};
use crate::rest::host_of;
use crate::shared::Shared;
use crate::state::State;
use crate::state::applications::{NotRenewed, TokenPair};
use crate::state::people::ADMINISTRATOR;
use crate::tree::Tree;

fn text(params: &Tree, name: &str) -> String {
    params.get(name).and_then(Tree::text).unwrap_or_default()
}

/// Sends the user back to the application with a `code`.
///
/// Nobody logs in here: the user is 1, or `user_id`. The way back stands in the application's settings, or comes
/// as `redirect_uri`; without one the answer shows what would have been sent.
pub(crate) async fn authorize(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Ok(params) = read_form(uri.query().unwrap_or_default()) else {
        return bad("invalid_request", "The request cannot be read").into_response();
    };
    let client_id = text(&params, "client_id");
    let user = params.get("user_id").and_then(Tree::id).unwrap_or(ADMINISTRATOR);
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    if let Some(location) = shared.with(|state| state.moved_to(host_of(&headers), path)) {
        return (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    }
    let sent = shared.with(|state| {
        let application = state.applications.get(&client_id)?;
        let (scope, back) = (application.scope(), application.settings.redirect_uri.clone());
        state.users.get(&user).filter(|user| !user.is_bot)?;
        let code = state.authorize(&client_id, user);
        let mut sent = Tree::new();
        sent.put("code", code)
            .put("state", text(&params, "state"))
            .put("domain", state.domain())
            .put("member_id", state.member_id.clone())
            .put("scope", scope)
            .put("server_domain", "oauth.local");
        Some((sent, back))
    });
    let Some((sent, back)) = sent else {
        return bad("invalid_client", "No such application is installed, or there is no such user")
            .into_response();
    };
    let back = if back.is_empty() { text(&params, "redirect_uri") } else { back };
    match reqwest::Url::parse(&back) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") => {
            let before = url.query().map(|query| format!("{query}&")).unwrap_or_default();
            url.set_query(Some(&format!("{before}{}", http_build_query(&sent))));
            (StatusCode::FOUND, [(header::LOCATION, url.to_string())]).into_response()
        }
        _ => json_response(200, &sent.to_json()),
    }
}

/// `grant_type=refresh_token` and `authorization_code`, as GET or POST. What was exchanged is worth nothing
/// afterwards.
pub(crate) async fn token(Extract(shared): Extract<Arc<Shared>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let params = match (read_form(&query), body) {
        (Ok(query), Ok(body)) => merge(query, &body),
        _ => return bad("invalid_request", "The request cannot be read").into_response(),
    };
    match shared.with(|state| exchange(state, &params)) {
        Ok(answer) => json_response(200, &answer),
        Err(refusal) => refusal.into_response(),
    }
}

/// Nobody gets more than the application's settings allow.
fn check_scope(state: &State, client_id: &str, asked: &str) -> Result<(), Refusal> {
    let Some(application) = state.applications.get(client_id) else { return Ok(()) };
    let granted = |scope: &str| application.settings.scopes.iter().any(|own| own == scope);
    if asked.split([',', ' ']).filter(|scope| !scope.is_empty()).all(granted) {
        return Ok(());
    }
    let why = "Given scope exceeds permissions associated with given grant";
    Err(forbidden("invalid_scope", why))
}

fn exchange(state: &mut State, params: &Tree) -> Result<Value, Refusal> {
    let (client_id, secret) = (text(params, "client_id"), text(params, "client_secret"));
    check_scope(state, &client_id, &text(params, "scope"))?;
    let pair = match text(params, "grant_type").as_str() {
        "refresh_token" => state.renew(&client_id, &secret, &text(params, "refresh_token")),
        "authorization_code" => state.exchange(&client_id, &secret, &text(params, "code")),
        _ => return Err(bad("invalid_request", "grant_type is refresh_token or authorization_code")),
    };
    let pair: TokenPair = pair.map_err(|error| match error {
        NotRenewed::InvalidClient => bad("invalid_client", "Invalid client data"),
        NotRenewed::InvalidGrant => bad("invalid_grant", "Invalid grant"),
        NotRenewed::PaymentRequired => Refusal::new(401, "PAYMENT_REQUIRED", "Payment required"),
    })?;
    let (scope, status) = state
        .applications
        .get(&client_id)
        .map(|application| (application.scope(), application.status.clone()))
        .unwrap_or_default();
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
        "server_endpoint": state.server_endpoint(),
        "status": status,
        "user_id": pair.user,
    }))
}
