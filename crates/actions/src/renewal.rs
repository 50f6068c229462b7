//! The renewal of one installation's tokens, as a state machine: several machines may want it at once, and two renewals
//! with one refresh token would destroy the credentials.
//!
//! Whoever renews writes a lease into the record first, by compare and swap, and the new pair before anybody uses it. The
//! others wait for that pair. A lease that stays as it is for [`LEASE`] is taken for one of a machine that crashed: each
//! machine measures that by its own clock, so that clocks which differ do no harm.

mod pauses;

use std::time::{Duration, Instant};

use b24bot_core::Secret;

pub(crate) use pauses::Pauses;

use crate::{
    address,
    grant::Grant,
    installation::{Installation, InstallationState, Tokens},
};

/// How long a lease is respected: several times as long as the authorization server may take.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// How long to wait before looking again whether somebody else is done.
pub(crate) const LOOKS_AGAIN: Duration = Duration::from_millis(250);

/// How often the tokens of a portal that has not paid are asked for, in seconds.
pub(crate) const UNPAID: u64 = 3600;

/// One renewal, begun with [`Step::Read`]: from finding out what is stored to having the new pair stored.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// In leases: others never have the same.
    me: String,
    /// The access token that is good no more.
    refused: Secret,
    phase: Phase,
    /// Somebody else's lease, and when it was first seen.
    seen: Option<(String, Instant)>,
}

#[derive(Debug)]
enum Phase {
    /// Finds out whether there is anything to do.
    Seeking,
    /// Its lease is being written.
    Claiming(Box<Installation>),
    /// The authorization server is asked, and that is what is stored.
    Asking(Box<Installation>),
    /// What came of it is being written.
    Storing { used: Option<Secret>, found: Found },
}

/// What the authorization server said.
#[derive(Clone, Debug)]
enum Found {
    Pair(Box<Grant>),
    Dead,
    Unpaid,
    /// It did not say.
    Nothing,
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Read what is stored, and tell.
    Read,
    /// Write that in place of what was read or written last, if it is still there, and tell.
    Write(Box<Installation>),
    /// Ask the authorization server for a new pair, and tell.
    Ask {
        server: Option<String>,
        refresh: Secret,
    },
    /// Look again after that.
    Wait(Duration),
    Over(Outcome),
}

/// What has happened.
#[derive(Debug)]
pub(crate) enum News {
    /// That is stored.
    Read(Option<Box<Installation>>),
    /// Whether it could be written.
    Written(bool),
    /// The authorization server's answer.
    Answered(Result<Box<Grant>, Refusal>),
}

/// Why there is no new pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The refresh token is worth nothing.
    Grant,
    /// The portal has not paid.
    Payment,
    /// Anything else, which may be over soon.
    Other,
}

/// How a renewal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The new pair is stored.
    Renewed,
    /// Another one than the refused one is stored.
    Found,
    NeedsReinstallation,
    Unpaid,
    Uninstalled,
    /// The authorization server did not give a pair, for a reason that may be over soon.
    Failed,
}

impl Renewal {
    pub(crate) const fn new(me: String, refused: Secret) -> Self {
        Self { me, refused, phase: Phase::Seeking, seen: None }
    }

    /// Whether there is a new pair, which must not be lost.
    pub(crate) const fn has_pair(&self) -> bool {
        matches!(self.phase, Phase::Storing { found: Found::Pair(_), .. })
    }

