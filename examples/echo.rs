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

fn bot() -> Result<Bot> {
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot.toml"))?.handler(Echo))
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    bot()?.dev(portal.parse()?).await?.run().await
}

#[cfg(test)]
mod tests {
    use b24bot::testing::{Stage, containing, matching};

    use super::*;

    #[tokio::test]
    async fn greets_and_echoes() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let said = stage.user(27).says(stage.bot(), "Is it [b]tea[/b] time?").await?;
        stage.bot().replies(said, matching(r"^Hello, \w+! Say something\.$")).await?;
        stage.bot().replies(said, containing("tea")).await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
