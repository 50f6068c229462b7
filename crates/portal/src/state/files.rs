//! Files in chats. Their contents are in memory: when there is no room left, the oldest go.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use super::messages::{Draft, Untouched};
use crate::clock::Moment;
use crate::form::encode;

/// The largest file the platform takes.
pub(crate) const MAX_SIZE: usize = 100 * 1024 * 1024;
/// Bytes of contents kept in all: a little more than one of the largest files.
const ROOM: usize = 128 * 1024 * 1024;
const FIRST_FILE: u64 = 501;
/// A chat's folder has its number and this.
const FOLDERS: u64 = 100_000;
/// The storage in which all chats keep their files.
const STORAGE: u64 = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
    Audio,
    File,
}

/// What browsers may show on their own; everything else is only for download.
const TYPES: [(&str, Kind, &str); 14] = [
    ("bmp", Kind::Image, "image/bmp"),
    ("gif", Kind::Image, "image/gif"),
    ("jpeg", Kind::Image, "image/jpeg"),
    ("jpg", Kind::Image, "image/jpeg"),
    ("png", Kind::Image, "image/png"),
    ("webp", Kind::Image, "image/webp"),
    ("avi", Kind::Video, "video/x-msvideo"),
    ("mov", Kind::Video, "video/quicktime"),
    ("mp4", Kind::Video, "video/mp4"),
    ("webm", Kind::Video, "video/webm"),
    ("m4a", Kind::Audio, "audio/mp4"),
    ("mp3", Kind::Audio, "audio/mpeg"),
    ("ogg", Kind::Audio, "audio/ogg"),
    ("wav", Kind::Audio, "audio/wav"),
];

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) id: u64,
    pub(crate) chat: u64,
    pub(crate) author: u64,
    pub(crate) name: String,
    pub(crate) size: usize,
    date: Moment,
    /// Width and height of an image.
    pixels: Option<(usize, usize)>,
    /// Opens its download address.
    key: String,
    /// Gone when newer files needed the room.
    #[serde(with = "base64_content")]
    pub(crate) content: Option<Bytes>,
}

impl File {
    pub(crate) fn extension(&self) -> String {
        self.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
    }

    /// Bytes of content.
    fn held(&self) -> usize {
        self.content.as_ref().map_or(0, Bytes::len)
    }

    fn of_type(&self) -> Option<&'static (&'static str, Kind, &'static str)> {
        let extension = self.extension();
        TYPES.iter().find(|(known, ..)| *known == extension)
    }

    fn kind(&self) -> Kind {
        self.of_type().map_or(Kind::File, |(_, kind, _)| *kind)
    }

    /// What a browser may take it for; `None` if it may only be downloaded.
    pub(crate) fn media_type(&self) -> Option<&'static str> {
        self.of_type().map(|(.., media)| *media)
    }

    /// Where the chat page finds it.
    fn path(&self) -> String {
        format!("/files/{}/{}", self.id, encode(&self.name).replace('+', "%20"))
    }

    /// As `/control` shows it.
    pub(crate) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "kind": self.kind().word(),
            "size": self.size,
            "url": self.path(),
            "image": self.kind() == Kind::Image,
        })
    }
}

/// Contents are kept in Base64.
mod base64_content {
    use axum::body::Bytes;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        content: &Option<Bytes>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        content.as_ref().map(|content| STANDARD.encode(content)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let text: Option<String> = Deserialize::deserialize(deserializer)?;
        let content = text.map(|text| STANDARD.decode(text).map(Bytes::from)).transpose();
        content.map_err(Error::custom)
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Files {
    entries: BTreeMap<u64, File>,
    /// Bytes of all contents.
    #[serde(skip)]
    held: usize,
    given: u64,
}

impl Files {
    pub(crate) fn get(&self, id: u64) -> Option<&File> {
        self.entries.get(&id)
    }

    /// The file that a download address stands for.
    pub(crate) fn by_key(&self, key: &str) -> Option<&File> {
        self.entries.values().find(|file| file.key == key)
    }

    /// Sums up again what is held: a state file could say anything.
    pub(crate) fn weigh(&mut self) {
        self.held = self.entries.values().map(File::held).sum();
    }

    /// Numbers go on where they were.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.held = 0;
    }

    fn add(&mut self, mut file: File, room: usize) -> u64 {
        file.id = FIRST_FILE + self.given;
        self.given += 1;
        let id = file.id;
        self.held += file.held();
        self.entries.insert(id, file);
        for file in self.entries.values_mut() {
            if self.held <= room {
                break;
            }
            self.held -= file.held();
            file.content = None;
        }
        id
    }
}

/// A file on its way in.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

impl State {
    /// Puts a file into a chat's folder; it is in no message yet.
    pub(crate) fn store(&mut self, chat: u64, author: u64, upload: Upload) -> u64 {
        let pixels = imagesize::blob_size(&upload.content).ok().map(|size| (size.width, size.height));
        let mut file = File {
            id: 0,
            chat,
            author,
            size: upload.content.len(),
            name: upload.name,
            date: self.now,
            pixels,
            key: self.hex(40),
            content: Some(upload.content),
        };
        file.pixels = file.pixels.filter(|_| file.kind() == Kind::Image);
        self.files.add(file, ROOM)
    }

