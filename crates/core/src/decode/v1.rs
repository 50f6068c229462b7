//! The first generation: `imbot.*`, keys in capitals.

use super::{Parts, fields::Fields};
use crate::{
    Bot, BotDelete, BotId, Chat, ChatKind, Command, DecodeError, DialogId, File, FileId, JoinChat, Message,
    MessageDelete, MessageId, Payload, Portal, User, UserId, mention,
};

pub(super) fn read(name: &str, data: Fields<'_>, portal: &Portal) -> Result<Parts, DecodeError> {
    let payload: fn(Fields<'_>, Option<BotId>) -> Result<Payload, DecodeError> = match name {
        "ONIMBOTMESSAGEADD" => |data, bot| message(data, bot).map(Payload::MessageAdd),
        "ONIMBOTMESSAGEUPDATE" => |data, bot| message(data, bot).map(Payload::MessageUpdate),
        "ONIMBOTMESSAGEDELETE" => |data, _| message_delete(data),
        "ONIMBOTJOINCHAT" => |data, _| join_chat(data),
        "ONIMBOTDELETE" => |_, _| Ok(Payload::BotDelete(BotDelete::default())),
        "ONIMCOMMANDADD" => return commands(data, portal),
        _ => |_, _| Ok(Payload::Other),
    };
    let named = data.child("BOT").children();
    let mut bots: Vec<Option<Bot>> =
        named.filter_map(|(id, entry)| bot(id, entry, portal)).map(Some).collect();
    if bots.is_empty() {
        // ONIMBOTDELETE names its bot outside of `BOT`.
        bots.push(bot("", data, portal));
    }
    bots.into_iter()
        .map(|bot| {
            let id = bot.as_ref().map(|bot| bot.id);
            Ok((bot, payload(data, id)?))
        })
        .collect()
}

fn bot(key: &str, bot: Fields<'_>, portal: &Portal) -> Option<Bot> {
    let id = bot.id(&["BOT_ID"]).or_else(|| key.parse().ok())?;
    Some(Bot {
        id,
        code: bot.text("BOT_CODE"),
        auth: bot.auth(portal).or_else(|| bot.child("AUTH").auth(portal)),
    })
}

fn commands(data: Fields<'_>, portal: &Portal) -> Result<Parts, DecodeError> {
    let parts: Parts = data
        .child("COMMAND")
        .children()
        .map(|(key, entry)| {
            let bot = bot("", entry, portal);
            let message = message_of(data, bot.as_ref().map(|bot| bot.id), entry.id(&["MESSAGE_ID"]))?;
            let command = Command {
                id: entry.id(&["COMMAND_ID"]).or_else(|| key.parse().ok()),
                name: entry.text("COMMAND").trim_start_matches('/').to_owned(),
                params: entry.text("COMMAND_PARAMS"),
                context: entry.some_text("COMMAND_CONTEXT").map(|context| context.to_lowercase()),
                user: user(data.child("USER")),
                message,
            };
            Ok((bot, Payload::Command(command)))
        })
        .collect::<Result<_, DecodeError>>()?;
    if parts.is_empty() { Err(DecodeError::missing("data[COMMAND]")) } else { Ok(parts) }
}

fn message(data: Fields<'_>, bot: Option<BotId>) -> Result<Message, DecodeError> {
    message_of(data, bot, None)
}

