//! One call until it is answered, or not worth repeating.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout_at},
};
use tracing::info;

use crate::{
    answer::Received,
    client::{Client, Placed},
    error::{Error, ErrorKind},
    measure::Queued,
    once::Once,
    outgoing::{Again, Followers, Outgoing, Parcel, Reply},
    queue::{Manifest, Place},
    renewing::NotRenewed,
    retry::{Backoff, Repeat},
    way_out::{Turn, WayOut},
};

/// What is known of a call that is being delivered.
struct Delivery<'a> {
    client: &'a Client,
    /// Whose credentials it goes out with this time.
    signer: Client,
    outgoing: &'a Arc<Outgoing>,
    once: Option<Once>,
    followers: Followers,
    /// When its caller's patience is over.
    deadline: Option<Instant>,
    backoff: Option<Backoff>,
    manifest: Manifest,
    /// From its first departure to its end: later calls of its order wait.
    turn: Option<Turn>,
    failed: Option<Error>,
    tokens: Tokens,
}

/// How often a call found its access token to be good no more.
#[derive(Default)]
struct Tokens {
    /// By the portal's answer.
    refused: u32,
    /// In all, before it was sent, too.
    expired: u32,
}

impl Tokens {
    /// Whether another one is worth trying: one is, and a few more where calls that went out at the same time found out
    /// first.
    fn may_be_refreshed(&mut self, error: &Error) -> bool {
        self.expired += 1;
        self.refused += u32::from(error.status().is_some());
        self.refused < 2 && self.expired < 5
    }
}

impl Client {
    /// Sends the call, with others where calls queue up, until it is answered or not worth repeating. What is recorded
    /// is repeated only where it was certainly not carried out.
    pub(crate) async fn deliver(
        &self,
        outgoing: &Arc<Outgoing>,
        once: Option<Once>,
    ) -> Result<Received, Error> {
        let signer = self.signer(&outgoing.call)?;
        let delivery = Delivery {
            client: self,
            manifest: signer.manifest(outgoing, once.is_some()),
            signer,
            outgoing,
            once,
            followers: Followers::default(),
            deadline: self.manner().within.and_then(|patience| Instant::now().checked_add(patience)),
            backoff: None,
            turn: None,
            failed: None,
            tokens: Tokens::default(),
        };
        delivery.insist().await
    }

    fn manifest(&self, outgoing: &Outgoing, is_recorded: bool) -> Manifest {
        let call = &outgoing.call;
        let named = call.dialog().map(Arc::<str>::from);
        let of_event = || self.manner().dialog.as_ref().map(Arc::clone);
        let message = call.message().map(Arc::<str>::from);
        // What names neither dialog nor message is about something else, a new chat, say.
        let order =
            named.clone().or_else(|| message.as_ref().and_then(|_| of_event())).or_else(|| message.clone());
        Manifest {
            actor: self.actor(),
            dialog: named.or_else(of_event).unwrap_or_else(|| call.target().into()),
            order: order.filter(|_| !call.is_read()),
            message: message.filter(|_| !call.is_read()),
            method: call.method().into(),
            // What is recorded of one call says nothing of another.
            mark: if is_recorded { None } else { call.mark().map(Arc::from) },
            is_urgent: !self.manner().is_bulk,
            since: None,
            company: outgoing.company(),
            weight: outgoing.command.as_ref().map_or(0, String::len),
        }
    }
}

