//! Reading loose data: strings for numbers, empty strings for nothing.

use std::{borrow::Cow, str::FromStr};

use crate::{Auth, File, FileId, Portal, Secret, body::Node};

/// A node whose children are read by name.
#[derive(Clone, Copy)]
pub(super) struct Fields<'data>(Node<'data>);

impl<'data> Fields<'data> {
    pub(super) fn of(node: Node<'data>) -> Self {
        Self(node)
    }

    pub(super) fn child(self, key: &str) -> Self {
        Self(self.0.get(key))
    }

    /// The value itself, where it is a number.
    pub(super) fn as_number(self) -> Option<u64> {
        self.0.number()
    }

    /// The value itself, where it is a scalar.
    pub(super) fn as_text(self) -> Option<String> {
        self.0.text().map(Cow::into_owned)
    }

    /// The children with their names; PHP's JSON leaves the names out where they count from 0.
    pub(super) fn children(self) -> impl Iterator<Item = (&'data str, Self)> {
        self.0.children().map(|(key, child)| (key, Self(child)))
    }

    /// Text, empty if there is none.
    pub(super) fn text(self, key: &str) -> String {
        self.0.get(key).text().map(Cow::into_owned).unwrap_or_default()
    }

    /// Text that says something.
    pub(super) fn some_text(self, key: &str) -> Option<String> {
        self.0.get(key).text().filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    pub(super) fn number(self, key: &str) -> Option<u64> {
        self.0.get(key).number()
    }

    /// An id under the first of the keys that holds one.
    pub(super) fn id<T: From<u64>>(self, keys: &[&str]) -> Option<T> {
        keys.iter().find_map(|key| self.number(key)).map(T::from)
    }

    pub(super) fn flag(self, key: &str) -> bool {
        self.0.get(key).flag().unwrap_or_default()
    }

    /// The ids in a list, or in a map from id to id.
    pub(super) fn ids<T: From<u64>>(self, key: &str) -> Vec<T> {
        self.0.get(key).children().filter_map(|(_, child)| child.number()).map(T::from).collect()
    }

    pub(super) fn parsed<T: FromStr>(self, key: &str) -> Option<T> {
        self.0.get(key).text().and_then(|text| text.parse().ok())
    }

    /// A bot's own token; without a token or an address there is none. The portal's own address will do.
    pub(super) fn auth(self, portal: &Portal) -> Option<Auth> {
        Some(Auth {
            access_token: Secret::from(self.some_text("access_token")?),
            refresh_token: self.some_text("refresh_token").map(Secret::from),
            client_endpoint: self.some_text("client_endpoint").or_else(|| portal.client_endpoint.clone())?,
            user_id: self.id(&["user_id"]),
            scope: self
                .text("scope")
                .split([',', ' '])
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
            expires_at: self.number("expires"),
            client_id: self.some_text("client_id"),
        })
    }

    /// A file's description, which both generations write alike but for its id.
    pub(super) fn file(self, id: FileId) -> File {
        File {
            name: self.some_text("name"),
            kind: self.some_text("type"),
            size: self.number("size"),
            extension: self.some_text("extension"),
            url_download: self.some_text("urlDownload"),
            url_preview: self.some_text("urlPreview"),
            ..File::unknown(id)
        }
    }
}

/// Files of which more than the id is known, then those of which it is not.
pub(super) fn with_bare_ids(mut files: Vec<File>, ids: Vec<FileId>) -> Vec<File> {
    for id in ids {
        if files.iter().all(|file| file.id != id) {
            files.push(File::unknown(id));
        }
    }
    files
}
