//! `b24bot run`.

use std::{path::Path, process::ExitCode};

use b24bot::{Bot, ErrorKind, Signals, rules::Config};

use super::Outcome;

/// What shells expect of a program that a signal ended.
const INTERRUPTED: u8 = 130;

pub(super) async fn run(config: &Path) -> Outcome {
    // Before anything listens: whoever sees the port open may signal already.
    let signals = Signals::listen()?;
    let bot = Bot::new(super::check::explained(Config::load(config))?)?;
    ended(bot.start().await?.until_signal(signals).await)
}

/// A second signal is an end that was asked for, not a failure to explain.
pub(super) fn ended(outcome: Result<(), b24bot::Error>) -> Outcome {
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) => Err(error.into()),
    }
}
