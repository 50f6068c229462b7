//! Asks who comes to lunch, with buttons, and counts in the question itself. Each button calls the command `/lunch`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use b24bot::{
    actions::content::{Button, Keyboard, OutgoingMessage},
    prelude::*,
};

#[derive(Default)]
struct Lunch(Mutex<HashMap<DialogId, Poll>>);

/// The question of a dialog, and who said yes.
struct Poll {
    question: MessageId,
    coming: HashSet<UserId>,
}

fn question(coming: usize) -> OutgoingMessage {
    let buttons = [Button::command("I come", "lunch", "yes"), Button::command("Not today", "lunch", "no")];
    OutgoingMessage::new(format!("Who comes to lunch? So far {coming}."))
        .keyboard(Keyboard::new().row(buttons))
}

#[async_trait]
impl Handler for Lunch {
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
        if message.text.eq_ignore_ascii_case("lunch") {
            let poll = Poll { question: ctx.send(question(0)).await?, coming: HashSet::new() };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(message.dialog.clone(), poll);
        }
        Ok(())
    }

    async fn on_command(&self, ctx: &Context, command: &Command) -> Result<()> {
        // The message with the buttons is the bot's own: who has pressed one stands beside it.
        let Some(user) = command.user.as_ref().map(|user| user.id) else { return Ok(()) };
        let changed = {
            let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            polls.get_mut(&command.message.dialog).map(|poll| {
                match command.params.as_str() {
                    "yes" => poll.coming.insert(user),
                    _ => poll.coming.remove(&user),
                };
                (poll.question, poll.coming.len())
            })
        };
        if let Some((message, coming)) = changed {
            ctx.edit(message, question(coming)).await?;
        }
        Ok(())
    }
}

fn bot() -> Result<Bot> {
    let lunch = CommandSettings::new("lunch").hidden();
    Ok(Bot::for_dev(concat!(env!("CARGO_MANIFEST_DIR"), "/bot_v2.toml"))?
        .command(lunch)
        .handler(Lunch::default()))
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
    async fn counts_who_comes() -> Result<()> {
        let stage = Stage::of(bot()?).await?;
        let (nora, timur) = (stage.user(27), stage.user(42));
        let asked = nora.says("chat1", "Lunch").await?;
        let poll = stage.bot().replies(asked, "Who comes to lunch? So far 0.").await?;
        stage.bot().shows_keyboard(poll, &["I come", "Not today"]).await?;
        for (who, button, coming) in [(nora, "I come", 1), (timur, "I come", 2), (timur, "Not today", 1)] {
            who.presses(poll, button).await?;
            stage.bot().edits(poll, format!("Who comes to lunch? So far {coming}.")).await?;
        }
        stage.expect_no_further_calls().await?;
        Ok(())
    }
}
