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

fn bot() -> Result<Bot> {
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot.toml"))?.handler(LikeThanks))
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    // With a real portal it is `Bot::from_config("bot.toml")?.handler(LikeThanks).run().await`.
    bot()?.dev(portal.parse()?).await?.run().await
}

#[cfg(test)]
mod tests {
    use b24bot::testing::Stage;

    use super::*;

    #[tokio::test]
    async fn likes_thanks_and_nothing_else() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let thanks = stage.user(27).says("chat1", "Thank you all!").await?;
        stage.bot().likes(thanks).await?;
        stage.user(42).says("chat1", "See you tomorrow.").await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
