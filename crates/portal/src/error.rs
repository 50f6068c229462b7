//! Why a portal could not be started.

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

/// Why a portal could not be started.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    address: Option<SocketAddr>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of [`Error`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another process listens on the address already.
    AddressInUse,
    /// The address cannot be listened on for another reason.
    Listen,
    /// The client that posts events could not be set up.
    Client,
    /// A recording cannot be begun or read.
    Recording,
    /// The file with the portal's state cannot be read, or nothing can be written there.
    State,
}

impl Error {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn listen(address: SocketAddr, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::AddrInUse => ErrorKind::AddressInUse,
            _ => ErrorKind::Listen,
        };
        Self { kind, address: Some(address), source: Some(source.into()) }
    }

    pub(crate) fn recording(why: String) -> Self {
        Self { kind: ErrorKind::Recording, address: None, source: Some(why.into()) }
    }

    pub(crate) fn state(path: &Path, source: impl fmt::Display) -> Self {
        Self {
            kind: ErrorKind::State,
            address: None,
            source: Some(format!("{}: {source}", path.display()).into()),
        }
    }

    pub(crate) fn client(source: reqwest::Error) -> Self {
        Self { kind: ErrorKind::Client, address: None, source: Some(source.into()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            ErrorKind::AddressInUse => "the portal's address is in use already",
            ErrorKind::Listen => "the portal cannot listen on its address",
            ErrorKind::State => "the portal's state file cannot be used",
            ErrorKind::Client => "the portal cannot set up its HTTP client",
            ErrorKind::Recording => "the recording cannot be used",
        })?;
        self.address.map_or(Ok(()), |address| write!(formatter, ": {address}"))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
