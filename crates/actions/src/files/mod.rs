//! Files: sent into dialogs and fetched from them, piece by piece, however large they are.
//!
//! [`Context::upload`](crate::Context::upload) sends an [`Upload`] as the bot, and
//! [`Context::download`](crate::Context::download) opens a [`Download`]:
//!
//! ```no_run
//! use b24bot_actions::{Context, Error, files::Upload};
//! use b24bot_core::Message;
//!
//! # async fn example(ctx: Context, message: Message) -> Result<(), Error> {
//! ctx.upload(Upload::path("report.pdf").message("Here is the report.")).await?;
//! for file in &message.files {
//!     let mut download = ctx.download(file.id).await?;
//!     while let Some(chunk) = download.chunk().await? {
//!         println!("{} more bytes", chunk.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Whose files
//!
//! | call | method | acts as |
//! |---|---|---|
//! | `ctx.upload`, `ctx.upload_to`, `ctx.download` | `imbot.v2.File.*` | the bot, of either generation; through a webhook the portal wants its `botToken` |
//! | [`Client::upload`](crate::Client::upload), [`Client::download`](crate::Client::download) | `im.v2.File.*` | whoever the credentials belong to: through a webhook, the employee who made it |
//!
//! The first generation has no file methods of its own: its bots are bots to the second's. Older portals lack both;
//! `im.disk.*` and the portal's disk remain there, through [`methods`](crate::methods) and `call`.
//!
//! # What is in memory, and what goes where
//!
//! The platform takes a file as Base64 inside JSON, up to [`MAX_SIZE`]; it is read, encoded and sent a few dozen
//! kilobytes at a time. A download is fetched as fast as it is read. The address that the portal gives for it holds a
//! token of its own; nothing else goes there, and only over https (to this machine, from a portal on this machine,
//! over http as well).

mod body;
mod content;
mod download;
mod upload;

use std::sync::Arc;

pub(crate) use body::{Body, NoFile};
pub use download::Download;
pub use upload::{Upload, Uploaded};

/// The largest file that the platform takes: 100 MB, in bytes.
pub const MAX_SIZE: u64 = 100 * 1024 * 1024;

/// How far a file is on its way.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that are through. A call that is repeated begins anew.
    pub done: u64,
    /// Bytes in all, if that is known.
    pub total: Option<u64>,
}

/// Who is told of the progress.
type Report = Arc<dyn Fn(Progress) + Send + Sync>;
