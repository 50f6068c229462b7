//! Something the bot is to do, awaited.

use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    pin::{Pin, pin},
    time::Duration,
};

use super::{Failure, FailureKind, Stage, calls::Number, conversation::Moment};

/// Something the bot is to do: awaiting it waits until it has.
#[must_use = "nothing is expected until it is awaited"]
pub struct Expectation<'stage, T> {
    stage: &'stage Stage,
    what: String,
    within: Duration,
    /// It can never happen, since `what` is no expression.
    is_wrong: bool,
    place: &'static Location<'static>,
    check: Box<Check<T>>,
}

/// Looks whether it has happened.
type Check<T> = dyn Fn(&Moment<'_>) -> Option<Met<T>> + Send + Sync;

/// It has happened.
pub(super) struct Met<T> {
    pub(super) value: T,
    /// The call that did it.
    pub(super) call: Option<Number>,
    /// The message that was meant, which no other expectation is to mean as well.
    pub(super) message: Option<u64>,
}

impl<'stage, T> Expectation<'stage, T> {
    /// `what` follows on "the bot".
    pub(super) fn new(
        stage: &'stage Stage,
        what: String,
        place: &'static Location<'static>,
        check: impl Fn(&Moment<'_>) -> Option<Met<T>> + Send + Sync + 'static,
    ) -> Self {
        Self { stage, what, within: stage.default_patience(), is_wrong: false, place, check: Box::new(check) }
    }

    /// How long to wait for it, instead of the stage's [patience](Stage::patience). It is looked for once at least.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    pub(super) fn wrong_if(mut self, is_wrong: bool) -> Self {
        self.is_wrong = is_wrong;
        self
    }

    async fn met(self) -> Result<T, Failure> {
        let Self { stage, what, within, is_wrong, place, check } = self;
        if is_wrong {
            let message = format!("the bot cannot be expected {what}");
            return Err(stage.failure(FailureKind::Unmet, message, place).await);
        }
        // Made before looking: what happens after that is not missed.
        let mut changes = stage.portal().changes();
        // Only waiting is limited: however short the time, what has happened by then is seen.
        let mut over = pin!(tokio::time::sleep(within));
        let refused = loop {
            match stage.look().await {
                Ok(seen) => {
                    if let Some(value) = stage.account(&seen, &*check) {
                        return Ok(value);
                    }
                }
                Err(refused) => break format!(": {refused}"),
            }
            tokio::select! {
                () = &mut over => break String::new(),
                _ = changes.next() => {}
            }
        };
        let message = format!("the bot was expected {what} within {within:?}, and did not{refused}");
        Err(stage.failure(FailureKind::Unmet, message, place).await)
    }
}

impl<'stage, T: Send + 'stage> IntoFuture for Expectation<'stage, T> {
    type Output = Result<T, Failure>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'stage>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.met())
    }
}

impl<T> fmt::Debug for Expectation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation")
            .field("what", &self.what)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}
