//! Something that is done on a stage.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::Failure;

/// Something that is done on a stage once it is awaited.
#[must_use = "nothing is done until it is awaited"]
pub struct Act<'stage, T>(Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'stage>>);

impl<'stage, T> Act<'stage, T> {
    pub(super) fn new(future: impl Future<Output = Result<T, Failure>> + Send + 'stage) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Act<'_, T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Act<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Act").finish_non_exhaustive()
    }
}
