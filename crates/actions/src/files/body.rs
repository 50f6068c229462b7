//! The body of a request: written before, or read from a file while it is sent.

use std::{
    error::Error as StdError,
    fmt,
    io::{self, Read},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use b24bot_core::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use serde_json::Value;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::spawn_blocking,
};

use super::{
    Progress, Report,
    content::{Content, Open},
};

/// How much of a file is read at once. Base64 takes it without a rest.
const PIECE: usize = 48 * 1024;

/// How many pieces wait to be sent.
const WAITING: usize = 2;

/// A connection that is slower than this, in bytes of the body a second, is given up.
const SLOWEST: u64 = 64 * 1024;

/// The body of a request, which can be opened several times.
pub(crate) enum Body {
    Json(Bytes),
    File(FileBody),
}

/// JSON with a file in it, which the token is added to when it is opened.
pub(crate) struct FileBody {
    pub(super) head: Bytes,
    pub(super) tail: Bytes,
    pub(super) size: u64,
    pub(super) content: Content,
    pub(super) report: Option<Report>,
}

impl From<Vec<u8>> for Body {
    fn from(json: Vec<u8>) -> Self {
        Self::Json(json.into())
    }
}

impl Body {
    /// Begins to read it. JSON has the token in it already.
    pub(crate) fn open(&self, token: Option<&Secret>) -> io::Result<reqwest::Body> {
        match self {
            Self::Json(json) => Ok(json.clone().into()),
            Self::File(file) => Ok(reqwest::Body::wrap(file.open(token)?)),
        }
    }

    /// How much longer than others the request may take, for its size.
    pub(crate) const fn patience(&self) -> Duration {
        match self {
            Self::Json(_) => Duration::ZERO,
            Self::File(file) => Duration::from_secs(file.encoded() / SLOWEST),
        }
    }

    /// Whether it can be opened again.
    pub(crate) const fn can_be_sent_again(&self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::File(file) => file.content.is_repeatable(),
        }
    }
}

impl FileBody {
    /// The bytes of the file as Base64.
    const fn encoded(&self) -> u64 {
        self.size.div_ceil(3) * 4
    }

    fn open(&self, token: Option<&Secret>) -> io::Result<Reading> {
        let (sender, pieces) = mpsc::channel(WAITING);
        let head = match token {
            // It begins an object that has parameters.
            Some(token) => {
                let auth = format!(r#"{{"auth":{},"#, Value::from(token.expose()));
                [auth.as_bytes(), &self.head[1..]].concat().into()
            }
            None => self.head.clone(),
        };
        let left = head.len() as u64 + self.encoded() + self.tail.len() as u64;
        let (open, tail, size) = (self.content.opener()?, self.tail.clone(), self.size);
        spawn_blocking(move || {
            if let Err(error) = read(open, size, head, tail, &sender) {
                // Nobody waits for it when the request is over already.
                let _ = sender.blocking_send(Err(NoFile(error)));
            }
        });
        Ok(Reading { pieces, left, done: 0, total: self.size, report: self.report.as_ref().map(Arc::clone) })
    }
}

/// Part of a body, and how much of the file is in it.
struct Piece {
    bytes: Bytes,
    of_file: u64,
}

type Pieces = Sender<Result<Piece, NoFile>>;

/// Reads exactly `size` bytes and hands them on, no faster than they are taken.
fn read(open: Open, size: u64, head: Bytes, tail: Bytes, to: &Pieces) -> io::Result<()> {
    let hand_on = |bytes: Bytes, of_file: u64| to.blocking_send(Ok(Piece { bytes, of_file })).is_ok();
    let mut reader = open()?;
    if !hand_on(head, 0) {
        return Ok(());
    }
    let mut buffer = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        let piece = &mut buffer[..usize::try_from(left).map_or(PIECE, |left| left.min(PIECE))];
        reader.read_exact(piece)?;
        left -= piece.len() as u64;
        if !hand_on(STANDARD.encode(&piece).into(), piece.len() as u64) {
            return Ok(());
        }
    }
    hand_on(tail, 0);
    Ok(())
}

/// A body that is being read.
struct Reading {
    pieces: Receiver<Result<Piece, NoFile>>,
    left: u64,
    done: u64,
    total: u64,
    report: Option<Report>,
}

impl HttpBody for Reading {
    type Data = Bytes;
    type Error = NoFile;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NoFile>>> {
        let Some(piece) = ready!(self.pieces.poll_recv(cx)) else {
            // Whoever read it panicked.
            let broken = || Err(NoFile(io::ErrorKind::UnexpectedEof.into()));
            return Poll::Ready((self.left > 0).then(broken));
        };
        let Piece { bytes, of_file } = piece?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        self.done += of_file;
        if let Some(report) = self.report.as_ref().filter(|_| of_file > 0) {
            report(Progress { done: self.done, total: Some(self.total) });
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The file could not be read while it was sent.
#[derive(Debug)]
pub(crate) struct NoFile(io::Error);

impl fmt::Display for NoFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file cannot be read")
    }
}

impl StdError for NoFile {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}
