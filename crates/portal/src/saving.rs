//! Keeps the state in a file: soon after it changed, and when the portal stops.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::error::Error;
use crate::shared::Shared;
use crate::state::State;

/// What changes within this time is written together.
const PAUSE: Duration = Duration::from_millis(250);

/// The state a portal begins with; `None` if there is no such file yet.
pub(crate) fn read(path: &Path) -> Result<Option<State>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => State::from_file(&bytes).map(Some).map_err(|error| Error::state(path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Says at the start that nothing can be kept there.
            tempfile::NamedTempFile::new_in(folder(path)).map_err(|error| Error::state(path, error))?;
            Ok(None)
        }
        Err(error) => Err(Error::state(path, error)),
    }
}

/// Writes the state whenever it has changed, and for the last time once the other end of `open` is gone.
pub(crate) async fn keep(path: PathBuf, shared: Arc<Shared>, mut open: watch::Receiver<()>) {
    let (mut written, mut pause) = (Vec::new(), PAUSE);
    let mut stopped = false;
    while !stopped {
        stopped = tokio::select! {
            () = async { shared.touched().await; tokio::time::sleep(pause).await } => false,
            _ = open.changed() => true,
        };
        let begun = Instant::now();
        let (target, source, before) = (path.clone(), Arc::clone(&shared), std::mem::take(&mut written));
        // A large state takes its time, and others need this thread.
        let done = tokio::task::spawn_blocking(move || {
            let state = source.look(State::to_file)?;
            if state != before {
                write(&target, &state)?;
            }
            Ok(state)
        });
        match done.await.map_err(io::Error::other).flatten() {
            Ok(state) => written = state,
            // The next change is another chance.
            Err(error) => tracing::error!(%error, file = %path.display(), "the portal's state is not kept"),
        }
        // A large state is not written all the time.
        pause = PAUSE.max(begun.elapsed() * 10);
    }
}

/// Whoever reads the file finds the whole state of before or the whole new one. Only its owner may read it: it is
/// full of tokens.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