    /// The file itself where it is in that chat already, otherwise a copy there. What is gone is gone in a copy, too.
    pub(crate) fn copy_file(&mut self, id: u64, chat: u64) -> Option<u64> {
        let file = self.files.get(id)?;
        if file.chat == chat {
            return Some(id);
        }
        let mut copy = file.clone();
        (copy.chat, copy.date, copy.key) = (chat, self.now, self.hex(40));
        Some(self.files.add(copy, ROOM))
    }

    /// Posts a message with one file.
    pub(crate) fn send_file(
        &mut self,
        chat: u64,
        author: u64,
        upload: Upload,
        text: &str,
    ) -> Result<(u64, u64), Untouched> {
        if !self.chats.get(&chat).is_some_and(|chat| chat.has(author)) {
            return Err(Untouched::NoAccess);
        }
        let file = self.store(chat, author, upload);
        let mut draft = Draft::new(chat, author, text);
        draft.content.files.push(file);
        self.post(draft).map(|message| (file, message))
    }

    /// The folder of a chat on the portal's disk, and the chat of a folder.
    pub(crate) fn folder_of(chat: u64) -> u64 {
        FOLDERS + chat
    }

    pub(crate) fn chat_of_folder(&self, folder: u64) -> Option<u64> {
        folder.checked_sub(FOLDERS).filter(|chat| self.chats.contains_key(chat))
    }

    /// The file if `user` is in its chat.
    pub(crate) fn file_open_to(&self, file: u64, user: u64) -> Option<&File> {
        let file = self.files.get(file)?;
        self.chats.get(&file.chat).filter(|chat| chat.has(user)).map(|_| file)
    }

    /// Where a file can be fetched without any further credentials. `issuer` is who asked, as the platform tells.
    pub(crate) fn download_url(&self, file: &File, issuer: &str) -> String {
        format!("{}download.json?token={issuer}%7C{}", self.endpoint(), file.key)
    }

    /// The platform's description of a file in a chat.
    pub(crate) fn describe_file(&self, id: u64) -> Option<Value> {
        let file = self.files.get(id)?;
        let url = self.download_url(file, "disk");
        let is_image = file.kind() == Kind::Image;
        let preview = if is_image { url.clone() } else { String::new() };
        Some(json!({
            "id": file.id,
            "chatId": file.chat,
            "date": file.date.iso(),
            "type": file.kind().word(),
            "name": file.name,
            "extension": file.extension(),
            "size": file.size,
            "image": file.pixels.map_or(json!(false), |(width, height)| json!({"height": height, "width": width})),
            "status": "done",
            "progress": 100,
            "authorId": file.author,
            "authorName": self.name_of(file.author),
            "urlPreview": preview,
            "urlShow": url,
            "urlDownload": url,
            "viewerAttrs": {
                "viewer": "",
                "viewerType": if is_image { "image" } else { "unknown" },
                "src": url,
                "viewerResized": "",
                "objectId": file.id.to_string(),
                "viewerGroupBy": file.chat.to_string(),
                "imChatId": file.chat,
                "title": file.name,
                "unifiedLink": format!("{}{}", self.url, file.path()),
                "actions": r#"[{"type":"download"}]"#,
            },
            "mediaUrl": {"preview": {"250": preview}},
            "isTranscribable": false,
            "isVideoNote": false,
            "isVoiceNote": false,
        }))
    }

    /// A file as `disk.*` describes it.
    pub(crate) fn describe_on_disk(&self, file: &File) -> Value {
        let author = file.author.to_string();
        json!({
            "ID": file.id.to_string(),
            "NAME": file.name,
            "CODE": null,
            "STORAGE_ID": STORAGE.to_string(),
            "TYPE": "file",
            "PARENT_ID": Self::folder_of(file.chat).to_string(),
            "DELETED_TYPE": "0",
            "GLOBAL_CONTENT_VERSION": "1",
            "FILE_ID": file.id.to_string(),
            "SIZE": file.size.to_string(),
            "CREATE_TIME": file.date.iso(),
            "UPDATE_TIME": file.date.iso(),
            "DELETE_TIME": null,
            "CREATED_BY": author,
            "UPDATED_BY": author,
            "DELETED_BY": "0",
            "DOWNLOAD_URL": self.download_url(file, "disk"),
            "DETAIL_URL": format!("{}{}", self.url, file.path()),
        })
    }

