//! What handling an event has done already.

use async_nats::HeaderMap;
use async_trait::async_trait;
use b24bot_core::{Effect, Effects, Ended, Entry, InboxError};
use bytes::Bytes;

use super::{
    NatsStore, names,
    names::hex,
    node::{Node, UNHEARD},
    shares::Standing,
    state::PartRecord,
    streams,
};

/// It was begun.
const BEGUN: &[u8] = b"?";

/// It was had: the result follows.
const HAD: u8 = b'!';

const NOT_OURS: &str = "the entry is no longer this machine's to handle";

#[async_trait]
impl Effects for NatsStore {
    async fn begin(&self, entry: &Entry, effect: &str) -> Result<Effect, InboxError> {
        let node = &self.node;
        let envelope = entry
            .envelope
            .as_ref()
            .ok_or_else(|| InboxError::storage("the entry comes without its event"))?;
        node.may_work(entry)?;
        node.state().touched.insert(hex(&envelope.key.digest()));
        let subject = node.streams.names.effect(&envelope.key, effect);
        let (known, begun) = loop {
            let begun = Bytes::from_static(BEGUN);
            if let Some(seq) = node.streams.write(subject.clone(), begun, Some(0), HeaderMap::new()).await? {
                break (Effect::New, Some(seq));
            }
            // Erased in between, it is new after all.
            if let Some(message) = streams::latest(&node.streams.effects, &subject).await? {
                break match message.payload.split_first() {
                    Some((&HAD, result)) => (Effect::Had(result.to_vec()), None),
                    _ => (Effect::InDoubt, None),
                };
            }
        };
        // A process that stood still can come here after others have handled the entry to its end, and have erased what
        // it had done. They see what was begun here, or it is seen here that they have taken over.
        if let Err(error) = node.must_own(names::partition(&entry.lane)).await {
            if let Some(seq) = begun {
                let _ = node.streams.effects.delete_message(seq).await;
            }
            return Err(error);
        }
        node.may_work(entry)?;
        Ok(known)
    }

    async fn finish(&self, entry: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError> {
        let streams = &self.node.streams;
        let envelope = entry
            .envelope
            .as_ref()
            .ok_or_else(|| InboxError::storage("the entry comes without its event"))?;
        let subject = streams.names.effect(&envelope.key, effect);
        match ended {
            Ended::Had(result) => {
                let value = [&[HAD], &result[..]].concat();
                streams.write(subject, value.into(), None, HeaderMap::new()).await?;
            }
            Ended::NotHad => {
                streams.connected()?;
                streams::erase(&streams.effects, &subject).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Node {
    /// # Errors
    ///
    /// Unless the entry is this process's to handle, as far as it knows.
    fn may_work(&self, entry: &Entry) -> Result<(), InboxError> {
        match self.state().standing(names::partition(&entry.lane), entry.id.0) {
            Some(Standing::Mine) => Ok(()),
            Some(_) => Err(InboxError::storage(UNHEARD)),
            None => Err(InboxError::storage(NOT_OURS)),
        }
    }

    /// # Errors
    ///
    /// Unless the server says that this process owns the partition.
    async fn must_own(&self, partition: names::Partition) -> Result<(), InboxError> {
        let subject = self.streams.names.part(partition);
        let message = streams::latest(&self.streams.share, &subject).await?;
        let part = message.and_then(|message| serde_json::from_slice::<PartRecord>(&message.payload).ok());
        if part.is_some_and(|part| part.owner == self.id) {
            Ok(())
        } else {
            Err(InboxError::storage(NOT_OURS))
        }
    }
}
