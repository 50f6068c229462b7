//! Registers the command `/reverse` and answers it, in any chat where it is.

use b24bot::prelude::*;

struct Reverse;

#[async_trait]
impl Handler for Reverse {
    async fn on_command(&self, ctx: &Context, command: &Command) -> Result<()> {
        if command.name == "reverse" {
            let backwards: String = command.params.chars().rev().collect();
            let answer = if backwards.is_empty() { "Say what: /reverse tea" } else { &backwards };
            ctx.answer_command(answer).await?;
        }
        Ok(())
    }
}

fn bot() -> Result<Bot> {
    // As [[command]] in a bot.toml of its own would say.
    let reverse =
        CommandSettings::new("reverse").title("Says it backwards").title_in("de", "Sagt es rückwärts");
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot_v2.toml"))?.command(reverse).handler(Reverse))
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    bot()?.dev(portal.parse()?).await?.run().await
}

#[cfg(test)]
mod tests {
    use b24bot::testing::Stage;

    use super::*;

    #[tokio::test]
    async fn answers_its_command_and_no_other_one() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let nora = stage.user(27);
        let tea = nora.says("chat1", "/reverse tea").await?;
        stage.bot().replies(tea, "aet").await?;
        let nothing = nora.says("chat1", "/reverse").await?;
        stage.bot().replies(nothing, "Say what: /reverse tea").await?;
        nora.says("chat1", "/revert tea").await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