    /// What to do after that has happened; `unix_now` is in seconds since 1970.
    pub(crate) fn next(&mut self, news: News, now: Instant, unix_now: u64) -> Step {
        match (&self.phase, news) {
            (_, News::Read(None)) => Step::Over(Outcome::Uninstalled),
            (Phase::Storing { used, found }, News::Read(Some(stored))) => {
                if same(stored.tokens.refresh.as_ref(), used.as_ref()) {
                    Step::Write(Box::new(self.with(*stored, found, unix_now)))
                } else {
                    // Installed again, or renewed by somebody who took this one for crashed.
                    Step::Over(Outcome::Found)
                }
            }
            (_, News::Read(Some(stored))) => self.seek(*stored, now, unix_now),
            (Phase::Claiming(claimed), News::Written(true)) => {
                let claimed = claimed.clone();
                match claimed.tokens.refresh.clone() {
                    Some(refresh) => {
                        let server = claimed.server_endpoint.clone();
                        self.phase = Phase::Asking(claimed);
                        Step::Ask { server, refresh }
                    }
                    None => self.store(*claimed, Found::Dead, unix_now),
                }
            }
            (Phase::Storing { found, .. }, News::Written(true)) => Step::Over(match found {
                Found::Pair(_) => Outcome::Renewed,
                Found::Dead => Outcome::NeedsReinstallation,
                Found::Unpaid => Outcome::Unpaid,
                Found::Nothing => Outcome::Failed,
            }),
            (Phase::Storing { .. }, News::Written(false)) => Step::Read,
            (_, News::Written(_)) => {
                self.phase = Phase::Seeking;
                Step::Read
            }
            (Phase::Asking(claimed), News::Answered(answer)) => {
                let found = match answer {
                    Ok(pair) => Found::Pair(pair),
                    Err(Refusal::Grant) => Found::Dead,
                    Err(Refusal::Payment) => Found::Unpaid,
                    Err(Refusal::Other) => Found::Nothing,
                };
                let claimed = Installation::clone(claimed);
                self.store(claimed, found, unix_now)
            }
            (_, News::Answered(_)) => Step::Read,
        }
    }

    fn seek(&mut self, stored: Installation, now: Instant, unix_now: u64) -> Step {
        if stored.tokens.access.expose() != self.refused.expose() {
            return Step::Over(Outcome::Found);
        }
        match stored.state {
            InstallationState::NeedsReinstallation => return Step::Over(Outcome::NeedsReinstallation),
            InstallationState::PaymentRequired if !stored.may_ask_unpaid(unix_now) => {
                return Step::Over(Outcome::Unpaid);
            }
            InstallationState::PaymentRequired | InstallationState::Active => {}
        }
        if let Some(lease) = stored.lease.as_ref().filter(|lease| **lease != self.me) {
            match &self.seen {
                Some((seen, since)) if seen == lease => {
                    if now.saturating_duration_since(*since) < LEASE {
                        return Step::Wait(LOOKS_AGAIN);
                    }
                }
                _ => {
                    self.seen = Some((lease.clone(), now));
                    return Step::Wait(LOOKS_AGAIN);
                }
            }
        }
        let claimed = Box::new(Installation { lease: Some(self.me.clone()), ..stored });
        self.phase = Phase::Claiming(claimed.clone());
        Step::Write(claimed)
    }

    fn store(&mut self, stored: Installation, found: Found, unix_now: u64) -> Step {
        let used = stored.tokens.refresh.clone();
        let next = self.with(stored, &found, unix_now);
        self.phase = Phase::Storing { used, found };
        Step::Write(Box::new(next))
    }

    /// What is stored, with what was found.
    fn with(&self, stored: Installation, found: &Found, unix_now: u64) -> Installation {
        let lease = stored.lease.clone().filter(|lease| *lease != self.me);
        let (state, unpaid_at) = match found {
            Found::Pair(pair) => return stored.renewed(Grant::clone(pair)),
            Found::Dead => (InstallationState::NeedsReinstallation, stored.unpaid_at),
            Found::Unpaid => (InstallationState::PaymentRequired, Some(unix_now)),
            Found::Nothing => (stored.state, stored.unpaid_at),
        };
        Installation { lease, state, unpaid_at, ..stored }
    }
}

impl Installation {
    /// Whether it is time to ask whether the portal has paid meanwhile.
    pub(crate) fn may_ask_unpaid(&self, unix_now: u64) -> bool {
        // A clock that was put back does not keep anybody waiting for years.
        self.unpaid_at.is_none_or(|at| unix_now.abs_diff(at) >= UNPAID)
    }

    /// With a new pair; what else the authorization server tells counts as well.
    fn renewed(mut self, pair: Grant) -> Self {
        if let Ok(mut endpoint) = address::parse(&pair.client_endpoint) {
            if !endpoint.path().ends_with('/') {
                endpoint.set_path(&format!("{}/", endpoint.path()));
            }
            self.move_to(&endpoint);
        }
        Self {
            scope: if pair.scope.is_empty() { self.scope } else { pair.scope },
            status: pair.status.or(self.status),
            state: InstallationState::Active,
            tokens: Tokens {
                access: pair.access_token,
                refresh: pair.refresh_token.or(self.tokens.refresh),
                expires_at: pair.expires_at,
            },
            lease: None,
            unpaid_at: None,
            ..self
        }
    }
}

fn same(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    one.map(Secret::expose) == other.map(Secret::expose)
}

#[cfg(test)]
mod tests;
