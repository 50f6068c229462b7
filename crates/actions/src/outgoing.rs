//! A call as it goes out, and what its caller hears of it.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{sync::oneshot, time::Instant};

use crate::{
    answer::Received,
    call::Call,
    client::Client,
    departures::BATCH,
    error::Error,
    files::Body,
    measure::Queued,
    once::Once,
    way_out::{Turn, Waits},
};

/// A call, written for the way.
pub(crate) struct Outgoing {
    pub(crate) call: Call,
    /// A body that is not the call's parameters alone: it travels alone.
    pub(crate) body: Option<Body>,
    /// The call as a part of a batch, if it can be one.
    pub(crate) command: Option<String>,
}

impl Outgoing {
    /// # Errors
    /// When the method's name is none.
    pub(crate) fn new(call: Call, body: Option<Body>) -> Result<Self, Error> {
        call.check()?;
        let command = if body.is_none() { call.command() } else { None };
        Ok(Self { call, body, command })
    }

    /// How many calls may share a request with it, itself included.
    pub(crate) const fn company(&self) -> usize {
        if self.command.is_some() { BATCH } else { 1 }
    }

    pub(crate) fn can_be_sent_again(&self) -> bool {
        self.body.as_ref().is_none_or(Body::can_be_sent_again)
    }
}

/// A call that waits to leave, with all that it takes to send it and to tell its caller.
pub(crate) struct Parcel {
    pub(crate) client: Client,
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) once: Option<Once>,
    /// If it goes out once more.
    pub(crate) turn: Option<Turn>,
    pub(crate) reply: oneshot::Sender<Reply>,
    pub(crate) followers: Followers,
    /// Its place among those that are counted, and its room in the queue: given back when it leaves.
    pub(crate) _waits: (Queued, Option<Waits>),
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parcel").field(&self.outgoing.call).finish()
    }
}

/// What a caller hears of a call that waited.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It went out, and this came of it.
    Landed(Box<Landed>),
    /// A later call took its place, and that one ended so.
    Followed(Result<Received, Error>),
    /// A later call took its place and was given up before it went out.
    Abandoned,
}

/// What came of one request, for one of its calls.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) outcome: Result<Received, Error>,
    pub(crate) once: Option<Once>,
    /// Keeps later calls of its order back until its caller is content.
    pub(crate) turn: Option<Turn>,
    pub(crate) sent: Instant,
    /// When it is worth trying again, if the portal has said so.
    pub(crate) until: Option<Instant>,
    /// How it should go out again, if it does.
    pub(crate) again: Again,
}

/// How a call goes out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    AsBefore,
    /// With fewer others: the batch as a whole failed, and one of its calls may be why.
    WithFewer(usize),
    /// By itself and at once: the method is not taken in batches.
    Alone,
    /// With so many others and at once: the portal refused the batch for being one, and carried out nothing.
    AtOnceWith(usize),
}

/// Callers whose calls were replaced by a later one, and who share what becomes of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followers(Arc<Mutex<Following>>);

#[derive(Debug, Default)]
struct Following {
    callers: Vec<oneshot::Sender<Reply>>,
    /// The call has left: whoever carries it tells them, should its own caller have gone.
    is_under_way: bool,
}

impl Followers {
    pub(crate) fn add(&self, caller: oneshot::Sender<Reply>) {
        self.with(|following| following.callers.push(caller));
    }

    /// The call has left, or is back.
    pub(crate) fn is_under_way(&self, is_under_way: bool) {
        self.with(|following| following.is_under_way = is_under_way);
    }

    /// Tells all what became of the call, unless that is not known yet.
    pub(crate) fn tell(&self, outcome: &Result<Received, Error>) {
        for caller in self.take() {
            // Whoever has gone does not want to know.
            let _ = caller.send(Reply::Followed(match outcome {
                Ok(received) => Ok(received.clone()),
                Err(error) => Err(error.shared()),
            }));
        }
    }

    /// The call is given up: they are on their own again, unless it is under way.
    pub(crate) fn abandon(&self) {
        for caller in self.take() {
            let _ = caller.send(Reply::Abandoned);
        }
    }

    fn take(&self) -> Vec<oneshot::Sender<Reply>> {
        self.with(
            |following| {
                if following.is_under_way { Vec::new() } else { mem::take(&mut following.callers) }
            },
        )
    }

    fn with<R>(&self, change: impl FnOnce(&mut Following) -> R) -> R {
        // Sound after every step: a panic elsewhere does not matter.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
