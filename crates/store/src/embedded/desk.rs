//! The operator's view.

use std::sync::Arc;

use async_trait::async_trait;
use b24bot_core::{Desk, EntryId, Envelope, Inbox, InboxError, Listed, Stats, Which};

use super::{EmbeddedStore, job::Job, rows};

#[async_trait]
impl Desk for EmbeddedStore {
    async fn stats(&self) -> Result<Stats, InboxError> {
        let mut stats = Stats::default();
        stats.pending = self.depth().pending;
        stats.dead = self.depth().dead;
        stats.store = self.path().display().to_string();
        stats.bytes = ["", "-wal"].iter().map(|end| self.file_size(end)).sum();
        self.look(move |connection| {
            let retrying =
                "SELECT count(*) FROM event WHERE progress IS NOT NULL AND progress ->> '$.attempts' > 0";
            stats.retrying = connection.query_row(retrying, [], |row| rows::number(row, 0))?;
            let oldest = rows::listed(connection, Which::Pending, 0, 1)?;
            stats.oldest_pending = oldest.first().map(|listed| listed.received_at);
            Ok(stats)
        })
        .await
    }

    async fn list(
        &self,
        which: Which,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Listed>, InboxError> {
        let after = after.map_or(0, |EntryId(id)| id);
        self.look(move |connection| rows::listed(connection, which, after, limit)).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError> {
        match self.look(move |connection| rows::shown(connection, id)).await? {
            Some((listed, envelope)) => Ok(Some((listed, Arc::new(envelope.map_err(InboxError::storage)?)))),
            None => Ok(None),
        }
    }

    async fn retry(&self, id: EntryId) -> Result<Option<EntryId>, InboxError> {
        self.ask(|reply| Job::Retry(id, reply)).await
    }

    async fn purge(&self, id: EntryId) -> Result<bool, InboxError> {
        self.ask(|reply| Job::Purge(id, reply)).await
    }
}
