//! Whole messages of the bot's: sent, changed, deleted, and given as the answer to a command.

use b24bot_core::{DialogId, Generation, MessageId, Payload};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use crate::{
    bot,
    call::Call,
    content::{Encoded, OutgoingMessage},
    context::Context,
    error::{Error, ErrorKind},
    methods,
};

impl Context {
    /// Writes a message with all that belongs to it to the dialog the event came from, as the bot. Returns its id.
    ///
    /// ```no_run
    /// use b24bot_actions::content::{Button, Keyboard, OutgoingMessage};
    ///
    /// # async fn example(ctx: b24bot_actions::Context) -> Result<(), b24bot_actions::Error> {
    /// let buttons = [Button::command("Yes", "vote", "yes"), Button::command("No", "vote", "no")];
    /// ctx.send(OutgoingMessage::new("Shall we?").keyboard(Keyboard::new().row(buttons))).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an event that belongs to no dialog; otherwise as with
    /// [`send_to`](Self::send_to).
    pub async fn send(&self, message: impl Into<OutgoingMessage>) -> Result<MessageId, Error> {
        self.send_to(self.dialog("send")?, message).await
    }

    /// Writes a message to a dialog as the bot: `imbot.message.add`, `imbot.v2.Chat.Message.send` for a v2 bot. Not
    /// repeated when it is in doubt whether it was written.
    ///
    /// # Errors
    /// [`ErrorKind::Params`] for content that the platform would refuse, cut or leave out: nothing is sent then, and
    /// the source is a [`ContentError`](crate::content::ContentError). Otherwise see [`ErrorKind`].
    pub async fn send_to(
        &self,
        dialog: impl Into<DialogId>,
        message: impl Into<OutgoingMessage>,
    ) -> Result<MessageId, Error> {
        /// A message that only forwards others has no id of its own: the first forwarded one stands for it.
        #[derive(Deserialize)]
        struct Sent {
            id: Option<MessageId>,
            #[serde(default, rename = "uuidMap")]
            forwarded: Value,
        }
        let generation = self.event().generation;
        let (dialog, message, method) = (dialog.into(), message.into(), bot::say(generation));
        let once = self.once(method, &dialog);
        let (client, bot) = (self.client()?, self.bot_id()?);
        match generation {
            Generation::V1 => {
                let call = Call::new(method).with("BOT_ID", bot.get());
                let call = call.with("DIALOG_ID", dialog.as_str());
                let call = flat(call, message.to_params_v1()?)?;
                Ok(client.send_once(self.signed(&client, generation, call), once).await?.result)
            }
            Generation::V2 => {
                let call = Call::new(method).with("botId", bot.get());
                let call = call.with("dialogId", dialog.as_str());
                let call = nested(call, message.to_params_v2()?)?;
                let call = self.signed(&client, generation, call);
                let sent = client.send_once::<Sent>(call, once).await?.result;
                let first = || {
                    let ids = sent.forwarded.as_object()?.values();
                    ids.filter_map(|id| serde_json::from_value(id.clone()).ok()).min()
                };
                sent.id.or_else(first).ok_or_else(|| {
                    let error = Error::new(ErrorKind::Answer, method);
                    error.never_repeated().note("it names no message")
                })
            }
        }
    }

    /// Answers the slash command that the event is about, in the chat where it was called, even where the bot is no
    /// member: `imbot.command.answer`, `imbot.v2.Command.answer` for a v2 bot. Only v1 returns the new message's id.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for any other event; otherwise as with [`send_to`](Self::send_to).
    pub async fn answer_command(
        &self,
        message: impl Into<OutgoingMessage>,
    ) -> Result<Option<MessageId>, Error> {
        let Payload::Command(command) = &self.event().payload else {
            let error = Error::new(ErrorKind::Unsupported, "answer_command");
            return Err(error.note(format!("{} is no command", self.event().name)));
        };
        let (generation, about) = (self.event().generation, command.message.id.get());
        let method = match generation {
            Generation::V1 => "imbot.command.answer",
            Generation::V2 => "imbot.v2.Command.answer",
        };
        let once = self.once(method, about);
        let (client, message) = (self.client()?, message.into());
        match generation {
            Generation::V1 => {
                let mut call = Call::new(method).with("COMMAND", command.name.as_str());
                if let Some(id) = command.id {
                    call = call.with("COMMAND_ID", id.get());
                }
                let call = flat(call.with("MESSAGE_ID", about), message.to_params_v1()?)?;
                Ok(Some(client.send_once(self.signed(&client, generation, call), once).await?.result))
            }
            Generation::V2 => {
                let id = command.id.ok_or_else(|| {
                    let error = Error::new(ErrorKind::Unsupported, method);
                    error.note("the event does not name the registered command")
                })?;
                let call = Call::new(method).with("botId", self.bot_id()?.get());
                let call = call.with("commandId", id.get()).with("messageId", about);
                let call = call.with("dialogId", command.message.dialog.as_str());
                let call = nested(call, message.to_params_v2()?)?;
                client.send_once::<IgnoredAny>(self.signed(&client, generation, call), once).await?;
                Ok(None)
            }
        }
    }

