//! The calls that a bot makes as itself, in both generations of the bot platform.

use b24bot_core::{BotId, DialogId, Generation, MessageId};
use serde_json::json;

use crate::{call::Call, like::LikeAction};

/// The error of [`react`] when the reaction stood already.
pub(crate) const ALREADY_SET: &str = "REACTION_ALREADY_SET";

/// The errors of a like as a reaction that stood as asked already. Set or taken away, it can meet either: it shares the
/// outcome of what replaced it.
pub(crate) const LIKE_STOOD: &[&str] = &[ALREADY_SET, "REACTION_NOT_FOUND"];

/// `imbot.message.like`
pub(crate) fn like(bot: BotId, message: MessageId, action: LikeAction) -> Call {
    let call = Call::new("imbot.message.like").with("BOT_ID", bot.get());
    call.with("MESSAGE_ID", message.get()).with("ACTION", action.as_str())
}

/// `imbot.v2.Chat.Message.Reaction.add`: takes the place of the bot's earlier reaction.
pub(crate) fn react(bot: BotId, message: MessageId, code: &str) -> Call {
    reaction("imbot.v2.Chat.Message.Reaction.add", bot, message, code)
}

/// `imbot.v2.Chat.Message.Reaction.delete`
pub(crate) fn unreact(bot: BotId, message: MessageId, code: &str) -> Call {
    reaction("imbot.v2.Chat.Message.Reaction.delete", bot, message, code)
}

fn reaction(method: &str, bot: BotId, message: MessageId, code: &str) -> Call {
    let call = Call::new(method).with("botId", bot.get());
    call.with("messageId", message.get()).with("reaction", code).idempotent()
}

/// The method that writes a message.
pub(crate) const fn say(generation: Generation) -> &'static str {
    match generation {
        Generation::V1 => "imbot.message.add",
        Generation::V2 => "imbot.v2.Chat.Message.send",
    }
}

/// `imbot.message.add`
pub(crate) fn say_v1(bot: BotId, dialog: &DialogId, text: &str) -> Call {
    let call = Call::new(say(Generation::V1)).with("BOT_ID", bot.get());
    call.with("DIALOG_ID", dialog.as_str()).with("MESSAGE", text)
}

/// `imbot.v2.Chat.Message.send`
pub(crate) fn say_v2(bot: BotId, dialog: &DialogId, text: &str) -> Call {
    let call = Call::new(say(Generation::V2)).with("botId", bot.get());
    call.with("dialogId", dialog.as_str()).with("fields", json!({ "message": text }))
}
