//! Why a configuration could not be had.

use std::{fmt, io, path::Path};

use annotate_snippets::Renderer;

use crate::Diagnostic;

/// Why a configuration could not be had: every mistake in the file at once.
///
/// `Display` draws each mistake with its line and ends with a count; without a file to read, it is one sentence.
/// `Debug` is the same, so that `fn main() -> Result<…>` prints something readable. No secret is ever in it.
pub struct ConfigError {
    kind: ConfigErrorKind,
    file: String,
    diagnostics: Vec<Diagnostic>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// There is no such file.
    Missing,
    /// There is one, but it could not be read.
    Unreadable,
    /// It was read and has mistakes: [`ConfigError::diagnostics`].
    Invalid,
}

impl ConfigError {
    pub(crate) fn invalid(file: &str, diagnostics: Vec<Diagnostic>) -> Self {
        Self { kind: ConfigErrorKind::Invalid, file: file.to_owned(), diagnostics, source: None }
    }

    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ConfigErrorKind::Missing,
            _ => ConfigErrorKind::Unreadable,
        };
        let file = path.display().to_string();
        Self { kind, file, diagnostics: Vec::new(), source: Some(Box::new(error)) }
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// Every mistake, in file order. Empty if the file could not be read at all.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The same text as `Display`, with ANSI colours for a terminal.
    #[must_use]
    pub fn render_for_terminal(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let file = &self.file;
        match self.kind {
            ConfigErrorKind::Missing => {
                format!("there is no `{file}`: write one, or start with `b24bot dev`, which needs none")
            }
            ConfigErrorKind::Unreadable => {
                let reason = self.source.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("`{file}` cannot be read: {reason}")
            }
            ConfigErrorKind::Invalid => {
                let mut text = String::new();
                for diagnostic in &self.diagnostics {
                    text.push_str(&diagnostic.render(renderer));
                    text.push_str("\n\n");
                }
                let count = self.diagnostics.iter().filter(|diagnostic| !diagnostic.is_warning()).count();
                let noun = if count == 1 { "mistake" } else { "mistakes" };
                text.push_str(&format!("{count} {noun} in {file}"));
                text
            }
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
