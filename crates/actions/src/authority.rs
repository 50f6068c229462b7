//! The application before the authorization server: what it is believed, and given.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use b24bot_core::{MemberId, Secret, UserId};
use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    sync::{OwnedRwLockReadGuard, RwLock},
    time::timeout,
};
use url::{Url, form_urlencoded};

use crate::{
    address,
    code::ErrorCode,
    error::{Error, ErrorKind},
    grant::{Application, Claim, Grant},
    installation::Installation,
    installations::{Installations, unix_now},
    measure,
    reach::Reach,
    retry::Repeat,
    transport::{ASKING, Ask, Transport},
};

/// What a request to the authorization server is called in errors and metrics.
pub(crate) const TOKEN: &str = "oauth/token";
const INFO: &str = "app.info";

/// How long a stop waits for renewals: for the authorization server, and then for the store.
const SETTLING: Duration = ASKING.saturating_add(Duration::from_secs(5));

/// The vendor's own.
const KNOWN: [&str; 2] = ["https://oauth.bitrix.info", "https://oauth.bitrix24.tech"];

/// The application, and the authorization servers that may learn its key.
pub(crate) struct Authority {
    application: Option<Application>,
    /// Never empty.
    servers: Vec<Url>,
    pub(crate) reach: Reach,
    transport: Arc<Transport>,
    /// Every renewal that is under way holds it.
    renewals: Arc<RwLock<()>>,
    /// No renewal may begin any more.
    is_stopping: AtomicBool,
    pub(crate) installations: OnceLock<Installations>,
}

/// What `/oauth/token/` answers. `domain` in it is the server's own.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires: Value,
    #[serde(default)]
    expires_in: Value,
    client_endpoint: String,
    #[serde(default)]
    server_endpoint: Option<String>,
    member_id: String,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    user_id: Value,
}

/// What `app.info` answers. The portal's own says less than the authorization server's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct InfoAnswer {
    client_id: Option<String>,
    scope: Value,
    expires: Value,
    user_id: Value,
    install: Option<InstallAnswer>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InstallAnswer {
    installed: Value,
    version: Value,
    status: Option<String>,
    client_endpoint: Option<String>,
    member_id: Option<String>,
}

impl Authority {
    pub(crate) fn new(
        application: Option<Application>,
        servers: &[String],
        reach: Reach,
        transport: Arc<Transport>,
    ) -> Result<Self, Error> {
        let unusable = |error| Error::new(ErrorKind::Setup, "authorization server").source_from(error);
        // One's own first: it is asked where nothing is said of another.
        let known = servers.iter().map(String::as_str).chain(KNOWN);
        let servers = known.map(address::parse).collect::<Result<_, _>>().map_err(unusable)?;
        Ok(Self {
            application,
            servers,
            reach,
            transport,
            renewals: Arc::default(),
            is_stopping: AtomicBool::new(false),
            installations: OnceLock::new(),
        })
    }

    /// Asks whether an installation is as it is said to be.
    pub(crate) async fn confirm(&self, claim: &Claim) -> Result<Grant, Error> {
        let application = self.application()?;
        if let Some(portal) = self.on_this_machine(claim.client_endpoint.as_deref()) {
            return self.confirm_here(claim, &portal, application).await;
        }
        let server = self.server(claim.server_endpoint.as_deref());
        let info = self.info(&at(&server, "/rest/app.info"), &claim.access_token).await?;
        let Some(install) = &info.install else {
            let refresh = claim.refresh_token.as_ref().ok_or_else(|| {
                not_confirmed(
                    "the authorization server tells nothing of the installation, and no refresh token came",
                )
            })?;
            let grant = self.renew(Some(server.as_str()), refresh).await.map_err(refused)?;
            return if grant.member_id == claim.member_id {
                self.within_reach(grant)
            } else {
                Err(another_portal())
            };
        };
        if info.client_id.as_deref() != Some(application.client_id.as_str()) {
            return Err(not_confirmed("the token is another application's"));
        }
        if install.member_id.as_deref() != Some(claim.member_id.as_str()) {
            return Err(another_portal());
        }
        let endpoint = install.client_endpoint.as_deref().unwrap_or_default();
        let endpoint = self.endpoint(endpoint)?;
        Ok(info.grant(claim, endpoint.into(), server.into()))
    }

