//! States in the store that every machine knows at any time.

use async_trait::async_trait;

use crate::{Changes, Expected, InboxError, StateChange, States};

/// Begins keys under a prefix that say nothing.
const MARK: char = '~';

/// Tells what is in a store under a prefix, and returns once all that was there has been told; whatever happens then comes
/// out of what is returned, whichever machine does it. Keys come without the prefix, and none begins with `~`.
///
/// # Errors
///
/// When the store cannot be read or written now: for a moment a key is in it that says where the past ends.
pub async fn follow(
    states: &dyn States,
    prefix: &str,
    mut apply: impl FnMut(StateChange) + Send,
) -> Result<Box<dyn Changes>, InboxError> {
    let mut changes = Under { prefix: prefix.to_owned(), changes: states.watch(prefix).await? };
    // Changes come in order, so this one, which nobody else makes, comes after all that was there.
    let mark = format!("{MARK}{:016x}", fastrand::u64(..));
    let key = format!("{prefix}{mark}");
    states.set(&key, Vec::new(), Expected::Anything).await?;
    loop {
        let change = changes.any().await.ok_or_else(|| InboxError::storage("the store has gone"))?;
        if change.key == mark {
            break;
        }
        if !change.key.starts_with(MARK) {
            apply(change);
        }
    }
    states.remove(&key, Expected::Anything).await?;
    Ok(Box::new(changes))
}

/// Changes under a prefix, without it.
struct Under {
    prefix: String,
    changes: Box<dyn Changes>,
}

impl Under {
    async fn any(&mut self) -> Option<StateChange> {
        loop {
            let change = self.changes.next().await?;
            if let Some(key) = change.key.strip_prefix(&self.prefix) {
                return Some(StateChange { key: key.to_owned(), ..change });
            }
        }
    }
}

#[async_trait]
impl Changes for Under {
    async fn next(&mut self) -> Option<StateChange> {
        loop {
            let change = self.any().await?;
            if !change.key.starts_with(MARK) {
                return Some(change);
            }
        }
    }
}
