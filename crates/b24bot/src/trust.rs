//! Portals' own application tokens: kept in the store, known to every machine that shares it.

use std::sync::Arc;

use b24bot_core::{ApplicationTokens, Expected, InboxError, MemberId, Secret, Store};
use tokio::task::JoinHandle;

use crate::follow;

/// Before the portal's id.
const PREFIX: &str = "token/";

/// Keeps the tokens as the store has them, whichever machine changes them. Returns once they are as it has them now: an
/// event that came before its portal's token is known would be refused.
pub(crate) async fn follow(
    store: &Arc<dyn Store>,
    tokens: &Arc<ApplicationTokens>,
) -> Result<JoinHandle<()>, InboxError> {
    let tokens = Arc::clone(tokens);
    follow::follow(store, PREFIX, move |portal, digest| {
        let portal = MemberId::from(portal);
        match digest.map(TryInto::try_into) {
            Some(Ok(digest)) => tokens.insert_digest(portal, digest),
            Some(Err(_)) => {
                tracing::warn!(%portal, "the store holds no application token where one should be");
            }
            None => tokens.remove(&portal),
        }
    })
    .await
}

/// Believes that portal from now on, by this token and no other. Only its digest is kept.
pub(crate) async fn trust(
    store: &Arc<dyn Store>,
    tokens: &ApplicationTokens,
    portal: &MemberId,
    token: &Secret,
) -> Result<(), InboxError> {
    let digest = ApplicationTokens::digest(token);
    store.set(&key(portal), digest.to_vec(), Expected::Anything).await?;
    // The store will tell as well, but not before the next event may come.
    tokens.insert_digest(portal.clone(), digest);
    Ok(())
}

/// Believes that portal by this token, unless it is believed by another already; whether it is by this one now.
pub(crate) async fn learn(
    store: &Arc<dyn Store>,
    tokens: &ApplicationTokens,
    portal: &MemberId,
    token: &Secret,
) -> Result<bool, InboxError> {
    let (key, digest) = (key(portal), ApplicationTokens::digest(token));
    if store.set(&key, digest.to_vec(), Expected::Nothing).await?.is_none() {
        // Two events may bring the same one at the same time.
        return Ok(store.get(&key).await?.is_some_and(|known| known.value == digest));
    }
    tokens.insert_digest(portal.clone(), digest);
    Ok(true)
}

/// Forgets a portal's own token.
pub(crate) async fn distrust(
    store: &Arc<dyn Store>,
    tokens: &ApplicationTokens,
    portal: &MemberId,
) -> Result<(), InboxError> {
    store.remove(&key(portal), Expected::Anything).await?;
    tokens.remove(portal);
    Ok(())
}

/// Whether a portal's own token is known.
pub(crate) async fn is_known(store: &Arc<dyn Store>, portal: &MemberId) -> Result<bool, InboxError> {
    Ok(store.get(&key(portal)).await?.is_some())
}

fn key(portal: &MemberId) -> String {
    format!("{PREFIX}{portal}")
}

#[cfg(test)]
mod tests {
    use b24bot_store::{EmbeddedOptions, EmbeddedStore, MemoryStore};

    use super::*;

    fn believes(tokens: &ApplicationTokens, portal: &str, token: &str) -> bool {
        tokens.verify(Some(&MemberId::from(portal)), Some(&Secret::from(token))).is_ok()
    }

    #[tokio::test]
    async fn what_one_machine_learns_another_knows() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let (here, there) = (Arc::new(ApplicationTokens::default()), Arc::new(ApplicationTokens::default()));
        let _following = follow(&store, &there).await.unwrap();
        let portal = MemberId::from("m");
        trust(&store, &here, &portal, &Secret::from("t0ken")).await.unwrap();
        assert!(believes(&here, "m", "t0ken"));
        while !believes(&there, "m", "t0ken") {
            tokio::task::yield_now().await;
        }
        distrust(&store, &here, &portal).await.unwrap();
        assert!(!believes(&here, "m", "t0ken"));
        while believes(&there, "m", "t0ken") {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn tokens_are_known_from_the_start_and_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b24bot.db");
        let open = || -> Arc<dyn Store> {
            Arc::new(EmbeddedStore::open(&path, EmbeddedOptions::default()).unwrap())
        };
        let store = open();
        for portal in ["a", "b"] {
            // As at every start.
            drop(follow(&store, &Arc::default()).await.unwrap());
            let token = Secret::from(format!("s3cret-of-{portal}"));
            trust(&store, &ApplicationTokens::default(), &MemberId::from(portal), &token).await.unwrap();
        }
        drop(store);
        let store = open();
        let tokens = Arc::new(ApplicationTokens::default());
        let following = follow(&store, &tokens).await.unwrap();
        assert!(believes(&tokens, "a", "s3cret-of-a") && believes(&tokens, "b", "s3cret-of-b"));
        assert!(!believes(&tokens, "a", "s3cret-of-b"));
        following.abort();
        drop(store);
        let file = std::fs::read(&path).unwrap();
        assert!(!file.windows(6).any(|bytes| bytes == b"s3cret"));
    }
}
