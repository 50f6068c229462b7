//! What a bot does when something happens.

use std::error::Error;

use async_trait::async_trait;
use b24bot_actions::Context;
use b24bot_core::{
    BotDelete, Command, ContextGet, Event, JoinChat, Message, MessageDelete, Payload, ReactionChange,
};

/// Whatever went wrong in a handler.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What handlers return: any error can be passed on with `?`.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

/// A bot's behaviour: a method for every event of the platform, each of which does nothing unless written.
///
/// Events of one dialog come one after the other, those of different dialogs at the same time. An error or a panic
/// ends the handling of that event by this handler, and nothing else.
///
/// ```
/// use async_trait::async_trait;
/// use b24bot_actions::Context;
/// use b24bot_core::Message;
/// use b24bot_dispatcher::{Handler, Result};
///
/// struct LikeThanks;
///
/// #[async_trait]
/// impl Handler for LikeThanks {
///     async fn on_message(&self, ctx: &Context, message: &Message) -> Result {
///         if message.text.to_lowercase().contains("thank") {
///             ctx.like(message.id).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Any event at all, before its own method is called; an error here keeps it from being called. Events that
    /// have no method of their own are seen here only.
    async fn on_event(&self, ctx: &Context, event: &Event) -> Result {
        let _ = (ctx, event);
        Ok(())
    }

    /// Someone wrote to the bot, or mentioned it in a group: ONIMBOTMESSAGEADD, ONIMBOTV2MESSAGEADD.
    async fn on_message(&self, ctx: &Context, message: &Message) -> Result {
        let _ = (ctx, message);
        Ok(())
    }

    /// A message was changed: ONIMBOTMESSAGEUPDATE, ONIMBOTV2MESSAGEUPDATE.
    async fn on_message_update(&self, ctx: &Context, message: &Message) -> Result {
        let _ = (ctx, message);
        Ok(())
    }

    /// A message was deleted: ONIMBOTMESSAGEDELETE, ONIMBOTV2MESSAGEDELETE.
    async fn on_message_delete(&self, ctx: &Context, deleted: &MessageDelete) -> Result {
        let _ = (ctx, deleted);
        Ok(())
    }

    /// The bot was added to a chat, or someone opened a dialog with it: ONIMBOTJOINCHAT, ONIMBOTV2JOINCHAT.
    async fn on_join_chat(&self, ctx: &Context, join: &JoinChat) -> Result {
        let _ = (ctx, join);
        Ok(())
    }

    /// The bot was deleted from the portal: ONIMBOTDELETE, ONIMBOTV2DELETE.
    async fn on_bot_delete(&self, ctx: &Context, deleted: &BotDelete) -> Result {
        let _ = (ctx, deleted);
        Ok(())
    }

    /// Someone called a slash command: ONIMCOMMANDADD, ONIMBOTV2COMMANDADD. The message that called it can come to
    /// [`on_message`](Handler::on_message) as well.
    async fn on_command(&self, ctx: &Context, command: &Command) -> Result {
        let _ = (ctx, command);
        Ok(())
    }

    /// Someone set or removed a reaction: ONIMBOTV2REACTIONCHANGE.
    async fn on_reaction_change(&self, ctx: &Context, change: &ReactionChange) -> Result {
        let _ = (ctx, change);
        Ok(())
    }

    /// Someone opened the bot from a place on the portal: ONIMBOTV2CONTEXTGET.
    async fn on_context_get(&self, ctx: &Context, context: &ContextGet) -> Result {
        let _ = (ctx, context);
        Ok(())
    }
}

/// Calls the methods that an event is for.
pub(crate) async fn call(handler: &dyn Handler, ctx: &Context, event: &Event) -> Result {
    handler.on_event(ctx, event).await?;
    match &event.payload {
        Payload::MessageAdd(message) => handler.on_message(ctx, message).await,
        Payload::MessageUpdate(message) => handler.on_message_update(ctx, message).await,
        Payload::MessageDelete(deleted) => handler.on_message_delete(ctx, deleted).await,
        Payload::JoinChat(join) => handler.on_join_chat(ctx, join).await,
        Payload::BotDelete(deleted) => handler.on_bot_delete(ctx, deleted).await,
        Payload::Command(command) => handler.on_command(ctx, command).await,
        Payload::ReactionChange(change) => handler.on_reaction_change(ctx, change).await,
        Payload::ContextGet(context) => handler.on_context_get(ctx, context).await,
        _ => Ok(()),
    }
}
