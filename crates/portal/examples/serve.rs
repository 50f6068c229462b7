//! The local portal alone: `cargo run -p b24bot-portal --example serve`.
#![expect(clippy::print_stdout, reason = "tells where the portal is")]

use b24bot_portal::Portal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut portal = Portal::builder();
    if let Some(address) = std::env::args().nth(1) {
        portal = portal.listen(address.parse()?);
    }
    let portal = portal.start().await?;
    println!("chat at {}, webhook {}", portal.url(), portal.webhook_url());
    std::future::pending().await
}
