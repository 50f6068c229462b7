//! Testing a bot: a portal in the test, people who talk, and what the bot is expected to do.
//!
//! A [`Stage`] is a local portal on a free port with the bot registered to it. [People](Person) talk there, and what the
//! [bot](BotOnStage) does is awaited:
//!
//! ```
//! use b24bot::{prelude::*, testing::{Failure, Stage}};
//!
//! struct LikeThanks;
//!
//! #[async_trait]
//! impl Handler for LikeThanks {
//!     async fn on_message(&self, ctx: &Context, message: &Message) -> Result<()> {
//!         if message.text.to_lowercase().contains("thank") {
//!             ctx.like(message.id).await?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! #[tokio::test]
//! # async fn hidden() {}
//! # #[tokio::main(flavor = "current_thread")]
//! async fn thanks_are_liked() -> Result<(), Failure> {
//!     let stage = Stage::with(LikeThanks).await?;
//!     let anna = stage.user(27);
//!     let thanks = anna.says("chat1", "Thank you all!").await?;
//!     stage.bot().likes(thanks).await?;
//!     anna.says("chat1", "See you tomorrow").await?;
//!     stage.expect_no_further_calls().await
//! }
//! # fn main() { thanks_are_liked().unwrap(); }
//! ```
//!
//! A [`Failure`] tells where in the test, what was expected, and the whole conversation: who said what, which events the
//! bot got and what it answered, what it called and what the portal answered to that. It is a `Result`, so that tests can
//! use `?`, and prints the same when it is unwrapped.
//!
//! # Waiting
//!
//! Nothing sleeps: whenever something happens on the portal, what is expected is looked for again, for thirty seconds
//! unless told otherwise ([`Expectation::within`], [`Stage::patience`]). [`Stage::expect_no_further_calls`] waits until
//! every event is answered and every handler has ended, retries included. The sockets are real: tokio's paused clock
//! does not go together with them. For the portal's own clock there is [`Stage::advance_clock`].
//!
//! # Side by side
//!
//! Every stage has ports, a portal and a store in memory of its own, so that tests can run in parallel. In `bot.toml`,
//! `[portal]`, `[app]` and `[security]` do not count, as with [`Bot::dev`](crate::Bot::dev), and neither do `[store]`,
//! `[admin]` and the port in `[server]`. A bot with `mode = "fetch"` cannot be staged: the portal posts its events.

mod act;
mod bot;
mod calls;
mod control;
mod conversation;
mod expectation;
mod failure;
mod pattern;
mod person;
mod said;
mod stage;

pub use act::Act;
pub use bot::BotOnStage;
pub use calls::Call;
pub use expectation::Expectation;
pub use failure::{Failure, FailureKind};
pub use pattern::{Pattern, containing, matching};
pub use person::Person;
pub use said::{Chat, Said};
pub use stage::Stage;
