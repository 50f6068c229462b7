//! What an operator wants done on portals, and whoever does it: the process that holds their credentials.
//!
//! With an inbound webhook that is any program that reads `bot.toml`. An application's tokens are in the store, which
//! the running bot may have for itself: then it is asked, as for [`desk`](crate::desk), and no token leaves it.

mod clerk;
mod server;
mod subject;

use std::{error::Error as StdError, sync::Arc};

use b24bot_actions::{InstallationState, Portals};
use b24bot_core::{BotId, MemberId, Store};
use b24bot_rules::{Config, Mode};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

pub use clerk::{Clerk, open};
pub(crate) use server::router;
use subject::{Subject, Way};

use crate::{
    Error, ErrorKind,
    doctor::{self, Finding},
    registration::{self, Listed, Registered, Wanted},
    trust,
};

/// How many portals are called at the same time.
const AT_ONCE: usize = 16;

/// What is to be done, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// What.
    pub act: Act,
    /// The portal's `member_id` or domain; all of them without one.
    pub portal: Option<String>,
    /// Whether that holds for several portals too. Only [`Act::Unregister`] asks.
    pub sure: bool,
    /// What the `bot.toml` says that the order comes from, as its [fingerprint](Wanted::fingerprint).
    #[serde(default)]
    pub(crate) read: Option<String>,
}

impl Order {
    /// An order for all portals.
    #[must_use]
    pub fn new(act: Act) -> Self {
        Self { act, portal: None, sure: false, read: None }
    }

    /// For this portal alone, if one is given.
    #[must_use]
    pub fn portal(mut self, portal: Option<String>) -> Self {
        self.portal = portal;
        self
    }

    /// Also where several portals are meant.
    #[must_use]
    pub fn sure(mut self, sure: bool) -> Self {
        self.sure = sure;
        self
    }
}

/// What can be done on a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Act {
    /// Register the bot and its commands, or change what is other than wanted.
    Register,
    /// Take the bot away.
    Unregister,
    /// List the portal's bots.
    Bots,
    /// Look for whatever keeps the bot from working.
    Examine,
}

/// What became of an order on one portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Done {
    /// The portal's domain.
    pub portal: String,
    /// Its `member_id`, if it installed an application.
    pub member_id: Option<MemberId>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The bot is there as it is wanted.
    Registered {
        /// Its id.
        bot: BotId,
        /// Whether it was not there before.
        is_new: bool,
        /// What was other than wanted.
        changed: Vec<String>,
    },
    /// The bot is not there any more. None: it was not.
    Removed(Option<BotId>),
    /// The portal's bots.
    Bots(Vec<Listed>),
    /// What was looked at.
    Findings(Vec<Finding>),
    /// Why nothing was done.
    Failed(String),
}

impl From<Registered> for Outcome {
    fn from(Registered { bot, is_new, changed }: Registered) -> Self {
        Self::Registered { bot, is_new, changed }
    }
}

/// Carries out orders with the credentials of this process.
#[derive(Debug)]
pub struct Office {
    config: Config,
    /// What `bot.toml` said when it was read; what was added in code came later.
    read: String,
    portals: Portals,
    store: Option<Arc<dyn Store>>,
}

impl Office {
    /// With `portals` as the configuration has them.
    #[must_use]
    pub fn new(config: Config, portals: Portals) -> Self {
        Self { read: fingerprint(&config), config, portals, store: None }
    }

    /// With the store that keeps the portals' application tokens.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Takes orders from whoever has read that in the same `bot.toml`.
    pub(crate) fn read(mut self, read: String) -> Self {
        self.read = read;
        self
    }

