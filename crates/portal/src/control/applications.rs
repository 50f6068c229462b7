//! What an administrator does with applications, and what an install page says to the portal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::not_found;
use super::number::Number;
use super::{Answer, Body};
use crate::application::Application;
use crate::methods::is_address;
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::State;
use crate::state::applications::{self, Settings};
use crate::state::installation::Payment;

#[derive(Deserialize)]
pub(super) struct Installation {
    scopes: Option<Vec<String>>,
    #[serde(default)]
    handler: String,
    #[serde(default)]
    install: String,
    #[serde(default)]
    interface: bool,
    #[serde(default)]
    redirect_uri: String,
    version: Option<Number>,
}

/// `POST /control/applications`: what [`Portal::install_application`](crate::Portal::install_application) does, and
/// more if there are addresses to post to.
pub(super) async fn install(
    Extract(shared): Extract<Arc<Shared>>,
    Body(wanted): Body<Installation>,
) -> Answer {
    let settings = Settings {
        scopes: wanted.scopes.unwrap_or_else(|| ["im", "imbot"].map(str::to_owned).to_vec()),
        handler: address("handler", wanted.handler)?,
        install: address("install", wanted.install)?,
        interface: wanted.interface,
        redirect_uri: address("redirect_uri", wanted.redirect_uri)?,
        version: wanted.version.map_or(1, |Number(version)| version),
    };
    if settings.interface && settings.install_address().is_empty() {
        return Err(bad("INVALID_REQUEST", "An application with an interface needs install or handler"));
    }
    let (number, application) = shared.with(|state| {
        let installed = state.install_with(settings);
        (installed.number, Application::of(state, installed))
    });
    Ok(Json(json!({
        "id": number,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "application_token": application.application_token,
        "access_token": application.access_token,
        "refresh_token": application.refresh_token,
        "member_id": application.member_id,
        "client_endpoint": application.client_endpoint,
        "scopes": application.scopes,
        "installed": application.installed,
    })))
}

fn address(name: &str, url: String) -> Result<String, Refusal> {
    if url.is_empty() || is_address(&url) {
        return Ok(url);
    }
    Err(bad("INVALID_REQUEST", format!("{name} is no http or https address")))
}

/// `GET /control/applications`, without any secret.
pub(super) async fn list(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(|state| {
        let mut known: Vec<_> = state.applications.values().collect();
        known.sort_by_key(|application| application.number);
        Value::Array(known.into_iter().map(show).collect())
    })))
}

fn show(application: &applications::Application) -> Value {
    let Settings { scopes, handler, install, interface, version, .. } = &application.settings;
    json!({
        "id": application.number,
        "client_id": application.client_id,
        "scopes": scopes,
        "handler": handler,
        "install": install,
        "interface": interface,
        "version": version,
        "installed": application.installed,
        "status": application.status,
        "payment_expired": application.payment_expired,
        "days": application.days,
    })
}

/// Does something to the application of that id, and shows what has become of it.
fn change(shared: &Shared, id: &str, act: impl FnOnce(&mut State, &str)) -> Answer {
    shared.with(|state| {
        let client_id = state.find_application(id).map(|application| application.client_id.clone());
        let client_id = client_id.ok_or_else(|| not_found("There is no such application"))?;
        act(state, &client_id);
        Ok(Json(state.applications.get(&client_id).map_or_else(|| json!({"result": true}), show)))
    })
}

/// `POST /control/applications/ID/finish`: what an install page says with `BX24.installFinish`.
pub(super) async fn finish(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    change(&shared, &id, State::finish_installation)
}

#[derive(Deserialize)]
pub(super) struct Uninstallation {
    #[serde(default)]
    clean: bool,
}

/// `POST /control/applications/ID/uninstall`
pub(super) async fn uninstall(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    Body(wanted): Body<Uninstallation>,
) -> Answer {
    change(&shared, &id, |state, client_id| state.uninstall(client_id, wanted.clean))
}

#[derive(Deserialize)]
pub(super) struct Update {
    version: Option<Number>,
}

/// `POST /control/applications/ID/update`: to the next version, or this one.
pub(super) async fn update(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    Body(wanted): Body<Update>,
) -> Answer {
    let version = wanted.version.map(|Number(version)| version);
    change(&shared, &id, |state, client_id| state.update_application(client_id, version))
}

#[derive(Deserialize)]
pub(super) struct Paid {
    status: Option<String>,
    days: Option<Number>,
    #[serde(default)]
    expired: bool,
}

/// `POST /control/applications/ID/payment`
pub(super) async fn pay(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    Body(paid): Body<Paid>,
) -> Answer {
    let status = paid.status.unwrap_or_else(|| "P".to_owned());
    if !["F", "D", "T", "P"].contains(&status.as_str()) {
        return Err(bad("INVALID_REQUEST", "status is F, D, T or P"));
    }
    let days = paid.days.map_or(if paid.expired { 0 } else { 30 }, |Number(days)| days);
    let payment = Payment { status, days: Some(days), expired: paid.expired };
    change(&shared, &id, |state, client_id| state.pay(client_id, payment))
}
