//! Says what it is told, and greets whoever opens a chat with it.

use b24bot::prelude::*;

struct Echo;

#[async_trait]
impl Handler for Echo {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        // The platform's own messages ("Mira joined the chat") come here as well.
        if !message.is_system {
            // `send` makes what users wrote harmless; `reply` takes BB code as it is.
            ctx.send(message.text.as_str()).await?;
        }
        Ok(())
    }

    async fn on_join_chat(&self, ctx: &Context, join: &JoinChat) -> Result<()> {
        let name = join.user.as_ref().map_or("everybody", |user| user.first_name.as_str());
        ctx.reply(&format!("Hello, {name}! Say something.")).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt::init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    let bot = Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot.toml"))?.handler(Echo);
    bot.dev(portal.parse()?).await?.run().await
}
