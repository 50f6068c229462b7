//! Who fetches a bot's events.

use std::{sync::Arc, time::Instant};

use async_nats::HeaderMap;
use async_trait::async_trait;
use b24bot_core::{Claim, InboxError};
use serde::{Deserialize, Serialize};

use super::{
    node::{Node, UNHEARD},
    streams,
};

/// A claim as it is written down. It holds as long as its machine lives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "o")]
    pub(crate) node: String,
    /// Tells claims of one machine apart.
    #[serde(rename = "n")]
    nonce: u64,
}

pub(crate) async fn claim(node: &Arc<Node>, bot: &str) -> Result<Option<Box<dyn Claim>>, InboxError> {
    node.work();
    let patience = tokio::time::Instant::now() + node.options.lease;
    while !node.state().shares.is_alive(Instant::now()) {
        if tokio::time::Instant::now() >= patience {
            return Err(InboxError::storage(UNHEARD));
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let subject = node.streams.names.claim(bot);
    let (holder, revision) = holder(node, &subject).await?;
    let is_free = holder.is_none_or(|holder| {
        let state = node.state();
        holder.node.is_empty() || !state.shares.is_live(&holder.node)
    });
    if !is_free {
        return Ok(None);
    }
    let record = Record { node: node.id.clone(), nonce: fastrand::u64(..) };
    let value = serde_json::to_vec(&record).map_err(InboxError::storage)?;
    let written = node.streams.write(subject.clone(), value.into(), Some(revision), HeaderMap::new()).await?;
    Ok(written.map(|revision| {
        Box::new(Held { node: Arc::clone(node), subject, record, revision }) as Box<dyn Claim>
    }))
}

async fn holder(node: &Node, subject: &str) -> Result<(Option<Record>, u64), InboxError> {
    let message = streams::latest(&node.streams.share, subject).await?;
    Ok(message.map_or((None, 0), |message| (serde_json::from_slice(&message.payload).ok(), message.sequence)))
}

#[derive(Debug)]
struct Held {
    node: Arc<Node>,
    subject: String,
    record: Record,
    revision: u64,
}

#[async_trait]
impl Claim for Held {
    async fn holds(&mut self) -> Result<bool, InboxError> {
        let (holder, _) = holder(&self.node, &self.subject).await?;
        if holder.is_none_or(|holder| holder.node != self.record.node || holder.nonce != self.record.nonce) {
            return Ok(false);
        }
        let is_alive = self.node.state().shares.is_alive(Instant::now());
        if is_alive { Ok(true) } else { Err(InboxError::storage(UNHEARD)) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let free = serde_json::to_vec(&Record { node: String::new(), nonce: 0 }).unwrap_or_default();
        let (node, subject, revision) =
            (Arc::clone(&self.node), std::mem::take(&mut self.subject), self.revision);
        // If it fails, the claim ends with this process.
        runtime.spawn(async move {
            node.streams.write(subject, free.into(), Some(revision), HeaderMap::new()).await.map(drop)
        });
    }
}
