//! States in the store that every machine knows at any time.

use std::sync::Arc;

use b24bot_core::{Expected, InboxError, StateChange, Store};
use tokio::task::JoinHandle;

/// Begins keys under a prefix that say nothing.
const MARK: char = '~';

/// Tells what is in the store under a prefix, by key without the prefix, and then of every change, whichever machine makes
/// it. Returns once all that was there has been told.
pub(crate) async fn follow(
    store: &Arc<dyn Store>,
    prefix: &'static str,
    apply: impl Fn(&str, Option<&[u8]>) + Send + 'static,
) -> Result<JoinHandle<()>, InboxError> {
    let mut changes = store.watch(prefix).await?;
    let apply = move |change: &StateChange| {
        if let Some(key) = change.key.strip_prefix(prefix).filter(|key| !key.starts_with(MARK)) {
            apply(key, change.value.as_deref());
        }
    };
    // Changes come in order, so this one, which nobody else makes, comes after all that was there.
    let mark = format!("{prefix}{MARK}{:016x}", fastrand::u64(..));
    store.set(&mark, Vec::new(), Expected::Anything).await?;
    loop {
        let change = changes.next().await.ok_or_else(|| InboxError::storage("the store has gone"))?;
        if change.key == mark {
            break;
        }
        apply(&change);
    }
    store.remove(&mark, Expected::Anything).await?;
    Ok(tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            apply(&change);
        }
    }))
}
