//! Events are stored, given out and settled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, header};
use async_trait::async_trait;
use b24bot_core::{
    Claim, Depth, Entry, Envelope, Inbox, InboxError, InboxErrorKind, Progress, Settled, Stored,
};
use bytes::Bytes;
use futures_util::future;

use super::{
    NatsStore, claims,
    names::{self, Partition, hex},
    node::{Node, PROGRESS, UNHEARD, unread},
    shares::Standing,
    state::Owed,
    streams::{self, UNFILTERED},
};

/// How often the end of a closed store is looked for where it cannot be read.
const LOOK: Duration = Duration::from_millis(250);

/// How long an error may be in a header, where all of it does not fit.
const SHORT: usize = 200;

#[async_trait]
impl Inbox for NatsStore {
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        let node = &self.node;
        {
            let state = node.state();
            if state.is_closed {
                return Err(InboxError::new(InboxErrorKind::Closed));
            }
            if state.pending() + state.dead + envelopes.len() as u64 > node.options.max_events {
                return Err(InboxError::new(InboxErrorKind::Full));
            }
        }
        node.streams.connected()?;
        let mut sent = Vec::with_capacity(envelopes.len());
        let mut partitions = Vec::with_capacity(envelopes.len());
        for envelope in &envelopes {
            let partition = names::partition(&envelope.lane);
            partitions.push(partition);
            let mut headers = HeaderMap::new();
            headers.insert(header::NATS_MESSAGE_ID, hex(&envelope.key.digest()));
            let subject = node.streams.names.event(partition);
            let payload = envelope.to_stored().into();
            let jetstream = &node.streams.jetstream;
            sent.push(
                jetstream.publish_with_headers(subject, headers, payload).await.map_err(streams::refused)?,
            );
        }
        // In the order they were sent, so that the first of two equal ones is the new one.
        let answers = future::join_all(sent.into_iter().map(IntoFuture::into_future)).await;
        let mut stored = Vec::with_capacity(answers.len());
        let mut state = node.state();
        for (answer, partition) in answers.into_iter().zip(partitions) {
            let ack = answer.map_err(streams::refused)?;
            stored.push(if ack.duplicate { Stored::Duplicate } else { Stored::New });
            if !ack.duplicate {
                state.stored(partition, ack.sequence);
            }
        }
        Ok(stored)
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        let node = &self.node;
        node.work();
        let mut end = None;
        let mut asked = Instant::now();
        loop {
            // Registered before looking, so that nothing is missed in between.
            let ready = node.ready.notified();
            let is_closed = {
                let mut state = node.state();
                let entry = state.pop();
                if state.has_more() || state.is_closed {
                    // One notification may stand for several entries: whoever else waits is woken in turn.
                    node.ready.notify_one();
                }
                if let Some(entry) = entry {
                    return Ok(Some(entry));
                }
                if state.is_leaving {
                    return Ok(None);
                }
                state.is_closed
            };
            if is_closed {
                let last = match end {
                    Some(last) => last,
                    None => *end.insert(node.last_event().await?),
                };
                if node.has_given(last) {
                    node.ready.notify_one();
                    return Ok(None);
                }
                // The last events may be gone, and then they are never read.
                let position = node.state().position;
                if position < last && asked.elapsed() >= LOOK {
                    asked = Instant::now();
                    if self.count_from(UNFILTERED.to_owned(), position + 1).await? == 0 {
                        end = Some(position);
                    }
                }
                // Entries come without a notification for each step on the way to the last one.
                tokio::time::sleep(Duration::from_millis(5)).await;
            } else {
                ready.await;
            }
        }
    }

    async fn load(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        let node = &self.node;
        let (partition, seq) = (names::partition(&entry.lane), entry.id.0);
        {
            let mut state = node.state();
            match state.standing(partition, seq) {
                None => return Ok(None),
                Some(Standing::Mine) => {}
                Some(_) => return Err(InboxError::storage(UNHEARD)),
            }
            let Some(held) = state.held_mut(partition) else { return Ok(None) };
            if held.is_leaving && !held.ledger.is_in_hand(seq) {
                return Ok(None);
            }
            held.ledger.take(seq);
            if let Some(envelope) = state.uncache(seq) {
                return Ok(Some(envelope));
            }
        }
        let found = match streams::numbered(&node.streams.events, seq).await {
            Ok(found) => found,
            Err(error) => {
                node.state().held_mut(partition).into_iter().for_each(|held| held.ledger.put_down(seq));
                return Err(error);
            }
        };
        let mut state = node.state();
        let Some(message) = found else {
            state.settle(partition, seq, true, None);
            return Ok(None);
        };
        // While it was fetched, others may have taken over.
        match state.standing(partition, seq) {
            None => Ok(None),
            Some(Standing::Mine) => match Envelope::from_stored(&message.payload) {
                Ok(envelope) => Ok(Some(Arc::new(envelope))),
                Err(error) => {
                    state.owe_unread(partition, seq, message.payload, unread(seq, &error));
                    Ok(None)
                }
            },
            Some(_) => Err(InboxError::storage(UNHEARD)),
        }
    }

    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError> {
        let node = &self.node;
        let (partition, seq) = (names::partition(&entry.lane), entry.id.0);
        let Some(standing) = node.state().standing(partition, seq) else { return Ok(()) };
        let (progress, dead) = match outcome {
            Settled::Done => {
                let digest = entry.envelope.as_ref().map(|envelope| hex(&envelope.key.digest()));
                node.state().settle(partition, seq, false, digest.as_deref());
                return Ok(());
            }
            Settled::Retry(progress) => {
                let mut state = node.state();
                if let Some(held) = state.held_mut(partition) {
                    held.ledger.put_down(seq);
                    held.progress.insert(seq, progress.clone());
                }
                (progress, None)
            }
            Settled::Dead(progress) => {
                let event = match &entry.envelope {
                    Some(envelope) => envelope.to_stored().into(),
                    None => match streams::numbered(&node.streams.events, seq).await? {
                        Some(message) => message.payload,
                        None => return Ok(()),
                    },
                };
                (progress, Some(event))
            }
            // A later kind of outcome: the entry stays pending.
            _ => return Ok(()),
        };
        let recorded = match &dead {
            _ if standing != Standing::Mine => Err(InboxError::storage(UNHEARD)),
            Some(event) => node.set_aside(partition, seq, event.clone(), &progress).await,
            None => node.note_progress(partition, seq, &progress).await,
        };
        if recorded.is_err() {
            let mut state = node.state();
            state.owed.retain(|owed| owed.seq != seq);
            state.owed.push(Owed { partition, seq, progress, dead });
        }
        recorded
    }

    async fn flush(&self) -> Result<(), InboxError> {
        let is_closed = self.node.state().is_closed;
        if is_closed { self.node.leave(false).await } else { self.node.write().await }
    }

    fn close(&self) {
        self.node.state().is_closed = true;
        self.node.ready.notify_waiters();
        self.node.ready.notify_one();
    }

    fn depth(&self) -> Depth {
        let state = self.node.state();
        Depth::new(state.pending(), state.dead)
    }

    fn is_durable(&self) -> bool {
        true
    }

    async fn claim(&self, bot: &str) -> Result<Option<Box<dyn Claim>>, InboxError> {
        claims::claim(&self.node, bot).await
    }
}

