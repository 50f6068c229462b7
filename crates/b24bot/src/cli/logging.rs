//! The log: to stderr, filtered by `RUST_LOG`.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

pub(crate) fn start(format: LogFormat) {
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    if filter.max_level_hint() == Some(LevelFilter::TRACE) {
        // At this level HTTP libraries write down paths and headers, and an inbound webhook's path is a secret.
        for library in ["h2", "hyper", "hyper_util", "reqwest"] {
            filter = filter.add_directive(format!("{library}=debug").parse().unwrap_or_default());
        }
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => {
            let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            log.with_target(false).with_ansi(colours).compact().init();
        }
        LogFormat::Json => log.json().init(),
    }
}
