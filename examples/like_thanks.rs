//! Likes every message that says thanks.

use b24bot::prelude::*;

struct LikeThanks;

#[async_trait]
impl Handler for LikeThanks {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        if message.text.to_lowercase().contains("thank") {
            ctx.like(message.id).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt::init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    let bot = Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot.toml"))?.handler(LikeThanks);
    // With a real portal it is `Bot::from_config("bot.toml")?.handler(LikeThanks).run().await`.
    bot.dev(portal.parse()?).await?.run().await
}
