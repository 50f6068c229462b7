//! All that a bot keeps, in one place.

use crate::{Desk, Effects, Inbox, States};

/// A place for all that a bot keeps: its inbox, the effects of what it handles, its states.
///
/// Anything that is all of these is a store.
pub trait Store: Inbox + Effects + Desk + States {}

impl<S: Inbox + Effects + Desk + States> Store for S {}
