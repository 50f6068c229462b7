//! Files the older way: into a chat's folder with `disk.*`, from there into the chat with `im.disk.*`.

use serde_json::{Map, Value, json};

use super::files::decode;
use super::{Answer, Call, ids_of, text_of};
use crate::refusal::{Refusal, bad, denied, forbidden};
use crate::state::State;
use crate::state::files::Upload;
use crate::state::messages::{Draft, Untouched};
use crate::tree::Tree;

/// `im.disk.folder.get`
pub(super) fn folder_get(call: &mut Call<'_>) -> Answer {
    let chat = chat(call)?;
    Ok(json!({"ID": State::folder_of(chat)}))
}

/// The chat of `CHAT_ID` or `DIALOG_ID`, which the caller has to be in.
fn chat(call: &mut Call<'_>) -> Result<u64, Refusal> {
    let user = call.caller.user;
    let chat = match (call.params.get("CHAT_ID"), call.params.get("DIALOG_ID")) {
        (None, None) => return Err(bad("CHAT_ID_EMPTY", "Chat ID can't be empty")),
        (Some(id), _) => Some(id.id().ok_or_else(|| bad("CHAT_ID_EMPTY", "Chat ID can't be empty"))?),
        (None, Some(_)) => {
            let dialog = call.text("DIALOG_ID");
            if dialog.strip_prefix("chat").unwrap_or(&dialog).parse::<u64>().is_err() {
                return Err(bad("DIALOG_ID_EMPTY", "Dialog ID can't be empty"));
            }
            call.state.dialog(user, &dialog)
        }
    };
    let chat = chat.filter(|chat| call.state.chats.get(chat).is_some_and(|chat| chat.has(user)));
    chat.ok_or_else(|| forbidden("ACCESS_ERROR", "You do not have access to the specified dialog"))
}

/// `im.disk.file.commit`: posts a message with files that are on the disk.
pub(super) fn commit(call: &mut Call<'_>) -> Answer {
    let chat = chat(call)?;
    let user = call.caller.user;
    let given = call.params.get("FILE_ID").or_else(|| call.params.get("UPLOAD_ID"));
    let given = given.ok_or_else(|| bad("FILES_ERROR", "List of files is not specified"))?;
    let not_saved = || bad("SAVE_ERROR", "Error during saving file to chat");
    let ids = ids_of(given);
    if ids.is_empty() || ids.iter().any(|id| call.state.file_open_to(*id, user).is_none()) {
        return Err(not_saved());
    }
    let mut draft = Draft::new(chat, user, call.text("MESSAGE"));
    draft.content.files = ids.iter().filter_map(|id| call.state.copy_file(*id, chat)).collect();
    let files = draft.content.files.clone();
    let message = call.state.post(draft).map_err(|_: Untouched| not_saved())?;
    let known = || files.iter().filter_map(|id| call.state.files.get(*id));
    let described: Map<String, Value> = known()
        .map(|file| (format!("upload{}", file.id), json!(call.state.describe_file(file.id))))
        .collect();
    let models: Map<String, Value> =
        known().map(|file| (format!("upload{}", file.id), call.state.file_model(file))).collect();
    let ids: Vec<String> = files.iter().map(u64::to_string).collect();
    Ok(json!({"FILES": described, "DISK_ID": ids, "FILE_MODELS": models, "MESSAGE_ID": message}))
}

/// `disk.folder.uploadFile`: into a chat's folder, the content in Base64.
pub(super) fn upload_file(call: &mut Call<'_>) -> Answer {
    let user = call.caller.user;
    let folder = call.id("ID").ok_or_else(no_argument)?;
    let chat = call.state.chat_of_folder(folder).ok_or_else(|| not_found(folder))?;
    if !call.state.chats.get(&chat).is_some_and(|chat| chat.has(user)) {
        return Err(denied());
    }
    let content = call.params.get("FILECONTENT").ok_or_else(|| {
        bad("ERROR_ARGUMENT", "This portal takes files only through fileContent, and gives no upload address")
    })?;
    let name = call.params.get("DATA").map(|data| text_of(data, "NAME")).unwrap_or_default();
    if name.is_empty() {
        let why = "Error: required parameter NAME (DISK_BASE_SERVICE_22001)";
        return Err(bad("DISK_BASE_SERVICE_22001", why));
    }
    // The name in the list is not what counts.
    let content = content.get("1").and_then(Tree::text).unwrap_or_default();
    let content = decode(&content).map_err(|_| bad("ERROR_COULD_NOT_SAVE_FILE", "Could not save file"))?;
    let id = call.state.store(chat, user, Upload { name, content });
    file_on_disk(call, id)
}

