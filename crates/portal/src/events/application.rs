//! What an application itself is told: that it is installed, updated, paid for, or gone.

use super::addresses;
use crate::delivery::Outgoing;
use crate::form::http_build_query;
use crate::state::State;
use crate::state::applications::{Application, Settings};
use crate::state::people::ADMINISTRATOR;
use crate::tree::Tree;

const LANGUAGE: &str = "en";

/// ONAPPINSTALL: the one event with a refresh token for an application without pages.
pub(crate) fn installed(state: &mut State, client_id: &str, to: fn(&Settings) -> &String) {
    let Some(application) = state.applications.get(client_id).cloned() else { return };
    let mut data = Tree::new();
    data.put("VERSION", application.settings.version.to_string())
        .put("ACTIVE", "Y")
        .put("INSTALLED", if application.installed { "Y" } else { "N" })
        .put("LANGUAGE_ID", LANGUAGE);
    let auth = state.auth_block(client_id, ADMINISTRATOR, true);
    post(state, "ONAPPINSTALL", &application, to(&application.settings), data, auth);
}

pub(crate) fn updated(state: &mut State, client_id: &str, previous: u64) {
    let Some(application) = state.applications.get(client_id).cloned() else { return };
    let mut data = Tree::new();
    data.put("VERSION", application.settings.version.to_string())
        .put("PREVIOUS_VERSION", previous.to_string())
        .put("LANGUAGE_ID", LANGUAGE);
    let auth = state.auth_block(client_id, ADMINISTRATOR, true);
    about(state, "ONAPPUPDATE", &application, &data, &auth);
}

pub(crate) fn paid(state: &mut State, client_id: &str) {
    let Some(application) = state.applications.get(client_id).cloned() else { return };
    let mut data = Tree::new();
    data.put("CODE", application.client_id.clone())
        .put("VERSION", application.settings.version)
        .put("STATUS", application.status.clone())
        .put("PAYMENT_EXPIRED", if application.payment_expired { "Y" } else { "N" })
        .put("DAYS", application.days.map_or(Tree::Null, Tree::from))
        .put("LANGUAGE_ID", LANGUAGE);
    let auth = addresses(state);
    about(state, "ONAPPPAYMENT", &application, &data, &auth);
}

/// Called while the application is still there: afterwards nobody knows its token.
pub(crate) fn uninstalled(state: &mut State, client_id: &str, clean: bool) {
    let Some(application) = state.applications.get(client_id).cloned() else { return };
    let mut data = Tree::new();
    data.put("LANGUAGE_ID", LANGUAGE).put("CLEAN", u64::from(clean));
    let auth = addresses(state);
    about(state, "ONAPPUNINSTALL", &application, &data, &auth);
}

/// The install page of an application that is not installed yet, as if an administrator had opened it.
pub(crate) fn open_install_page(state: &mut State, client_id: &str) {
    let Some(application) = state.applications.get(client_id).cloned() else { return };
    if let Some((url, body)) = page(state, client_id, ADMINISTRATOR, LANGUAGE) {
        state.outbox.push(Outgoing::new(lane(&application), 0, "INSTALL_PAGE", url, &body));
    }
}

/// What somebody's browser posts to open an application, and where: its install page until it is installed.
pub(crate) fn page(state: &mut State, client_id: &str, user: u64, language: &str) -> Option<(String, Tree)> {
    let application = state.applications.get(client_id)?.clone();
    let settings = &application.settings;
    let address = if application.installed { &settings.handler } else { settings.install_address() };
    let mut url = settings.interface.then(|| reqwest::Url::parse(address).ok())??;
    let mut query = Tree::new();
    query
        .put("DOMAIN", state.domain())
        .put("PROTOCOL", if state.url.starts_with("https:") { "1" } else { "0" })
        .put("LANG", language)
        .put("APP_SID", state.hex(32));
    let before = url.query().map(|query| format!("{query}&")).unwrap_or_default();
    url.set_query(Some(&format!("{before}{}", http_build_query(&query))));
    let pair = state.tokens(client_id, user);
    let mut body = Tree::new();
    body.put("AUTH_ID", pair.access)
        .put("AUTH_EXPIRES", pair.expires.since(state.now).as_secs())
        .put("REFRESH_ID", pair.refresh)
        .put("SERVER_ENDPOINT", state.server_endpoint())
        .put("APPLICATION_TOKEN", application.application_token.clone())
        .put("APPLICATION_SCOPE", application.scope())
        .put("member_id", state.member_id.clone())
        .put("status", application.status.clone())
        .put("PLACEMENT", "DEFAULT");
    Some((url.to_string(), body))
}

/// An event that needs an installed application.
fn about(state: &mut State, event: &'static str, application: &Application, data: &Tree, auth: &Tree) {
    if !application.installed {
        return;
    }
    let bound = application.bound.iter().filter(|(name, _)| name == event).map(|(_, url)| url);
    let mut urls: Vec<&String> = std::iter::once(&application.settings.handler).chain(bound).collect();
    urls.dedup();
    for url in urls {
        post(state, event, application, url, data.clone(), auth.clone());
    }
}

fn post(
    state: &mut State,
    event: &'static str,
    application: &Application,
    url: &str,
    data: Tree,
    mut auth: Tree,
) {
    if url.is_empty() {
        return;
    }
    auth.put("application_token", application.application_token.clone());
    let mut body = Tree::new();
    body.put("event", event).put("data", data).put("ts", state.now.seconds()).put("auth", auth);
    state.outbox.push(Outgoing::new(lane(application), 0, event, url.to_owned(), &body));
}

fn lane(application: &Application) -> String {
    format!("application {}", application.client_id)
}
