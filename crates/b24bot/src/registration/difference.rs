//! What a bot on a portal has that is other than wanted.

use b24bot_rules::Mode;

use super::{Listed, Wanted, type_name};

/// Something that is other than wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Name,
    Kind,
    Mode,
    /// No event goes where it should.
    Handler,
}

impl Difference {
    /// What it is called where changes are told.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kind => "type",
            Self::Mode => "mode",
            Self::Handler => "handler",
        }
    }
}

/// Everything that is seen to be other than wanted. What the portal does not show is as it should be.
pub(crate) fn differences(wanted: &Wanted, there: &Listed) -> Vec<Difference> {
    let is_other =
        |found: &Option<String>, wanted: &str| found.as_deref().is_some_and(|found| found != wanted);
    let is_posted = wanted.bot.mode == Mode::Webhook && there.mode.as_deref() != Some("fetch");
    // An application with several bots may have several handlers, and the portal does not tell whose is which.
    let goes_elsewhere = is_posted && !there.handlers.is_empty() && !there.handlers.contains(&wanted.handler);
    [
        (there.name.trim() != wanted.bot.name.trim(), Difference::Name),
        (is_other(&there.mode, wanted.mode_name()), Difference::Mode),
        (goes_elsewhere, Difference::Handler),
        (is_other(&there.kind, type_name(wanted.bot.bot_type)), Difference::Kind),
    ]
    .into_iter()
    .filter_map(|(is_other, difference)| is_other.then_some(difference))
    .collect()
}

/// Whether the portal has to be told where events go: unless it shows that they go there and nowhere else.
pub(super) fn has_to_be_told(wanted: &Wanted, there: &Listed) -> bool {
    wanted.bot.mode == Mode::Webhook && there.handlers != [wanted.handler.as_str()]
}
