//! Greets clients who write through an open channel, once each, before a person takes over.
//!
//! On the local portal, an open channel's chat is made like this (27 is the client, and the log says which user the
//! bot is): `curl -d '{"users": [27, 1001], "entity_type": "LINES"}' http://127.0.0.1:9400/control/chats`

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use b24bot::prelude::*;

#[derive(Default)]
struct Greeter {
    /// In memory: after a restart, clients are greeted once more.
    greeted: Mutex<HashSet<DialogId>>,
}

#[async_trait]
impl Handler for Greeter {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        if message.chat.kind != ChatKind::OpenLine || message.is_system {
            return Ok(());
        }
        let new = self.greeted.lock().unwrap_or_else(PoisonError::into_inner).insert(message.dialog.clone());
        if new {
            ctx.reply("Thank you for your message! Someone will be with you in a minute.").await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt::init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    let bot = Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/openline_greeter.toml"))?
        .handler(Greeter::default());
    bot.dev(portal.parse()?).await?.run().await
}
