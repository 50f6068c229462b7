//! Renewals as they are carried out: one at a time for each portal, whoever waits for it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use b24bot_core::{MemberId, Secret};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::{
    authority::{Authority, TOKEN},
    code::ErrorCode,
    error::{Error, ErrorKind},
    grant::Grant,
    installation::Installation,
    installations::{Installations, Read, unix_now},
    renewal::{News, Outcome, Pauses, Refusal, Renewal, Step},
    retry::Repeat,
};

/// What this process does about one installation's tokens.
#[derive(Default)]
pub(crate) struct Renewing(Mutex<State>);

#[derive(Default)]
struct State {
    /// The access token that the portal refused last.
    refused: Option<Secret>,
    under_way: Option<Shared<BoxFuture<'static, Ended>>>,
    pauses: Pauses,
    /// Why there is a pause.
    failed: Option<Arc<Error>>,
}

type Ended = Result<(), Arc<Error>>;

/// Why there is no new token, and when it is worth asking again.
pub(crate) struct NotRenewed {
    pub(crate) error: Error,
    pub(crate) until: Option<Instant>,
}

impl Renewing {
    /// The portal refused that token.
    pub(crate) fn refuse(&self, token: &Secret) {
        self.state().refused = Some(token.clone());
    }

    /// Whether the portal has refused that token.
    pub(crate) fn is_refused(&self, token: &Secret) -> bool {
        self.state().refused.as_ref().is_some_and(|refused| refused.expose() == token.expose())
    }

    /// Comes back when another token than that one is stored. However many call at once, one asks; that goes on even if
    /// none of them waits any longer.
    pub(crate) async fn renew(
        self: &Arc<Self>,
        authority: &Arc<Authority>,
        portal: &MemberId,
        used: &Secret,
    ) -> Result<(), NotRenewed> {
        let told = |error: &Error, until| NotRenewed { error: error.shared(), until };
        let ended = {
            let mut state = self.state();
            let installation = authority.installation(portal).map_err(|error| told(&error, None))?;
            if installation.tokens.access.expose() != used.expose() {
                return Ok(());
            }
            // What was broken off is over, too.
            match state.under_way.as_ref().filter(|under_way| under_way.peek().is_none()) {
                Some(under_way) => under_way.clone(),
                None => {
                    let now = Instant::now();
                    if let (Some(until), Some(failed)) = (state.pauses.until(now.into_std()), &state.failed) {
                        return Err(told(failed, Some(until.into())));
                    }
                    let Some(begun) = authority.begin_renewal() else { return Err(told(&stopping(), None)) };
                    let renewal =
                        Arc::clone(self).carry_out(Arc::clone(authority), portal.clone(), used.clone());
                    let task = tokio::spawn(async move {
                        let ended = renewal.await;
                        drop(begun);
                        ended
                    });
                    let broken =
                        || Arc::new(Error::new(ErrorKind::NotRenewed, TOKEN).note("it was broken off"));
                    let ended =
                        task.map(move |ended| ended.unwrap_or_else(|_| Err(broken()))).boxed().shared();
                    state.under_way = Some(ended.clone());
                    ended
                }
            }
        };
        ended.await.map_err(|error| {
            let until = self.state().pauses.until(Instant::now().into_std()).map(Instant::from_std);
            told(&error, until)
        })
    }