impl Delivery<'_> {
    async fn insist(mut self) -> Result<Received, Error> {
        let outcome = loop {
            if let Some(outcome) = self.attempt().await {
                break outcome;
            }
        };
        if let Some(once) = self.once.take() {
            once.end(outcome.as_ref()).await;
        }
        self.followers.tell(&outcome);
        outcome
    }

    /// Waits for a departure and for what comes of it; nothing, if the call is to go out again.
    async fn attempt(&mut self) -> Option<Result<Received, Error>> {
        let reply = match self.send().await {
            Ok(reply) => reply,
            Err(error) => return Some(Err(error)),
        };
        let landed = match reply {
            Reply::Landed(landed) => *landed,
            Reply::Followed(outcome) => return Some(outcome),
            Reply::Abandoned => return None,
        };
        self.once = landed.once;
        self.turn = landed.turn;
        let error = match landed.outcome {
            Ok(received) => return Some(Ok(received)),
            Err(error) => error,
        };
        match landed.again {
            Again::Alone | Again::AtOnceWith(_) if self.manifest.company > 1 => {
                let fewer = if let Again::AtOnceWith(fewer) = landed.again { fewer } else { 1 };
                self.manifest.company = fewer.min(self.manifest.company - 1);
                self.put_off(error).await;
                return None;
            }
            Again::WithFewer(company) => self.manifest.company = self.manifest.company.min(company.max(1)),
            _ => {}
        }
        let was_sent = error.status().is_some();
        let can_go_again = self.outgoing.can_be_sent_again();
        if error.repeat() == Repeat::AfterRefresh && self.signer.can_refresh() && (can_go_again || !was_sent)
        {
            return self.refresh(error, landed.sent).await.map(Err);
        }
        if !can_go_again {
            return Some(Err(error));
        }
        let harmless = self.once.is_none() && self.outgoing.call.is_idempotent();
        let retry = self.client.retry();
        let backoff = self.backoff.get_or_insert_with(|| Backoff::new(retry, landed.sent.into_std()));
        if let Some(until) = landed.until {
            backoff.go_on_until(until.into_std());
        }
        let Some(pause) = pause(harmless, &error, backoff) else { return Some(Err(error)) };
        info!(error = &error as &dyn std::error::Error, ?pause, "repeating");
        self.put_off(error).await;
        self.rest(Instant::now() + pause).await.map(Err)
    }

    /// Waits; an error if it is too late then.
    async fn rest(&mut self, until: Instant) -> Option<Error> {
        match self.last_departure() {
            Some(last) if last < until => {
                sleep_until(last).await;
                Some(self.expired())
            }
            _ => {
                sleep_until(until).await;
                None
            }
        }
    }

    /// Waits until there is another access token, since this one is good no more. That it has expired means that nothing
    /// was done: the call keeps its place among the others. An error, if it does not go out again.
    async fn refresh(&mut self, error: Error, sent: Instant) -> Option<Error> {
        if !self.tokens.may_be_refreshed(&error) {
            return Some(error);
        }
        let retry = self.client.retry();
        self.backoff.get_or_insert_with(|| Backoff::new(retry, sent.into_std()));
        self.put_off(error).await;
        loop {
            let refreshed = by(self.last_departure(), self.signer.refresh()).await;
            let NotRenewed { error, until } = match refreshed {
                None => return Some(self.expired()),
                Some(Ok(())) => break,
                Some(Err(failed)) => failed,
            };
            let error = error.during(self.outgoing.call.method());
            let backoff = self.backoff.as_mut()?;
            let Some(pause) = pause(true, &error, backoff) else { return Some(error) };
            self.failed = Some(error);
            let again = Instant::now() + pause;
            if let Some(error) = self.rest(until.map_or(again, |until| until.max(again))).await {
                return Some(error);
            }
        }
        match self.client.signer(&self.outgoing.call) {
            Ok(signer) => {
                if self.manifest.actor != signer.actor() {
                    self.manifest.actor = signer.actor();
                    // It was a turn among the calls of the other one.
                    self.turn = None;
                    self.tokens = Tokens::default();
                }
                self.signer = signer;
                None
            }
            Err(error) => Some(error),
        }
    }

    /// Whoever is stopped before the call goes out again leaves nothing in doubt.
    async fn put_off(&mut self, error: Error) {
        if let Some(once) = &mut self.once {
            once.put_off(&error).await;
        }
        self.failed = Some(error);
    }

    /// After this the call does not go out any more.
    fn last_departure(&self) -> Option<Instant> {
        let patience = self.backoff.as_ref().map(|backoff| backoff.deadline().into());
        [self.deadline, patience].into_iter().flatten().min()
    }

    /// What the caller hears when it was too late.
    fn expired(&mut self) -> Error {
        self.failed.take().unwrap_or_else(|| Error::new(ErrorKind::Expired, self.outgoing.call.method()))
    }

    async fn send(&mut self) -> Result<Reply, Error> {
        let way_out = Arc::clone(&self.signer.portal().way_out);
        let way_out = &way_out;
        let method = self.outgoing.call.method();
        let last = self.last_departure();
        // What goes out again has waited for room before.
        let room = match self.failed {
            Some(_) => None,
            None => match by(last, way_out.room(&self.manifest)).await {
                Some(room) => Some(room?),
                None => return Err(self.expired()),
            },
        };
        let (reply, mut replied) = oneshot::channel();
        let parcel = Parcel {
            client: self.signer.clone(),
            outgoing: Arc::clone(self.outgoing),
            once: self.once.take(),
            turn: self.turn.take(),
            reply,
            followers: self.followers.clone(),
            _waits: (Queued::new(), room),
        };
        let place = way_out.enter(self.manifest.clone(), parcel);
        if let Some(place) = place {
            self.manifest.since.get_or_insert(place.number());
        }
        let mut waiting = InQueue { way_out, place };
        if let Some(Placed(placed)) = &self.client.manner().placed {
            placed();
        }
        let broken = |_| Error::new(ErrorKind::Transport, method).note("the request was broken off");
        if let Some(reply) = by(last, &mut replied).await {
            return reply.map_err(broken);
        }
        if let Some(parcel) = waiting.leave() {
            self.once = parcel.once;
            self.turn = parcel.turn;
            // Whose calls this one replaced is on his own again.
            self.followers.abandon();
            return Err(self.expired());
        }
        // It is under way.
        match by(self.deadline, replied).await {
            Some(reply) => reply.map_err(broken),
            None => Err(Error::new(ErrorKind::TimedOut, method).note("the caller's patience is over")),
        }
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        self.followers.abandon();
    }
}

/// A call's place in the queue, which it leaves when its caller does.
struct InQueue<'a> {
    way_out: &'a Arc<WayOut>,
    place: Option<Place>,
}

impl InQueue<'_> {
    fn leave(&mut self) -> Option<Parcel> {
        self.way_out.leave(self.place.take()?)
    }
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What comes in time.
async fn by<T>(deadline: Option<Instant>, step: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, step).await.ok(),
        None => Some(step.await),
    }
}

/// The pause before the call goes out again, if it may.
fn pause(harmless: bool, error: &Error, backoff: &mut Backoff) -> Option<Duration> {
    let may = match error.repeat() {
        Repeat::Later => true,
        Repeat::IfIdempotent => harmless,
        Repeat::Never | Repeat::AfterRefresh => false,
    };
    if may { backoff.pause(Instant::now().into_std(), fastrand::f64()) } else { None }
}
