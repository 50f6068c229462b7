//! One request to the portal with the calls that leave together, and their answers.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::{sync::oneshot, time::Instant};
use tracing::{Instrument, debug_span};

use crate::{
    answer::{Received, Time},
    batch,
    client::Client,
    code::ErrorCode,
    departures::Landing,
    error::{Error, ErrorKind},
    files::Body,
    once::Once,
    outgoing::{Again, Landed, Outgoing, Parcel, Reply},
    queue::Manifest,
    way_out::{Turn, WayOut},
};

/// A call that is on its way.
struct Passenger {
    client: Client,
    outgoing: Arc<Outgoing>,
    method: Arc<str>,
    once: Option<Once>,
    reply: oneshot::Sender<Reply>,
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
        let Parcel { client, outgoing, once, turn, reply, .. } = parcel;
        let turn = turn.or_else(|| Turn::of(&way_out, &manifest));
        board(&way_out, sent, Passenger { client, outgoing, method: manifest.method, once, reply, turn })
    });
    let aboard: Vec<_> = join_all(boarding).await.into_iter().flatten().collect();
    let Some(first) = aboard.first() else {
        flight.land(Landing::Stayed);
        return;
    };
    let client = first.client.clone();
    let outcomes = match &aboard[..] {
        [alone] => vec![send_alone(alone, &mut flight).await],
        together => send_together(&client, together, &mut flight).await,
    };
    let domain = client.domain();
    let landing = aboard.into_iter().zip(outcomes).map(|(passenger, (outcome, time, again))| {
        let is_refused =
            outcome.as_ref().is_err_and(|error| error.code() == Some(&ErrorCode::OperationTimeLimit));
        way_out.worked(&passenger.method, time.as_ref(), is_refused, &domain);
        if again == Again::AtOnceWith(1)
            && outcome.as_ref().is_err_and(|error| error.code() == Some(&ErrorCode::BatchMethodNotAllowed))
        {
            way_out.travels_alone(&passenger.method);
        }
        tell(passenger, outcome, sent, again)
    });
    join_all(landing).await;
}

/// Notes that the call is about to be made. Nobody, if it was made before or that cannot be noted.
async fn board(way_out: &WayOut, sent: Instant, mut passenger: Passenger) -> Option<Passenger> {
    let known = match &mut passenger.once {
        None if passenger.reply.is_closed() => None,
        None => return Some(passenger),
        Some(once) => tokio::select! {
            known = once.begin(&passenger.method) => known.transpose(),
            () = passenger.reply.closed() => {
                passenger.once = None;
                None
            }
        },
    };
    match known {
        None if passenger.once.is_some() => return Some(passenger),
        // Whoever called has gone meanwhile.
        None => way_out.worked(&passenger.method, None, false, ""),
        Some(outcome) => {
            way_out.worked(&passenger.method, None, false, "");
            tell(passenger, outcome, sent, Again::AsBefore).await;
        }
    }
    None
}

type Outcome = (Result<Received, Error>, Option<Time>, Again);

async fn send_alone(passenger: &Passenger, flight: &mut Flight) -> Outcome {
    let (client, call) = (&passenger.client, &passenger.outgoing.call);
    let span = debug_span!("rest", portal = %client.domain(), method = call.method());
    let outcome = async {
        let written;
        let body = match &passenger.outgoing.body {
            Some(body) => body,
            None => {
                written = Body::from(call.body(client.token())?);
                &written
            }
        };
        client.request(call.method(), body, flight).await
    };
    let outcome = outcome.instrument(span).await;
    flight.land(landing(&outcome));
    let time = outcome.as_ref().map_or_else(Error::time, Received::time).clone();
    (outcome, Some(time), Again::AsBefore)
}

async fn send_together(client: &Client, passengers: &[Passenger], flight: &mut Flight) -> Vec<Outcome> {
    let span =
        debug_span!("rest", portal = %client.domain(), method = batch::METHOD, calls = passengers.len());
    let commands = passengers.iter().filter_map(|passenger| passenger.outgoing.command.as_deref());
    let body = Body::from(batch::body(commands, client.token()));
    let outcome = client.request(batch::METHOD, &body, flight).instrument(span).await;
    flight.land(landing(&outcome));
    match outcome {
        Ok(received) => {
            let methods: Vec<_> = passengers.iter().map(|passenger| &*passenger.method).collect();
            let parts = batch::read(&received, &methods).into_iter().map(|outcome| {
                let time = outcome.as_ref().map_or_else(Error::time, Received::time).clone();
                let again = match &outcome {
                    Err(error) if error.code() == Some(&ErrorCode::BatchMethodNotAllowed) => {
                        Again::AtOnceWith(1)
                    }
                    Err(error) if error.kind() == &ErrorKind::Answer => {
                        Again::WithFewer(passengers.len() / 2)
                    }
                    _ => Again::AsBefore,
                };
                (outcome, Some(time), again)
            });
            parts.collect()
        }
        Err(error) => {
            let again = again(&error, passengers.len());
            passengers.iter().map(|passenger| (Err(error.during(&passenger.method)), None, again)).collect()
        }
    }
}

/// How the calls of a batch that failed as a whole go out again, if they do.
fn again(error: &Error, calls: usize) -> Again {
    let fewer = (calls / 2).max(1);
    if error.is_too_fast() {
        Again::AsBefore
    } else if error.is_of_the_request() {
        Again::AtOnceWith(fewer)
    } else {
        Again::WithFewer(fewer)
    }
}

fn landing(outcome: &Result<Received, Error>) -> Landing {
    match outcome {
        Err(error) if error.is_too_fast() => Landing::Refused,
        _ => Landing::Over,
    }
}

/// Tells the caller. What must not be done twice is noted even if the caller has gone.
async fn tell(passenger: Passenger, outcome: Result<Received, Error>, sent: Instant, again: Again) {
    let Passenger { once, reply, turn, .. } = passenger;
    let landed = Reply::Landed(Landed { outcome, once, turn, sent, again });
    if let Err(Reply::Landed(Landed { outcome, once, turn, .. })) = reply.send(landed) {
        drop(turn);
        if let Some(once) = once {
            once.end(outcome.as_ref()).await;
        }
    }
}
