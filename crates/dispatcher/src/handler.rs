//! What a bot does when something happens.

use std::error::Error;

use async_trait::async_trait;
use b24bot_actions::Context;
use b24bot_core::{
    AppInstall, AppMethodConfirm, AppPayment, AppUninstall, AppUpdate, BotDelete, Command, ConnectorMessage,
    ConnectorRemoved, ContextGet, Event, JoinChat, Message, MessageDelete, OpenLineMessage, Payload,
    ReactionChange, Session,
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

    /// A portal installed the application: ONAPPINSTALL.
    async fn on_app_install(&self, ctx: &Context, install: &AppInstall) -> Result {
        let _ = (ctx, install);
        Ok(())
    }

    /// A portal updated the application: ONAPPUPDATE.
    async fn on_app_update(&self, ctx: &Context, update: &AppUpdate) -> Result {
        let _ = (ctx, update);
        Ok(())
    }

    /// A portal removed the application: ONAPPUNINSTALL.
    async fn on_app_uninstall(&self, ctx: &Context, uninstall: &AppUninstall) -> Result {
        let _ = (ctx, uninstall);
        Ok(())
    }

    /// A portal paid for the application, or did not: ONAPPPAYMENT.
    async fn on_app_payment(&self, ctx: &Context, payment: &AppPayment) -> Result {
        let _ = (ctx, payment);
        Ok(())
    }

    /// An administrator allowed or refused a method: ONAPPMETHODCONFIRM.
    async fn on_app_method_confirm(&self, ctx: &Context, confirm: &AppMethodConfirm) -> Result {
        let _ = (ctx, confirm);
        Ok(())
    }

    /// A message in an open channel: ONOPENLINEMESSAGEADD, …UPDATE, …DELETE.
    async fn on_open_line_message(&self, ctx: &Context, message: &OpenLineMessage) -> Result {
        let _ = (ctx, message);
        Ok(())
    }

    /// A conversation in an open channel began or ended: ONSESSIONSTART, ONSESSIONFINISH,
    /// ONIMCONNECTORDIALOGSTART, ONIMCONNECTORDIALOGFINISH.
    async fn on_session(&self, ctx: &Context, session: &Session) -> Result {
        let _ = (ctx, session);
        Ok(())
    }

    /// A message for a connector to deliver: ONIMCONNECTORMESSAGEADD, …UPDATE, …DELETE.
    async fn on_connector_message(&self, ctx: &Context, message: &ConnectorMessage) -> Result {
        let _ = (ctx, message);
        Ok(())
    }

    /// An open channel or a connector was removed: ONIMCONNECTORLINEDELETE, ONIMCONNECTORSTATUSDELETE.
    async fn on_connector_removed(&self, ctx: &Context, removed: &ConnectorRemoved) -> Result {
        let _ = (ctx, removed);
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
        Payload::AppInstall(install) => handler.on_app_install(ctx, install).await,
        Payload::AppUpdate(update) => handler.on_app_update(ctx, update).await,
        Payload::AppUninstall(uninstall) => handler.on_app_uninstall(ctx, uninstall).await,
        Payload::AppPayment(payment) => handler.on_app_payment(ctx, payment).await,
        Payload::AppMethodConfirm(confirm) => handler.on_app_method_confirm(ctx, confirm).await,
        Payload::OpenLineMessage(message) => handler.on_open_line_message(ctx, message).await,
        Payload::Session(session) => handler.on_session(ctx, session).await,
        Payload::ConnectorMessage(message) => handler.on_connector_message(ctx, message).await,
        Payload::ConnectorRemoved(removed) => handler.on_connector_removed(ctx, removed).await,
        _ => Ok(()),
    }
}
