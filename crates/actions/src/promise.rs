//! What is promised of calls whose first fate is unknown.

use std::{fmt, str::FromStr};

/// What becomes of a call that is in doubt: it was made before the bot crashed, or its connection broke, and nobody
/// knows whether the portal carried it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Promise {
    /// It is not made again: nothing is there twice, but it may be missing.
    AtMostOnce,
    /// It is made again: nothing is missing, but it may be there twice.
    AtLeastOnce,
}

impl Promise {
    /// The promise as bot.toml names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at_most_once",
            Self::AtLeastOnce => "at_least_once",
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`Promise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPromise(());

impl fmt::Display for UnknownPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `at_most_once` or `at_least_once`")
    }
}

impl std::error::Error for UnknownPromise {}

impl FromStr for Promise {
    type Err = UnknownPromise;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::AtMostOnce, Self::AtLeastOnce];
        all.into_iter().find(|promise| promise.as_str() == text).ok_or(UnknownPromise(()))
    }
}

/// What is promised of each sort of call. It matters only where effects are recorded:
/// [`Context::recording`](crate::Context::recording).
///
/// ```
/// use b24bot_actions::{Portals, Promise, Promises};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let promises = Promises::default().messages("at_least_once".parse()?);
/// assert_eq!((promises.messages, promises.likes), (Promise::AtLeastOnce, Promise::AtLeastOnce));
/// let portals = Portals::builder().promises(promises).build()?;
/// # Ok(()) }
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Messages, files, and every other call that is not idempotent: [`Promise::AtMostOnce`] unless set.
    pub messages: Promise,
    /// `ctx.like`, `ctx.unlike` and `ctx.react`: [`Promise::AtLeastOnce`] unless set. They do no harm when done twice,
    /// so nothing needs recording then.
    pub likes: Promise,
}

impl Default for Promises {
    fn default() -> Self {
        Self { messages: Promise::AtMostOnce, likes: Promise::AtLeastOnce }
    }
}

impl Promises {
    /// Of messages, and of every other call that is not idempotent.
    #[must_use]
    pub const fn messages(mut self, promise: Promise) -> Self {
        self.messages = promise;
        self
    }

    /// Of likes and reactions.
    #[must_use]
    pub const fn likes(mut self, promise: Promise) -> Self {
        self.likes = promise;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_read_as_they_are_written() {
        for promise in [Promise::AtMostOnce, Promise::AtLeastOnce] {
            assert_eq!(promise.to_string().parse(), Ok(promise));
        }
        assert!("exactly_once".parse::<Promise>().is_err());
    }
}
