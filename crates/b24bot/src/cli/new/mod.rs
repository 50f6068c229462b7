//! `b24bot new`: a starter project.

mod name;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use self::name::Name;
use super::{Outcome, say};

/// Where the crate is while it is not published.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The files of a project.
const FILES: [File; 6] = [
    File::Filled("Cargo.toml", include_str!("template/Cargo.toml.in")),
    File::Filled("bot.toml", include_str!("template/bot.toml.in")),
    File::Filled("README.md", include_str!("template/README.md.in")),
    File::Same(".gitignore", include_str!("template/gitignore")),
    File::Same("src/main.rs", include_str!("template/src/main.rs")),
    File::Same("src/tests.rs", include_str!("template/src/tests.rs")),
];

enum File {
    /// As it stands.
    Same(&'static str, &'static str),
    /// With `{…}` filled in.
    Filled(&'static str, &'static str),
}

#[derive(Args)]
pub(crate) struct New {
    /// The project's name, and its folder's: letters, digits, - and _
    name: String,
    /// A checkout of b24bot to build with, instead of its repository's newest version
    #[arg(long, value_name = "PATH")]
    b24bot: Option<PathBuf>,
}

pub(super) fn new(wanted: &New) -> Outcome {
    let name = Name::read(&wanted.name)?;
    let dependency = match &wanted.b24bot {
        Some(checkout) => by_path(checkout)?,
        None => format!("{{ git = {REPOSITORY:?}, default-features = false, features = [\"portal\"] }}"),
    };
    let folder = Path::new(name.as_str());
    fs::create_dir(folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("`{name}` is there already: nothing was changed"),
        _ => format!("the folder `{name}` cannot be made: {error}"),
    })?;
    for file in FILES {
        let (file, text) = match file {
            File::Same(file, text) => (file, text.to_owned()),
            File::Filled(file, text) => (file, fill(text, &name, &dependency)),
        };
        write(&folder.join(file), &text)
            .map_err(|error| format!("`{name}/{file}` cannot be written: {error}"))?;
    }
    say(format_args!(
        "b24bot new: a bot is in {name}

  cd {name}
  cargo test           does what its tests say
  cargo run -- dev     a portal on this machine, with the bot in it

The bot is src/main.rs; README.md says how to go on."
    ));
    Ok(ExitCode::SUCCESS)
}

/// The crate in a checkout, by a path that holds wherever the project is moved to.
fn by_path(checkout: &Path) -> Result<String, String> {
    let folder = checkout.join("crates/b24bot");
    let folder = folder.canonicalize().ok().filter(|folder| folder.join("Cargo.toml").is_file());
    let folder = folder.ok_or_else(|| {
        format!("`{}` is no checkout of b24bot: there is no crates/b24bot in it", checkout.display())
    })?;
    let folder = folder.to_str().ok_or("the path of the checkout is no Unicode text")?;
    // Rust's quotes are TOML's for what occurs in paths.
    Ok(format!("{{ path = {folder:?}, default-features = false, features = [\"portal\"] }}"))
}

fn fill(text: &str, name: &Name, dependency: &str) -> String {
    // No name has a brace in it, and the dependency, which may, comes last.
    text.replace("{name}", name.as_str())
        .replace("{code}", &name.code())
        .replace("{title}", &name.title())
        .replace("{dependency}", dependency)
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says no more politely that it failed")]

    use b24bot::rules::Config;

    use super::*;

    #[test]
    fn the_projects_bot_toml_has_no_mistake() {
        let name = Name::read("tea-bot").unwrap();
        let text = fill(include_str!("template/bot.toml.in"), &name, "");
        let env = |name: &str| {
            let value =
                if name == "B24_WEBHOOK_URL" { "https://tea.example/rest/1/secret/" } else { "secret" };
            Some(value.to_owned())
        };
        let config = Config::parse("bot.toml", &text, &env).unwrap();
        assert_eq!((config.bot.code.as_str(), config.bot.name.as_str()), ("tea_bot", "Tea bot"));
        assert!(config.warnings.is_empty() && config.rules.len() == 1);
    }

    #[test]
    fn only_a_checkout_is_taken_for_one() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(by_path(here).unwrap_err().contains("is no checkout of b24bot"));
        assert!(by_path(&here.join("../..")).unwrap().contains("crates/b24bot\""));
    }
}
