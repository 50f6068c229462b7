//! `imbot.v2.Chat.Message.*`

use serde_json::{Map, Value, json};

use super::content::parts_v2;
use super::imbot_v2::bot;
use super::{Answer, Call, given_text, text_of};
use crate::events::message_tree;
use crate::refusal::{Refusal, bad, denied, forbidden};
use crate::state::Change;
use crate::state::messages::{Draft, Edit, Untouched};
use crate::tree::Tree;

/// The reactions the platform knows.
const REACTIONS: &[&str] = &[
    "like",
    "dislike",
    "faceWithTearsOfJoy",
    "redHeart",
    "neutralFace",
    "fire",
    "cry",
    "slightlySmilingFace",
    "winkingFace",
    "laugh",
    "kiss",
    "wonder",
    "slightlyFrowningFace",
    "loudlyCryingFace",
    "faceWithStuckOutTongue",
    "faceWithStuckOutTongueAndWinkingEye",
    "smilingFaceWithSunglasses",
    "confusedFace",
    "flushedFace",
    "thinkingFace",
    "angry",
    "smilingFaceWithHorns",
    "faceWithThermometer",
    "facepalm",
    "poo",
    "flexedBiceps",
    "clappingHands",
    "raisedHand",
    "smilingFaceWithHeartEyes",
    "smilingFaceWithHearts",
    "pleadingFace",
    "relievedFace",
    "foldedHands",
    "okHand",
    "signHorns",
    "loveYouGesture",
    "clownFace",
    "partyingFace",
    "questionMark",
    "exclamationMark",
    "lightBulb",
    "bomb",
    "sleepingSymbol",
    "crossMark",
    "whiteHeavyCheckMark",
    "eyes",
    "handshake",
    "hundredPoints",
];

pub(crate) fn is_reaction(code: &str) -> bool {
    REACTIONS.contains(&code)
}

/// `imbot.v2.Chat.Message.send`
pub(super) fn send(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let parts = parts_v2(&fields, bot)?;
    let chat = call.state.dialog(bot, &call.text("dialogId")).ok_or_else(denied)?;
    let reply_to = fields.get("replyId").and_then(Tree::id);
    let elsewhere = |reply: u64| call.state.messages.get(&reply).is_none_or(|message| message.chat != chat);
    if reply_to.is_some_and(elsewhere) {
        return Err(failed());
    }
    let mut draft = Draft::new(chat, bot, text_of(&fields, "message"));
    draft.system = fields.get("system").is_some_and(Tree::flag);
    draft.reply_to = reply_to;
    draft.content = parts.into();
    let forwards = forwards(call, &fields, bot)?;
    let posted = match call.state.post(draft) {
        Ok(id) => Some(id),
        Err(Untouched::Empty) if forwards.is_empty() => {
            return Err(bad("EMPTY_MESSAGE", "Message is empty"));
        }
        Err(Untouched::Empty) => None,
        Err(Untouched::NoAccess | Untouched::NoChange) => return Err(denied()),
    };
    let mut copies = Map::new();
    for (uuid, original) in forwards {
        let copy = call.state.forward(original, chat, bot).map_err(|_: Untouched| failed())?;
        copies.insert(uuid, copy.into());
    }
    // Where nothing is said, the copies are what was sent.
    let id = posted.map(Value::from).or_else(|| copies.values().next().cloned());
    Ok(json!({"id": id, "uuidMap": copies}))
}

fn failed() -> Refusal {
    bad("SENDING_FAILED", "Sending failed")
}

/// `forwardIds`: up to a hundred messages from chats where the bot is, by names of the caller's own.
fn forwards(call: &Call<'_>, fields: &Tree, bot: u64) -> Result<Vec<(String, u64)>, Refusal> {
    const MOST: usize = 100;
    let wanted = fields.get("forwardIds").unwrap_or(&Tree::Null);
    let wanted: Vec<_> = wanted.entries().map(|(uuid, id)| (uuid.clone(), id.id().unwrap_or(0))).collect();
    let open = wanted.iter().all(|(_, id)| call.state.visible(*id, bot).is_some());
    if open && wanted.len() <= MOST { Ok(wanted) } else { Err(failed()) }
}

/// `imbot.v2.Chat.Message.update`: the bot's own message; an empty text deletes it.
pub(super) fn update(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let message = call.id("messageId").ok_or_else(denied)?;
    let fields = call.params.get("fields").cloned().unwrap_or_else(Tree::new);
    let edit = Edit { text: given_text(&fields, "message"), parts: parts_v2(&fields, bot)? };
    call.state.edit(message, bot, edit).map(|()| json!({"result": true})).map_err(|_: Untouched| denied())
}

