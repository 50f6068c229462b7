//! Says what files it was sent, and sends a small file back. The local portal has no files: this one is for a real
//! portal, with a `bot.toml` that has its credentials.

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

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let config = std::env::args().nth(1).unwrap_or_else(|| "bot.toml".into());
    Bot::from_config(config)?.handler(Files).run().await
}
