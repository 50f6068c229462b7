//! The operator's view.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use b24bot_core::{Desk, EntryId, Envelope, Inbox, InboxError, Lane, Listed, PortalDepth, Stats, Which};

use super::{EmbeddedStore, job::Job, rows};

/// So many entries are removed at a time: what handlers wait for is written between.
const DROPPED: usize = 256;

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
        Ok(self.ask(|reply| Job::Purge(vec![id], reply)).await? > 0)
    }

    async fn portals(&self) -> Result<Vec<PortalDepth>, InboxError> {
        self.look(|connection| {
            let mut portals = BTreeMap::new();
            for which in [Which::Pending, Which::Dead] {
                rows::count_portals(connection, which, &mut portals)?;
            }
            Ok(portals.into_values().collect())
        })
        .await
    }

    async fn drop_portal(&self, portal: &str, keep: Option<&Lane>) -> Result<u64, InboxError> {
        // No lane is empty.
        let (portal, keep) = (portal.to_owned(), keep.map_or(String::new(), |lane| lane.as_str().to_owned()));
        let mut dropped = 0;
        for which in [Which::Pending, Which::Dead] {
            let mut after = EntryId(0);
            loop {
                let (portal, keep) = (portal.clone(), keep.clone());
                let ids = move |connection: &_| {
                    rows::of_portal(connection, which, (&portal, &keep), after, DROPPED)
                };
                let ids = self.look(ids).await?;
                let Some(last) = ids.last() else { break };
                after = *last;
                dropped += self.ask(|reply| Job::Purge(ids, reply)).await?;
            }
        }
        Ok(dropped)
    }
}
