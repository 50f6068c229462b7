//! Portals of a bot that runs in another process on this machine.

use std::sync::Arc;

use b24bot_core::{InboxError, MemberId};
use reqwest::Method;

use super::{ListedPortal, RemovedPortal, served::Named};
use crate::desk::Remote;

#[derive(Clone, Debug)]
pub(super) struct RemotePortals(pub(super) Arc<Remote>);

impl RemotePortals {
    pub(super) async fn list(&self) -> Result<Vec<ListedPortal>, InboxError> {
        self.0.ask(Method::GET, "/portals", None::<&()>).await
    }

    pub(super) async fn pause(&self, portal: &MemberId) -> Result<bool, InboxError> {
        self.0.ask(Method::POST, "/portals/pause", Some(&Named::of(portal))).await
    }

    pub(super) async fn resume(&self, portal: &MemberId) -> Result<bool, InboxError> {
        self.0.ask(Method::POST, "/portals/resume", Some(&Named::of(portal))).await
    }

    pub(super) async fn remove(&self, portal: &MemberId) -> Result<RemovedPortal, InboxError> {
        self.0.ask(Method::POST, "/portals/remove", Some(&Named::of(portal))).await
    }
}
