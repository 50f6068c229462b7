//! The second generation: `imbot.v2.*`, keys in camel case, nested.

use super::{Parts, fields::Fields};
use crate::{
    Bot, BotDelete, BotId, Chat, ChatKind, Command, ContextGet, DecodeError, DialogId, File, FileId, Forward,
    JoinChat, Message, MessageDelete, MessageId, Payload, Portal, ReactionChange, User, UserId, mention,
};

pub(super) fn read(name: &str, data: Fields<'_>, portal: &Portal) -> Result<Parts, DecodeError> {
    let bot = bot(data.child("bot"), portal);
    let id = bot.as_ref().map(|bot| bot.id);
    // What a user sees comes in the same form as what a bot sees, without the bot.
    let what = name.strip_prefix("ONIMBOTV2").or_else(|| name.strip_prefix("ONIMV2")).unwrap_or(name);
    let payload = match what {
        "MESSAGEADD" => Payload::MessageAdd(message(data, id)?),
        "MESSAGEUPDATE" => Payload::MessageUpdate(message(data, id)?),
        "MESSAGEDELETE" => message_delete(data)?,
        "JOINCHAT" => {
            let dialog = dialog(data)?;
            let chat = chat(data.child("chat"), &dialog);
            Payload::JoinChat(JoinChat {
                dialog,
                chat,
                user: user(data.child("user")),
                language: data.some_text("language"),
            })
        }
        "DELETE" => Payload::BotDelete(BotDelete::default()),
        "COMMANDADD" => {
            let command = data.child("command");
            Payload::Command(Command {
                id: command.id(&["id"]),
                name: command.text("command").trim_start_matches('/').to_owned(),
                params: command.text("params"),
                context: command.some_text("context").map(|context| context.to_lowercase()),
                user: user(data.child("user")),
                message: message(data, id)?,
            })
        }
        "REACTIONCHANGE" => Payload::ReactionChange(ReactionChange {
            reaction: data.text("reaction"),
            added: !matches!(data.text("action").as_str(), "delete" | "remove"),
            user: user(data.child("user")),
            // The user in this event is who reacted, not who wrote the message.
            message: Message { author: User::unknown(author(data)), ..message(data, id)? },
        }),
        "CONTEXTGET" => {
            let (dialog, context) = (dialog(data)?, data.child("context"));
            Payload::ContextGet(ContextGet {
                chat: chat(data.child("chat"), &dialog),
                dialog,
                user: user(data.child("user")),
                entity_type: context.some_text("entityType"),
                entity_id: context.some_text("entityId"),
                source: context.some_text("source"),
            })
        }
        _ => Payload::Other,
    };
    Ok(vec![(bot, payload)])
}

fn bot(bot: Fields<'_>, portal: &Portal) -> Option<Bot> {
    Some(Bot { id: bot.id(&["id"])?, code: bot.text("code"), auth: bot.child("auth").auth(portal) })
}

fn message(data: Fields<'_>, bot: Option<BotId>) -> Result<Message, DecodeError> {
    let message = data.child("message");
    let id = message
        .id(&["id"])
        .filter(|id: &MessageId| id.get() != 0)
        .ok_or_else(|| DecodeError::missing("data[message][id]"))?;
    let dialog = dialog(data)?;
    let original_text = message.text("text");
    let mentions = mention::find(&original_text);
    let author = author(data);
    Ok(Message {
        id,
        chat: chat(data.child("chat"), &dialog),
        dialog,
        author: user(data.child("user"))
            .filter(|user| user.id == author)
            .unwrap_or_else(|| User::unknown(author)),
        text: mention::strip(&original_text, &original_text),
        original_text,
        mentions_bot: bot.is_some_and(|bot| mentions.contains(&bot.into())),
        mentions,
        is_system: message.flag("isSystem"),
        reply_to: message.id(&["replyId"]).or_else(|| message.child("params").id(&["REPLY_ID", "replyId"])),
        forward: forward(message.child("forward")),
        files: files(message),
        language: data.some_text("language"),
    })
}

fn message_delete(data: Fields<'_>) -> Result<Payload, DecodeError> {
    let id = data.id(&["messageId"]).or_else(|| data.child("message").id(&["id"]));
    let dialog = dialog(data)?;
    Ok(Payload::MessageDelete(MessageDelete {
        id: id.ok_or_else(|| DecodeError::missing("data[messageId]"))?,
        chat: chat(data.child("chat"), &dialog),
        dialog,
        user: data.child("user").id(&["id"]),
    }))
}

/// Its id is a number, or a path that ends with it: `chat5/789`.
fn forward(forward: Fields<'_>) -> Option<Forward> {
    let id = forward.some_text("id")?;
    Some(Forward {
        id: id.rsplit('/').next().and_then(|id| id.parse().ok()),
        author: forward.id(&["userId"]),
        chat: forward.id(&["chatId"]),
    })
}

fn author(data: Fields<'_>) -> UserId {
    data.child("message").id(&["authorId"]).unwrap_or(UserId::from(0))
}

fn dialog(data: Fields<'_>) -> Result<DialogId, DecodeError> {
    let chat = data.child("chat");
    data.some_text("dialogId")
        .or_else(|| chat.some_text("dialogId"))
        .map(DialogId::from)
        .ok_or_else(|| DecodeError::missing("data[chat][dialogId]"))
}

fn chat(chat: Fields<'_>, dialog: &DialogId) -> Chat {
    let entity_type = chat.some_text("entityType");
    Chat {
        id: Chat::id_of(chat.number("id"), dialog),
        kind: ChatKind::of(&chat.text("type"), entity_type.as_deref().unwrap_or_default(), dialog),
        title: chat.some_text("name"),
        entity_type,
        entity_id: chat.some_text("entityId"),
        entity_data: ["entityData1", "entityData2", "entityData3"].map(|key| chat.some_text(key)),
    }
}

fn user(user: Fields<'_>) -> Option<User> {
    let kind = user.text("type");
    Some(User {
        name: user.text("name"),
        first_name: user.text("firstName"),
        last_name: user.text("lastName"),
        work_position: user.text("workPosition"),
        gender: user.parsed("gender"),
        is_bot: user.flag("bot"),
        is_connector: user.flag("connector"),
        is_network: user.flag("network") || kind == "network",
        is_extranet: user.flag("extranet"),
        ..User::unknown(user.id(&["id"])?)
    })
}

/// `files` describes them in newer revisions; `params.FILE_ID` lists ids in all.
fn files(message: Fields<'_>) -> Vec<File> {
    let described =
        message.child("files").children().filter_map(|(_, file)| Some(file.file(file.id(&["id"])?)));
    super::fields::with_bare_ids(described.collect(), message.child("params").ids::<FileId>("FILE_ID"))
}
