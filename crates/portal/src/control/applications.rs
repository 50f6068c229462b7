//! What an administrator does with applications, and what an install page says to the portal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State as Extract};
use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::{known_user, not_found};
use super::number::Number;
use super::{Answer, Body};
use crate::application::Application;
use crate::events;
use crate::methods::is_address;
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::State;
use crate::state::applications::{self, Names, Settings};
use crate::state::installation::Payment;
use crate::state::people::ADMINISTRATOR;

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
    client_id: Option<String>,
    client_secret: Option<String>,
    /// Whether the install page is opened at once.
    open: Option<bool>,
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
    let names = Names {
        client_id: name("client_id", wanted.client_id)?,
        client_secret: name("client_secret", wanted.client_secret)?,
    };
    let (number, application) = shared.with(|state| {
        if names.client_id.as_ref().is_some_and(|name| state.applications.contains_key(name)) {
            return Err(bad("ALREADY_INSTALLED", "An application of that client_id is installed"));
        }
        let client_id = state.add_application(settings, names).client_id;
        state.begin_installation(&client_id, wanted.open.unwrap_or(true));
        let installed = known(state, &client_id)?.clone();
        Ok((installed.number, Application::of(state, installed)))
    })?;
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

/// A name or a secret as the platform gives them; an empty one is none.
fn name(what: &str, given: Option<String>) -> Result<Option<String>, Refusal> {
    let given = given.map(|given| given.trim().to_owned()).filter(|given| !given.is_empty());
    let is_name = |text: &String| {
        text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match given {
        Some(odd) if !is_name(&odd) => {
            Err(bad("INVALID_REQUEST", format!("{what} is of Latin letters, digits, points and dashes")))
        }
        given => Ok(given),
    }
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
    let Settings { scopes, handler, install, interface, redirect_uri, version } = &application.settings;
    json!({
        "id": application.number,
        "client_id": application.client_id,
        "scopes": scopes,
        "handler": handler,
        "install": install,
        "interface": interface,
        "redirect_uri": redirect_uri,
        "version": version,
        "installed": application.installed,
        "status": application.status,
        "payment_expired": application.payment_expired,
        "days": application.days,
        "renewals": application.renewals,
    })
}

fn known<'a>(state: &'a State, id: &str) -> Result<&'a applications::Application, Refusal> {
    state.find_application(id).ok_or_else(|| not_found("There is no such application"))
}

/// `GET /control/applications/ID`
pub(super) async fn one(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    shared.read(|state| known(state, &id).map(show).map(Json))
}

/// `GET /control/applications/ID/secrets`: what goes into a bot's settings.
pub(super) async fn secrets(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    shared.read(|state| {
        let application = known(state, &id)?;
        Ok(Json(json!({
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "application_token": application.application_token,
        })))
    })
}

#[derive(Deserialize)]
pub(super) struct Visit {
    user: Option<Number>,
    lang: Option<String>,
}

/// `POST /control/applications/ID/page`: the form with which a browser opens the application, or its install page, which
/// is for the administrator alone.
pub(super) async fn page(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    Body(visit): Body<Visit>,
) -> Answer {
    let lang = visit.lang.unwrap_or_else(|| "en".to_owned());
    shared.with(|state| {
        let application = known(state, &id)?;
        let (client_id, installed) = (application.client_id.clone(), application.installed);
        let visitor = visit.user.map(|Number(user)| user).filter(|_| installed).unwrap_or(ADMINISTRATOR);
        known_user(state, visitor)?;
        let page = events::application::page(state, &client_id, visitor, &lang);
        let (url, fields) = page.ok_or_else(|| not_found("This application has no such page"))?;
        Ok(Json(json!({"url": url, "fields": fields.to_json(), "installed": installed})))
    })
}

/// Does something to the application of that id, and shows what has become of it.
fn change(shared: &Shared, id: &str, act: impl FnOnce(&mut State, &str)) -> Answer {
    shared.with(|state| {
        let client_id = known(state, id)?.client_id.clone();
        act(state, &client_id);
        Ok(Json(state.applications.get(&client_id).map_or_else(|| json!({"result": true}), show)))
    })
}

/// `POST /control/applications/ID/finish`: what an install page says with `BX24.installFinish`.
pub(super) async fn finish(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    change(&shared, &id, State::finish_installation)
}

#[derive(Deserialize)]
pub(super) struct Reinstallation {
    open: Option<bool>,
}

/// `POST /control/applications/ID/reinstall`: with new tokens, as when it lost its own.
pub(super) async fn reinstall(
    Extract(shared): Extract<Arc<Shared>>,
    Path(id): Path<String>,
    Body(wanted): Body<Reinstallation>,
) -> Answer {
    change(&shared, &id, |state, client_id| state.begin_installation(client_id, wanted.open.unwrap_or(true)))
}

/// `POST /control/applications/ID/expire`: its access tokens end now.
pub(super) async fn expire(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    change(&shared, &id, State::expire_tokens)
}

/// `POST /control/applications/ID/revoke`: its refresh tokens are worthless from now on.
pub(super) async fn revoke(Extract(shared): Extract<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    change(&shared, &id, State::revoke_tokens)
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
