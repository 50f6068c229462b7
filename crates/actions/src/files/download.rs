//! Files that are fetched.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use b24bot_core::{DialogId, FileId, Generation};
use futures_util::{Stream, stream};
use reqwest::{Response, header};
use serde::Deserialize;
use tokio::{
    sync::mpsc::{self, Receiver},
    task::spawn_blocking,
};
use url::Url;

use super::{Progress, Report};
use crate::{
    answer::Received,
    call::Call,
    carriage::Flight,
    client::Client,
    context::Context,
    error::{Error, ErrorKind},
    reach::Reach,
    redirect,
    transport::{Found, next_chunk, short_body},
};

/// How many pieces wait to be written to disk.
const WAITING: usize = 4;

/// A file on its way here. Nothing is fetched faster than it is read; dropped, it ends.
pub struct Download {
    method: String,
    response: Response,
    size: Option<u64>,
    done: u64,
    report: Option<Report>,
}

impl Download {
    /// Bytes in all, if the portal says so and sends them as they are.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// What kind of content it is, if the portal says so: `image/png`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// Is told of each piece that has come.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// The next piece, or `None` at the end. A file that breaks off is an error.
    ///
    /// # Errors
    /// [`ErrorKind::Transport`], or [`ErrorKind::TimedOut`] when nothing comes for a minute. The address is good for
    /// one time only: ask for another with [`Context::download`].
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunk = next_chunk(&self.method, &mut self.response).await?;
        if let Some(chunk) = &chunk {
            self.done += chunk.len() as u64;
            if let Some(report) = &self.report {
                report(Progress { done: self.done, total: self.size });
            }
        }
        Ok(chunk)
    }

    /// The pieces as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send {
        stream::try_unfold(self, |mut download| async move {
            Ok(download.chunk().await?.map(|chunk| (chunk, download)))
        })
    }

    /// The whole file, if it has no more than `at_most` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Answer`] for a larger one; otherwise as with [`chunk`](Self::chunk).
    pub async fn bytes(mut self, at_most: usize) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > at_most {
                let error = Error::new(ErrorKind::Answer, self.method).never_repeated();
                return Err(error.note(format!("the file has more than {at_most} bytes")));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// Writes the file to a path, in place of what may be there, and returns how many bytes it has. Until it is
    /// complete, it is at the same path with `.part` at its end; a file that breaks off is removed.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when it cannot be written; otherwise as with [`chunk`](Self::chunk).
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref().to_owned();
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);

        let (sender, chunks) = mpsc::channel(WAITING);
        let target = part.clone();
        let writer = spawn_blocking(move || write(&target, chunks));
        let mut fetched = Ok(());
        loop {
            match self.chunk().await {
                Ok(Some(chunk)) => {
                    // Why the writer is gone, it says itself.
                    if sender.send(chunk).await.is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    fetched = Err(error);
                    break;
                }
            }
        }
        drop(sender);
        let written = writer.await.map_err(io::Error::other).flatten();
        let complete = fetched.is_ok() && written.is_ok();
        let moved =
            spawn_blocking(move || if complete { fs::rename(&part, &path) } else { fs::remove_file(&part) });
        let moved = moved.await.map_err(io::Error::other).flatten();
        fetched?;
        written.and(moved).map_err(|error| Error::new(ErrorKind::File, self.method).source_from(error))?;
        Ok(self.done)
    }
}

fn write(path: &Path, mut chunks: Receiver<Vec<u8>>) -> io::Result<()> {
    let mut file = File::create(path)?;
    while let Some(chunk) = chunks.blocking_recv() {
        file.write_all(&chunk)?;
    }
    file.sync_all()
}

impl fmt::Debug for Download {
    /// The address is a key to the file: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size())
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Opens a file of a chat where the bot is: `imbot.v2.File.download`, for bots of both generations.
    ///
    /// # Errors
    /// [`ErrorKind::Redirect`] when the portal names an address that may not be called: unprotected, or on this machine
    /// where the portal is not. Otherwise see [`ErrorKind`].
    pub async fn download(&self, file: impl Into<FileId>) -> Result<Download, Error> {
        let client = self.client()?;
        let call = Call::new("imbot.v2.File.download").with("botId", self.bot_id()?.get());
        let call = call.with("fileId", file.into().get());
        client.open(self.signed(&client, Generation::V2, call)).await
    }
}

impl Client {
    /// Opens a file of a dialog in the name of whoever the credentials belong to: `im.v2.File.download`.
    ///
    /// # Errors
    /// As with [`Context::download`].
    pub async fn download(
        &self,
        dialog: impl Into<DialogId>,
        file: impl Into<FileId>,
    ) -> Result<Download, Error> {
        let call = Call::new("im.v2.File.download").with("dialogId", dialog.into().as_str());
        self.open(call.with("fileId", file.into().get())).await
    }

    /// Asks where the file is, and for the file there.
    async fn open(&self, call: Call) -> Result<Download, Error> {
        #[derive(Deserialize)]
        struct Link {
            #[serde(rename = "downloadUrl")]
            url: String,
        }
        let method = call.method().to_owned();
        let link: Link = self.send(call).await?.result;
        let reach = self.reach();
        let mut url = follow(&method, &self.present_url(&method)?, Some(&link.url), reach)?;
        // Given back when the answer begins.
        let _flight = Flight::at_once(&self.portal().way_out).await;
        for _ in 0..=redirect::MAX_HOPS {
            match self.transport().get(&method, &url, reach).await? {
                Found::Moved { status, location } => {
                    url = follow(&method, &url, location.as_deref(), reach)
                        .map_err(|error| error.with_status(status))?;
                }
                Found::Content(response) if response.status().is_success() => {
                    let size = response.content_length();
                    return Ok(Download { method, response, size, done: 0, report: None });
                }
                Found::Content(response) => {
                    let status = response.status().as_u16();
                    let body = short_body(&method, response).await?;
                    return Err(match Received::read(&method, status, body) {
                        Err(error) => error,
                        Ok(_) => Error::new(ErrorKind::Answer, method).with_status(status),
                    });
                }
            }
        }
        Err(Error::new(ErrorKind::Redirect, method).note("redirected again and again"))
    }
}

/// The same rules as for portals that have moved: the address is a key to the file.
fn follow(method: &str, from: &Url, to: Option<&str>, reach: Reach) -> Result<Url, Error> {
    redirect::target(from, to, reach).map_err(|why| Error::new(ErrorKind::Redirect, method).note(why))
}
