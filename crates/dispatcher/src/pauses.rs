//! Which portals are paused.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Pauses portals of a [`Dispatcher`](crate::Dispatcher) and has them go on, from
/// [`Dispatcher::pauses`](crate::Dispatcher::pauses). Cheap to clone.
///
/// While a portal is paused its events are taken from the store and wait; what is being handled is handled to its end.
/// Events of the application itself, such as `ONAPPUNINSTALL`, do not wait. When the portal goes on, so do its events, in
/// order; those that have become older than [`max_age`](crate::Dispatcher::max_age) are set aside then.
#[derive(Clone, Debug)]
pub struct Pauses(UnboundedSender<Pause>);

/// A portal is paused, or goes on.
#[derive(Debug)]
pub(crate) enum Pause {
    Begins(Arc<str>),
    Ends(Arc<str>),
}

impl Pauses {
    pub(crate) fn new() -> (Self, UnboundedReceiver<Pause>) {
        let (told, heard) = unbounded_channel();
        (Self(told), heard)
    }

    /// Begins nothing more of that portal, which is named as in [`Entry::portal`](b24bot_core::Entry::portal): by its
    /// member id, or by its domain where events bring no more.
    pub fn pause(&self, portal: &str) {
        // Nobody needs to know once the dispatcher has ended.
        let _ = self.0.send(Pause::Begins(portal.into()));
    }

    /// Lets that portal go on.
    pub fn resume(&self, portal: &str) {
        let _ = self.0.send(Pause::Ends(portal.into()));
    }
}
