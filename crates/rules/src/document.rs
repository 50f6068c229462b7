//! A TOML text on its way to become settings: every question asked of it may add a mistake, none ends it.

mod environment;
mod item;
mod suggestion;
mod syntax;
mod table;

use std::{cell::RefCell, ops::Range, sync::Arc};

use toml::de::DeTable;

pub(crate) use item::Item;
pub(crate) use suggestion::list;
use syntax::Unclosed;
pub(crate) use table::{Root, Table};

use crate::{
    Diagnostic,
    masking::{masked_lines, without_addresses},
};

/// Looks up an environment variable.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text, and the mistakes found in it so far.
pub(crate) struct Document<'a> {
    text: &'a str,
    environment: Environment<'a>,
    mistakes: RefCell<Vec<Mistake>>,
    unclosed: Option<Unclosed>,
}

struct Mistake {
    /// Bytes of the text.
    span: Range<usize>,
    message: String,
    help: Option<String>,
    kind: MistakeKind,
}

#[derive(PartialEq)]
enum MistakeKind {
    Syntax,
    Value,
    /// Something that should be in this part of the text is not.
    Missing(Range<usize>),
    /// Nothing is wrong, but what is written may not work.
    Doubt,
}

impl<'a> Document<'a> {
    /// Parses as much as can be parsed.
    pub(crate) fn parse(text: &'a str, environment: Environment<'a>) -> (Self, DeTable<'a>) {
        let (root, errors) = DeTable::parse_recoverable(text);
        let root = root.into_inner();
        let mut faults: Vec<_> =
            errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message())).collect();
        faults.sort_by_key(|(span, _)| span.start);
        let unclosed = Unclosed::find(text, &root, &mut faults);
        let document = Self { text, environment, mistakes: RefCell::default(), unclosed };
        for (span, message) in faults {
            let message = match (message, text.get(span.clone())) {
                ("duplicate key", Some(key)) if !key.is_empty() => format!("duplicate key `{key}`"),
                (message, _) => message.replace(", expected literal string", ""),
            };
            let help = document.unclosed.as_ref().filter(|unclosed| unclosed.noticed == span.start);
            let help = help.map(|unclosed| unclosed.help(document.line_of(unclosed.opening)));
            document.add(span, message, help, MistakeKind::Syntax);
        }
        (document, root)
    }

    /// One mistake at these bytes of the text.
    pub(crate) fn fail(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(span, message.into(), Some(help.into()), MistakeKind::Value);
    }

    /// What these bytes of the text ask for may not work.
    pub(crate) fn doubt(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(span, message.into(), Some(help.into()), MistakeKind::Doubt);
    }

    /// Something is missing in `part`; `span` is what to show.
    fn fail_missing(&self, span: Range<usize>, part: Range<usize>, message: String, help: String) {
        self.add(span, message, Some(help), MistakeKind::Missing(part));
    }

    fn add(&self, span: Range<usize>, message: String, help: Option<String>, kind: MistakeKind) {
        self.mistakes.borrow_mut().push(Mistake { span, message, help, kind });
    }

    /// The line, from 1, of a byte of the text.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// All mistakes and warnings, in file order.
    ///
    /// A syntax error makes the parser guess: what depends on such a guess is left out.
    pub(crate) fn into_diagnostics(self, file: &str) -> Vec<Diagnostic> {
        let file: Arc<str> = file.into();
        let mut mistakes = self.mistakes.take();
        let (mut broken, lines): (Vec<_>, Vec<_>) = mistakes
            .iter()
            .filter(|mistake| mistake.kind == MistakeKind::Syntax)
            .map(|mistake| (mistake.span.start, self.line_of(mistake.span.start)))
            .unzip();
        if let Some(unclosed) = &self.unclosed {
            broken.push(unclosed.opening);
            mistakes.retain(|mistake| {
                mistake.kind != MistakeKind::Value || !unclosed.misleads(mistake.span.start)
            });
        }
        mistakes.retain(|mistake| match &mistake.kind {
            MistakeKind::Syntax | MistakeKind::Doubt => true,
            MistakeKind::Value => !lines.contains(&self.line_of(mistake.span.start)),
            MistakeKind::Missing(part) => !broken.iter().any(|at| part.contains(at) || *at == part.end),
        });
        mistakes.sort_by_key(|mistake| mistake.span.start);
        mistakes.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        let shown = masked_lines(self.text);
        mistakes.into_iter().map(|mistake| locate(&file, self.text, &shown, mistake)).collect()
    }
}

/// A file that is not even text: where its first wrong byte is. `text` is what came before.
pub(crate) fn not_utf8(file: &str, text: &str) -> Diagnostic {
    let mistake = Mistake {
        span: text.len()..text.len(),
        message: "this is not UTF-8 text".to_owned(),
        help: Some("save the file as UTF-8".to_owned()),
        kind: MistakeKind::Syntax,
    };
    locate(&file.into(), text, &masked_lines(text), mistake)
}

/// `shown` are the lines of the text as they may be shown.
fn locate(file: &Arc<str>, text: &str, shown: &[String], mistake: Mistake) -> Diagnostic {
    let start = floor(text, mistake.span.start);
    let end = floor(text, mistake.span.end.max(start));
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[line_start..];
    let line_end = line_start + line.find('\n').unwrap_or(line.len());
    let number = text[..start].matches('\n').count();
    let width = text[start..end.min(line_end)].trim_end_matches('\r').chars().count();
    Diagnostic {
        is_warning: mistake.kind == MistakeKind::Doubt,
        file: Arc::clone(file),
        line: number + 1,
        column: text[line_start..start].chars().count() + 1,
        message: without_addresses(&mistake.message),
        help: mistake.help.map(|help| without_addresses(&help)),
        shown: shown.get(number).cloned().unwrap_or_default(),
        width,
    }
}

fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}