/// `disk.file.get`
pub(super) fn file_get(call: &mut Call<'_>) -> Answer {
    let id = call.id("ID").ok_or_else(no_argument)?;
    file_on_disk(call, id)
}

fn file_on_disk(call: &Call<'_>, id: u64) -> Answer {
    if call.state.files.get(id).is_none() {
        return Err(not_found(id));
    }
    let file = call.state.file_open_to(id, call.caller.user).ok_or_else(denied)?;
    Ok(call.state.describe_on_disk(file))
}

fn no_argument() -> Refusal {
    bad("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
}

fn not_found(id: u64) -> Refusal {
    bad("ERROR_NOT_FOUND", format!("Could not find entity with id `{id}`"))
}

#[cfg(test)]
mod tests {
    use super::super::webhook_call;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn a_file_goes_over_the_disk_into_a_chat() {
        let mut state = sample();
        let private = state.dialog(27, "42").unwrap();
        let closed = format!("CHAT_ID={private}");
        let mut call = |method: &str, query: &str| webhook_call(&mut state, method, query);
        for (query, code) in [
            ("", "CHAT_ID_EMPTY"),
            ("CHAT_ID=", "CHAT_ID_EMPTY"),
            ("DIALOG_ID=x", "DIALOG_ID_EMPTY"),
            ("DIALOG_ID=chat99", "ACCESS_ERROR"),
            (closed.as_str(), "ACCESS_ERROR"),
        ] {
            assert_eq!(call("im.disk.folder.get", query), Err(code), "{query}");
        }
        let folder = call("im.disk.folder.get", "CHAT_ID=1").unwrap()["ID"].clone();
        assert_eq!(call("im.disk.folder.get", "DIALOG_ID=chat1").unwrap()["ID"], folder);
        let content = "fileContent[0]=a.txt&fileContent[1]=dGVhCg==";
        for (query, code) in [
            (String::new(), "ERROR_ARGUMENT"),
            (format!("id=5&data[NAME]=a.txt&{content}"), "ERROR_NOT_FOUND"),
            (format!("id={folder}&data[NAME]=a.txt"), "ERROR_ARGUMENT"),
            (format!("id={folder}&{content}"), "DISK_BASE_SERVICE_22001"),
            (format!("id={folder}&data[NAME]=a.txt&fileContent[1]=*"), "ERROR_COULD_NOT_SAVE_FILE"),
        ] {
            assert_eq!(call("disk.folder.uploadfile", &query), Err(code), "{query}");
        }
        let good = format!("id={folder}&data[NAME]=a.txt&{content}");
        let file = call("disk.folder.uploadfile", &good).unwrap();
        assert_eq!(
            (&file["NAME"], &file["SIZE"], &file["TYPE"]),
            (&json!("a.txt"), &json!("4"), &json!("file"))
        );
        let id = file["ID"].as_str().unwrap();
        assert_eq!(call("disk.file.get", &format!("id={id}")), Ok(file.clone()));
        assert_eq!(call("disk.file.get", "id=5"), Err("ERROR_NOT_FOUND"));
        assert_eq!(call("disk.file.get", ""), Err("ERROR_ARGUMENT"));
        for (query, code) in [
            ("CHAT_ID=1".to_owned(), "FILES_ERROR"),
            ("CHAT_ID=1&FILE_ID=".to_owned(), "SAVE_ERROR"),
            ("CHAT_ID=1&FILE_ID=9".to_owned(), "SAVE_ERROR"),
            (format!("{closed}&FILE_ID={id}"), "ACCESS_ERROR"),
        ] {
            assert_eq!(call("im.disk.file.commit", &query), Err(code), "{query}");
        }
        let done = call("im.disk.file.commit", &format!("CHAT_ID=1&UPLOAD_ID[]={id}&MESSAGE=here")).unwrap();
        assert_eq!(
            (&done["DISK_ID"], &done["FILES"][format!("upload{id}")]["name"]),
            (&json!([id]), &json!("a.txt"))
        );
        let elsewhere = call("im.disk.file.commit", &format!("DIALOG_ID=27&FILE_ID={id}")).unwrap();
        assert_ne!(elsewhere["DISK_ID"], json!([id]), "another chat gets a copy");
        let shown = state.show_message(done["MESSAGE_ID"].as_u64().unwrap()).unwrap();
        assert_eq!((&shown["text"], &shown["files"][0]["size"]), (&json!("here"), &json!(4)));
    }
}
