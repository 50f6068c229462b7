//! Files of chats on the portal's disk: `im.disk.*`.

use b24bot_core::{ChatId, DialogId, FileId};

use crate::methods::answers;

namespace! {
    /// Files of chats on the portal's disk: `im.disk.*`.
    Disk, scope Some("im"), under {
        /// Files: `im.disk.file.*`.
        file: DiskFile,
        /// Folders: `im.disk.folder.*`.
        folder: DiskFolder,
    };
}

namespace! {
    /// Files: `im.disk.file.*`.
    DiskFile, scope Some("im");

    /// Publishes a file that was uploaded to a chat's folder as a message. One of `file_id` and `upload_id`
    /// is enough for the platform, but it documents all as required.
    act commit = DiskFileCommit, "im.disk.file.commit" at "chats/files/im-disk-file-commit"
    (
        chat_id: ChatId = "CHAT_ID",
        dialog_id: DialogId = "DIALOG_ID",
        file_id: FileId = "FILE_ID",
        upload_id: FileId = "UPLOAD_ID",
    ) -> answers::Commit {
        /// A text to go with it.
        message: text = "MESSAGE",
        /// In an open channel: keep the file from the client.
        silent_mode: yn = "SILENT_MODE",
        /// As a file, not as a picture.
        as_file: yn = "AS_FILE",
    }
    errors [ChatIdEmpty, DialogIdEmpty, FilesError, SaveError, AccessError];

    /// Deletes a file from a chat's folder.
    set delete = DiskFileDelete, "im.disk.file.delete" at "chats/files/im-disk-file-delete"
    (chat_id: ChatId = "CHAT_ID", file_id: FileId = "FILE_ID") -> bool {}
    errors [ChatIdEmpty, FileIdEmpty];

    /// Saves a chat's file to the caller's own disk.
    act save = DiskFileSave, "im.disk.file.save" at "chats/files/im-disk-file-save"
    (file_id: FileId = "FILE_ID") -> answers::SavedFile {}
    errors [FileIdEmpty, FileSaveError];
}

namespace! {
    /// Folders: `im.disk.folder.*`.
    DiskFolder, scope Some("im");

    /// The folder of a chat, to upload files to.
    read get = DiskFolderGet, "im.disk.folder.get" at "chats/files/im-disk-folder-get"
    (chat_id: ChatId = "CHAT_ID", dialog_id: DialogId = "DIALOG_ID") -> answers::FolderRef {}
    errors [ChatIdEmpty, DialogIdEmpty, AccessError];
}