/// `imbot.v2.Chat.Message.delete`: the bot's own message, and any in a chat it owns.
pub(super) fn delete(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let message = call.id("messageId").ok_or_else(denied)?;
    let done = match call.params.get("complete").is_some_and(Tree::flag) {
        true => call.state.erase(message, bot),
        false => call.state.delete(message, bot),
    };
    done.map(|()| json!({"result": true})).map_err(|_: Untouched| denied())
}

/// `imbot.v2.Chat.Message.get`: only for bots that see everything.
pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    if call.state.bots.get(&bot).is_none_or(|bot| !bot.kind.sees_everything()) {
        return Err(forbidden("BOT_TYPE_NOT_ALLOWED", "Bot type not allowed"));
    }
    let id = call.id("messageId").ok_or_else(|| bad("ERROR_ARGUMENT", "messageId is missing"))?;
    let author = call.state.visible(id, bot).map(|message| message.author).ok_or_else(denied)?;
    let now = call.state.now.iso();
    let user = call.state.users.get(&author).map(|user| user.v2(&now).to_json());
    Ok(json!({"message": message_tree(call.state, id).to_json(), "user": user}))
}

/// `imbot.v2.Chat.InputAction.notify`: the bot is typing.
pub(super) fn notify(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let dialog = call.text("dialogId");
    let chat = call.state.open_dialog(bot, &dialog).ok_or_else(denied)?;
    call.state.changes.push(Change::Typing { chat, user: bot });
    Ok(json!({"result": true}))
}

fn reaction(call: &Call<'_>) -> Result<(u64, u64, String), Refusal> {
    let bot = bot(call)?;
    let code = call.text("reaction");
    if !is_reaction(&code) {
        return Err(bad("REACTION_NOT_FOUND", "Reaction not found"));
    }
    let message = call.id("messageId").ok_or_else(denied)?;
    Ok((bot, message, code))
}

/// `imbot.v2.Chat.Message.Reaction.add`
pub(super) fn reaction_add(call: &mut Call<'_>) -> Answer {
    let (bot, message, code) = reaction(call)?;
    match call.state.react(message, bot, &code) {
        Ok(()) => Ok(json!({"result": true})),
        Err(Untouched::NoChange) => Err(bad("REACTION_ALREADY_SET", "Reaction already set")),
        Err(Untouched::NoAccess | Untouched::Empty) => Err(denied()),
    }
}

