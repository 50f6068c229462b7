//! What a portal says when an application is installed or opened there, and who is asked whether it is true.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{DecodeError, MemberId, Secret};

/// What came with ONAPPINSTALL, or from the browser that opened the application's page on a portal
/// (<https://apidocs.bitrix24.com/settings/oauth/simple-way.html>).
///
/// Anyone can have written it: it says what is to be asked about, and proves nothing. No address in it may be called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstallRequest {
    /// The portal's id.
    pub member_id: MemberId,
    /// A token of whoever installed or opened it, valid for an hour.
    pub access_token: Secret,
    /// Renews that token.
    pub refresh_token: Option<Secret>,
    /// What later events will carry; older portals leave it out of pages.
    pub application_token: Option<Secret>,
    /// The portal's domain: `some-domain.bitrix24.com`.
    pub domain: Option<String>,
    /// Where the portal's REST methods are.
    pub client_endpoint: Option<String>,
    /// The authorization server that can tell whether all this is so.
    pub server_endpoint: Option<String>,
    /// The language of whoever opened the page: `en`.
    pub language: Option<String>,
    /// From where on the portal a page was opened: `DEFAULT`.
    pub placement: Option<String>,
}

impl InstallRequest {
    /// Reads what a browser posts when an application's page is opened: a flat form, and the query of its address.
    /// `None` if it is no such form.
    ///
    /// ```
    /// use b24bot_core::InstallRequest;
    ///
    /// let body = b"AUTH_ID=831c76&REFRESH_ID=b092f9&member_id=bac1cd&PLACEMENT=DEFAULT";
    /// let request = InstallRequest::of_page(body, "DOMAIN=some-domain.bitrix24.com&PROTOCOL=1&LANG=de")?.unwrap();
    /// assert_eq!(request.client_endpoint.as_deref(), Some("https://some-domain.bitrix24.com/rest/"));
    /// assert_eq!(request.language.as_deref(), Some("de"));
    /// # Ok::<(), b24bot_core::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the body or the query cannot be read.
    pub fn of_page(body: &[u8], query: &str) -> Result<Option<Self>, DecodeError> {
        crate::decode::page(body, query.as_bytes())
    }
}

/// Finds out whether an installation is genuine, and does what follows from it. The endpoint hands over what it would
/// otherwise refuse: see [`Webhook::installer`](crate::Webhook::installer).
#[async_trait]
pub trait Installer: fmt::Debug + Send + Sync + 'static {
    /// ONAPPINSTALL. What is confirmed is answered with 200, and handled like any other event. `vouched_for` says
    /// whether its application token is the portal's known one; then it is an event whatever comes of this.
    ///
    /// # Errors
    ///
    /// When it is not confirmed, or cannot be now.
    async fn install(&self, request: InstallRequest, vouched_for: bool) -> Result<(), Declined>;

    /// An event with an application token that is not known of its portal. One whose tokens came another way, without it,
    /// learns it so; the event is taken then. The request's access token is the bot's own where the event brings that, and
    /// otherwise that of whoever caused the event: any employee has one of those.
    ///
    /// # Errors
    ///
    /// When it is nobody's who may tell it, which it is unless implemented.
    async fn learn(&self, request: InstallRequest) -> Result<(), Declined> {
        let _ = request;
        Err(Declined::NotConfirmed)
    }

    /// Where to send a browser that comes by GET with that query; nowhere unless implemented. What comes back from an
    /// authorization comes so where the application has no other address for it.
    fn elsewhere(&self, query: &str) -> Option<String> {
        let _ = query;
        None
    }

    /// An application's page is opened, for the first time or later: what to show.
    async fn page(&self, request: InstallRequest) -> Page;
}

/// Why an installation is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Declined {
    /// It is not so: answered with 403.
    NotConfirmed,
    /// It cannot be found out now: answered with 503 and this `Retry-After`.
    Later(Duration),
}

/// A page to show in a frame of the portal.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    pub(crate) policy: String,
    pub(crate) retry_after: Option<Duration>,
}

impl Page {
    /// A page with that status, and that `Content-Security-Policy`.
    #[must_use]
    pub fn new(status: u16, html: impl Into<String>, policy: impl Into<String>) -> Self {
        Self { status, html: html.into(), policy: policy.into(), retry_after: None }
    }

    /// With a `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(self, pause: Duration) -> Self {
        Self { retry_after: Some(pause), ..self }
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What it shows.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Its `Content-Security-Policy`.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }
}
