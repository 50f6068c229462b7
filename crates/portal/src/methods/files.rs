//! Files in dialogs: `imbot.v2.File.*` for bots, `im.v2.File.*` for whoever the credentials belong to.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::imbot_v2::bot;
use super::{Answer, Call, text_of};
use crate::refusal::{Refusal, bad, denied, forbidden};
use crate::state::files::{MAX_SIZE, Upload};
use crate::state::messages::Untouched;
use crate::tree::Tree;

/// Why a content is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoContent {
    Empty,
    NotBase64,
    TooLarge,
}

/// A file's content out of Base64, whose line breaks do not matter.
pub(crate) fn decode(text: &str) -> Result<Bytes, NoContent> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let content = STANDARD.decode(compact).map_err(|_| NoContent::NotBase64)?;
    match content.len() {
        0 => Err(NoContent::Empty),
        size if size > MAX_SIZE => Err(NoContent::TooLarge),
        _ => Ok(content.into()),
    }
}

/// `fields` of both uploads: the file, and the text that goes with it.
fn upload(call: &Call<'_>) -> Result<(Upload, String), Refusal> {
    if call.text("dialogId").is_empty() {
        return Err(bad("ERROR_ARGUMENT", "Argument 'dialogId' is null or empty"));
    }
    let fields = call.params.get("fields").unwrap_or(&Tree::Null);
    let name = text_of(fields, "name");
    let empty = || bad("FILE_EMPTY", "File name or content is empty");
    if name.is_empty() {
        return Err(empty());
    }
    let content = fields.get("content").and_then(Tree::text).unwrap_or_default();
    let content = decode(&content).map_err(|why| match why {
        NoContent::Empty => empty(),
        NoContent::NotBase64 => bad("FILE_INVALID_CONTENT", "Invalid base64 content"),
        NoContent::TooLarge => bad("FILE_TOO_LARGE", "File is too large"),
    })?;
    Ok((Upload { name, content }, text_of(fields, "message")))
}

/// `imbot.v2.File.upload`
pub(super) fn bot_upload(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let (upload, text) = upload(call)?;
    let closed = || bad("FILE_FOLDER_ERROR", "Failed to get chat folder");
    let dialog = call.text("dialogId");
    let chat = call.state.dialog(bot, &dialog).ok_or_else(closed)?;
    let (file, message) = call.state.send_file(chat, bot, upload, &text).map_err(|_: Untouched| closed())?;
    let file = call.state.describe_file(file);
    Ok(json!({"file": file, "messageId": message, "chatId": chat, "dialogId": dialog}))
}

/// `im.v2.File.upload`
pub(super) fn user_upload(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    let (upload, text) = upload(call)?;
    let dialog = call.text("dialogId");
    let chat = call.state.dialog(user, &dialog).ok_or_else(|| bad("CHAT_NOT_FOUND", "Chat not found"))?;
    let sent = call.state.send_file(chat, user, upload, &text);
    let (file, message) = sent.map_err(|_: Untouched| denied())?;
    let file = call.state.describe_file(file);
    Ok(json!({"file": file, "messageId": message, "chatId": chat, "dialogId": dialog}))
}

fn not_found() -> Refusal {
    bad("FILE_NOT_FOUND", "File not found")
}

fn file_id(call: &Call<'_>) -> Result<u64, Refusal> {
    if call.text("fileId").is_empty() {
        return Err(bad("ERROR_ARGUMENT", "Argument 'fileId' is null or empty"));
    }
    let id = call.id("fileId").filter(|id| call.state.files.get(*id).is_some());
    id.ok_or_else(not_found)
}

/// `imbot.v2.File.download`: a file of a chat where the bot is.
pub(super) fn bot_download(call: &mut Call<'_>) -> Answer {
    let bot = bot(call)?;
    let id = file_id(call)?;
    let file = call.state.file_open_to(id, bot);
    let file = file.ok_or_else(|| forbidden("FILE_ACCESS_ERROR", "File access error"))?;
    Ok(json!({"downloadUrl": call.state.download_url(file, "imbot")}))
}

