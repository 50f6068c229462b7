//! What happens on a portal, for those in the same process.

use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};

/// What happens on a portal from some moment on. [`Portal::changes`](crate::Portal::changes) gives it.
#[derive(Debug)]
pub struct Changes(Receiver<Arc<str>>);

impl Changes {
    pub(crate) fn new(news: Receiver<Arc<str>>) -> Self {
        Self(news)
    }

    /// The next change, as JSON, the same as `GET /control/events` tells; `None` once the portal is gone. Whoever falls
    /// too far behind gets a `reset` instead of what was missed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let portal = b24bot_portal::Portal::builder().listen("127.0.0.1:0".parse()?).start().await?;
    /// let mut changes = portal.changes();
    /// reqwest::get(format!("{}profile", portal.webhook_url())).await?;
    /// assert_eq!(changes.next().await.as_deref(), Some(r#"{"kind":"request","method":"profile","n":1}"#));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<String> {
        match self.0.recv().await {
            Ok(news) => Some(news.as_ref().to_owned()),
            Err(RecvError::Lagged(_)) => Some(r#"{"kind":"reset"}"#.to_owned()),
            Err(RecvError::Closed) => None,
        }
    }
}