    async fn carry_out(
        self: Arc<Self>,
        authority: Arc<Authority>,
        portal: MemberId,
        refused: Secret,
    ) -> Ended {
        let ended = renew(&authority, &portal, refused).await;
        let now = Instant::now().into_std();
        let mut state = self.state();
        state.under_way = None;
        match ended {
            Ok(Outcome::Renewed) => {
                info!(%portal, "the access token was renewed");
                state.pauses.renewed(now);
                let hasty = Error::new(ErrorKind::NotRenewed, TOKEN);
                state.failed = Some(Arc::new(hasty.note("the portal refuses what was renewed just now")));
                Ok(())
            }
            Ok(Outcome::Found) => Ok(()),
            Ok(Outcome::NeedsReinstallation) => {
                Err(Arc::new(Error::new(ErrorKind::NeedsReinstallation, TOKEN)))
            }
            Ok(Outcome::Unpaid) => Err(Arc::new(unpaid(TOKEN))),
            Ok(Outcome::Uninstalled) => Err(Arc::new(Error::new(ErrorKind::Uninstalled, TOKEN))),
            Ok(Outcome::Failed) | Err(_) => {
                let error = ended.err().unwrap_or_else(|| Error::new(ErrorKind::NotRenewed, TOKEN));
                let pause = state.pauses.failed(now).saturating_duration_since(now);
                warn!(%portal, error = &error as &dyn std::error::Error, ?pause, "the access token cannot be renewed now");
                let error = Arc::new(error);
                state.failed = Some(Arc::clone(&error));
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Sound after every step: a panic elsewhere does not matter.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out what the state machine says.
async fn renew(authority: &Authority, portal: &MemberId, refused: Secret) -> Result<Outcome, Error> {
    let Some(installations) = authority.installations.get() else { return Ok(Outcome::Uninstalled) };
    let me = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let (mut renewal, mut pauses) = (Renewal::new(me, refused), Pauses::default());
    let mut read = None;
    let mut failed = None;
    let mut step = Step::Read;
    loop {
        let told = match step {
            Step::Over(Outcome::Failed) => return failed.map_or(Ok(Outcome::Failed), Err),
            Step::Over(outcome) => return Ok(outcome),
            // Nothing has been asked yet that could be lost.
            Step::Wait(_) if authority.is_stopping() => return Err(stopping()),
            Step::Wait(pause) => {
                sleep(pause).await;
                look(installations, portal, &mut read).await
            }
            Step::Read => look(installations, portal, &mut read).await,
            Step::Write(next) => write(installations, &next, &mut read).await,
            Step::Ask { server, refresh } => {
                let answer = authority.renew(server.as_deref(), &refresh).await;
                let answer = answer.and_then(|pair| belonging(pair, portal)).map_err(|error| {
                    let (refusal, error) = judged(error);
                    failed = Some(error);
                    refusal
                });
                Ok(News::Answered(answer.map(Box::new)))
            }
        };
        let now = Instant::now().into_std();
        step = match told {
            Ok(news) => renewal.next(news, now, unix_now()),
            // The earlier pair is worth nothing any more, so nobody gives up.
            Err(error) if renewal.has_pair() && error.repeat() != Repeat::Never => {
                warn!(%portal, error = &error as &dyn std::error::Error, "the renewed tokens cannot be stored yet, and nobody uses them before");
                sleep(pauses.failed(now).saturating_duration_since(now)).await;
                Step::Read
            }
            Err(error) => return Err(error),
        };
    }
}

async fn look(
    installations: &Installations,
    portal: &MemberId,
    read: &mut Option<Read>,
) -> Result<News, Error> {
    *read = installations.read(portal).await?;
    Ok(News::Read(read.as_ref().map(|read| Box::new(read.installation.clone()))))
}

async fn write(
    installations: &Installations,
    next: &Installation,
    read: &mut Option<Read>,
) -> Result<News, Error> {
    let Some(before) = read.take() else { return Ok(News::Written(false)) };
    *read = installations.replace(&before, next).await?;
    Ok(News::Written(read.is_some()))
}

fn belonging(pair: Grant, portal: &MemberId) -> Result<Grant, Error> {
    if pair.member_id == *portal {
        return Ok(pair);
    }
    Err(Error::new(ErrorKind::Answer, TOKEN).note("what was renewed are another portal's tokens"))
}

fn stopping() -> Error {
    Error::new(ErrorKind::NotRenewed, TOKEN).note("the bot is stopping")
}

/// What an error of the authorization server's means for the portal, and for whoever waits.
fn judged(error: Error) -> (Refusal, Error) {
    let code = error.code();
    let refusal = match code {
        Some(ErrorCode::InvalidGrant) => Refusal::Grant,
        Some(ErrorCode::PaymentRequired) => Refusal::Payment,
        _ => Refusal::Other,
    };
    let later = || Error::new(ErrorKind::NotRenewed, TOKEN).note(error.to_string());
    let error = match code {
        // It is said of a key that is being mended, and of a portal that may install again. Not as the cause: by that, what
        // waits for the token would be given up.
        Some(ErrorCode::InvalidClient) => later(),
        _ if error.repeat() == Repeat::Never && !matches!(error.kind(), ErrorKind::Answer) => error,
        _ => later().source_from(error),
    };
    (refusal, error)
}

/// What calls of a portal hear that has not paid.
pub(crate) fn unpaid(method: &str) -> Error {
    let error = Error::new(ErrorKind::Api(ErrorCode::PaymentRequired), method);
    error.note("the portal has not paid for the application: until it has, its tokens are not renewed")
}

impl fmt::Debug for Renewing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing")
            .field("is_under_way", &self.state().under_way.is_some())
            .finish_non_exhaustive()
    }
}
