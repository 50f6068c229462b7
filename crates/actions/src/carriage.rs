//! One request to the portal with the calls that leave together, and their answers.

use std::sync::Arc;

use b24bot_core::Secret;
use futures_util::future::join_all;
use tokio::{sync::oneshot, time::Instant};
use tracing::{Instrument, debug_span};

use crate::{
    answer::Received,
    batch,
    client::Client,
    code::ErrorCode,
    departures::Landing,
    error::{Error, ErrorKind},
    files::Body,
    once::Once,
    outgoing::{Again, Followers, Landed, Outgoing, Parcel, Reply},
    queue::Manifest,
    retry::Repeat,
    way_out::{Turn, WayOut},
};

/// A call that is on its way.
struct Passenger {
    client: Client,
    outgoing: Arc<Outgoing>,
    method: Arc<str>,
    once: Option<Once>,
    reply: oneshot::Sender<Reply>,
    followers: Followers,
    turn: Option<Turn>,
}

/// A request's place among those that are under way: given back whatever happens.
pub(crate) struct Flight {
    way_out: Arc<WayOut>,
    sent: Instant,
    landing: Option<Landing>,
}

impl Flight {
    /// One that has departed.
    pub(crate) const fn new(way_out: Arc<WayOut>, sent: Instant) -> Self {
        Self { way_out, sent, landing: Some(Landing::Over) }
    }

    /// One that goes ahead of all that waits.
    pub(crate) async fn at_once(way_out: &Arc<WayOut>) -> Self {
        let sent = way_out.slot().await;
        Self::new(Arc::clone(way_out), sent)
    }

    /// It was answered, and another one goes out in its place.
    pub(crate) async fn hop(&mut self) {
        self.land(Landing::Over);
        self.sent = self.way_out.slot().await;
        self.landing = Some(Landing::Over);
    }

