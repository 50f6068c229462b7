//! A bot for Bitrix24. `cargo run -- dev` tries it out on this machine, `cargo run` serves a portal.

use b24bot::prelude::*;

/// Likes thanks, and greets whoever opens a chat with it.
struct MyBot;

#[async_trait]
impl Handler for MyBot {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        if message.text.to_lowercase().contains("thank") {
            ctx.like(message.id).await?;
        }
        Ok(())
    }

    async fn on_join_chat(&self, ctx: &Context, join: &JoinChat) -> Result<()> {
        let name = join.user.as_ref().map_or("everybody", |user| user.first_name.as_str());
        // `send` makes BB code in a name harmless; `reply` would take it as it is.
        ctx.send(format!("Hello, {name}!")).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    match std::env::args().nth(1).as_deref() {
        // A portal in the same process, with a page to chat on: nothing has to be set.
        Some("dev") => {
            let bot = Bot::for_dev("bot.toml")?.handler(MyBot);
            bot.dev("127.0.0.1:9400".parse()?).await?.run().await
        }
        _ => Bot::from_config("bot.toml")?.handler(MyBot).run().await,
    }
}

#[cfg(test)]
mod tests;