/// A command names its message once more; that counts where `PARAMS` does not.
fn message_of(data: Fields<'_>, bot: Option<BotId>, id: Option<MessageId>) -> Result<Message, DecodeError> {
    let params = data.child("PARAMS");
    let id = params
        .id(&["MESSAGE_ID", "ID"])
        .or(id)
        .filter(|id| id.get() != 0)
        .ok_or_else(|| DecodeError::missing("data[PARAMS][MESSAGE_ID]"))?;
    let dialog = dialog(params)?;
    let written = params.text("MESSAGE");
    let original_text = params.some_text("MESSAGE_ORIGINAL").unwrap_or_else(|| written.clone());
    let mut mentions: Vec<UserId> = params.ids("MENTIONED_LIST");
    for user in mention::find(&original_text) {
        if !mentions.contains(&user) {
            mentions.push(user);
        }
    }
    let author = params.id(&["FROM_USER_ID", "AUTHOR_ID"]);
    let author = user(data.child("USER"))
        .filter(|user| author.is_none_or(|id| id == user.id))
        .unwrap_or_else(|| User::unknown(author.unwrap_or(UserId::from(0))));
    Ok(Message {
        id,
        chat: chat(params, &dialog),
        dialog,
        author,
        text: mention::strip(&written, &original_text),
        original_text,
        mentions_bot: bot.is_some_and(|bot| mentions.contains(&bot.into())),
        mentions,
        is_system: params.flag("SYSTEM"),
        reply_to: params.id(&["REPLY_ID"]).or_else(|| params.child("PARAMS").id(&["REPLY_ID"])),
        // Only the second generation tells.
        forward: None,
        files: files(params),
        language: params.some_text("LANGUAGE"),
    })
}

fn message_delete(data: Fields<'_>) -> Result<Payload, DecodeError> {
    let params = data.child("PARAMS");
    let id =
        params.id(&["MESSAGE_ID", "ID"]).ok_or_else(|| DecodeError::missing("data[PARAMS][MESSAGE_ID]"))?;
    let dialog = dialog(params)?;
    let chat = chat(params, &dialog);
    Ok(Payload::MessageDelete(MessageDelete {
        id,
        dialog,
        chat,
        user: params.id(&["AUTHOR_ID", "FROM_USER_ID"]),
    }))
}

fn join_chat(data: Fields<'_>) -> Result<Payload, DecodeError> {
    let params = data.child("PARAMS");
    let dialog = dialog(params)?;
    let user = user(data.child("USER")).or_else(|| params.id(&["USER_ID"]).map(User::unknown));
    Ok(Payload::JoinChat(JoinChat {
        chat: chat(params, &dialog),
        dialog,
        user,
        language: params.some_text("LANGUAGE"),
    }))
}

fn dialog(params: Fields<'_>) -> Result<DialogId, DecodeError> {
    params
        .some_text("DIALOG_ID")
        .map(DialogId::from)
        .ok_or_else(|| DecodeError::missing("data[PARAMS][DIALOG_ID]"))
}

fn chat(params: Fields<'_>, dialog: &DialogId) -> Chat {
    let entity_type = params.some_text("CHAT_ENTITY_TYPE");
    let platform_type = params.some_text("CHAT_TYPE").unwrap_or_else(|| params.text("MESSAGE_TYPE"));
    Chat {
        id: Chat::id_of(params.number("CHAT_ID"), dialog),
        kind: ChatKind::of(&platform_type, entity_type.as_deref().unwrap_or_default(), dialog),
        title: params.some_text("CHAT_TITLE"),
        entity_type,
        entity_id: params.some_text("CHAT_ENTITY_ID"),
        entity_data: ["CHAT_ENTITY_DATA_1", "CHAT_ENTITY_DATA_2", "CHAT_ENTITY_DATA_3"]
            .map(|key| params.some_text(key)),
    }
}

fn user(user: Fields<'_>) -> Option<User> {
    Some(User {
        name: user.text("NAME"),
        first_name: user.text("FIRST_NAME"),
        last_name: user.text("LAST_NAME"),
        work_position: user.text("WORK_POSITION"),
        gender: user.parsed("GENDER"),
        is_bot: user.flag("IS_BOT"),
        is_connector: user.flag("IS_CONNECTOR"),
        is_network: user.flag("IS_NETWORK"),
        is_extranet: user.flag("IS_EXTRANET"),
        ..User::unknown(user.id(&["ID"])?)
    })
}

/// `FILES` maps ids to descriptions; `FILE_ID` lists ids; either can come alone.
fn files(params: Fields<'_>) -> Vec<File> {
    let described = params
        .child("FILES")
        .children()
        .filter_map(|(key, file)| Some(file.file(file.id(&["id", "ID"]).or_else(|| key.parse().ok())?)));
    super::fields::with_bare_ids(described.collect(), params.ids::<FileId>("FILE_ID"))
}
