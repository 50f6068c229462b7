//! `b24bot run`.

use std::{path::Path, process::ExitCode};

use b24bot::{Bot, ErrorKind, stop_requested};

use super::Outcome;

/// What shells expect of a program that a signal ended.
const INTERRUPTED: u8 = 130;

pub(super) async fn run(config: &Path) -> Outcome {
    ended(Bot::new(super::check::load(config)?)?.run_until(stop_requested()).await)
}

/// A second signal is an end that was asked for, not a failure to explain.
pub(super) fn ended(outcome: Result<(), b24bot::Error>) -> Outcome {
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) => Err(error.into()),
    }
}
