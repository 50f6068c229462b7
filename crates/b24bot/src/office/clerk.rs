//! Who carries out an order.

use std::sync::Arc;

use b24bot_actions::RetryPolicy;
use b24bot_rules::Config;

use super::{Done, Office, Order, fingerprint};
use crate::{
    Error, ErrorKind,
    desk::{self, Found},
    portals,
    sealing::open_installations,
};

/// Whoever holds the credentials of the portals: this process, or the bot that runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Clerk {
    /// This process.
    Here(Arc<Office>),
    /// The bot that has the store open, and the fingerprint of the `bot.toml` that was read here.
    There(Arc<desk::Remote>, String),
}

impl Clerk {
    /// Does what the order says on each portal that is meant.
    ///
    /// # Errors
    ///
    /// As for [`Office::carry_out`], and when the running bot does not answer.
    pub async fn carry_out(&self, order: &Order) -> Result<Vec<Done>, Error> {
        match self {
            Self::Here(office) => office.carry_out(order).await,
            Self::There(bot, read) => {
                bot.carry_out(&Order { read: Some(read.clone()), ..order.clone() }).await
            }
        }
    }
}

/// Finds out who can carry out orders: with an inbound webhook this process can; an application's tokens are in the
/// store, which a bot that runs on this machine has for itself.
///
/// # Errors
///
/// When the store cannot be opened, and no running bot answers for it.
pub async fn open(config: Config) -> Result<Clerk, Error> {
    // Someone waits at the terminal: better an early answer than a patient one.
    let builder = portals(&config).retry(RetryPolicy::default().attempts(3));
    let portals = builder
        .build()
        .map_err(|error| Error::caused(ErrorKind::Config, "portals cannot be called", error))?;
    if config.portal.is_some() || config.app.is_none() {
        return Ok(Clerk::Here(Arc::new(Office::new(config, portals))));
    }
    let store = match desk::find(&config.store).await? {
        Found::Bot(bot) => return Ok(Clerk::There(bot, fingerprint(&config))),
        Found::Store(store) => store,
        Found::Nothing => {
            let message =
                "no portal has installed the application yet: there is no store, `b24bot run` makes it";
            return Err(Error::new(ErrorKind::Config, message));
        }
    };
    portals.keep(open_installations(&config.store, &store).await?);
    Ok(Clerk::Here(Arc::new(Office::new(config, portals).store(store))))
}