    fn land(&mut self, landing: Landing) {
        if self.landing.take().is_some() {
            self.way_out.landed(self.sent, landing);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.land(Landing::Over);
    }
}

/// Notes what must not be done twice, sends the calls, and tells their callers what came of it.
pub(crate) async fn carry(way_out: Arc<WayOut>, calls: Vec<(Manifest, Parcel)>, sent: Instant) {
    let mut flight = Flight::new(Arc::clone(&way_out), sent);
    let boarding = calls.into_iter().map(|(manifest, parcel)| {
        let Parcel { client, outgoing, once, turn, reply, followers, .. } = parcel;
        let turn = turn.or_else(|| Turn::of(&way_out, &manifest));
        followers.is_under_way(true);
        let method = manifest.method;
        board(&way_out, sent, Passenger { client, outgoing, method, once, reply, followers, turn })
    });
    let aboard: Vec<_> = join_all(boarding).await.into_iter().flatten().collect();
    let outcomes = match &aboard[..] {
        [] => return flight.land(Landing::Stayed),
        [alone] => vec![send_alone(alone, &mut flight).await],
        together => send_together(together, &mut flight).await,
    };
    let telling = aboard.into_iter().zip(outcomes).map(|(passenger, (outcome, again))| {
        let until = learn(&way_out, &passenger, &outcome, again);
        passenger.tell(outcome, sent, until, again)
    });
    join_all(telling).await;
}

/// Notes that the call is about to be made. Nobody, if it was made before, that cannot be noted, or the caller has gone.
async fn board(way_out: &WayOut, sent: Instant, mut passenger: Passenger) -> Option<Passenger> {
    let (mut once, method) = (passenger.once.take(), Arc::clone(&passenger.method));
    let mut begin = Box::pin(async move {
        let known = match &mut once {
            Some(once) => once.begin(&method).await,
            None => Ok(None),
        };
        (once, known)
    });
    let begun = tokio::select! {
        biased;
        () = passenger.reply.closed() => None,
        begun = &mut begin => Some(begun),
    };
    let Some((once, known)) = begun else {
        // What may be noted by now is taken back, however long the store takes.
        tokio::spawn(async move {
            if let (Some(once), Ok(None)) = begin.await {
                once.end(Err(&Error::new(ErrorKind::Expired, ""))).await;
            }
        });
        way_out.worked(&passenger.method, None);
        passenger.followers.is_under_way(false);
        passenger.followers.abandon();
        return None;
    };
    passenger.once = once;
    let Some(outcome) = known.transpose() else { return Some(passenger) };
    way_out.worked(&passenger.method, None);
    passenger.tell(outcome, sent, None, Again::AsBefore).await;
    None
}

type Outcome = (Result<Received, Error>, Again);

async fn send_alone(passenger: &Passenger, flight: &mut Flight) -> Outcome {
    let (client, call) = (&passenger.client, &passenger.outgoing.call);
    let span = debug_span!("rest", portal = %client.domain(), method = call.method());
    let outcome = async {
        let token = client.token(call.method()).inspect_err(|_| flight.land(Landing::Stayed))?;
        let written;
        let body = match &passenger.outgoing.body {
            Some(body) => body,
            None => {
                written = Body::from(call.body(token.as_ref().map(Secret::expose))?);
                &written
            }
        };
        let outcome = client.request(call.method(), body, token.as_ref(), flight).await;
        note_refused(client, token.as_ref(), outcome.as_ref().err());
        outcome
    };
    let outcome = outcome.instrument(span).await;
    flight.land(landing(&outcome));
    (outcome, Again::AsBefore)
}

/// A token that the portal takes no more is used no more.
fn note_refused(client: &Client, token: Option<&Secret>, error: Option<&Error>) {
    if let (Some(token), Some(Repeat::AfterRefresh)) = (token, error.map(Error::repeat)) {
        client.refuse(token);
    }
}

async fn send_together(passengers: &[Passenger], flight: &mut Flight) -> Vec<Outcome> {
    let client = &passengers[0].client;
    let span =
        debug_span!("rest", portal = %client.domain(), method = batch::METHOD, calls = passengers.len());
    let commands = passengers.iter().filter_map(|passenger| passenger.outgoing.command.as_deref());
    let token = match client.token(batch::METHOD) {
        Ok(token) => token,
        Err(error) => {
            flight.land(Landing::Stayed);
            let stay = |passenger: &Passenger| (Err(error.during(&passenger.method)), Again::AsBefore);
            return passengers.iter().map(stay).collect();
        }
    };
    let body = Body::from(batch::body(commands, token.as_ref().map(Secret::expose)));
    let outcome = client.request(batch::METHOD, &body, token.as_ref(), flight).instrument(span).await;
    note_refused(client, token.as_ref(), outcome.as_ref().err());
    flight.land(landing(&outcome));
    let fewer = (passengers.len() / 2).max(1);
    match outcome {
        Ok(received) => {
            let methods: Vec<_> = passengers.iter().map(|passenger| &*passenger.method).collect();
            let parts = batch::read(&received, &methods).into_iter().map(|outcome| {
                note_refused(client, token.as_ref(), outcome.as_ref().err());
                let again = match &outcome {
                    Err(error) if error.code() == Some(&ErrorCode::BatchMethodNotAllowed) => Again::Alone,
                    Err(error) if error.kind() == &ErrorKind::Answer => Again::WithFewer(fewer),
                    _ => Again::AsBefore,
                };
                (outcome, again)
            });
            parts.collect()
        }
        Err(error) => {
            let again = if error.is_of_the_request() {
                Again::AtOnceWith(fewer)
            } else if error.is_not_done() {
                Again::AsBefore
            } else {
                Again::WithFewer(fewer)
            };
            passengers.iter().map(|passenger| (Err(error.during(&passenger.method)), again)).collect()
        }
    }
}

fn landing(outcome: &Result<Received, Error>) -> Landing {
    match outcome {
        Err(error) if error.is_too_fast() => Landing::Refused,
        _ => Landing::Over,
    }
}

/// Keeps in mind what an answer says of its method. Returns when it is worth asking again, if the portal has said so.
fn learn(
    way_out: &WayOut,
    passenger: &Passenger,
    outcome: &Result<Received, Error>,
    again: Again,
) -> Option<Instant> {
    let (method, now) = (&passenger.method, Instant::now().into_std());
    if again == Again::Alone {
        way_out.travels_alone(method);
    }
    match outcome {
        Ok(received) => way_out.worked(method, received.time().used(true, now)),
        Err(error) if error.code() == Some(&ErrorCode::OperationTimeLimit) => {
            let used = error.time().used(false, now);
            return Some(way_out.overworked(method, used, &passenger.client.domain()));
        }
        Err(error) => way_out.worked(method, error.time().used(false, now)),
    }
    None
}

impl Passenger {
    /// Tells the caller. What must not be done twice is noted even if the caller has gone.
    async fn tell(
        self,
        outcome: Result<Received, Error>,
        sent: Instant,
        until: Option<Instant>,
        again: Again,
    ) {
        let Self { mut once, reply, followers, mut turn, .. } = self;
        followers.is_under_way(false);
        // Nobody knows when the caller looks at the answer: only what may go out again keeps later calls waiting.
        let may_go_again = outcome.as_ref().is_err_and(|error| {
            matches!(error.repeat(), Repeat::Later | Repeat::IfIdempotent | Repeat::AfterRefresh)
                || again != Again::AsBefore
        });
        if !may_go_again {
            drop(turn.take());
            if let Some(once) = once.take() {
                once.end(outcome.as_ref()).await;
            }
        }
        let landed = Reply::Landed(Box::new(Landed { outcome, once, turn, sent, until, again }));
        if let Err(Reply::Landed(landed)) = reply.send(landed) {
            let Landed { outcome, once, turn, .. } = *landed;
            drop(turn);
            followers.tell(&outcome);
            if let Some(once) = once {
                once.end(outcome.as_ref()).await;
            }
        }
    }
}
