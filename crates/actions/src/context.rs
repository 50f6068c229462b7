//! The way to answer one event.

use std::{fmt, sync::Arc};

use b24bot_core::{Bot, BotId, DialogId, Event, Generation, MessageId, Secret};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    bot,
    call::Call,
    client::Client,
    error::{Error, ErrorKind},
    like::{LikeAction, Mark},
    portals::Portals,
};

/// One event and the way back to the portal it came from. Cheap to clone.
///
/// ```no_run
/// # async fn example(ctx: b24bot_actions::Context, message: b24bot_core::Message) -> Result<(), b24bot_actions::Error> {
/// ctx.like(message.id).await?;
/// ctx.reply("You are welcome!").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Context {
    portals: Portals,
    event: Arc<Event>,
}

impl Context {
    pub(crate) fn new(portals: Portals, event: Arc<Event>) -> Self {
        Self { portals, event }
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The portal with the credentials for this event: the configured webhook, otherwise the bot's own token. The
    /// token of whoever caused the event is never used: the bot would act in that person's name.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] without either, [`ErrorKind::Address`] if the portal's address cannot be used.
    pub fn client(&self) -> Result<Client, Error> {
        if let Some(client) = self.portals.webhook_client() {
            return Ok(client);
        }
        match self.event.bot.as_ref().and_then(|bot| bot.auth.as_ref()) {
            Some(auth) => {
                let portal = self.event.portal.member_id.as_ref();
                self.portals.token_client(portal, &auth.client_endpoint, auth.access_token.clone())
            }
            None => Err(Error::new(ErrorKind::NoCredentials, self.event.name.as_str()).note(
                "the event brings no token of the bot's own; configure an inbound webhook \
                 (`webhook` under `[portal]` in bot.toml), or let an application register the bot",
            )),
        }
    }

    /// Likes a message: `im.message.like` with `ACTION=plus`. Doing it again changes nothing.
    ///
    /// From whom the like is depends on the credentials; see the crate's front page.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that the like stood already is none.
    pub async fn like(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Plus).await
    }

    /// Takes the like away: `im.message.like` with `ACTION=minus`. Doing it again changes nothing.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that there was no like is none.
    pub async fn unlike(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Minus).await
    }

    /// Sets the like or takes it away, whichever changes something: `im.message.like` with `ACTION=auto`. Never
    /// repeated when it is in doubt whether it was done, and not possible for v2 bots without the scope `im`.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn toggle_like(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Auto).await
    }

    async fn mark(&self, message: MessageId, action: LikeAction) -> Result<Mark, Error> {
        let client = self.client()?;
        let generation = self.event.generation;
        let speaks = !client.is_webhook() || self.key(generation).is_some();
        let own = self.event.bot.as_ref().filter(|_| speaks).map(|bot| (bot.id, generation));
        client.mark(message, action, own, |call| self.signed(&client, generation, call)).await
    }

    /// Sets a reaction of the bot's (`fire`, `redHeart`, `facepalm`, …), in place of its earlier one:
    /// `imbot.v2.Chat.Message.Reaction.add`.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that the reaction stood already is none.
    pub async fn react(&self, message: impl Into<MessageId>, reaction: &str) -> Result<Mark, Error> {
        let client = self.client()?;
        let call = bot::react(self.bot_id()?, message.into(), reaction);
        client.mark_unless(Some(bot::ALREADY_SET), self.signed(&client, Generation::V2, call)).await
    }

    /// Writes to the dialog the event came from, as the bot. Returns the new message's id.
    ///
    /// BB code in the text is taken as it is: for what users wrote there is [`send`](Context::send), or
    /// [`harmless`](crate::content::harmless).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an event that belongs to no dialog; otherwise see [`ErrorKind`].
    pub async fn reply(&self, text: &str) -> Result<MessageId, Error> {
        self.say(self.dialog("reply")?, text).await
    }

    /// Writes to a dialog as the bot: `imbot.message.add`, `imbot.v2.Chat.Message.send` for a v2 bot. Returns the
    /// new message's id. Not repeated when it is in doubt whether it was written.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn say(&self, dialog: impl Into<DialogId>, text: &str) -> Result<MessageId, Error> {
        /// What `imbot.v2.Chat.Message.send` returns.
        #[derive(Deserialize)]
        struct Sent {
            id: MessageId,
        }
        let (client, bot, dialog) = (self.client()?, self.bot_id()?, dialog.into());
        match self.event.generation {
            generation @ Generation::V1 => {
                let call = self.signed(&client, generation, bot::say_v1(bot, &dialog, text));
                Ok(client.send(call).await?.result)
            }
            generation @ Generation::V2 => {
                let call = self.signed(&client, generation, bot::say_v2(bot, &dialog, text));
                Ok(client.send::<Sent>(call).await?.result.id)
            }
        }
    }

    /// Calls any method with the credentials for this event and returns its result.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn call<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        self.client()?.call(method, &params).await
    }

    /// The bot that answers: the event's, otherwise the configured one.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] where neither names one.
    pub fn bot_id(&self) -> Result<BotId, Error> {
        let id = self.event.bot.as_ref().map(|bot| bot.id).or(self.portals.registered_bot().id);
        id.ok_or_else(|| {
            let error = Error::new(ErrorKind::NoCredentials, self.event.name.as_str());
            error.note("the event names no bot; configure `bot_id` under `[portal]` in bot.toml")
        })
    }

    /// The dialog that the event came from.
    pub(crate) fn dialog(&self, during: &str) -> Result<DialogId, Error> {
        self.event.dialog().cloned().ok_or_else(|| {
            let error = Error::new(ErrorKind::Unsupported, during);
            error.note(format!("{} belongs to no dialog", self.event.name))
        })
    }

    /// A bot that was registered through a webhook signs its calls with what it was registered with. Where that is not
    /// configured the call goes out without: the portal has the last word on what it takes.
    pub(crate) fn signed(&self, client: &Client, generation: Generation, call: Call) -> Call {
        match self.key(generation) {
            Some((name, secret)) if client.is_webhook() => call.with(name, secret.expose()),
            _ => call,
        }
    }

    fn key(&self, generation: Generation) -> Option<(&'static str, &Secret)> {
        let bot = self.portals.registered_bot();
        match generation {
            Generation::V1 => bot.client_id.as_ref().map(|secret| ("CLIENT_ID", secret)),
            Generation::V2 => bot.token.as_ref().map(|secret| ("botToken", secret)),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("event", &self.event.name)
            .field("bot", &self.event.bot.as_ref().map(|bot: &Bot| bot.id))
            .finish_non_exhaustive()
    }
}
