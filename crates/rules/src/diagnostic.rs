//! One mistake in a configuration file, and how it is drawn.

use std::{fmt, sync::Arc};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// One mistake in a configuration file.
///
/// `Display` is the plain text block that [`ConfigError`](crate::ConfigError) shows too.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    pub(crate) is_warning: bool,
    pub(crate) file: Arc<str>,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The line in question, secrets masked.
    pub(crate) shown: String,
    /// How many characters from `column` on are wrong.
    pub(crate) width: usize,
}

impl Diagnostic {
    /// Whether the file is right as it is, and only what it asks for may not work.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.is_warning
    }

    /// The file, by the name it was read with.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(crate) fn render(&self, renderer: &Renderer) -> String {
        let byte_of =
            |column: usize| self.shown.char_indices().nth(column).map_or(self.shown.len(), |(at, _)| at);
        let span = byte_of(self.column - 1)..byte_of(self.column - 1 + self.width);
        let snippet = Snippet::source(self.shown.as_str())
            .line_start(self.line)
            .path(&*self.file)
            .annotation(AnnotationKind::Primary.span(span));
        let level = if self.is_warning { Level::WARNING } else { Level::ERROR };
        let block = level.primary_title(self.message.as_str()).element(snippet);
        let block = match &self.help {
            Some(help) => block.element(Level::HELP.message(help.as_str())),
            None => block,
        };
        renderer.render(&[block])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
