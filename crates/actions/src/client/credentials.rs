//! What calls are signed with, and what is done when that is good no more.

use std::sync::Arc;

use b24bot_core::{BotId, MemberId, Secret};
use url::Url;

use super::{Client, Inner};
use crate::{
    authority::Authority,
    call::Call,
    code::ErrorCode,
    error::{Error, ErrorKind},
    installation::{Installation, InstallationState},
    installations::unix_now,
    reach::Reach,
    renewing::{NotRenewed, unpaid},
    webhook::WebhookUrl,
};

pub(crate) enum Credentials {
    Webhook(WebhookUrl),
    Token {
        endpoint: Url,
        token: Secret,
        reach: Reach,
    },
    /// The application's own token on a portal, which is renewed.
    Installation(Installed),
    /// The newest of a bot's own tokens.
    Own(Installed, BotId),
    /// Whichever of the two fits a call.
    Bot(Installed, BotId),
}

/// A portal that installed the application.
#[derive(Clone)]
pub(crate) struct Installed {
    pub(crate) authority: Arc<Authority>,
    pub(crate) portal: MemberId,
}

impl Client {
    /// Who signs a call: itself, unless these are credentials of which one has to be chosen.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] if only the installation's token is good, and the call would act for whoever
    /// installed the application.
    pub(crate) fn signer(&self, call: &Call) -> Result<Self, Error> {
        let Credentials::Bot(installed, bot) = &self.inner.credentials else { return Ok(self.clone()) };
        let credentials = if self.portal().own.usable(*bot, unix_now()).is_some() {
            Credentials::Own(installed.clone(), *bot)
        } else if call.is_as_bot(*bot) {
            Credentials::Installation(installed.clone())
        } else {
            return Err(Error::new(ErrorKind::NoCredentials, call.method()).note(
                "the bot's own token has expired, and with the installation's the call would be made in the name of \
                 whoever installed the application: the bot's next event brings a new one",
            ));
        };
        let Inner { portal, transport, retry, .. } = &*self.inner;
        let signer = Self::new(credentials, Arc::clone(portal), Arc::clone(transport), *retry);
        Ok(signer.in_manner(self.manner.clone()))
    }

    /// Whether it may turn out that calls cannot be made in the bot's name.
    pub(crate) fn is_bot(&self) -> bool {
        matches!(self.inner.credentials, Credentials::Bot(..))
    }

    /// Whether calls act for whoever installed the application.
    pub(crate) fn is_installation(&self) -> bool {
        matches!(self.inner.credentials, Credentials::Installation(_))
    }

    /// The token to write a request with; none for a webhook, whose address has it all.
    ///
    /// # Errors
    /// [`Repeat::AfterRefresh`](crate::Repeat::AfterRefresh) for one that is known to be good no more.
    pub(crate) fn token(&self, method: &str) -> Result<Option<Secret>, Error> {
        let expired = || Error::new(ErrorKind::Api(ErrorCode::ExpiredToken), method);
        match &self.inner.credentials {
            Credentials::Webhook(_) => Ok(None),
            Credentials::Token { token, .. } => Ok(Some(token.clone())),
            Credentials::Own(_, bot) | Credentials::Bot(_, bot) => {
                self.portal().own.usable(*bot, unix_now()).map(Some).ok_or_else(expired)
            }
            Credentials::Installation(installed) => {
                let known = installed.known()?;
                match known.state {
                    InstallationState::NeedsReinstallation => {
                        Err(Error::new(ErrorKind::NeedsReinstallation, method))
                    }
                    InstallationState::PaymentRequired if !known.may_ask_unpaid(unix_now()) => {
                        Err(unpaid(method))
                    }
                    InstallationState::PaymentRequired => Err(expired()),
                    InstallationState::Active if self.portal().renewing.is_refused(&known.tokens.access) => {
                        Err(expired())
                    }
                    InstallationState::Active => Ok(Some(known.tokens.access.clone())),
                }
            }
        }
    }

    /// The portal takes that token no more.
    pub(crate) fn refuse(&self, token: &Secret) {
        match &self.inner.credentials {
            Credentials::Webhook(_) | Credentials::Token { .. } => {}
            Credentials::Own(_, bot) | Credentials::Bot(_, bot) => self.portal().own.refuse(*bot, token),
            Credentials::Installation(_) => self.portal().renewing.refuse(token),
        }
    }

    /// Whether another token can be had when this one is good no more.
    pub(crate) fn can_refresh(&self) -> bool {
        !matches!(self.inner.credentials, Credentials::Webhook(_) | Credentials::Token { .. })
    }

    /// Comes back when there is another token than the one that was refused.
    pub(crate) async fn refresh(&self) -> Result<(), NotRenewed> {
        // Bots' own tokens come with events: whoever signs the call then is chosen anew.
        let Credentials::Installation(installed) = &self.inner.credentials else { return Ok(()) };
        let known = installed.known().map_err(|error| NotRenewed { error, until: None })?;
        let used = &known.tokens.access;
        let renewing = &self.portal().renewing;
        if known.state == InstallationState::Active && !renewing.is_refused(used) {
            return Ok(());
        }
        renewing.renew(&installed.authority, &installed.portal, used).await
    }

    pub(crate) fn reach(&self) -> Reach {
        match &self.inner.credentials {
            // The operator's own word.
            Credentials::Webhook(_) => Reach::Private,
            Credentials::Token { reach, .. } => *reach,
            Credentials::Installation(installed)
            | Credentials::Own(installed, _)
            | Credentials::Bot(installed, _) => installed.authority.reach,
        }
    }

    pub(super) fn url(&self, method: &str) -> Result<Url, Error> {
        let own;
        let base = match &self.inner.credentials {
            Credentials::Webhook(webhook) => webhook.base(),
            Credentials::Token { endpoint, .. } => endpoint,
            Credentials::Installation(installed)
            | Credentials::Own(installed, _)
            | Credentials::Bot(installed, _) => {
                own = installed.endpoint()?;
                &own
            }
        };
        // The name's characters were checked when the body was written: nothing but a path can come of it.
        base.join(&format!("./{method}"))
            .map_err(|error| Error::new(ErrorKind::Params, method).source_from(error))
    }
}

impl Installed {
    pub(crate) fn known(&self) -> Result<Arc<Installation>, Error> {
        self.authority.installation(&self.portal)
    }

    pub(super) fn endpoint(&self) -> Result<Url, Error> {
        self.authority.endpoint(&self.known()?.client_endpoint)
    }
}
