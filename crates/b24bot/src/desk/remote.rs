//! Asking the desk of a bot that runs.

use std::{io, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use b24bot_core::{Desk, EntryId, Envelope, InboxError, Listed, Stats, Which};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, Method, RequestBuilder, header::AUTHORIZATION};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, ErrorKind,
    office::{Done, Order},
};

use super::{
    access::Access,
    wire::{List, Refusal, Shown},
};

/// The desk that a bot on this machine serves.
#[derive(Debug)]
pub struct Remote {
    access: Access,
    client: Client,
}

impl Remote {
    /// The desk of the bot that has the store at that path open, if the file beside the store says where it is.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it cannot be read.
    pub fn beside(store: impl AsRef<Path>) -> io::Result<Self> {
        let access = Access::read(store.as_ref())?;
        // The other side is on this machine: no proxy may come between, and nobody redirects.
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { access, client })
    }

    /// Has the bot carry out an order: it holds the credentials of the portals.
    ///
    /// # Errors
    ///
    /// When the bot is not there, or says why not.
    pub(crate) async fn carry_out(&self, order: &Order) -> Result<Vec<Done>, Error> {
        // It may have thousands of portals to call.
        let request = self.request(Method::POST, "/orders").timeout(Duration::from_secs(3600)).json(order);
        let answer = ask::<Result<Vec<Done>, String>>(request).await;
        answer
            .map_err(|error| Error::caused(ErrorKind::Inbox, "the running bot does not answer", error))?
            .map_err(|why| Error::new(ErrorKind::Portal, why))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.access.address));
        request.header(AUTHORIZATION, self.access.authorization().expose())
    }

    /// Asks for something else than the desk itself.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        json: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, InboxError> {
        let request = self.request(method, path);
        ask(match json {
            Some(json) => request.json(json),
            None => request,
        })
        .await
    }
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, InboxError> {
    let response = request.send().await.map_err(InboxError::storage)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(InboxError::storage);
    }
    Err(match response.json::<Refusal>().await {
        Ok(refusal) => refusal.into(),
        Err(_) => InboxError::storage(format!("the bot answered {status}")),
    })
}

#[async_trait]
impl Desk for Remote {
    async fn stats(&self) -> Result<Stats, InboxError> {
        ask(self.request(Method::GET, "/stats")).await
    }

    async fn list(
        &self,
        which: Which,
        after: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<Listed>, InboxError> {
        ask(self.request(Method::POST, "/list").json(&List { which, after, limit })).await
    }

    async fn show(&self, id: EntryId) -> Result<Option<(Listed, Arc<Envelope>)>, InboxError> {
        let found: Option<Shown> = ask(self.request(Method::GET, &format!("/entries/{id}"))).await?;
        let Some(Shown { listed, envelope }) = found else { return Ok(None) };
        let bytes = STANDARD.decode(envelope).map_err(InboxError::storage)?;
        let envelope = Envelope::from_stored(&bytes).map_err(InboxError::storage)?;
        Ok(Some((listed, Arc::new(envelope))))
    }

    async fn retry(&self, id: EntryId) -> Result<Option<EntryId>, InboxError> {
        ask(self.request(Method::POST, &format!("/entries/{id}/retry"))).await
    }

    async fn purge(&self, id: EntryId) -> Result<bool, InboxError> {
        ask(self.request(Method::DELETE, &format!("/entries/{id}"))).await
    }
}
