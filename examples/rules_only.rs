//! No code, only rules: all it does stands in `rules_only.toml`. The program `b24bot` does the same:
//! `b24bot dev --config examples/rules_only.toml`.

use b24bot::prelude::*;

fn bot() -> Result<Bot> {
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/rules_only.toml"))?)
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
    async fn likes_thanks_and_congratulates_three_times_a_minute() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let thanks = stage.user(27).says("chat1", "Спасибо!").await?;
        stage.bot().likes(thanks).await?;
        for _ in 0..3 {
            let deployed = stage.user(42).says("chat1", "We have deployed.").await?;
            stage.bot().replies(deployed, containing("Congratulations, ")).await?;
        }
        stage.user(42).says("chat1", "We have deployed again.").await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
