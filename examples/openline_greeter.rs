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

fn bot() -> Result<Bot> {
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/openline_greeter.toml"))?
        .handler(Greeter::default()))
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    bot()?.dev(portal.parse()?).await?.run().await
}

#[cfg(test)]
mod tests {
    use b24bot::testing::{Stage, containing};

    use super::*;

    #[tokio::test]
    async fn greets_a_client_once() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let (client, channel) = (stage.user(27), stage.open_channel(27).await?);
        let first = client.says(channel, "Is anybody there?").await?;
        stage.bot().replies(first, containing("Thank you for your message!")).await?;
        client.says(channel, "Hello?").await?;
        stage.user(42).says("chat1", "This is no open channel.").await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
