//! What goes on in the background: taking a share of the work, reading it, writing down what became of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use async_nats::{
    HeaderMap,
    jetstream::consumer::{AckPolicy, DeliverPolicy, pull},
};
use b24bot_core::{Envelope, InboxError, Progress};
use futures_util::{StreamExt as _, future, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time,
};

use super::{
    NatsOptions,
    names::{self, PARTITIONS, Partition},
    shares::Standing,
    state::{Owed, PartRecord, Rest, State},
    streams::{self, Streams, UNFILTERED},
    tail::{Start, Tail, Tailed},
};

/// The progress that an entry begins with, where it is handled again.
pub(crate) const PROGRESS: &str = "B24bot-Progress";

/// How often what was settled is written down.
const WRITE: Duration = Duration::from_millis(500);

/// Why nothing is done while others may be taking over.
pub(crate) const UNHEARD: &str = "NATS has not been heard for so long that others may have taken over";

/// How many requests to the server run at once.
pub(crate) const AT_ONCE: usize = 32;

/// A process that uses the store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) streams: Streams,
    pub(crate) options: NatsOptions,
    state: Mutex<State>,
    /// Something may be given out, or there will be nothing more.
    pub(crate) ready: Notify,
    /// Something is to be done for the share of the work.
    hurry: Notify,
    /// There are new partitions to be read.
    gained: Notify,
    /// Held while things are written down.
    writing: tokio::sync::Mutex<()>,
    /// How many times signs of life are being sent and partitions asked for: none of it may come after the farewell.
    asking: watch::Sender<usize>,
    /// Turns true when the store is gone.
    pub(crate) gone: watch::Sender<bool>,
}

/// A sign of life.
#[derive(Serialize, Deserialize)]
struct Beat {
    /// 0 when it goes.
    n: u64,
}

/// Signs of life are being sent, or partitions asked for.
struct Asking(Arc<Node>);

impl Asking {
    fn begin(node: &Arc<Node>) -> Self {
        node.asking.send_modify(|asking| *asking += 1);
        Self(Arc::clone(node))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.asking.send_modify(|asking| *asking = asking.saturating_sub(1));
    }
}

