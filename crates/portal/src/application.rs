//! What a developer gets to know about an application installed on the portal.

use std::fmt;

use crate::state::people::ADMINISTRATOR;
use crate::state::{State, applications};

/// A local application installed on the portal, as [`Portal::install_application`](crate::Portal::install_application)
/// returns it. The tokens are those of user 1.
#[derive(Clone)]
#[non_exhaustive]
pub struct Application {
    /// `client_id`, the application's code.
    pub client_id: String,
    /// `client_secret`, for `/oauth/token/`.
    pub client_secret: String,
    /// What every event of this application carries as `auth[application_token]`.
    pub application_token: String,
    /// An access token of user 1. Lives one hour.
    pub access_token: String,
    /// The refresh token that belongs to it. Works once.
    pub refresh_token: String,
    /// `member_id` of the portal.
    pub member_id: String,
    /// Where REST is called: `http://127.0.0.1:9400/rest/`.
    pub client_endpoint: String,
    /// The scopes it was installed with.
    pub scopes: Vec<String>,
    /// Whether the installation is finished: before that no event comes.
    pub installed: bool,
}

impl Application {
    pub(crate) fn of(state: &mut State, installed: applications::Application) -> Self {
        let pair = state.tokens(&installed.client_id, ADMINISTRATOR);
        Self {
            client_id: installed.client_id,
            client_secret: installed.client_secret,
            application_token: installed.application_token,
            access_token: pair.access,
            refresh_token: pair.refresh,
            member_id: state.member_id.clone(),
            client_endpoint: state.endpoint(),
            scopes: installed.settings.scopes,
            installed: installed.installed,
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Application")
            .field("client_id", &self.client_id)
            .field("member_id", &self.member_id)
            .field("client_endpoint", &self.client_endpoint)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
