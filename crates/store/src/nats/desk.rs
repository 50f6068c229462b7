//! A person looks at the inbox and puts things right, from any process.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Instant, SystemTime},
};

use async_nats::{
    HeaderMap, header,
    jetstream::{
        self,
        consumer::{AckPolicy, Consumer, DeliverPolicy, pull},
        message::StreamMessage,
    },
};
use async_trait::async_trait;
use b24bot_core::{
    Desk, EntryId, Envelope, EventKey, InboxError, Lane, Listed, PortalDepth, Progress, Stats, Which,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::{
    NatsStore,
    inbox::to_header,
    ledger::Record,
    names::{self, PARTITIONS, Partition, hex},
    node::{AT_ONCE, PROGRESS, now, progress_of},
    state::{PartRecord, Rest},
    streams::{self, UNFILTERED},
};

/// How many events are asked for at a time.
const BATCH: usize = 200;

/// Stands for key and lane of an event that this version cannot read.
const UNREAD: &str = "?";

#[async_trait]
impl Desk for NatsStore {
    async fn stats(&self) -> Result<Stats, InboxError> {
        let node = &self.node;
        let streams = &node.streams;
        streams.connected()?;
        node.count_dead().await;
        let (counts, _) = self.count(&self.records().await?).await?;
        let pending = counts.iter().sum();
        let (retrying, _) = streams::subjects(&streams.progress, &streams.names.all("progress")).await?;
        let mut stats = Stats::default();
        stats.pending = pending;
        stats.retrying = retrying.len() as u64;
        if pending > 0 {
            let oldest = self.list(Which::Pending, None, 1).await?;
            stats.oldest_pending = oldest.first().map(|oldest| oldest.received_at);
        }
        let events = streams.events.get_info().await.map_err(InboxError::storage)?.state;
        let dead = streams.dead.get_info().await.map_err(InboxError::storage)?.state;
        stats.dead = dead.messages;
        stats.bytes = Some(events.bytes + dead.bytes);
        stats.store = streams.shown.clone();
        Ok(stats)
    }

    async fn list(
        &self,
        which: Which,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Listed>, InboxError> {
        self.node.streams.connected()?;
        let after = after.map_or(0, |id| id.0);
        match which {
            Which::Pending => self.list_pending(after, limit).await,
            Which::Dead => self.list_dead(after, limit).await,
        }
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError> {
        let (which, message, progress) = if let Some((partition, message)) = self.find_pending(id).await? {
            let progress = self.progress(partition, id, Some(&message.headers)).await?;
            (Which::Pending, message, progress)
        } else if let Some(message) = self.find_dead(id).await? {
            let progress = progress_of(&message.headers);
            (Which::Dead, message, progress)
        } else {
            return Ok(None);
        };
        let envelope = Envelope::from_stored(&message.payload).map_err(InboxError::storage)?;
        Ok(Some((Listed::new(id, which, &envelope, progress), Arc::new(envelope))))
    }

    async fn retry(&self, id: EntryId) -> Result<Option<EntryId>, InboxError> {
        let node = &self.node;
        let Some(message) = self.find_dead(id).await? else { return Ok(None) };
        let (_, lane, _) = Envelope::peek_stored(&message.payload).map_err(InboxError::storage)?;
        let partition = names::partition(&lane);
        let afresh = progress_of(&message.headers).unwrap_or_default().asked_again(now());
        let mut headers = HeaderMap::new();
        headers.insert(PROGRESS, to_header(&afresh)?);
        // Asked for again because the answer was lost, it is not stored again.
        headers.insert(header::NATS_MESSAGE_ID, format!("again.{}", message.sequence));
        let subject = node.streams.names.event(partition);
        let Some(seq) = node.streams.write(subject, message.payload, None, headers).await? else {
            return Ok(None);
        };
        node.state().stored(partition, seq);
        if streams::erase(&node.streams.dead, &node.streams.names.dead(id)).await? > 0 {
            let mut state = node.state();
            state.dead = state.dead.saturating_sub(1);
        }
        Ok(Some(EntryId(seq)))
    }

    async fn purge(&self, id: EntryId) -> Result<bool, InboxError> {
        self.node.streams.connected()?;
        if let Some((partition, message)) = self.find_pending(id).await? {
            return self.purge_pending(partition, id, key_of(&message.payload)).await;
        }
        match self.find_dead(id).await? {
            Some(message) => self.purge_dead(id, key_of(&message.payload)).await,
            None => Ok(false),
        }
    }

    async fn portals(&self) -> Result<Vec<PortalDepth>, InboxError> {
        self.node.streams.connected()?;
        let mut portals = BTreeMap::new();
        let mut count = |which, event: &[u8]| {
            if let Ok((_, lane, received_at)) = Envelope::peek_stored(event) {
                PortalDepth::count(&mut portals, lane.portal(), which, 1, received_at);
            }
        };
        let see = |_, message: jetstream::Message| {
            count(Which::Pending, &message.payload);
            true
        };
        self.read_pending(&self.records().await?, 0, false, see).await?;
        let mut dead = self.all_dead().await?;
        while let Some((_, message)) = dead.try_next().await? {
            count(Which::Dead, &message.payload);
        }
        drop(dead);
        Ok(portals.into_values().collect())
    }

    async fn drop_portal(&self, portal: &str, keep: Option<&Lane>) -> Result<u64, InboxError> {
        self.node.streams.connected()?;
        let is_dropped = |event: &[u8]| {
            let lane = Envelope::peek_stored(event).map(|(_, lane, _)| lane);
            lane.is_ok_and(|lane| lane.portal() == portal && Some(&lane) != keep)
        };
        let mut pending = Vec::new();
        let see = |partition, message: jetstream::Message| {
            if is_dropped(&message.payload)
                && let Ok(info) = message.info()
            {
                pending.push((partition, EntryId(info.stream_sequence), key_of(&message.payload)));
            }
            true
        };
        self.read_pending(&self.records().await?, 0, false, see).await?;
        let mut dropped: u64 = stream::iter(pending)
            .map(async |(partition, id, key)| self.purge_pending(partition, id, key).await)
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |dropped, was_there| Ok(dropped + u64::from(was_there)))
            .await?;
        let mut dead = self.all_dead().await?;
        while let Some((id, message)) = dead.try_next().await? {
            if is_dropped(&message.payload) {
                dropped += u64::from(self.purge_dead(id, key_of(&message.payload)).await?);
            }
        }
        Ok(dropped)
    }
}

impl NatsStore {
    async fn purge_pending(
        &self,
        partition: Partition,
        id: EntryId,
        key: Option<EventKey>,
    ) -> Result<bool, InboxError> {
        let node = &self.node;
        let streams = &node.streams;
        if !streams.events.delete_message(id.0).await.map_err(InboxError::storage)? {
            return Ok(false);
        }
        node.state().purged_here(partition, id.0);
        let notice = streams.names.purged(partition, id);
        streams.write(notice, Bytes::new(), None, HeaderMap::new()).await?;
        self.clear_purged(partition, id, key).await;
        Ok(true)
    }

    async fn purge_dead(&self, id: EntryId, key: Option<EventKey>) -> Result<bool, InboxError> {
        let node = &self.node;
        if streams::erase(&node.streams.dead, &node.streams.names.dead(id)).await? == 0 {
            return Ok(false);
        }
        {
            let mut state = node.state();
            state.dead = state.dead.saturating_sub(1);
        }
        self.clear_purged(0, id, key).await;
        Ok(true)
    }

    /// Erases what belonged to an entry that was purged.
    async fn clear_purged(&self, partition: Partition, id: EntryId, key: Option<EventKey>) {
        let effects = key.map(|key| (partition, Rest::Effects(hex(&key.digest()))));
        self.node.clear([(partition, Rest::Progress(id))].into_iter().chain(effects).collect()).await;
    }

    /// All that was set aside, oldest first.
    async fn all_dead(
        &self,
    ) -> Result<impl Stream<Item = Result<(EntryId, StreamMessage), InboxError>> + Unpin, InboxError> {
        let ids = self.dead_after(0).await?.into_iter().map(EntryId);
        let found = stream::iter(ids)
            .map(async |id| Ok(self.find_dead(id).await?.map(|message| (id, message))))
            .buffered(AT_ONCE)
            .try_filter_map(async |found| Ok(found));
        Ok(Box::pin(found))
    }

    /// The numbers of what was set aside after that one.
    async fn dead_after(&self, after: u64) -> Result<Vec<u64>, InboxError> {
        let streams = &self.node.streams;
        let (dead, _) = streams::subjects(&streams.dead, &streams.names.all("dead")).await?;
        let mut ids: Vec<u64> = dead.iter().filter_map(|(subject, _)| names::number(subject)).collect();
        ids.retain(|id| *id > after);
        ids.sort_unstable();
        Ok(ids)
    }

    /// What is written down of all partitions; of those that are worked here, how it is now.
    async fn records(&self) -> Result<Vec<Record>, InboxError> {
        stream::iter(0..PARTITIONS)
            .map(|partition| self.record(partition))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn record(&self, partition: Partition) -> Result<Record, InboxError> {
        if let Some(held) = self.node.state().held(partition) {
            return Ok(held.ledger.record());
        }
        Ok(self.written(partition).await?.1)
    }

    /// What is written down of a partition, and its number.
    async fn written(&self, partition: Partition) -> Result<(u64, Record), InboxError> {
        let streams = &self.node.streams;
        let message = streams::latest(&streams.share, &streams.names.part(partition)).await?;
        let revision = message.as_ref().map_or(0, |message| message.sequence);
        let part = message.and_then(|message| serde_json::from_slice::<PartRecord>(&message.payload).ok());
        Ok((revision, part.unwrap_or_default().record))
    }

    /// Counts what waits, to know how much there is before the work begins.
    pub(crate) async fn learn(&self) -> Result<(), InboxError> {
        self.node.count_dead().await;
        // Also of partitions without events: what was written down may count some that were purged since.
        let written = stream::iter(0..PARTITIONS).map(|partition| self.written(partition)).buffered(AT_ONCE);
        let (revisions, mut records): (Vec<_>, Vec<_>) =
            written.try_collect::<Vec<_>>().await?.into_iter().unzip();
        let (counts, last) = self.count(&records).await?;
        for (record, count) in records.iter_mut().zip(counts) {
            (record.open, record.read_to) = (count, last);
        }
        let mut state = self.node.state();
        for (partition, (revision, record)) in (0..PARTITIONS).zip(revisions.into_iter().zip(records)) {
            state.learn(partition, revision, record);
        }
        Ok(())
    }

    /// How many wait in each partition, as far as is known, and the number of the last event.
    async fn count(&self, records: &[Record]) -> Result<(Vec<u64>, u64), InboxError> {
        let streams = &self.node.streams;
        let (events, last) = streams::subjects(&streams.events, &streams.names.all("event")).await?;
        if let Some(counts) = self.all_here(last) {
            return Ok((counts, last));
        }
        let state = streams.events.get_info().await.map_err(InboxError::storage)?.state;
        if state.deleted_count.is_some_and(|deleted| deleted > 0) {
            // The server miscounts for the reason for which it may pass over events: see `UNFILTERED`.
            let mut counts = vec![0; records.len()];
            let see = |partition, _| {
                counts.get_mut(usize::from(partition)).into_iter().for_each(|count| *count += 1);
                true
            };
            self.read_pending(records, 0, true, see).await?;
            return Ok((counts, last));
        }
        let used: HashSet<_> =
            events.iter().filter_map(|(subject, _)| names::partition_of(subject)).collect();
        let counts = stream::iter((0..PARTITIONS).zip(records.to_vec())).map(async |(partition, record)| {
            if !used.contains(&partition) {
                return Ok(0);
            }
            let above = self.count_from(streams.names.event(partition), record.floor + 1).await?;
            Ok::<u64, InboxError>(above.saturating_sub(record.settled()))
        });
        Ok((counts.buffered(AT_ONCE).try_collect().await?, last))
    }

    /// How many wait in each partition, if all are worked here and all events up to `last` are read.
    fn all_here(&self, last: u64) -> Option<Vec<u64>> {
        let state = self.node.state();
        let is_read = state.position >= last;
        (0..PARTITIONS)
            .map(|partition| {
                Some(state.held(partition).filter(|held| is_read && held.is_read)?.ledger.pending())
            })
            .collect()
    }

    /// How many events of a subject there are from a number on.
    pub(crate) async fn count_from(&self, subject: String, seq: u64) -> Result<u64, InboxError> {
        let consumer = self.reader(subject, seq, true).await?;
        let info = consumer.cached_info();
        let _ = self.node.streams.events.delete_consumer(&info.name).await;
        Ok(info.num_pending)
    }

    async fn reader(
        &self,
        filter_subject: String,
        seq: u64,
        headers_only: bool,
    ) -> Result<Consumer<pull::Config>, InboxError> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: seq.max(1) },
            filter_subject,
            headers_only,
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: std::time::Duration::from_secs(10),
            ..pull::Config::default()
        };
        self.node.streams.events.create_consumer(config).await.map_err(InboxError::storage)
    }

    /// Reads what waits after a number, in order, until `see` says that it has seen enough.
    async fn read_pending(
        &self,
        records: &[Record],
        after: u64,
        headers_only: bool,
        mut see: impl FnMut(Partition, jetstream::Message) -> bool,
    ) -> Result<(), InboxError> {
        let streams = &self.node.streams;
        let (events, last) = streams::subjects(&streams.events, &streams.names.all("event")).await?;
        let used = events.iter().filter_map(|(subject, _)| names::partition_of(subject));
        let floors = used.filter_map(|partition| Some(records.get(usize::from(partition))?.floor));
        let Some(floor) = floors.min() else { return Ok(()) };
        let mut position = floor.max(after);
        let consumer = self.reader(UNFILTERED.to_owned(), position + 1, headers_only).await?;
        let mut has_more = consumer.cached_info().num_pending > 0;
        // What the server says is left is not relied on: it may count an event twice that came just before (2.9), and then
        // whoever asks for the last one waits for ever.
        while has_more && position < last {
            let asked = Instant::now();
            let batch = consumer.fetch().max_messages(BATCH).expires(streams::PATIENCE).messages().await;
            let mut batch = batch.map_err(InboxError::storage)?;
            let (mut came, mut is_wanted) = (0, true);
            while is_wanted
                && position < last
                && let Some(message) = batch.next().await
            {
                let message = message.map_err(InboxError::storage)?;
                (position, came) = (message.info().map_err(InboxError::storage)?.stream_sequence, came + 1);
                let Some(partition) = names::partition_of(&message.subject) else { continue };
                let record = records.get(usize::from(partition));
                if record.is_some_and(|record| !record.is_settled(position)) {
                    is_wanted = see(partition, message);
                }
            }
            let is_cut_short = came > 0 && asked.elapsed() >= streams::PATIENCE;
            has_more = is_wanted && (came == BATCH || is_cut_short);
        }
        streams.connected()?;
        let _ = streams.events.delete_consumer(&consumer.cached_info().name).await;
        Ok(())
    }

    async fn list_pending(&self, after: u64, limit: usize) -> Result<Vec<Listed>, InboxError> {
        let mut found = Vec::new();
        let see = |partition, message| {
            found.push((partition, message));
            found.len() < limit
        };
        if limit > 0 {
            self.read_pending(&self.records().await?, after, false, see).await?;
        }
        stream::iter(found)
            .map(async |(partition, message)| {
                let info = message.info().map_err(InboxError::storage)?;
                let (id, stored_at) = (EntryId(info.stream_sequence), info.published);
                let progress = self.progress(partition, id, message.headers.as_ref()).await?;
                Ok(listed((id, Which::Pending), &message.payload, stored_at, progress))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn list_dead(&self, after: u64, limit: usize) -> Result<Vec<Listed>, InboxError> {
        let ids = self.dead_after(after).await?;
        let found = stream::iter(ids.into_iter().take(limit))
            .map(async |id| {
                let Some(message) = self.find_dead(EntryId(id)).await? else { return Ok(None) };
                let progress = progress_of(&message.headers);
                Ok(Some(listed((EntryId(id), Which::Dead), &message.payload, message.time, progress)))
            })
            .buffered(AT_ONCE);
        found.try_filter_map(async |found| Ok(found)).try_collect().await
    }

    async fn find_pending(&self, id: EntryId) -> Result<Option<(Partition, StreamMessage)>, InboxError> {
        let Some(message) = streams::numbered(&self.node.streams.events, id.0).await? else {
            return Ok(None);
        };
        let Some(partition) = names::partition_of(&message.subject) else { return Ok(None) };
        let is_settled = self.record(partition).await?.is_settled(id.0);
        Ok((!is_settled).then_some((partition, message)))
    }

    async fn find_dead(&self, id: EntryId) -> Result<Option<StreamMessage>, InboxError> {
        let streams = &self.node.streams;
        streams::latest(&streams.dead, &streams.names.dead(id)).await
    }

    /// What the attempts at an entry came to: those of its second life are in a header until one has failed.
    async fn progress(
        &self,
        partition: Partition,
        id: EntryId,
        headers: Option<&HeaderMap>,
    ) -> Result<Option<Progress>, InboxError> {
        if let Some(held) = self.node.state().held(partition).filter(|held| held.is_read) {
            return Ok(held.progress.get(&id.0).cloned());
        }
        let streams = &self.node.streams;
        let noted = streams::latest(&streams.progress, &streams.names.progress(partition, id)).await?;
        Ok(noted
            .and_then(|message| serde_json::from_slice(&message.payload).ok())
            .or_else(|| headers.and_then(progress_of)))
    }
}

/// The key of an event, if this version can read it.
fn key_of(event: &[u8]) -> Option<EventKey> {
    Envelope::peek_stored(event).ok().map(|(key, ..)| key)
}

/// An entry as it is listed; one that this version cannot read too, so that it can be purged.
fn listed(
    (id, which): (EntryId, Which),
    event: &[u8],
    stored_at: impl Into<SystemTime>,
    progress: Option<Progress>,
) -> Listed {
    let known = Envelope::peek_stored(event)
        .map(|(key, lane, received_at)| (key.as_str().to_owned(), lane.as_str().to_owned(), received_at));
    let known = known.unwrap_or_else(|_| {
        let stored_at = stored_at.into().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (UNREAD.to_owned(), UNREAD.to_owned(), u64::try_from(stored_at.as_millis()).unwrap_or(u64::MAX))
    });
    Listed::unread(id, which, known, progress)
}
