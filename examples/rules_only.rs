//! No code, only rules: all it does stands in `rules_only.toml`. The program `b24bot` does the same:
//! `b24bot dev --config examples/rules_only.toml`.

use b24bot::prelude::*;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt::init();
    let portal = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9400".into());
    let bot = Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/rules_only.toml"))?;
    bot.dev(portal.parse()?).await?.run().await
}