/// `im.v2.File.download`: a file of that dialog.
pub(super) fn user_download(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    let dialog = call.text("dialogId");
    if dialog.is_empty() {
        return Err(bad("ERROR_ARGUMENT", "Argument 'dialogId' is null or empty"));
    }
    let id = file_id(call)?;
    let chat = call.state.known_dialog(user, &dialog);
    let file: Option<Value> = call
        .state
        .file_open_to(id, user)
        .filter(|file| Some(file.chat) == chat)
        .map(|file| json!({"downloadUrl": call.state.download_url(file, "im")}));
    file.ok_or_else(denied)
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use super::*;
    use crate::state::sample;

    const BOT: &str = "fields[code]=b&fields[botToken]=t&fields[properties][name]=B";
    const OWN: &str = "botToken=t&botId=1001";
    /// `tea\n`
    const FILE: &str = "fields[name]=list.txt&fields[content]=dGVhCg==&fields[message]=what+we+have";

    #[test]
    fn a_bot_sends_and_fetches_files() {
        let mut state = sample();
        webhook_call(&mut state, "imbot.v2.Bot.register", BOT).unwrap();
        for (rest, code) in [
            ("fields[name]=x&fields[content]=dGVhCg==", "ERROR_ARGUMENT"),
            ("dialogId=chat1&fields[content]=dGVhCg==", "FILE_EMPTY"),
            ("dialogId=chat1&fields[name]=x", "FILE_EMPTY"),
            ("dialogId=chat1&fields[name]=x&fields[content]=*", "FILE_INVALID_CONTENT"),
            ("dialogId=chat9&fields[name]=x&fields[content]=dGVhCg==", "FILE_FOLDER_ERROR"),
        ] {
            let query = format!("{OWN}&{rest}");
            assert_eq!(webhook_call(&mut state, "imbot.v2.File.upload", &query), Err(code), "{rest}");
        }
        let sent =
            webhook_call(&mut state, "imbot.v2.File.upload", &format!("{OWN}&dialogId=27&{FILE}")).unwrap();
        assert_eq!((&sent["file"]["size"], &sent["file"]["extension"]), (&json!(4), &json!("txt")));
        assert_eq!(sent["dialogId"], "27");
        let shown = state.show_message(sent["messageId"].as_u64().unwrap()).unwrap();
        assert_eq!(
            (&shown["text"], &shown["files"][0]["name"]),
            (&json!("what we have"), &json!("list.txt"))
        );

        let private = state.dialog(27, "42").unwrap();
        let upload = Upload { name: "secret".to_owned(), content: Bytes::from_static(b"x") };
        let (hidden, _) = state.send_file(private, 27, upload, "").unwrap();
        let id = sent["file"]["id"].as_u64().unwrap();
        for (rest, expected) in [
            (String::new(), Err("ERROR_ARGUMENT")),
            ("&fileId=9".to_owned(), Err("FILE_NOT_FOUND")),
            (format!("&fileId={hidden}"), Err("FILE_ACCESS_ERROR")),
        ] {
            let query = format!("{OWN}{rest}");
            assert_eq!(webhook_call(&mut state, "imbot.v2.File.download", &query), expected, "{rest}");
        }
        let link = webhook_call(&mut state, "imbot.v2.File.download", &format!("{OWN}&fileId={id}")).unwrap();
        let url = link["downloadUrl"].as_str().unwrap();
        let key = url.strip_prefix("http://127.0.0.1:9400/rest/download.json?token=imbot%7C").unwrap();
        assert_eq!(state.files.by_key(key).unwrap().id, id);
    }

    #[test]
    fn people_send_and_fetch_files_of_their_dialogs() {
        let mut state = sample();
        let private = state.dialog(27, "42").unwrap();
        let upload = "im.v2.File.upload";
        for (dialog, code) in
            [("chat9".to_owned(), "CHAT_NOT_FOUND"), (format!("chat{private}"), "ACCESS_DENIED")]
        {
            assert_eq!(
                webhook_call(&mut state, upload, &format!("dialogId={dialog}&{FILE}")),
                Err(code),
                "{dialog}"
            );
        }
        let sent = webhook_call(&mut state, upload, &format!("dialogId=chat1&{FILE}")).unwrap();
        let id = &sent["file"]["id"];
        let mut download = |query: String| webhook_call(&mut state, "im.v2.File.download", &query);
        assert!(download(format!("dialogId=chat1&fileId={id}")).is_ok());
        assert_eq!(download(format!("dialogId=27&fileId={id}")), Err("ACCESS_DENIED"));
        assert_eq!(download("dialogId=chat1&fileId=9".to_owned()), Err("FILE_NOT_FOUND"));
        let (_, hits) = ("", webhook_call(&mut state, "im.dialog.messages.get", "DIALOG_ID=chat1").unwrap());
        assert_eq!((&hits["files"][0]["id"], &hits["messages"][0]["params"]["FILE_ID"][0]), (id, id));
    }

    #[test]
    fn only_whole_base64_within_the_limit_is_a_content() {
        assert_eq!(decode("dGVh\r\nCg=="), Ok(Bytes::from_static(b"tea\n")));
        assert_eq!(decode(" \n"), Err(NoContent::Empty));
        assert_eq!(decode("data:text/plain;base64,dGVhCg=="), Err(NoContent::NotBase64));
    }
}