/// `imbot.v2.Chat.Message.Reaction.delete`
pub(super) fn reaction_delete(call: &mut Call<'_>) -> Answer {
    let (bot, message, code) = reaction(call)?;
    match call.state.unreact(message, bot, &code) {
        Ok(()) => Ok(json!({"result": true})),
        Err(Untouched::NoChange) => Err(bad("REACTION_NOT_FOUND", "Reaction not found")),
        Err(Untouched::NoAccess | Untouched::Empty) => Err(denied()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::files::Upload;
    use crate::state::messages::Draft;
    use crate::state::sample;
    use axum::body::Bytes;
    use serde_json::json;

    #[test]
    fn sending_and_reacting() {
        let mut state = sample();
        let bot = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B\
                   &fields[eventMode]=webhook&fields[webhookUrl]=http://127.0.0.1:1/e";
        webhook_call(&mut state, "imbot.v2.Bot.register", bot).unwrap();
        let id = state.post(Draft::new(1, 27, "hi")).unwrap();
        let private = state.dialog(27, "42").unwrap();
        let hidden = state.post(Draft::new(private, 27, "hush")).unwrap();
        let own = "botToken=t&botId=1001";
        let reaction = "imbot.v2.Chat.Message.Reaction.add";
        for (method, query, expected) in [
            ("imbot.v2.Chat.Message.send", format!("{own}&dialogId=chat1"), Err("EMPTY_MESSAGE")),
            (
                "imbot.v2.Chat.Message.send",
                format!("{own}&dialogId=chat{private}&fields[message]=x"),
                Err("ACCESS_DENIED"),
            ),
            (
                "imbot.v2.Chat.Message.send",
                format!("{own}&dialogId=chat1&fields[message]=x&fields[replyId]={hidden}"),
                Err("SENDING_FAILED"),
            ),
            (reaction, format!("{own}&messageId={id}&reaction=x"), Err("REACTION_NOT_FOUND")),
            (reaction, format!("{own}&messageId={hidden}&reaction=fire"), Err("ACCESS_DENIED")),
            (reaction, format!("{own}&messageId={id}&reaction=fire"), Ok(json!({"result": true}))),
            (reaction, format!("{own}&messageId={id}&reaction=fire"), Err("REACTION_ALREADY_SET")),
            (reaction, format!("{own}&messageId={id}&reaction=like"), Ok(json!({"result": true}))),
            (
                "imbot.v2.Chat.Message.Reaction.delete",
                format!("{own}&messageId={id}&reaction=fire"),
                Err("REACTION_NOT_FOUND"),
            ),
        ] {
            assert_eq!(webhook_call(&mut state, method, &query), expected, "{method} {query}");
        }
        assert_eq!(state.show_message(id).unwrap()["likes"], json!([1001]));
        let query = format!("{own}&dialogId=chat1&fields[message]=x&fields[replyId]={id}");
        let sent = webhook_call(&mut state, "imbot.v2.Chat.Message.send", &query).unwrap();
        assert_eq!(sent, json!({"id": hidden + 1, "uuidMap": {}}));
        assert_eq!(state.messages[&(hidden + 1)].reply_to, Some(id));
        let mine = format!("{own}&messageId={}", hidden + 1);
        let done = Ok(json!({"result": true}));
        for (method, query, expected) in [
            ("Message.update", format!("{own}&messageId={id}&fields[message]=y"), Err("ACCESS_DENIED")),
            ("Message.update", format!("{mine}&fields[message]=y"), done.clone()),
            ("Message.delete", mine.clone(), done.clone()),
            ("Message.delete", mine, Err("ACCESS_DENIED")),
            ("InputAction.notify", format!("{own}&dialogId=chat1"), done),
            ("InputAction.notify", format!("{own}&dialogId=chat{private}"), Err("ACCESS_DENIED")),
        ] {
            let method = format!("imbot.v2.Chat.{method}");
            assert_eq!(webhook_call(&mut state, &method, &query), expected, "{method} {query}");
        }
    }

    #[test]
    fn messages_are_forwarded_from_where_the_bot_is() {
        let mut state = sample();
        let bot = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B&fields[type]=supervisor";
        webhook_call(&mut state, "imbot.v2.Bot.register", bot).unwrap();
        let private = state.dialog(27, "42").unwrap();
        let hidden = state.post(Draft::new(private, 27, "hush")).unwrap();
        let tea = Upload { name: "tea.txt".to_owned(), content: Bytes::from_static(b"tea") };
        let (_, open) = state.send_file(1, 27, tea, "for all").unwrap();
        let own = "botToken=t&botId=1001";
        let send = |state: &mut _, rest: String| {
            webhook_call(state, "imbot.v2.Chat.Message.send", &format!("{own}&dialogId=27&{rest}"))
        };
        assert_eq!(send(&mut state, format!("fields[forwardIds][a]={hidden}")), Err("SENDING_FAILED"));
        let many: String = (0..101).map(|n| format!("fields[forwardIds][a{n}]={open}&")).collect();
        assert_eq!(send(&mut state, many), Err("SENDING_FAILED"));
        let sent = send(&mut state, format!("fields[message]=look&fields[forwardIds][a]={open}")).unwrap();
        let (id, copy) = (sent["id"].as_u64().unwrap(), sent["uuidMap"]["a"].as_u64().unwrap());
        let shown = state.show_message(copy).unwrap();
        assert_eq!(
            (&shown["text"], &shown["forwarded"], &shown["author"]),
            (&json!("for all"), &json!(open), &json!(1001))
        );
        assert_eq!((&shown["files"][0]["name"], copy), (&json!("tea.txt"), id + 1));
        let alone = send(&mut state, format!("fields[forwardIds][a]={open}")).unwrap();
        assert_eq!(alone["id"], alone["uuidMap"]["a"]);
        let seen = webhook_call(&mut state, "imbot.v2.Chat.Message.get", &format!("{own}&messageId={copy}"))
            .unwrap();
        let forward = &seen["message"]["forward"];
        assert_eq!(
            (&forward["id"], &forward["userId"], &forward["chatId"]),
            (&json!(open), &json!(27), &json!(1))
        );
        webhook_call(
            &mut state,
            "imbot.v2.Bot.register",
            &bot.replace("supervisor", "bot").replace("=b&", "=c&"),
        )
        .unwrap();
        let query = format!("botToken=t&botId=1002&messageId={open}");
        assert_eq!(
            webhook_call(&mut state, "imbot.v2.Chat.Message.get", &query),
            Err("BOT_TYPE_NOT_ALLOWED")
        );
    }
}