impl Node {
    /// The number of the last event that was stored.
    async fn last_event(&self) -> Result<u64, InboxError> {
        let info = self.streams.events.get_info().await.map_err(InboxError::storage)?;
        Ok(info.state.last_sequence)
    }

    /// Whether all events up to there were read and given out that are this process's to handle.
    fn has_given(&self, last: u64) -> bool {
        let state = self.state();
        let mut held = state.all_held();
        // What has come since the queue was found empty is given out first.
        !state.has_more()
            && state.shares.is_alive(Instant::now())
            && (state.is_going || state.shares.is_settled())
            && held.all(|(_, held)| held.is_read)
            && (state.position >= last || state.all_held().next().is_none())
    }

    /// Has an entry wait on its own for a person, and no longer among the others.
    pub(crate) async fn set_aside(
        &self,
        partition: Partition,
        seq: u64,
        event: Bytes,
        progress: &Progress,
    ) -> Result<(), InboxError> {
        let subject = self.streams.names.dead(b24bot_core::EntryId(seq));
        let mut shortened = progress.clone();
        if let Some((end, _)) = progress.error.char_indices().nth(SHORT) {
            shortened.error.truncate(end);
            shortened.error.push('…');
        }
        // An event that only just fits must not wait for ever because its error is too much.
        for progress in [Some(progress), Some(&shortened), None] {
            let mut headers = HeaderMap::new();
            if let Some(progress) = progress {
                headers.insert(PROGRESS, to_header(progress)?);
            }
            match self.streams.write(subject.clone(), event.clone(), None, headers).await {
                Err(error) if progress.is_some() && streams::is_too_large(&error) => {}
                written => {
                    written?;
                    break;
                }
            }
        }
        let mut state = self.state();
        if state.settle(partition, seq, false, None) {
            state.dead += 1;
        }
        Ok(())
    }

    /// Records what the attempts at an entry have come to.
    pub(crate) async fn note_progress(
        &self,
        partition: Partition,
        seq: u64,
        progress: &Progress,
    ) -> Result<(), InboxError> {
        let subject = self.streams.names.progress(partition, b24bot_core::EntryId(seq));
        let progress = serde_json::to_vec(progress).map_err(InboxError::storage)?;
        self.streams.write(subject, progress.into(), None, HeaderMap::new()).await?;
        Ok(())
    }
}

/// Progress in one line of ASCII, as headers must be.
pub(crate) fn to_header(progress: &Progress) -> Result<String, InboxError> {
    let json = serde_json::to_string(progress).map_err(InboxError::storage)?;
    let mut header = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            header.push(letter);
        } else {
            let mut units = [0; 2];
            letter
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| header.push_str(&format!("\\u{unit:04x}")));
        }
    }
    Ok(header)
}
