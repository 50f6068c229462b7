//! States in the store that every machine knows at any time.

use std::sync::Arc;

use b24bot_core::{InboxError, StateChange, Store};
use tokio::task::JoinHandle;

/// Tells what is in the store under a prefix, by key without the prefix, and then of every change, whichever machine makes
/// it. Returns once all that was there has been told.
pub(crate) async fn follow(
    store: &Arc<dyn Store>,
    prefix: &str,
    apply: impl Fn(&str, Option<&[u8]>) + Send + Sync + 'static,
) -> Result<JoinHandle<()>, InboxError> {
    let apply = move |change: StateChange| apply(&change.key, change.value.as_deref());
    let mut changes = b24bot_core::follow(&**store, prefix, &apply).await?;
    Ok(tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            apply(change);
        }
    }))
}
