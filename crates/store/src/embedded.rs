//! The store in a file of this machine.

mod desk;
mod group;
mod job;
mod lock;
mod options;
mod queue;
mod rows;
mod schema;
mod seen;
mod shared;
mod states;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use async_trait::async_trait;
use b24bot_core::{
    Depth, Effect, Effects, Ended, Entry, Envelope, Inbox, InboxError, InboxErrorKind, Settled, Stored,
};
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use self::options::EmbeddedOptions;
use self::{
    job::{Incoming, Job, Reply},
    lock::Lock,
    queue::Next,
    seen::Digest,
    shared::Shared,
    writer::{Open, Writer},
};
use crate::{OpenError, OpenErrorKind};

/// How many entries are looked for on the disk at a time.
const LOOK: usize = 256;
/// So many bytes of bodies wait to be written, at the most.
const UNWRITTEN: u64 = 64 * 1024 * 1024;
/// When the disk is read again after it failed.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps everything in a file of this machine, an SQLite database; see the [crate's page](crate) for what it promises.
///
/// One thread writes. What is put while it writes goes to the disk together with what else was put meanwhile, so that
/// many events share one sync. The thread ends, and the file is free again, when the store is dropped.
pub struct EmbeddedStore {
    path: PathBuf,
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Whose turn it is to read.
    turn: tokio::sync::Mutex<()>,
}

