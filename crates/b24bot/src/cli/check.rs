//! `b24bot check`, and the reading of `bot.toml` for the other commands.

use std::{io::IsTerminal, path::Path, process::ExitCode};

use b24bot::{
    Bot,
    rules::{Config, ConfigError, ConfigErrorKind},
};

use super::{Outcome, say};

pub(super) fn check(path: &Path) -> Outcome {
    match Config::load(path) {
        Ok(config) => {
            let (code, rules) = (config.bot.code.clone(), config.rules.len());
            for warning in &config.warnings {
                say(format_args!("{warning}\n"));
            }
            // What the file says well can still be more than this version does.
            drop(Bot::new(config)?);
            let rules = if rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
            say(format_args!("{} is fine: bot `{code}`, {rules}", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        Err(mistakes) => {
            say(shown(&mistakes, std::io::stdout().is_terminal()));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The configuration, or all its mistakes.
pub(super) fn explained(config: Result<Config, ConfigError>) -> Result<Config, String> {
    config.map_err(|error| match error.kind() {
        ConfigErrorKind::Invalid => {
            format!("the configuration has mistakes\n\n{}", shown(&error, std::io::stderr().is_terminal()))
        }
        _ => error.to_string(),
    })
}

fn shown(mistakes: &ConfigError, colours: bool) -> String {
    if colours { mistakes.render_for_terminal() } else { mistakes.to_string() }
}