    /// The portal itself is asked: in development only, where it is on this very machine.
    async fn confirm_here(
        &self,
        claim: &Claim,
        portal: &Url,
        application: &Application,
    ) -> Result<Grant, Error> {
        let mut url = portal.clone();
        url.set_path(&format!("{}{INFO}", portal.path()));
        let info = self.info(&url, &claim.access_token).await?;
        if info.client_id.as_ref().is_some_and(|id| *id != application.client_id) {
            return Err(not_confirmed("the token is another application's"));
        }
        let told = info.install.as_ref().and_then(|install| install.member_id.as_deref());
        if told.is_some_and(|told| told != claim.member_id.as_str()) {
            return Err(another_portal());
        }
        let server = self.server(claim.server_endpoint.as_deref());
        Ok(info.grant(claim, portal.clone().into(), server.into()))
    }

    /// Tokens for a code that somebody was sent back with.
    pub(crate) async fn exchange(&self, code: &Secret, server: Option<&str>) -> Result<Grant, Error> {
        let what = [("grant_type", "authorization_code"), ("code", code.expose())];
        self.within_reach(self.token(server, &what).await?)
    }

    /// A new pair for a refresh token, which is worth nothing from then on. So the pair comes back wherever its portal is:
    /// how far calls reach is asked when they are made.
    pub(crate) async fn renew(&self, server: Option<&str>, refresh: &Secret) -> Result<Grant, Error> {
        self.token(server, &[("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]).await
    }

    /// Lets a renewal begin that is waited for as long as it has this; none when the process stops.
    pub(crate) fn begin_renewal(&self) -> Option<OwnedRwLockReadGuard<()>> {
        // Had first: a stop that has begun since then waits for it.
        let begun = Arc::clone(&self.renewals).try_read_owned().ok()?;
        (!self.is_stopping()).then_some(begun)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Lets no more renewals begin, and waits for those that are under way; whether all have ended.
    pub(crate) async fn stop_renewing(&self) -> bool {
        self.is_stopping.store(true, Ordering::SeqCst);
        timeout(SETTLING, self.renewals.write()).await.is_ok()
    }

    async fn token(&self, server: Option<&str>, what: &[(&str, &str)]) -> Result<Grant, Error> {
        let application = self.application()?;
        let server = self.server(server);
        let mut url = at(&server, "/oauth/token/");
        url.query_pairs_mut()
            .extend_pairs(&what[..1])
            .append_pair("client_id", &application.client_id)
            .append_pair("client_secret", application.client_secret.expose())
            .extend_pairs(&what[1..]);
        let answer: TokenAnswer = self.asked(TOKEN, Ask::Get(&url)).await.map_err(|error| {
            if error.code() == Some(&ErrorCode::InvalidClient) { no_client(error) } else { error }
        })?;
        let lasts = number(&answer.expires_in).map(|seconds| unix_now().saturating_add(seconds));
        Ok(Grant {
            server_endpoint: Some(answer.server_endpoint.unwrap_or_else(|| server.into())),
            refresh_token: answer.refresh_token.map(Secret::from),
            expires_at: moment(&answer.expires).or(lasts),
            scope: answer.scope.as_deref().map(list).unwrap_or_default(),
            status: answer.status,
            user_id: number(&answer.user_id).map(UserId::from),
            ..Grant::new(MemberId::from(answer.member_id), answer.client_endpoint, answer.access_token)
        })
    }

    async fn info(&self, url: &Url, token: &Secret) -> Result<InfoAnswer, Error> {
        #[derive(Deserialize)]
        struct Result {
            result: InfoAnswer,
        }
        let form =
            form_urlencoded::Serializer::new(String::new()).append_pair("auth", token.expose()).finish();
        let answer: Result = self.asked(INFO, Ask::Post(url, form)).await.map_err(refused)?;
        Ok(answer.result)
    }

    async fn asked<T: for<'de> Deserialize<'de>>(
        &self,
        what: &'static str,
        ask: Ask<'_>,
    ) -> Result<T, Error> {
        let answered = self.transport.ask(what, ask).await;
        let read = answered.and_then(|(status, body)| read(what, status, &body));
        measure::request(what, read.as_ref().err().map_or("ok", Error::outcome));
        read
    }

    /// What is known of a portal.
    pub(crate) fn installation(&self, portal: &MemberId) -> Result<Arc<Installation>, Error> {
        let found = self.installations.get().map(|installations| installations.find(portal)).transpose()?;
        found.flatten().ok_or_else(|| Error::new(ErrorKind::Uninstalled, "installation"))
    }

    pub(crate) fn application(&self) -> Result<&Application, Error> {
        self.application.as_ref().ok_or_else(|| {
            let error = Error::new(ErrorKind::NoCredentials, "application");
            error.note(
                "no application is configured: `client_id` and `client_secret` under `[app]` in bot.toml",
            )
        })
    }

    /// The server to ask, by what is said of it: one that is known, or in development one on this machine.
    fn server(&self, said: Option<&str>) -> Url {
        let said = said.and_then(|said| Url::parse(said).ok());
        let known =
            said.as_ref().and_then(|said| self.servers.iter().find(|known| known.origin() == said.origin()));
        let here = said.as_ref().filter(|said| self.may_be_here(said));
        known.or(here).unwrap_or(&self.servers[0]).clone()
    }

    fn within_reach(&self, grant: Grant) -> Result<Grant, Error> {
        Ok(Grant { client_endpoint: self.endpoint(&grant.client_endpoint)?.into(), ..grant })
    }

    pub(crate) fn endpoint(&self, text: &str) -> Result<Url, Error> {
        let mut url = self
            .reach
            .parse(text)
            .map_err(|error| Error::new(ErrorKind::Address, "client_endpoint").source_from(error))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    fn on_this_machine(&self, endpoint: Option<&str>) -> Option<Url> {
        self.endpoint(endpoint?).ok().filter(|url| self.may_be_here(url))
    }

    fn may_be_here(&self, url: &Url) -> bool {
        self.reach == Reach::Development && address::is_loopback(url) && address::check(url).is_ok()
    }
}

impl InfoAnswer {
    fn grant(self, claim: &Claim, client_endpoint: String, server: String) -> Grant {
        let install = self.install.unwrap_or_default();
        let scope = match &self.scope {
            Value::String(scope) => list(scope),
            Value::Array(scopes) => {
                scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        Grant {
            server_endpoint: Some(server),
            refresh_token: claim.refresh_token.clone(),
            expires_at: moment(&self.expires),
            scope,
            status: install.status,
            user_id: number(&self.user_id).map(UserId::from),
            installed: flag(&install.installed),
            version: match install.version {
                Value::String(version) => Some(version),
                Value::Number(version) => Some(version.to_string()),
                _ => None,
            },
            ..Grant::new(claim.member_id.clone(), client_endpoint, claim.access_token.clone())
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("application", &self.application)
            .field("reach", &self.reach)
            .field("installations", &self.installations.get())
            .finish_non_exhaustive()
    }
}

/// The error field is the platform's; everything else is what was asked for.
fn read<T: for<'de> Deserialize<'de>>(what: &str, status: u16, body: &[u8]) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        #[serde(default)]
        error_description: Option<String>,
    }
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(body) {
        let error =
            Error::new(ErrorKind::Api(ErrorCode::from(refusal.error.as_str())), what).with_status(status);
        return Err(match refusal.error_description {
            Some(description) => error.described(description),
            None => error,
        });
    }
    let unreadable = || Error::new(ErrorKind::Answer, what).with_status(status);
    if !(200..300).contains(&status) {
        return Err(unreadable().note(format!("HTTP status {status} without an error code")));
    }
    // What serde would say may quote a token.
    serde_json::from_slice(body).map_err(|_| unreadable().note("it is no answer of an authorization server"))
}

/// What the server says of a claim is a reason not to believe it, unless it cannot tell at present.
fn refused(error: Error) -> Error {
    let says_nothing =
        matches!(error.code(), None | Some(ErrorCode::InvalidClient | ErrorCode::OverloadLimit));
    if says_nothing || matches!(error.repeat(), Repeat::Later | Repeat::IfIdempotent) {
        return error;
    }
    not_confirmed("the authorization server does not know the token").source_from(error)
}

/// A mistake of whoever runs the bot, or the portal's own affair.
fn no_client(error: Error) -> Error {
    error.note(
        "`client_id` or `client_secret` under `[app]` in bot.toml is not the application's, or the application is not \
         installed there any more",
    )
}

fn not_confirmed(why: &'static str) -> Error {
    Error::new(ErrorKind::NotConfirmed, "installation").note(why)
}

fn another_portal() -> Error {
    not_confirmed("the token is another portal's")
}

/// That path at a server.
fn at(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

fn list(scope: &str) -> Vec<String> {
    let parts = scope.split([',', ' ']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(flag) => Some(matches!(flag.as_str(), "Y" | "1" | "true")),
        _ => None,
    }
}

/// Seconds since 1970, however they are written.
fn moment(value: &Value) -> Option<u64> {
    let date =
        || OffsetDateTime::parse(value.as_str()?.trim(), &Rfc3339).ok()?.unix_timestamp().try_into().ok();
    number(value).or_else(date).filter(|moment| *moment > 0)
}
