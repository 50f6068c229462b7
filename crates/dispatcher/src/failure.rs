//! What the error hook is told.

use std::{any::Any, fmt};

use b24bot_core::Event;

use crate::BoxError;

/// A handler could not deal with an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<'event> {
    /// The event.
    pub event: &'event Event,
    /// The handler's type.
    pub handler: &'static str,
    /// What happened.
    pub cause: Cause,
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
