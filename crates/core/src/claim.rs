//! Who fetches a bot's events: one at a time, for two would take them from each other.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::InboxError;

/// The right to fetch the events of one bot, from [`Inbox::claim`](crate::Inbox::claim). It ends when this is dropped.
#[async_trait]
pub trait Claim: fmt::Debug + Send + Sync + 'static {
    /// Whether it still holds, asked before every request for events: a store that several processes share prolongs
    /// it here.
    ///
    /// # Errors
    ///
    /// When the store cannot tell; nothing may be fetched then.
    async fn holds(&mut self) -> Result<bool, InboxError>;
}

static CLAIMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A claim against all others of this process.
pub(crate) fn in_process(bot: &str) -> Option<Box<dyn Claim>> {
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    claimed.insert(bot.to_owned()).then(|| Box::new(InProcess(bot.to_owned())) as Box<dyn Claim>)
}

#[derive(Debug)]
struct InProcess(String);

#[async_trait]
impl Claim for InProcess {
    async fn holds(&mut self) -> Result<bool, InboxError> {
        Ok(true)
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        CLAIMED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_claimed_once_until_the_claim_is_dropped() {
        let first = in_process("portal.example/5");
        assert!(first.is_some() && in_process("portal.example/5").is_none());
        assert!(in_process("portal.example/6").is_some(), "another bot");
        drop(first);
        assert!(in_process("portal.example/5").is_some());
    }
}
