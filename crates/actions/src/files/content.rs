//! Where a file's content comes from.

use std::{
    fs::{self, File},
    io::{self, Cursor, Read},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::task::spawn_blocking;

/// Opens the content, on a thread that may block.
pub(super) type Open = Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>;

/// Content to be sent.
pub(super) enum Content {
    Bytes(Bytes),
    Path(PathBuf),
    Reader { size: u64, reader: Mutex<Option<Box<dyn Read + Send>>> },
}

impl Content {
    /// Bytes in all.
    pub(super) async fn size(&self) -> io::Result<u64> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::Reader { size, .. } => Ok(*size),
            Self::Path(path) => {
                let path = path.clone();
                let metadata =
                    spawn_blocking(move || fs::metadata(path)).await.map_err(io::Error::other)??;
                if metadata.is_file() { Ok(metadata.len()) } else { Err(io::ErrorKind::InvalidInput.into()) }
            }
        }
    }

    /// Whether it can be read more than once.
    pub(super) const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Reader { .. })
    }

    /// The way to read it from the beginning.
    pub(super) fn opener(&self) -> io::Result<Open> {
        match self {
            Self::Bytes(bytes) => {
                let bytes = bytes.clone();
                Ok(Box::new(move || Ok(Box::new(Cursor::new(bytes)))))
            }
            Self::Path(path) => {
                let path = path.clone();
                Ok(Box::new(move || Ok(Box::new(File::open(path)?))))
            }
            Self::Reader { reader, .. } => {
                let reader = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                let reader = reader.ok_or_else(|| io::Error::other("it can be read only once"))?;
                Ok(Box::new(move || Ok(reader)))
            }
        }
    }
}
