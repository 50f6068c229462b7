//! An installation as it is written, before it is sealed.

use b24bot_core::{BotId, MemberId, Secret, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Installation, InstallationState, Tokens};

/// The latest form. Fields that are added do not change it: what an older version does not know it keeps.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Form {
    form: u32,
    member_id: MemberId,
    domain: String,
    client_endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scope: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bot: Option<BotId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registered: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    installed_at: u64,
    #[serde(default)]
    granted_at: u64,
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unpaid_at: Option<u64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl InstallationState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReinstallation => "needs_reinstallation",
            Self::PaymentRequired => "payment_required",
        }
    }
}

/// Why what was sealed is no installation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is not written as an installation is.
    Malformed,
    /// A later version wrote it, in a form that this one does not know.
    Later(u32),
}

pub(super) fn write(installation: &Installation) -> Vec<u8> {
    let text = |secret: &Secret| secret.expose().to_owned();
    let Installation { tokens, .. } = installation;
    let form = Form {
        form: FORM,
        member_id: installation.member_id.clone(),
        domain: installation.domain.clone(),
        client_endpoint: installation.client_endpoint.clone(),
        server_endpoint: installation.server_endpoint.clone(),
        scope: installation.scope.clone(),
        status: installation.status.clone(),
        user_id: installation.user_id,
        state: installation.state.as_str().to_owned(),
        bot: installation.bot,
        registered: installation.registered.clone(),
        version: installation.version.clone(),
        installed_at: installation.installed_at,
        granted_at: installation.granted_at,
        access_token: text(&tokens.access),
        refresh_token: tokens.refresh.as_ref().map(text),
        expires_at: tokens.expires_at,
        lease: installation.lease.clone(),
        unpaid_at: installation.unpaid_at,
        rest: installation.rest.clone(),
    };
    // Maps with text for names, and values that JSON has: nothing in it can fail.
    serde_json::to_vec(&form).unwrap_or_default()
}

pub(super) fn read(json: &[u8]) -> Result<Installation, Unread> {
    #[derive(Deserialize)]
    struct Head {
        form: u32,
    }
    let Head { form } = serde_json::from_slice(json).map_err(|_| Unread::Malformed)?;
    if form > FORM {
        return Err(Unread::Later(form));
    }
    let form: Form = serde_json::from_slice(json).map_err(|_| Unread::Malformed)?;
    let states = [InstallationState::NeedsReinstallation, InstallationState::PaymentRequired];
    // A state that this version does not know does not keep it from trying.
    let state = states.into_iter().find(|state| state.as_str() == form.state).unwrap_or_default();
    Ok(Installation {
        member_id: form.member_id,
        domain: form.domain,
        client_endpoint: form.client_endpoint,
        scope: form.scope,
        status: form.status,
        user_id: form.user_id,
        state,
        bot: form.bot,
        registered: form.registered,
        version: form.version,
        installed_at: form.installed_at,
        granted_at: form.granted_at,
        server_endpoint: form.server_endpoint,
        tokens: Tokens {
            access: form.access_token.into(),
            refresh: form.refresh_token.map(Secret::from),
            expires_at: form.expires_at,
        },
        lease: form.lease,
        unpaid_at: form.unpaid_at,
        rest: form.rest,
    })
}