impl EmbeddedStore {
    /// Opens the store in that file, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When another process has it open, when a later version wrote it, when there is something else, or when the disk
    /// fails.
    pub fn open(path: impl AsRef<Path>, options: EmbeddedOptions) -> Result<Self, OpenError> {
        let path = one_name(path.as_ref());
        let lock = Lock::take(&path)?;
        let failed = |error: rusqlite::Error| {
            let message = format!("the store {} cannot be opened", path.display());
            OpenError::new(OpenErrorKind::Storage, message).because(error)
        };
        let open = Open::new(schema::open(&path)?, &options).map_err(failed)?;
        let reader = || schema::open_reader(&path).map_err(failed);
        let shared = Arc::new(Shared::new(options, reader()?, reader()?, &open.counters));
        let (jobs, asked) = mpsc::channel();
        let writer =
            Writer { path: path.clone(), lock, shared: Arc::clone(&shared), jobs: asked, open: Some(open) };
        let writer = std::thread::Builder::new().name("b24bot-store".to_owned()).spawn(|| writer.run());
        let writer = writer.map_err(|error| {
            OpenError::new(OpenErrorKind::Storage, "no thread can be started for the store").because(error)
        })?;
        metrics::gauge!("b24bot_store_failing").set(0.0);
        Ok(Self { path, shared, jobs, writer: Mutex::new(Some(writer)), turn: tokio::sync::Mutex::default() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn tell(&self, job: Job) -> Result<(), InboxError> {
        self.jobs.send(job).map_err(|_| InboxError::storage("the thread that writes has ended"))
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, InboxError> {
        let (reply, answer) = oneshot::channel();
        self.tell(job(reply))?;
        answer.await.map_err(|_| InboxError::storage("the thread that writes has ended"))?
    }

    /// Reads without holding up other tasks.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, InboxError> {
        let shared = Arc::clone(&self.shared);
        // They would only wait for each other, each on a thread.
        let _turn = self.turn.lock().await;
        let task = tokio::task::spawn_blocking(move || read(&shared.reader()));
        task.await.map_err(InboxError::storage)?.map_err(InboxError::storage)
    }

    /// The same for a person who looks, for whom handlers do not wait.
    async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, InboxError> {
        let shared = Arc::clone(&self.shared);
        let task = tokio::task::spawn_blocking(move || read(&shared.desk()));
        task.await.map_err(InboxError::storage)?.map_err(InboxError::storage)
    }

    fn file_size(&self, end: &str) -> Option<u64> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(end);
        std::fs::metadata(name).ok().map(|file| file.len())
    }
}

/// Room in memory for what is to be written, until this is dropped.
struct Room<'store> {
    taken: &'store AtomicU64,
    bytes: u64,
}

impl<'store> Room<'store> {
    fn take(taken: &'store AtomicU64, bytes: u64) -> Option<Self> {
        let room = Self { taken, bytes };
        let before = taken.fetch_add(bytes, Ordering::Relaxed);
        (before == 0 || before + bytes <= UNWRITTEN).then_some(room)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The name that a file has whatever links lead to it, so that one file has one lock. Makes its folder.
fn one_name(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // If it cannot be made, nothing in it can be locked, and that says why.
    let _ = std::fs::create_dir_all(folder);
    let in_folder = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

#[async_trait]
impl Inbox for EmbeddedStore {
    /// Returns once the events are on the disk.
    async fn put(&self, envelopes: Vec<Envelope>) -> Result<Vec<Stored>, InboxError> {
        if self.shared.queue.is_closed() {
            return Err(InboxError::new(InboxErrorKind::Closed));
        }
        let incoming =
            |envelope: Envelope| Incoming { digest: envelope.key.digest(), envelope: Arc::new(envelope) };
        let events: Vec<Incoming> = envelopes.into_iter().map(incoming).collect();
        let bytes: u64 = events.iter().map(|event| event.body().len() as u64).sum();
        // While the disk stands still, what is to be written must not fill the memory.
        let Some(_room) = Room::take(&self.shared.unwritten, bytes) else {
            return Err(InboxError::new(InboxErrorKind::Full));
        };
        self.ask(|reply| Job::Put(events, reply)).await
    }

    async fn next(&self) -> Result<Option<Entry>, InboxError> {
        let mut failing = false;
        loop {
            match self.shared.queue.next() {
                Next::Entry(entry) => {
                    self.shared.queue.pass_on();
                    return Ok(Some(entry));
                }
                Next::After(id) => {
                    let stored = self.shared.queue.stored();
                    let entries =
                        self.read(move |connection| rows::pending_after(connection, id, LOOK)).await;
                    let entries = match entries {
                        Ok(entries) => entries,
                        Err(error) => {
                            if !std::mem::replace(&mut failing, true) {
                                let error = &error as &dyn std::error::Error;
                                tracing::error!(
                                    error,
                                    "the store cannot be read: it is tried again and again"
                                );
                            }
                            metrics::gauge!("b24bot_store_failing").set(1.0);
                            tokio::time::sleep(AGAIN).await;
                            continue;
                        }
                    };
                    if std::mem::take(&mut failing) {
                        metrics::gauge!("b24bot_store_failing").set(0.0);
                    }
                    let last = entries.last().map_or(id, |entry| entry.id.0);
                    let up_to = if entries.len() < LOOK { last.max(stored) } else { last };
                    self.shared.queue.found(entries, up_to);
                }
                Next::Wait => self.shared.queue.changed().await,
                Next::Closed => {
                    self.shared.queue.pass_on();
                    return Ok(None);
                }
            }
        }
    }

    async fn load(&self, entry: &Entry) -> Result<Option<Arc<Envelope>>, InboxError> {
        let (id, in_hand) = (entry.id, entry.envelope.clone());
        let event = self.read(move |connection| {
            let Some(envelope) = in_hand else { return rows::event(connection, id) };
            Ok(rows::is_pending(connection, id)?.then_some(Ok(envelope)))
        });
        match event.await? {
            None => {
                self.shared.was_purged(id);
                Ok(None)
            }
            Some(Ok(envelope)) => Ok(Some(envelope)),
            Some(Err(error)) => {
                // Nobody can handle it, but a person or a later version may want to see it.
                tracing::error!(%id, %error, "a stored event is set aside");
                let mut progress = entry.progress.as_deref().cloned().unwrap_or_default();
                progress.failed_at = (self.shared.options.now)();
                progress.error = error.to_string();
                self.tell(Job::Settle(id, entry.lane.clone(), None, Settled::Dead(progress)))?;
                Ok(None)
            }
        }
    }

    fn is_purged(&self, entry: &Entry) -> bool {
        self.shared.was_purged(entry.id)
    }

    /// Returns before it is written: it goes to the disk with the next events, and after a crash before that the entry
    /// is handled again.
    async fn settle(&self, entry: &Entry, outcome: Settled) -> Result<(), InboxError> {
        self.shared.was_purged(entry.id);
        let digest = entry.envelope.as_ref().map(|envelope| envelope.key.digest());
        self.tell(Job::Settle(entry.id, entry.lane.clone(), digest, outcome))
    }

    async fn flush(&self) -> Result<(), InboxError> {
        self.ask(Job::Flush).await
    }

    fn close(&self) {
        self.shared.queue.close();
    }

    fn depth(&self) -> Depth {
        self.shared.depth()
    }

    fn is_durable(&self) -> bool {
        true
    }
}

#[async_trait]
impl Effects for EmbeddedStore {
    async fn begin(&self, entry: &Entry, effect: &str) -> Result<Effect, InboxError> {
        let digest = digest(entry)?;
        self.ask(|reply| Job::Begin(digest, effect.to_owned(), reply)).await
    }

    /// Returns before it is written, as [`settle`](Inbox::settle) does; after a crash before that the effect is in
    /// doubt.
    async fn finish(&self, entry: &Entry, effect: &str, ended: Ended) -> Result<(), InboxError> {
        self.tell(Job::Finish(digest(entry)?, effect.to_owned(), ended))
    }
}

fn digest(entry: &Entry) -> Result<Digest, InboxError> {
    let envelope = entry.envelope.as_ref();
    Ok(envelope.ok_or_else(|| InboxError::storage("the entry was not loaded"))?.key.digest())
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        // It may have ended already, by a panic; there is nothing left to do then.
        let _ = self.jobs.send(Job::Close);
        if let Some(writer) = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("path", &self.path).finish_non_exhaustive()
    }
}
