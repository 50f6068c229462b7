//! What the error hook is told.

use std::{any::Any, fmt, time::Duration};

use b24bot_core::Event;

use crate::{BoxError, give_up};

/// A handler could not deal with an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<'event> {
    /// The event.
    pub event: &'event Event,
    /// The handler's type; with `#2` and so on behind it if there are several of that type.
    pub handler: &'event str,
    /// What happened.
    pub cause: Cause,
    /// Which attempt to handle the event this was: 1 is the first.
    pub attempt: u32,
    /// The pause until it is tried again; `None` if that was the last attempt, and the event is set aside.
    pub again_in: Option<Duration>,
}

/// How a handler failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// It returned an error.
    Error(BoxError),
    /// It panicked, with this message.
    Panic(String),
}

impl Cause {
    pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::Panic(message.unwrap_or("without a message").to_owned())
    }

    /// Whether nothing was done because the store could not record it.
    pub(crate) fn is_of_store(&self) -> bool {
        matches!(self, Self::Error(error) if give_up::is_of_store(&**error))
    }

    /// Whether trying again cannot help.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Error(error) if give_up::is_final(&**error))
    }
}

/// The error with all that caused it, in one line.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(message) => write!(f, "panicked: {message}"),
            Self::Error(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(error) = source {
                    write!(f, ": {error}")?;
                    source = error.source();
                }
                Ok(())
            }
        }
    }
}
