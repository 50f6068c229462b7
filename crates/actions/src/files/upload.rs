//! Files that are sent.

use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use b24bot_core::{DialogId, FileId, Generation, MessageId};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    MAX_SIZE, Progress, Report,
    body::{Body, FileBody},
    content::Content,
};
use crate::{
    call::Call,
    client::Client,
    content::{BbText, ContentError, ContentErrorKind, Unit, limits},
    context::Context,
    error::{Error, ErrorKind},
    once::Once,
    outgoing::Outgoing,
};

const UPLOAD: &str = "imbot.v2.File.upload";

/// A file to be sent: its name, where its content comes from, and a text to go with it.
///
/// ```
/// use b24bot_actions::files::Upload;
///
/// let list = Upload::bytes("list.txt", "tea\ncoffee\n").message("What we have");
/// let film = Upload::path("/srv/films/film.mp4").on_progress(|sent| {
///     println!("{} of {} bytes", sent.done, sent.total.unwrap_or_default());
/// });
/// ```
pub struct Upload {
    name: String,
    content: Content,
    message: BbText,
    report: Option<Report>,
}

/// A file that was sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Its id on the portal's disk.
    pub file: FileId,
    /// The message that it is in.
    pub message: MessageId,
}

impl Upload {
    /// A file that is in memory.
    pub fn bytes(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Content::Bytes(content.into().into()))
    }

    /// A file on this machine, under its own name.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::new(name, Content::Path(path))
    }

    /// A file from anywhere else: exactly `size` bytes are read, on a thread that may block, as fast as they can be
    /// sent. It can be read only once, so the call is never repeated.
    ///
    /// The length of an HTTP request is told before its content: that is why the size must be known.
    pub fn reader(name: impl Into<String>, size: u64, reader: impl Read + Send + 'static) -> Self {
        Self::new(name, Content::Reader { size, reader: Mutex::new(Some(Box::new(reader))) })
    }

    fn new(name: impl Into<String>, content: Content) -> Self {
        Self { name: name.into(), content, message: BbText::new(), report: None }
    }

    /// Sends it under another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A text to go with it. It is escaped unless it is a [`BbText`].
    #[must_use]
    pub fn message(mut self, text: impl Into<BbText>) -> Self {
        self.message = text.into();
        self
    }

    /// Is told of each piece as it is handed to the connection.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// The body of the call with the file among its `fields`. What the platform would refuse is an error here.
    async fn into_body(self, call: &Call) -> Result<Body, Error> {
        if self.name.trim().is_empty() {
            return Err(ContentError::new("the file's name", ContentErrorKind::Empty).into());
        }
        let size = self.content.size().await;
        let size = size.map_err(|error| Error::new(ErrorKind::File, call.method()).source_from(error))?;
        let known = usize::try_from(size).unwrap_or(usize::MAX);
        if known == 0 {
            return Err(ContentError::new("the file", ContentErrorKind::Empty).into());
        }
        limits::at_most("the file", MAX_SIZE as usize, known, Unit::Bytes)?;
        limits::text(self.message.as_str())?;

        let mut fields = Map::from_iter([("name".to_owned(), Value::from(self.name))]);
        if !self.message.is_blank() {
            fields.insert("message".to_owned(), self.message.as_str().into());
        }
        // The last field of the last parameter is the file: what comes before it and after it is written now.
        let mut head = call.body(None)?;
        head.pop();
        head.extend_from_slice(br#","fields":"#);
        head.extend_from_slice(Value::Object(fields).to_string().as_bytes());
        head.pop();
        head.extend_from_slice(br#","content":""#);
        Ok(Body::File(FileBody {
            head: head.into(),
            tail: br#""}}"#.as_slice().into(),
            size,
            content: self.content,
            report: self.report,
        }))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match &self.content {
            Content::Bytes(_) => Path::new("memory"),
            Content::Path(path) => path,
            Content::Reader { .. } => Path::new("a reader"),
        };
        f.debug_struct("Upload").field("name", &self.name).field("from", &from).finish_non_exhaustive()
    }
}

impl Context {
    /// Sends a file to the dialog the event came from, as the bot: see [`upload_to`](Self::upload_to).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an event that belongs to no dialog; otherwise as with `upload_to`.
    pub async fn upload(&self, upload: Upload) -> Result<Uploaded, Error> {
        self.upload_to(self.dialog("upload")?, upload).await
    }

    /// Sends a file to a dialog as the bot: `imbot.v2.File.upload`, for bots of both generations. Not repeated when it
    /// is in doubt whether it arrived.
    ///
    /// # Errors
    /// [`ErrorKind::Params`] for a file that is empty, has no name or is larger than [`MAX_SIZE`]: nothing is sent then,
    /// and the source is a [`ContentError`]. [`ErrorKind::File`] when it cannot be read. Otherwise see [`ErrorKind`].
    pub async fn upload_to(&self, dialog: impl Into<DialogId>, upload: Upload) -> Result<Uploaded, Error> {
        let dialog = dialog.into();
        let once = self.once(UPLOAD, &dialog);
        let client = self.client()?;
        let call = Call::new(UPLOAD).with("botId", self.bot_id()?.get()).with("dialogId", dialog.as_str());
        client.upload_with(self.signed(&client, Generation::V2, call), upload, once).await
    }
}

impl Client {
    /// Sends a file to a dialog in the name of whoever the credentials belong to: `im.v2.File.upload`.
    ///
    /// # Errors
    /// As with [`Context::upload_to`].
    pub async fn upload(&self, dialog: impl Into<DialogId>, upload: Upload) -> Result<Uploaded, Error> {
        let call = Call::new("im.v2.File.upload").with("dialogId", dialog.into().as_str());
        self.upload_with(call, upload, None).await
    }

    async fn upload_with(&self, call: Call, upload: Upload, once: Option<Once>) -> Result<Uploaded, Error> {
        #[derive(Deserialize)]
        struct Sent {
            file: SentFile,
            #[serde(rename = "messageId")]
            message: MessageId,
        }
        #[derive(Deserialize)]
        struct SentFile {
            id: FileId,
        }
        let body = upload.into_body(&call).await?;
        let sent: Sent = self.send_outgoing(Outgoing::new(call, Some(body))?, once).await?.result;
        Ok(Uploaded { file: sent.file.id, message: sent.message })
    }
}
