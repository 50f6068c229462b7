//! How much the platform takes.

use b24bot_core::Generation;
use serde_json::Value;

use super::error::{ContentError, ContentErrorKind, Unit};

/// The longest text of a message, in characters. The platform cuts a longer one.
pub const MESSAGE_CHARACTERS: usize = 20_000;
/// The most messages forwarded at once (`imbot.v2.Chat.Message.send`).
const FORWARDED: usize = 100;
/// The largest attachment, keyboard or menu of v1: 30 KB.
const V1_BYTES: usize = 30 * 1024;
/// The largest attachment of v2. No page has a number for keyboards, which the platform measures alike.
const V2_CHARACTERS: usize = 60_000;

pub(crate) fn text(text: &str) -> Result<(), ContentError> {
    at_most("the text", MESSAGE_CHARACTERS, text.chars().count(), Unit::Characters)
}

pub(super) fn forwarded(messages: usize) -> Result<(), ContentError> {
    at_most("the list of forwarded messages", FORWARDED, messages, Unit::Messages)
}

/// Measures an attachment, keyboard or menu as it is sent.
pub(super) fn json(part: &'static str, generation: Generation, value: &Value) -> Result<(), ContentError> {
    let written = value.to_string();
    match generation {
        Generation::V1 => at_most(part, V1_BYTES, written.len(), Unit::Bytes),
        Generation::V2 => at_most(part, V2_CHARACTERS, written.chars().count(), Unit::Characters),
    }
}

pub(crate) fn at_most(
    part: &'static str,
    limit: usize,
    actual: usize,
    unit: Unit,
) -> Result<(), ContentError> {
    if actual <= limit {
        return Ok(());
    }
    Err(ContentError::new(part, ContentErrorKind::TooMuch { limit, actual, unit }))
}
