//! What the bot does, on a portal inside the test.

use b24bot::testing::{Stage, containing};

use super::*;

/// A portal with the bot on it: users 1, 27 and 42, all in `chat1` with the bot.
async fn stage() -> Result<Stage> {
    Ok(Stage::of(Bot::for_dev("bot.toml")?.handler(MyBot)).await?)
}

#[tokio::test]
async fn likes_thanks_and_nothing_else() -> Result<()> {
    let stage = stage().await?;
    let thanks = stage.user(27).says("chat1", "Thank you all!").await?;
    stage.bot().likes(thanks).await?;
    stage.user(42).says("chat1", "See you tomorrow.").await?;
    stage.expect_no_further_calls().await?;
    Ok(())
}

#[tokio::test]
async fn greets_whoever_opens_a_chat() -> Result<()> {
    let stage = stage().await?;
    let nora = stage.user(27);
    nora.says(stage.bot(), "Good morning").await?;
    stage.bot().says(nora, "Hello, Nora!").await?;
    stage.expect_no_further_calls().await?;
    Ok(())
}

#[tokio::test]
async fn the_rule_of_bot_toml_serves_tea() -> Result<()> {
    let stage = stage().await?;
    let tea = stage.user(42).says("chat1", "Tea, anyone?").await?;
    stage.bot().replies(tea, containing("One tea for ")).await?;
    stage.expect_no_further_calls().await?;
    Ok(())
}