    /// Does it on each portal that is meant. What fails on one of them is its [`Outcome::Failed`], and no other's.
    ///
    /// # Errors
    ///
    /// When none is meant, when several are and that was not said, when `bot.toml` does not say what is wanted, and when
    /// the order comes from another `bot.toml`.
    pub async fn carry_out(self: &Arc<Self>, order: &Order) -> Result<Vec<Done>, Error> {
        if order.act != Act::Bots && order.read.as_ref().is_some_and(|read| *read != self.read) {
            let message =
                "the bot that runs was started with another bot.toml: restart it, so that it knows this one";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let subjects = self.subjects(order.portal.as_deref())?;
        if order.act == Act::Unregister && subjects.len() > 1 && !order.sure {
            let message = format!(
                "this takes the bot away from {} portals: say which one with --portal, or that all are meant with --yes",
                subjects.len()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let wanted = Arc::new(match order.act {
            Act::Register | Act::Examine => Wanted::of(&self.config)?,
            _ => Wanted::at(&self.config, registration::base(&self.config).as_deref()),
        });
        let mut done: Vec<Done> = Vec::with_capacity(subjects.len());
        let (mut subjects, mut running) = (subjects.into_iter(), JoinSet::new());
        loop {
            while running.len() < AT_ONCE
                && let Some(subject) = subjects.next()
            {
                let (office, wanted, act) = (Arc::clone(self), Arc::clone(&wanted), order.act);
                running.spawn(async move {
                    let outcome = office.act(act, &subject, &wanted).await;
                    let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(in_one_line(&error)));
                    Done { portal: subject.domain, member_id: subject.member_id, outcome }
                });
            }
            match running.join_next().await {
                Some(Ok(one)) => done.push(one),
                Some(Err(error)) => tracing::error!(%error, "an order broke off"),
                None => break,
            }
        }
        done.sort_by(|one, other| one.portal.cmp(&other.portal));
        Ok(done)
    }

    async fn act(&self, act: Act, subject: &Subject, wanted: &Wanted) -> Result<Outcome, Error> {
        let client = || subject.client(&self.portals);
        let installation = self.portals.installations().zip(subject.member_id.as_ref());
        Ok(match act {
            Act::Register => registration::establish(&client()?, wanted, installation).await?.into(),
            Act::Unregister => {
                Outcome::Removed(registration::take_away(&client()?, wanted, installation).await?)
            }
            Act::Bots => Outcome::Bots(registration::bots(&client()?, wanted.key.as_ref()).await?),
            Act::Examine => Outcome::Findings(self.examine(subject, wanted).await),
        })
    }

    async fn examine(&self, subject: &Subject, wanted: &Wanted) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(finding) = subject.state_finding() {
            // Every call would only say the same.
            return vec![finding];
        }
        match subject.client(&self.portals) {
            Ok(client) => {
                let bot_id = self.config.portal.as_ref().and_then(|portal| portal.bot_id);
                findings.extend(doctor::examine(&client, wanted, bot_id).await);
            }
            Err(error) => {
                let todo = "see what the error says";
                findings.push(Finding::bad("credentials", in_one_line(&error), todo));
            }
        }
        findings.push(self.application_token(subject, wanted).await);
        findings
    }

    /// Whether the portal's events would be believed.
    async fn application_token(&self, subject: &Subject, wanted: &Wanted) -> Finding {
        const SECTION: &str = "token";
        if wanted.bot.mode == Mode::Fetch {
            return Finding::good(SECTION, "fetched events need none");
        }
        if let (Some(portal), Some(store)) = (&subject.member_id, &self.store) {
            match trust::is_known(store, portal).await {
                Ok(true) => return Finding::good(SECTION, "the portal's application token is known"),
                Ok(false) => {}
                Err(error) => {
                    let todo = "the store has to be reachable: see its logs, and `b24bot inbox stats`";
                    return Finding::bad(SECTION, error.to_string(), todo);
                }
            }
        }
        if self.config.security.application_token.is_some() {
            return Finding::good(SECTION, "`application_token` in [security]");
        }
        match subject.member_id {
            None if wanted.key.is_some() => {
                Finding::good(SECTION, format!("made of `{}` in [portal]", wanted.key_name()))
            }
            None => Finding::bad(
                SECTION,
                "no application token is known: every event is refused with 403",
                format!("set `{}` in [portal]; `b24bot register` makes one", wanted.key_name()),
            ),
            Some(_) => Finding::bad(
                SECTION,
                "no application token is known for this portal: its events are refused with 403",
                "have an administrator reinstall the application there",
            ),
        }
    }

    /// The portals that are meant.
    fn subjects(&self, portal: Option<&str>) -> Result<Vec<Subject>, Error> {
        let unknown = |known: &str| {
            let message = format!("--portal names none of the portals: {known}");
            Err(Error::new(ErrorKind::Config, message))
        };
        if let Some(settings) = &self.config.portal {
            let domain = settings.webhook.domain().to_owned();
            if portal.is_some_and(|portal| !portal.eq_ignore_ascii_case(&domain)) {
                return unknown(&format!("the webhook in [portal] is for {domain}"));
            }
            return Ok(vec![Subject { domain, member_id: None, way: Way::Webhook }]);
        }
        let Some(installations) = self.portals.installations() else {
            let message = "there is nothing to call portals with: set `webhook` in [portal], or `client_id` and \
                           `client_secret` in [app]";
            return Err(Error::new(ErrorKind::Config, message));
        };
        let mut subjects = Vec::new();
        for member_id in installations.list() {
            let (domain, way) = match installations.get(&member_id) {
                Ok(Some(found)) => (found.domain.clone(), Way::Installation(found.state)),
                Ok(None) => continue,
                Err(error) => (member_id.to_string(), Way::Unreadable(error.to_string())),
            };
            let is_meant = portal
                .is_none_or(|portal| portal == member_id.as_str() || portal.eq_ignore_ascii_case(&domain));
            if is_meant {
                subjects.push(Subject { domain, member_id: Some(member_id), way });
            }
        }
        if subjects.is_empty() {
            return match portal {
                Some(_) => unknown(&format!("{} have installed the application", installations.len())),
                None => Err(Error::new(ErrorKind::Config, "no portal has installed the application yet")),
            };
        }
        Ok(subjects)
    }
}

/// What is compared of what two programs have read.
pub(crate) fn fingerprint(config: &Config) -> String {
    Wanted::at(config, registration::base(config).as_deref()).fingerprint()
}

fn in_one_line(error: &(dyn StdError + 'static)) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Subject {
    /// What the state of an installation says by itself.
    fn state_finding(&self) -> Option<Finding> {
        const SECTION: &str = "credentials";
        match &self.way {
            Way::Installation(InstallationState::NeedsReinstallation) => Some(Finding::bad(
                SECTION,
                "the installation's tokens cannot be renewed any more",
                "have an administrator of that portal install the application again",
            )),
            Way::Installation(InstallationState::PaymentRequired) => Some(Finding::bad(
                SECTION,
                "the portal has not paid: its tokens are not renewed",
                "they are as soon as it has; nothing is to be done here",
            )),
            Way::Unreadable(why) => Some(Finding::bad(
                SECTION,
                why.clone(),
                "set the key that the store was sealed with, or have the application installed again",
            )),
            _ => None,
        }
    }
}
