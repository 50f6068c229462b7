//! Says what files it was sent, and sends a small file back.

use b24bot::{actions::files::Upload, prelude::*};

struct Files;

#[async_trait]
impl Handler for Files {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        if message.files.is_empty() {
            return Ok(());
        }
        let mut list = String::new();
        for file in &message.files {
            // However large the file is, only a piece of it is here at any time.
            let mut download = ctx.download(file.id).await?;
            let (mut bytes, mut lines) = (0, 0);
            while let Some(chunk) = download.chunk().await? {
                bytes += chunk.len();
                lines += chunk.iter().filter(|byte| **byte == b'\n').count();
            }
            let name = file.name.as_deref().unwrap_or("without a name");
            list += &format!("{name}: {bytes} bytes, {lines} lines\n");
        }
        let text = format!("You have sent {} files.", message.files.len());
        ctx.upload(Upload::bytes("files.txt", list).message(text)).await?;
        Ok(())
    }
}

fn bot() -> Result<Bot> {
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot_v2.toml"))?.handler(Files))
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
    async fn counts_the_lines_of_a_file() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        stage.user(27).sends_file("chat1", "list.txt", "tea\ncoffee\n").await?;
        stage.bot().calls("imbot.v2.File.download").await?;
        let answer = stage.bot().sends_file("chat1", "files.txt").await?;
        assert_eq!(stage.file(answer, "files.txt").await?, b"list.txt: 11 bytes, 2 lines\n");
        stage.user(27).says("chat1", "No file.").await?;
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
