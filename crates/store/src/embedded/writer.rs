//! The one thread that writes: whatever has come in since it last wrote goes to the disk together.

use std::{
    error::Error,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use b24bot_core::{InboxError, InboxErrorKind, StateChange, Which};
use rusqlite::Connection;

use super::{
    group::{Group, Outcome},
    job::Job,
    lock::Lock,
    options::EmbeddedOptions,
    rows::{self, Counters},
    schema,
    seen::Seen,
    shared::Shared,
};
use crate::{OpenError, holdings::Holdings};

/// As many jobs are written together, at the most.
const GROUP: usize = 512;
/// While more entries are pending, new ones are given out without their events.
const IN_HAND: u64 = 2_048;
/// And larger bodies never stay in memory.
const LARGE: usize = 64 * 1024;
/// How often the old is forgotten, and a disk that fails is tried again.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) lock: Lock,
    pub(super) shared: Arc<Shared>,
    pub(super) jobs: Receiver<Job>,
    /// Absent while the disk fails.
    pub(super) open: Option<Open>,
}

/// What is open as long as the disk works.
pub(super) struct Open {
    connection: Connection,
    /// Whether a commit waits for the disk itself.
    syncs: bool,
    seen: Seen,
    /// What each portal has; nobody asks where one may have it all.
    holdings: Option<Holdings>,
    pub(super) counters: Counters,
}

impl Open {
    pub(super) fn new(connection: Connection, options: &EmbeddedOptions) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        let (seen, counters) = (Seen::load(&connection)?, rows::counters(&connection)?);
        let holdings = options.share_room.then(|| rows::holdings(&connection)).transpose()?;
        Ok(Self { connection, syncs: true, seen, holdings, counters })
    }

    fn sync(&mut self, syncs: bool) -> rusqlite::Result<()> {
        if self.syncs != syncs {
            self.connection.pragma_update(None, "synchronous", if syncs { "FULL" } else { "NORMAL" })?;
            self.syncs = syncs;
        }
        Ok(())
    }
}

impl Writer {
    /// Writes until it is told to stop, or nobody is left who could ask for anything.
    pub(super) fn run(self) {
        let Self { path, lock, shared, jobs: asked, open } = self;
        let mut pen = Pen { path, shared, open, later: Vec::new(), failing: false };
        let mut ticked = Instant::now();
        let mut stop = false;
        while !stop {
            let mut jobs = Vec::new();
            match asked.recv_timeout(TICK.saturating_sub(ticked.elapsed())) {
                Ok(job) => jobs.push(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => stop = true,
            }
            jobs.extend(asked.try_iter().take(GROUP - jobs.len()));
            stop |= jobs.iter().any(|job| matches!(job, Job::Close));
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                pen.tick();
            }
            pen.write(jobs);
        }
        // First the file is closed, then it is anyone's.
        drop(pen);
        drop(lock);
    }
}

struct Pen {
    path: PathBuf,
    shared: Arc<Shared>,
    open: Option<Open>,
    /// What could not be written when the disk failed, and needs no answer.
    later: Vec<Job>,
    /// From a failure until something is on the disk again.
    failing: bool,
}

