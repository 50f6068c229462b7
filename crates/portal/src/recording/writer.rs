//! Writes a recording, on a thread of its own: whoever has something to record never waits.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::format::{Head, Line};

/// Bytes that may wait to be written; more is lost, and counted.
const WAITING: usize = 64 * 1024 * 1024;
/// The longest file, in bytes.
const LONGEST: u64 = 1024 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Recorder {
    began: Instant,
    lines: Sender<Option<String>>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<AtomicU64>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// A recording in a new file.
    pub(crate) fn start(path: &Path, at: String, portal: String) -> io::Result<Self> {
        // A recording that is there is worth more than one that is about to begin.
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Self::write_to(file, at, portal)
    }

    fn write_to(file: File, at: String, portal: String) -> io::Result<Self> {
        let (lines, queue) = channel();
        let (waiting, lost) = (Arc::<AtomicUsize>::default(), Arc::<AtomicU64>::default());
        let head = serde_json::to_string(&Head::new(at, portal))?;
        let mut page = Page { file: BufWriter::new(file), written: 0, is_full: false };
        page.write(&head)?;
        let (its_waiting, its_lost) = (Arc::clone(&waiting), Arc::clone(&lost));
        let thread = std::thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || work(page, &queue, &its_waiting, &its_lost))?;
        Ok(Self { began: Instant::now(), lines, waiting, lost, thread: Mutex::new(Some(thread)) })
    }

    /// Seconds since the beginning, so long ago.
    pub(crate) fn at(&self, ago: Duration) -> f64 {
        self.began.elapsed().saturating_sub(ago).as_secs_f64()
    }

    /// Adds a line, or counts it as lost if too much waits.
    pub(crate) fn add(&self, line: &Line) {
        let Ok(text) = serde_json::to_string(line) else { return };
        let length = text.len();
        if self.waiting.fetch_add(length, Ordering::Relaxed) + length > WAITING {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // It is there until the end; then nothing more is recorded.
        let _ = self.lines.send(Some(text));
    }

    /// Writes what waits, and waits for that.
    pub(crate) fn end(&self) {
        let _ = self.lines.send(None);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It does not panic; and if it did, there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

struct Page {
    file: BufWriter<File>,
    written: u64,
    is_full: bool,
}

impl Page {
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.written += line.len() as u64 + 1;
        writeln!(self.file, "{line}")
    }

    /// A line, unless the file is full.
    fn add(&mut self, line: &str) -> io::Result<()> {
        if self.is_full {
            return Ok(());
        }
        if self.written + line.len() as u64 >= LONGEST {
            self.is_full = true;
            tracing::warn!("the recording is as long as it may become, and ends here");
            return self.write(r#"{"kind":"full"}"#);
        }
        self.write(line)
    }
}

fn work(mut page: Page, queue: &Receiver<Option<String>>, waiting: &AtomicUsize, lost: &AtomicU64) {
    let mut record = || -> io::Result<()> {
        loop {
            let next = match queue.try_recv() {
                Err(TryRecvError::Empty) => {
                    page.file.flush()?;
                    queue.recv().ok().flatten()
                }
                next => next.ok().flatten(),
            };
            let lines = lost.swap(0, Ordering::Relaxed);
            if lines > 0 {
                page.add(&serde_json::to_string(&Line::Lost { lines })?)?;
            }
            let Some(line) = next else { return page.file.flush() };
            waiting.fetch_sub(line.len(), Ordering::Relaxed);
            page.add(&line)?;
        }
    };
    if let Err(error) = record() {
        tracing::warn!(%error, "the recording ends here: it cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EventLine, Recording};
    use super::*;

    fn event(body: &str) -> Line {
        Line::Event(EventLine { body: body.to_owned(), ..EventLine::default() })
    }

    #[test]
    fn all_that_was_added_is_in_the_file_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.jsonl");
        let recorder = Recorder::start(&path, String::new(), String::new()).unwrap();
        for n in 0..1000 {
            recorder.add(&event(&format!("n={n}")));
        }
        recorder.end();
        recorder.add(&event("too late"));
        let recording = Recording::read(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(recording.events.len(), 1000);
        assert!(!recording.incomplete && recording.events[999].body == "n=999");
        let again = Recorder::start(&path, String::new(), String::new()).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn what_comes_faster_than_it_is_written_is_counted_and_costs_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.jsonl");
        let recorder = Recorder::start(&path, String::new(), String::new()).unwrap();
        // As if so much waited already.
        recorder.waiting.store(WAITING, Ordering::Relaxed);
        recorder.add(&event("lost"));
        recorder.waiting.store(0, Ordering::Relaxed);
        recorder.add(&event("kept"));
        recorder.end();
        let recording = Recording::read(&std::fs::read(&path).unwrap()).unwrap();
        assert!(recording.incomplete && recording.events.len() == 1 && recording.events[0].body == "kept");
    }

    #[test]
    fn a_full_file_grows_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.jsonl");
        let mut page = Page {
            file: BufWriter::new(File::create(&path).unwrap()),
            written: LONGEST - 10,
            is_full: false,
        };
        page.add("a line of some length").unwrap();
        page.add("x").unwrap();
        page.file.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"kind\":\"full\"}\n");
    }
}
