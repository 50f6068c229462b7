//! `b24bot portal --replay`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use b24bot::portal::replay::{Pace, Replay};
use clap::Args;

use super::{Outcome, say};

/// Where a recording, which has no secrets, gets the token from that the bot wants to see.
const TOKEN: &str = "B24_APPLICATION_TOKEN";

#[derive(Args)]
pub(crate) struct Options {
    /// Posts the events of a recording again, or a body as it was captured, and reports what came of it; then ends,
    /// with 1 if that was anything else than before
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<PathBuf>,
    #[command(flatten)]
    pub(super) options: ReplayOptions,
}

#[derive(Args)]
pub(crate) struct ReplayOptions {
    /// The bot's endpoint, instead of where the events went when they were recorded
    #[arg(long, value_name = "URL", requires = "replay")]
    to: Option<String>,
    /// So many times as fast as it was
    #[arg(long, value_name = "N", requires = "replay", conflicts_with = "fast", value_parser = speed)]
    speed: Option<Pace>,
    /// Each event as soon as the one before is answered
    #[arg(long, requires = "replay")]
    fast: bool,
    /// Seconds to wait for recorded calls that the bot has not made yet, counted from its latest
    #[arg(long, value_name = "SECONDS", requires = "replay", default_value_t = 5)]
    wait: u64,
    /// The application token that the bot wants to see [with a recording: B24_APPLICATION_TOKEN unless given]
    #[arg(long, value_name = "TOKEN", requires = "replay")]
    application_token: Option<String>,
}

fn speed(text: &str) -> Result<Pace, String> {
    text.parse().ok().and_then(Pace::times).ok_or_else(|| "it has to be a number above 0".to_owned())
}

pub(super) async fn replay(file: &Path, listen: SocketAddr, options: ReplayOptions) -> Outcome {
    let ReplayOptions { to, speed, fast, wait, application_token } = options;
    let mut replay = Replay::read(file)?.listen(listen).patience(Duration::from_secs(wait));
    if let Some(to) = to {
        replay = replay.to(to);
    }
    replay = replay.pace(if fast { Pace::FAST } else { speed.unwrap_or(Pace::REAL_TIME) });
    let from_environment = || std::env::var(TOKEN).ok().filter(|_| replay.is_recording());
    if let Some(token) = application_token.or_else(from_environment) {
        replay = replay.application_token(token);
    }
    let report = replay.run().await?;
    say(report.to_string().trim_end());
    Ok(if report.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