impl Pen {
    fn write(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        if self.open.is_none() {
            return self.refuse(jobs, "the disk failed a moment ago");
        }
        let mut written = self.write_group(&jobs);
        if written.is_err() {
            // What is refused is lost, so not for something that passes.
            self.open = None;
            written = self.reopen().and_then(|()| self.write_group(&jobs));
        }
        match written {
            Ok(outcomes) => {
                if jobs.iter().any(Job::is_durable) {
                    self.recovered();
                }
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    self.answer(job, outcome);
                }
            }
            Err(error) => {
                self.fail(&error);
                self.refuse(jobs, &error);
            }
        }
    }

    fn write_group(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, String> {
        self.commit(jobs.iter().any(Job::is_durable), |group| {
            Ok(Some(jobs.iter().map(|job| group.add(job)).collect::<rusqlite::Result<_>>()?))
        })
        .map(Option::unwrap_or_default)
    }

    /// Writes what is added to a group, unless that is nothing.
    fn commit<T>(
        &mut self,
        durable: bool,
        add: impl FnOnce(&mut Group<'_>) -> rusqlite::Result<Option<T>>,
    ) -> Result<Option<T>, String> {
        let Some(open) = &mut self.open else { return Err("the disk failed a moment ago".to_owned()) };
        let written = open.sync(durable).and_then(|()| {
            let holdings = open.holdings.as_mut();
            let options = &self.shared.options;
            let mut group =
                Group::begin(&mut open.connection, &mut open.seen, holdings, options, open.counters)?;
            let Some(added) = add(&mut group)? else { return Ok(None) };
            Ok(Some((added, group.commit()?)))
        });
        let Some((added, counters)) = written.map_err(|error| error.to_string())? else { return Ok(None) };
        open.counters = counters;
        self.shared.count(&counters);
        Ok(Some(added))
    }

    fn refuse(&mut self, jobs: Vec<Job>, why: &str) {
        self.later.extend(jobs.into_iter().filter_map(|job| job.refuse(why)));
    }

    /// Tells what a job has come to, now that it is written. Whoever asked may have gone.
    fn answer(&self, job: Job, outcome: Outcome) {
        match (job, outcome) {
            (Job::Put(_, reply), Outcome::Put(stored, entries)) => {
                let crowded = self.shared.depth().pending > IN_HAND;
                for mut entry in entries {
                    if crowded || entry.envelope.as_ref().is_some_and(|it| it.event.body().len() > LARGE) {
                        // Read again when its turn comes: any number can wait without filling the memory.
                        entry.envelope = None;
                    }
                    self.shared.queue.push(entry);
                }
                let _ = reply.send(Ok(stored));
            }
            (Job::Put(_, reply), Outcome::PortalFull) => {
                metrics::counter!("b24bot_store_share_refusals_total").increment(1);
                let _ = reply.send(Err(InboxError::new(InboxErrorKind::PortalFull)));
            }
            (Job::Put(_, reply), _) => {
                let _ = reply.send(Err(InboxError::new(InboxErrorKind::Full)));
            }
            (Job::Begin(_, _, reply), Outcome::Effect(effect)) => {
                let _ = reply.send(Ok(effect));
            }
            (Job::SetState(set, reply), Outcome::Version(version)) => {
                if let Some(version) = version {
                    self.shared.watchers().tell(&StateChange::new(set.key, set.value, version));
                }
                let _ = reply.send(Ok(version));
            }
            (Job::Retry(_, reply), Outcome::Retried(entry)) => {
                let id = entry.as_ref().map(|entry| entry.id);
                if let Some(entry) = entry {
                    self.shared.queue.push(entry);
                }
                let _ = reply.send(Ok(id));
            }
            (Job::Purge(_, reply), Outcome::Purged(purged)) => {
                for (id, which) in &purged {
                    if *which == Which::Pending && self.shared.queue.forget(*id) {
                        self.shared.purge(*id);
                    }
                }
                let _ = reply.send(Ok(purged.len() as u64));
            }
            (Job::Flush(reply), _) => {
                let _ = reply.send(Ok(()));
            }
            _ => {}
        }
    }

    /// Closes the file, whatever state the failure has left it in.
    fn fail(&mut self, error: &str) {
        self.open = None;
        metrics::gauge!("b24bot_store_failing").set(1.0);
        metrics::counter!("b24bot_store_failures_total").increment(1);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(
                store = %self.path.display(),
                error,
                "the store cannot write: events are refused with 503 until it can, which is tried every second"
            );
        }
    }

    fn recovered(&mut self) {
        if std::mem::take(&mut self.failing) {
            metrics::gauge!("b24bot_store_failing").set(0.0);
            tracing::info!(store = %self.path.display(), "the store works again");
        }
    }

    fn tick(&mut self) {
        if self.open.is_none() {
            match self.reopen().and_then(|()| self.probe()) {
                Ok(()) => {
                    self.recovered();
                    let later = std::mem::take(&mut self.later);
                    self.write(later);
                }
                Err(error) => {
                    self.open = None;
                    tracing::debug!(error, "the store cannot write yet");
                }
            }
            return;
        }
        let now = (self.shared.options.now)();
        if let Err(error) = self.commit(false, |group| Ok(group.forget(now)?.then_some(()))) {
            self.fail(&error);
        }
    }

    /// Whether there is room for more than the next few events: otherwise it would fail and recover by turns.
    fn probe(&mut self) -> Result<(), String> {
        self.commit(true, |group| group.fill_probe().map(Some))?;
        self.commit(false, |group| group.drop_probe().map(Some)).map(drop)
    }

    fn reopen(&mut self) -> Result<(), String> {
        let connection = schema::open_existing(&self.path).map_err(|error| explain(&error))?;
        let open = Open::new(connection, &self.shared.options).map_err(|error| error.to_string())?;
        if open.counters.next <= self.shared.queue.stored() {
            return Err("in place of the store there is another one, which has seen less".to_owned());
        }
        let reader = || schema::open_reader(&self.path).map_err(|error| error.to_string());
        self.shared.set_readers(reader()?, reader()?);
        self.shared.count(&open.counters);
        // What was refused may have reached the disk all the same: then it is handled, not lost.
        self.shared.queue.stored_up_to(open.counters.next - 1);
        self.open = Some(open);
        Ok(())
    }
}

fn explain(error: &OpenError) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