    /// Changes a message of the bot's: `imbot.message.update`, `imbot.v2.Chat.Message.update` for a v2 bot. What is not
    /// given stays; an empty keyboard, attachment or menu takes the message's away. v1 messages can be changed for
    /// three days.
    ///
    /// # Errors
    /// As with [`send_to`](Self::send_to).
    pub async fn edit(
        &self,
        message: impl Into<MessageId>,
        to: impl Into<OutgoingMessage>,
    ) -> Result<(), Error> {
        let (client, bot, id) = (self.client()?, self.bot_id()?, message.into().get());
        let generation = self.event().generation;
        // The platform does not tell from the call whose commands a changed keyboard has.
        let changes = to.into().or_bot(bot).to_changes(generation)?;
        let call = match generation {
            Generation::V1 => {
                let call = Call::new("imbot.message.update").with("BOT_ID", bot.get());
                flat(call.with("MESSAGE_ID", id), changes)?
            }
            Generation::V2 => {
                let call = Call::new("imbot.v2.Chat.Message.update").with("botId", bot.get());
                nested(call.with("messageId", id), changes)?
            }
        };
        client.send::<IgnoredAny>(self.signed(&client, generation, call.idempotent())).await?;
        Ok(())
    }

    /// Deletes a message of the bot's: `imbot.message.delete`, `imbot.v2.Chat.Message.delete` for a v2 bot.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn delete(&self, message: impl Into<MessageId>) -> Result<(), Error> {
        let (client, bot, id) = (self.client()?, self.bot_id()?, message.into().get());
        let generation = self.event().generation;
        let call = match generation {
            Generation::V1 => {
                Call::new("imbot.message.delete").with("BOT_ID", bot.get()).with("MESSAGE_ID", id)
            }
            Generation::V2 => {
                Call::new("imbot.v2.Chat.Message.delete").with("botId", bot.get()).with("messageId", id)
            }
        };
        client.send::<IgnoredAny>(self.signed(&client, generation, call.idempotent())).await?;
        Ok(())
    }
}

/// Content among the other parameters, as v1 has it.
fn flat(call: Call, content: Encoded) -> Result<Call, Error> {
    let content = known(&call, "", content)?;
    Ok(content.into_iter().fold(call, |call, (name, value)| call.with(&name, value)))
}

/// Content under `fields`, as v2 has it.
fn nested(call: Call, content: Encoded) -> Result<Call, Error> {
    let content = known(&call, "fields.", content)?;
    Ok(call.with("fields", content))
}

/// Not every method that takes a message takes all of it; what one does not know the platform leaves out silently.
fn known(call: &Call, prefix: &str, content: Encoded) -> Result<Map<String, Value>, Error> {
    let Value::Object(content) = content.into_value() else { return Ok(Map::new()) };
    let params = methods::find(call.method()).map_or(&[] as &[_], |info| info.params);
    let is_known = |name: &str| {
        params.iter().any(|param| param.name.strip_prefix(prefix).is_some_and(|known| known == name))
    };
    match content.keys().find(|name| !is_known(name)) {
        None => Ok(content),
        Some(name) => {
            let error = Error::new(ErrorKind::Params, call.method());
            Err(error.note(format!("this method knows no `{name}`")))
        }
    }
}
