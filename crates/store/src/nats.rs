//! The store on NATS, which several machines share.

mod address;
mod claims;
mod desk;
mod effects;
mod inbox;
mod ledger;
mod names;
mod node;
mod options;
mod shares;
mod state;
mod states;
mod streams;
mod tail;

use std::{fmt, sync::Arc};

use b24bot_core::Secret;

pub use self::options::NatsOptions;
use self::{node::Node, streams::Streams};
use crate::{OpenError, OpenErrorKind};

/// Keeps everything on a NATS server with JetStream (2.9 or later), for one machine or several.
///
/// Every machine takes events in. The dialogs are divided among the machines, in 32 partitions: each dialog is worked by
/// one of them, in order. What a machine has that dies, or that cannot reach the server, is taken over by the others
/// when it has not been heard for [`lease`](NatsOptions::lease); on a stop in good order
/// ([`close`](b24bot_core::Inbox::close), [`flush`](b24bot_core::Inbox::flush), drop) at once. A machine begins to work
/// with its first [`next`](b24bot_core::Inbox::next), so that a program that only looks takes nothing.
///
/// # What is promised
///
/// - [`put`](b24bot_core::Inbox::put) returns when the server has confirmed every event. If it fails some of the
///   delivery's events may be stored: the same delivery again completes it, for those are recognised.
/// - An event is recognised as a repeat on any machine for [`remember`](NatsOptions::remember). After a restart of the
///   server that holds for events that are in the stream still: not for those that were purged, or removed early
///   because the stream was nearly full.
/// - What is pending never goes with age. What was handled goes after [`remember`](NatsOptions::remember).
/// - A machine that stood still, and comes back when others have taken over its entries, gets `None` for those it had not
///   begun, and an error from [`begin`](b24bot_core::Effects::begin) before anything that must not be done twice. A handler
///   that does something without asking there can do it twice.
/// - What was settled is written down about twice a second: what was settled after that is handled again after a crash.
///   Its effects are known until it is written down, so they are not had again.
/// - The connection comes back by itself. Meanwhile everything fails with
///   [`InboxErrorKind::Storage`](b24bot_core::InboxErrorKind::Storage), and nothing is lost.
///
/// # What is not
///
/// - A single NATS server confirms an event when it has handed it to the operating system, and syncs its files every two
///   minutes (`sync_interval`): a crash of the server loses nothing, a power failure can lose events that were
///   confirmed. With [`replicas`](NatsOptions::replicas) 3 in a cluster of three, one of them can fail in any way; or
///   set `sync_interval: always` (2.10 and later) on the server.
/// - The server's `max_payload` must be more than the largest body (1 MiB) and what is kept with it: 1.1 MiB or more. It
///   is 1 MiB unless set on the server, which is logged as a warning; larger events are refused by
///   [`put`](b24bot_core::Inbox::put) then. An error that does not fit beside an event that is set aside is shortened, or
///   left out with how often the event was tried and which handlers were content.
/// - An event that this version cannot read (a later one has stored it, say) is set aside.
/// - Order holds within a dialog, as the server has received the events.
/// - Counts are exact where one machine works, and up to a second old otherwise.
pub struct NatsStore {
    node: Arc<Node>,
}

impl NatsStore {
    /// Connects to a server, `nats://USER:PASSWORD@HOST:PORT` or `tls://…`, several with commas between, and makes the
    /// streams that are not there: `PREFIX_events`, `PREFIX_share`, `PREFIX_progress`, `PREFIX_dead`, `PREFIX_effects` and
    /// `PREFIX_states`, with subjects under `PREFIX.`. Needs a Tokio runtime, which goes on working for it.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, does not accept the password, has no JetStream, or refuses a stream; the
    /// error says what to do, without the password.
    pub async fn connect(url: &Secret, options: NatsOptions) -> Result<Self, OpenError> {
        let options = options.bounded();
        let streams = Streams::open(url, &options).await?;
        let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(12).collect();
        let node = Node::new(id, streams, options);
        let store = Self { node };
        store.learn().await.map_err(|error| {
            OpenError::new(OpenErrorKind::Storage, "cannot read what is stored on NATS").because(error)
        })?;
        tokio::spawn(Arc::clone(&store.node).run());
        Ok(store)
    }
}

impl fmt::Debug for NatsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsStore")
            .field("servers", &self.node.streams.shown)
            .field("prefix", &self.node.options.prefix)
            .field("node", &self.node.id)
            .finish_non_exhaustive()
    }
}

/// What it has is given up in the background, for which the runtime must live on a little.
impl Drop for NatsStore {
    fn drop(&mut self) {
        self.node.gone.send_replace(true);
    }
}