    /// The model of a file that `im.disk.file.commit` adds to its description.
    pub(crate) fn file_model(&self, file: &File) -> Value {
        let (url, author) = (self.download_url(file, "disk"), file.author.to_string());
        json!({
            "id": file.id,
            "name": file.name,
            "createTime": file.date.iso(),
            "updateTime": file.date.iso(),
            "deleteTime": null,
            "code": null,
            "xmlId": null,
            "storageId": STORAGE,
            "realObjectId": file.id,
            "parentId": Self::folder_of(file.chat),
            "deletedType": 0,
            "createdBy": author,
            "updatedBy": author,
            "deletedBy": "0",
            "uniqueCode": format!("file{}", file.id),
            "typeFile": if file.kind() == Kind::Image { 2 } else { 0 },
            "globalContentVersion": 1,
            "fileId": file.id,
            "size": file.size,
            "etag": format!("{}-{}", file.id, file.size),
            "links": {"download": url, "showInGrid": format!("{}{}", self.url, file.path()), "preview": url},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn upload(name: &str, content: &'static [u8]) -> Upload {
        Upload { name: name.to_owned(), content: Bytes::from_static(content) }
    }

    #[test]
    fn a_file_is_in_a_message_and_in_its_chat_only() {
        let mut state = sample();
        let chat = state.dialog(27, "42").unwrap();
        let (file, message) = state.send_file(chat, 27, upload("Ю 1.TXT", b"abc"), "").unwrap();
        assert_eq!(file, FIRST_FILE);
        let shown = state.show_message(message).unwrap();
        let expected = json!([{"id": file, "name": "Ю 1.TXT", "kind": "file", "size": 3,
            "url": "/files/501/%D0%AE%201.TXT", "image": false}]);
        assert_eq!((&shown["files"], &shown["text"]), (&expected, &json!("")));
        assert!(state.file_open_to(file, 42).is_some() && state.file_open_to(file, 1).is_none());
        assert_eq!(state.send_file(chat, 1, upload("x", b"x"), ""), Err(Untouched::NoAccess));
        let key = state.files.get(file).unwrap().key.clone();
        assert_eq!(state.files.by_key(&key).unwrap().id, file);
        state.reset(false);
        assert!(state.files.get(file).is_none());
        assert_eq!(state.store(1, 27, upload("next", b"x")), file + 1, "no number is given twice");
    }

    #[test]
    fn an_image_tells_its_size() {
        let mut state = sample();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x48\0\0\0\x3d\x08\x06\0\0\0";
        let file = state.store(1, 27, upload("a.png", png));
        let told = state.describe_file(file).unwrap();
        assert_eq!((&told["type"], &told["image"]), (&json!("image"), &json!({"height": 61, "width": 72})));
        let other = state.store(1, 27, upload("a.bin", png));
        assert_eq!(state.describe_file(other).unwrap()["image"], false);
        let broken = state.store(1, 27, upload("b.png", b"no image"));
        assert_eq!(state.describe_file(broken).unwrap()["image"], false);
    }

    #[test]
    fn the_oldest_contents_make_room() {
        let mut files = Files::default();
        let mut state = sample();
        let id = state.store(1, 27, upload("a", b"12345"));
        let file = state.files.get(id).unwrap().clone();
        let ids: Vec<u64> = (0..3).map(|_| files.add(file.clone(), 12)).collect();
        let kept: Vec<bool> = ids.iter().map(|id| files.get(*id).unwrap().content.is_some()).collect();
        assert_eq!((kept, files.held), (vec![false, true, true], 10));
        files.weigh();
        assert_eq!(files.held, 10);
        let gone = files.get(ids[0]).unwrap().clone();
        files.clear();
        assert_eq!(files.add(file, 12), ids[2] + 1);
        state.files.entries.insert(gone.id, gone.clone());
        let other = state.dialog(27, "42").unwrap();
        let copy = state.copy_file(gone.id, other).and_then(|id| state.files.get(id)).unwrap();
        assert!(copy.content.is_none() && copy.chat == other && copy.key != gone.key);
    }

    #[test]
    fn files_and_what_messages_carry_can_be_stored() {
        let mut state = sample();
        let (file, message) = state.send_file(1, 27, upload("a.png", b"abc"), "see").unwrap();
        let keys = r#"[{"TEXT": "x", "COMMAND": "y"}, {"TYPE": "NEWLINE"}, {"TEXT": "z", "ACTION": "PUT", "ACTION_VALUE": "v"}]"#;
        let attach =
            r#"[{"GRID": [{"NAME": "a"}]}, {"IMAGE": {"LINK": "/a", "WIDTH": 5}}, {"MESSAGE": "m"}]"#;
        let content = &mut state.messages.get_mut(&message).unwrap().content;
        content.keyboard = super::super::buttons::Keyboard::read(&serde_json::from_str(keys).unwrap(), 7);
        let attach = super::super::attachments::Attachment::read_all(&serde_json::from_str(attach).unwrap());
        content.attach = attach.unwrap();
        let shown = state.show_message(message).unwrap();
        let again = |value: &Value| serde_json::from_str::<Value>(&value.to_string()).unwrap();
        let files = serde_json::to_value(&state.files).unwrap();
        let messages = serde_json::to_value(&state.messages).unwrap();
        state.reset(false);
        state.files = serde_json::from_value(again(&files)).unwrap();
        state.messages = serde_json::from_value(again(&messages)).unwrap();
        assert_eq!(state.show_message(message).unwrap(), shown);
        assert_eq!(state.files.get(file).unwrap().content.as_deref(), Some(&b"abc"[..]));
    }
}