impl Node {
    pub(crate) fn new(id: String, streams: Streams, options: NatsOptions) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(id.clone(), options.lease)),
            id,
            streams,
            options,
            ready: Notify::new(),
            hurry: Notify::new(),
            gained: Notify::new(),
            writing: tokio::sync::Mutex::new(()),
            asking: watch::Sender::new(0),
            gone: watch::Sender::new(false),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // No method panics while it holds the lock, and none leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes part in the work from now on.
    pub(crate) fn work(&self) {
        let mut state = self.state();
        if !state.is_working && !state.is_leaving {
            state.is_working = true;
            drop(state);
            self.hurry.notify_one();
        }
    }

    /// Runs until the store is gone, then gives up what it has.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut gone = self.gone.subscribe();
        let mut tasks = JoinSet::new();
        let names: HashMap<_, _> = [
            (tasks.spawn(Arc::clone(&self).share()).id(), "sharing the work"),
            (tasks.spawn(Arc::clone(&self).read()).id(), "reading events"),
            (tasks.spawn(Arc::clone(&self).write_now_and_then()).id(), "writing down what was settled"),
            (tasks.spawn(Arc::clone(&self).keep_house()).id(), "keeping house"),
        ]
        .into();
        loop {
            let ended = tokio::select! {
                _ = gone.wait_for(|gone| *gone) => break,
                Some(ended) = tasks.join_next_with_id() => ended,
            };
            let (id, error) = match ended {
                Ok((id, ())) => (id, None),
                Err(error) => (error.id(), Some(error)),
            };
            tracing::error!(
                task = names.get(&id),
                error = error.as_ref().map(tracing::field::display),
                "a task of the store on NATS has ended, and must not: start the program again"
            );
        }
        let leaving = time::timeout(Duration::from_secs(3), self.leave(true)).await;
        if !matches!(leaving, Ok(Ok(()))) {
            tracing::debug!("left NATS without a farewell: others take over when the lease has run out");
        }
    }

    /// Writes down what was settled and gives up the partitions, so that others need not wait; those with entries in
    /// hand only if `all`.
    pub(crate) async fn leave(&self, all: bool) -> Result<(), InboxError> {
        self.state().is_going = true;
        self.all_asked().await;
        let (is_working, is_idle, granted) = {
            let mut state = self.state();
            state.all_held_mut().filter(|(_, held)| all || held.ledger.in_hand() == 0).for_each(
                |(_, held)| {
                    held.is_leaving = true;
                    held.ledger.put_all_down();
                },
            );
            let is_idle = state.all_held().all(|(_, held)| held.is_leaving);
            // Nothing is asked for any more.
            state.is_leaving |= is_idle;
            (state.is_working, is_idle, std::mem::take(&mut state.granted))
        };
        let given_back = granted.into_iter().map(async |(partition, revision, record)| {
            self.write_part(partition, revision, &PartRecord { owner: String::new(), record }).await
        });
        future::join_all(given_back).await;
        self.write().await?;
        if is_working && is_idle {
            self.all_asked().await;
            self.streams.send(self.streams.names.node(&self.id), beat(0)).await;
            let _ = self.streams.jetstream.client().flush().await;
        }
        self.ready.notify_waiters();
        self.ready.notify_one();
        Ok(())
    }

    /// Waits until nothing is on its way that others would take for a sign that this process goes on.
    async fn all_asked(&self) {
        let _ = self.asking.subscribe().wait_for(|asking| *asking == 0).await;
    }

    async fn write_part(
        &self,
        partition: Partition,
        revision: u64,
        part: &PartRecord,
    ) -> Result<Option<u64>, InboxError> {
        let value = serde_json::to_vec(part).map_err(InboxError::storage)?;
        let subject = self.streams.names.part(partition);
        self.streams.write(subject, value.into(), Some(revision), HeaderMap::new()).await
    }

    /// Follows who works what, shows that this process lives, and takes its part.
    async fn share(self: Arc<Self>) {
        let Streams { names, share, jetstream, .. } = &self.streams;
        let mut tail = Tail::follow(jetstream.clone(), share.clone(), names.all("share"), Start::Latest);
        let tick = (self.options.lease / 20).max(Duration::from_millis(25));
        let mut ticks = time::interval(tick);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            let heard = tokio::select! {
                heard = tail.next() => {
                    if heard.is_none() {
                        tracing::error!("reading who works what has failed; beginning again");
                        time::sleep(tick).await;
                        tail = Tail::follow(jetstream.clone(), share.clone(), names.all("share"), Start::Latest);
                    }
                    heard
                }
                _ = ticks.tick() => None,
                () = self.hurry.notified() => None,
            };
            if let Some(heard) = heard {
                self.heard(&heard);
            }
            self.act().await;
        }
    }

    fn heard(&self, heard: &Tailed) {
        let mut parts = heard.subject.rsplit('.');
        let (Some(last), Some(kind)) = (parts.next(), parts.next()) else { return };
        let mut state = self.state();
        match kind {
            "node" => match serde_json::from_slice(&heard.payload) {
                Ok(Beat { n: 0 }) => state.shares.heard_farewell(last),
                Ok(Beat { n }) => state.shares.heard_beat(last, n, Instant::now()),
                Err(_) => {}
            },
            "part" => {
                if let (Ok(partition), Ok(part)) = (last.parse(), serde_json::from_slice(&heard.payload)) {
                    if state.heard_part(partition, heard.seq, part) {
                        self.gained.notify_one();
                    }
                    // What is closed may have its end now.
                    self.ready.notify_one();
                }
            }
            "claim" => {
                if let Ok(claim) = serde_json::from_slice::<super::claims::Record>(&heard.payload) {
                    state.shares.heard_of(&claim.node, Instant::now());
                }
            }
            // As earlier versions wrote them: one for a partition, replaced by the next.
            "purged" => {
                let seq = std::str::from_utf8(&heard.payload).ok().and_then(|seq| seq.parse().ok());
                if let (Ok(partition), Some(seq)) = (last.parse(), seq) {
                    state.settle(partition, seq, true, None);
                }
            }
            partition if parts.next() == Some("purged") => {
                if let (Ok(partition), Ok(seq)) = (partition.parse(), last.parse()) {
                    state.heard_purged(partition, seq);
                }
            }
            _ => {}
        }
    }

    async fn act(self: &Arc<Self>) {
        let now = Instant::now();
        let names = &self.streams.names;
        let (beat_due, dead, wanted, asking) = {
            let mut state = self.state();
            if !state.is_working || state.is_leaving || !self.streams.is_connected() {
                return;
            }
            let due = state.shares.beat(now);
            let dead = state.shares.bury(now);
            let wanted = if state.is_going { Vec::new() } else { state.shares.wanted(now) };
            let surplus = state.shares.surplus();
            if surplus > 0 {
                // Those with the least in hand are the soonest to go.
                let mut held: Vec<_> = state.all_held_mut().map(|(_, held)| held).collect();
                held.sort_by_key(|held| (!held.is_leaving, held.ledger.in_hand()));
                held.into_iter().take(surplus).for_each(|held| held.is_leaving = true);
            }
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|(partition, revision)| {
                    let record = state.record(partition);
                    (partition, revision, PartRecord { owner: self.id.clone(), record })
                })
                .collect();
            (due, dead, wanted, Asking::begin(self))
        };
        if let Some(number) = beat_due {
            self.streams.send(names.node(&self.id), beat(number)).await;
        }
        if !wanted.is_empty() {
            // Signs of life must not wait for the answers; what became of it is read in the stream.
            tokio::spawn(async move {
                let node = &asking.0;
                let asked = wanted.into_iter().map(async |(partition, revision, part)| {
                    if let Ok(Some(revision)) = node.write_part(partition, revision, &part).await {
                        node.state().granted(partition, revision, part.record);
                    }
                });
                future::join_all(asked).await;
            });
        }
        for node in dead {
            tracing::info!(node, "a machine is silent: its work is free to be taken over");
            let (share, subject) = (self.streams.share.clone(), names.node(&node));
            // If it fails, the next machine that begins takes it for dead after a while, and tries again.
            tokio::spawn(async move { streams::remove_latest(&share, &subject).await });
        }
    }

    /// Reads the events of the partitions that this process works.
    async fn read(self: Arc<Self>) {
        let Streams { events, jetstream, .. } = &self.streams;
        let follow = |start| Tail::follow(jetstream.clone(), events.clone(), UNFILTERED.to_owned(), start);
        let mut tail: Option<Tail> = None;
        loop {
            let event = async {
                match &mut tail {
                    Some(tail) => tail.next().await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                event = event => match event {
                    Some(event) => self.take_in(&event),
                    None => {
                        tracing::error!("reading events has failed; beginning again");
                        time::sleep(Duration::from_millis(250)).await;
                        let start = Start::From(self.state().position + 1);
                        tail = Some(follow(start));
                    }
                },
                () = self.gained.notified() => match self.prepare().await {
                    Ok(Some(start)) => {
                        tail = Some(follow(Start::From(start)));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::debug!(error = &error as &dyn std::error::Error, "cannot begin to read");
                        self.gained.notify_one();
                        time::sleep(Duration::from_millis(250)).await;
                    }
                },
            }
        }
    }

    /// Gets what belongs to new partitions besides their events, and says where to begin with these.
    async fn prepare(&self) -> Result<Option<u64>, InboxError> {
        let new: Vec<Partition> = {
            let state = self.state();
            state.all_held().filter(|(_, held)| !held.is_read).map(|(partition, _)| partition).collect()
        };
        if new.is_empty() {
            return Ok(None);
        }
        let Streams { names, effects, progress, dead, share, .. } = &self.streams;
        let (notices, _) = streams::subjects(share, &names.all("share.purged")).await?;
        let (set_aside, _) = streams::subjects(dead, &names.all("dead")).await?;
        let (touched, _) = streams::subjects(effects, &names.all("effect")).await?;
        let touched: Vec<_> = touched
            .iter()
            .filter_map(|(subject, _)| names::last_but_one(subject).map(str::to_owned))
            .collect();
        let (failed, _) = streams::subjects(progress, &names.all("progress")).await?;
        let failed: Vec<(Partition, u64, String)> = failed
            .into_iter()
            .filter_map(|(subject, _)| {
                let partition = names::last_but_one(&subject)?.parse().ok()?;
                new.contains(&partition).then_some((partition, names::number(&subject)?, subject))
            })
            .collect();
        let failed: Vec<_> = stream::iter(failed)
            .map(async |(partition, seq, subject)| {
                let message = streams::latest(progress, &subject).await?;
                let found =
                    message.and_then(|message| serde_json::from_slice::<Progress>(&message.payload).ok());
                Ok::<_, InboxError>((partition, seq, found))
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut state = self.state();
        for failed in failed {
            let (partition, seq, progress) = failed?;
            if let (Some(held), Some(progress)) = (state.held_mut(partition), progress) {
                held.progress.insert(seq, progress);
            }
        }
        state.touched.extend(touched);
        for (subject, _) in notices {
            let partition = names::last_but_one(&subject).and_then(|partition| partition.parse().ok());
            if let (Some(partition), Some(seq)) = (partition, names::number(&subject))
                && new.contains(&partition)
            {
                state.forget_notice(partition, seq);
            }
        }
        let mut start = u64::MAX;
        for (partition, held) in state.all_held_mut() {
            if new.contains(&partition) {
                held.is_read = true;
                start = start.min(held.ledger.floor() + 1);
            }
        }
        // Those read so far are read on from where they are: what comes twice is passed over.
        let position = state.position;
        if state.all_held().any(|(partition, held)| held.is_read && !new.contains(&partition)) {
            start = start.min(position + 1);
        }
        if start == u64::MAX {
            return Ok(None);
        }
        state.position = start - 1;
        // What is gone is not in the stream, which is read afresh.
        state.unread_purged.clear();
        let set_aside = set_aside.iter().filter_map(|(subject, _)| names::number(subject));
        state.set_aside = set_aside.filter(|seq| *seq >= start).collect();
        Ok(Some(start))
    }

    fn take_in(&self, event: &Tailed) {
        let lane = match Envelope::peek_stored(&event.payload) {
            Ok((_, lane, _)) => lane,
            Err(error) => {
                let Some(partition) = names::partition_of(&event.subject) else { return };
                let handled_again = event.headers.as_ref().and_then(progress_of);
                let why = unread(event.seq, &error);
                self.state().read_unknown(partition, event.seq, event.payload.clone(), handled_again, why);
                return;
            }
        };
        let partition = names::partition(&lane);
        let wanted = {
            let state = self.state();
            state.held(partition).is_some_and(|held| held.is_read && event.seq > held.ledger.read_to())
                && state.has_room()
        };
        let envelope = wanted.then(|| Envelope::from_stored(&event.payload).ok().map(Arc::new)).flatten();
        let handled_again = event.headers.as_ref().and_then(progress_of);
        if self.state().read(event.seq, lane, envelope, handled_again) {
            self.ready.notify_one();
        }
    }

    async fn write_now_and_then(self: Arc<Self>) {
        let mut ticks = time::interval(WRITE.min(self.options.lease / 4));
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.streams.is_connected()
                && let Err(error) = self.write().await
            {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot write down what was settled; trying again"
                );
            }
        }
    }

    /// Writes down what was settled, and clears away what is not needed any more then.
    pub(crate) async fn write(&self) -> Result<(), InboxError> {
        let _writing = self.writing.lock().await;
        let owed = std::mem::take(&mut self.state().owed);
        let mut result = Ok(());
        for owed in owed {
            if let Err(error) = self.pay(&owed).await {
                self.state().owed.push(owed);
                result = Err(error);
            }
        }
        let (changed, mut rests): (Vec<_>, Vec<_>) = {
            let mut state = self.state();
            let now = Instant::now();
            let position = state.position;
            let mut changed = Vec::new();
            for partition in 0..PARTITIONS {
                let standing = state.shares.standing(partition, now);
                let revision = state.shares.revision(partition);
                let owed = state.owed.iter().any(|owed| owed.partition == partition);
                let Some(held) = state.held_mut(partition) else { continue };
                if standing != Standing::Mine {
                    if held.ledger.is_changed() {
                        result = Err(InboxError::storage(UNHEARD));
                    }
                    continue;
                }
                if held.is_read {
                    held.ledger.passed(position);
                }
                let goes = held.is_leaving && held.ledger.in_hand() == 0 && !owed;
                if !goes && !held.ledger.is_changed() {
                    continue;
                }
                held.ledger.written();
                let owner = if goes { String::new() } else { self.id.clone() };
                changed.push((partition, revision, PartRecord { owner, record: held.ledger.record() }));
            }
            // What is settled from here on is not in these records.
            let is_changed = |of: Partition| changed.iter().any(|(partition, ..)| *partition == of);
            let rests = state.rests.extract_if(.., |(of, _)| is_changed(*of)).collect();
            (changed, rests)
        };
        let writes =
            changed.iter().map(|(partition, revision, part)| self.write_part(*partition, *revision, part));
        let written = future::join_all(writes).await;
        {
            let mut state = self.state();
            for ((partition, _, part), written) in changed.into_iter().zip(written) {
                match written {
                    Ok(Some(revision)) if part.owner.is_empty() => {
                        state.heard_part(partition, revision, part);
                        continue;
                    }
                    Ok(Some(revision)) => {
                        state.shares.wrote(partition, revision);
                        continue;
                    }
                    // It has changed since, or the answer was lost: the stream will tell.
                    Ok(None) => {}
                    Err(error) => result = Err(error),
                }
                state.held_mut(partition).into_iter().for_each(|held| held.ledger.not_written());
                let again: Vec<_> = rests.extract_if(.., |(of, _)| *of == partition).collect();
                state.rests.extend(again);
            }
        }
        self.clear(rests).await;
        result
    }

    async fn pay(&self, owed: &Owed) -> Result<(), InboxError> {
        match self.state().standing(owed.partition, owed.seq) {
            None => return Ok(()),
            Some(Standing::Mine) => {}
            Some(_) => return Err(InboxError::storage(UNHEARD)),
        }
        match &owed.dead {
            Some(event) => self.set_aside(owed.partition, owed.seq, event.clone(), &owed.progress).await,
            None => self.note_progress(owed.partition, owed.seq, &owed.progress).await,
        }
    }

    /// Erases what belonged to entries that are done. What cannot be erased now goes with age.
    pub(crate) async fn clear(&self, rests: Vec<(Partition, Rest)>) {
        let Streams { names, effects, progress, share, .. } = &self.streams;
        stream::iter(rests)
            .for_each_concurrent(AT_ONCE, async |(partition, rest)| {
                let erased = match rest {
                    Rest::Effects(digest) => streams::erase(effects, &names.effects(&digest)).await,
                    Rest::Progress(id) => streams::erase(progress, &names.progress(partition, id)).await,
                    Rest::Notice(id) => {
                        streams::remove_latest(share, &names.purged(partition, id)).await.map(|()| 1)
                    }
                };
                if let Err(error) = erased {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "what is not needed any more stays"
                    );
                }
            })
            .await;
    }

    /// Counts what was set aside, and removes what was handled and need not be remembered.
    async fn keep_house(self: Arc<Self>) {
        let mut ticks = time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        let mut cleaned = Instant::now();
        loop {
            ticks.tick().await;
            if !self.streams.is_connected() {
                continue;
            }
            self.count_dead().await;
            if cleaned.elapsed() >= Duration::from_secs(60) {
                cleaned = Instant::now();
                if let Err(error) = self.forget().await {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "cannot remove what was handled"
                    );
                }
            }
        }
    }

    pub(crate) async fn count_dead(&self) {
        if let Ok(info) = self.streams.dead.get_info().await {
            self.state().dead = info.state.messages;
        }
    }

    /// Removes events that were handled longer ago than repeats are recognised, and others that were handled where the room
    /// is needed; none after the oldest that is pending.
    pub(crate) async fn forget(&self) -> Result<(), InboxError> {
        let events = &self.streams.events;
        let info = events.get_info().await.map_err(InboxError::storage)?;
        if info.state.messages == 0 {
            return Ok(());
        }
        let (first, last) = (info.state.first_sequence, info.state.last_sequence);
        let since = SystemTime::now().checked_sub(self.options.remember).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut before = self.first_since(since).await?.unwrap_or(last + 1);
        if info.state.bytes > self.options.max_size / 4 * 3 {
            // The server goes on recognising their repeats until it is started again.
            before = before.max(first + (last - first) / 4 + 1);
        }
        if before <= first {
            return Ok(());
        }
        // Of all partitions, not one by one: a purge of some subjects makes servers (2.9) pass over messages of others that
        // their readers have not got yet.
        let lowest = {
            let state = self.state();
            let floor = |partition| match state.held(partition) {
                Some(held) => held.ledger.written_floor(),
                None => state.record(partition).floor,
            };
            (0..PARTITIONS).map(floor).min().unwrap_or(0)
        };
        let up_to = before.min(lowest + 1);
        if up_to > first {
            events.purge().sequence(up_to).await.map_err(InboxError::storage)?;
        }
        Ok(())
    }

    /// The number of the first event that came after a time; `None` if there is none.
    async fn first_since(&self, since: SystemTime) -> Result<Option<u64>, InboxError> {
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartTime { start_time: since.into() },
            ack_policy: AckPolicy::None,
            headers_only: true,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(10),
            ..pull::Config::default()
        };
        let events = &self.streams.events;
        let consumer = events.create_consumer(config).await.map_err(InboxError::storage)?;
        let info = consumer.cached_info();
        let first = (info.num_pending > 0).then_some(info.delivered.stream_sequence + 1);
        let _ = events.delete_consumer(&info.name).await;
        Ok(first)
    }
}

pub(crate) fn progress_of(headers: &HeaderMap) -> Option<Progress> {
    serde_json::from_str(headers.get(PROGRESS)?.as_str()).ok()
}

/// Why an event is set aside that cannot be read, and when.
pub(crate) fn unread(seq: u64, error: &(dyn std::error::Error + 'static)) -> (String, u64) {
    tracing::error!(error, entry = seq, "an event cannot be read: it is set aside");
    let text = std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    (text, now())
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn beat(n: u64) -> Vec<u8> {
    serde_json::to_vec(&Beat { n }).unwrap_or_default()
}
