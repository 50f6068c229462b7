//! What people do on a stage.

use std::{fmt, panic::Location};

use b24bot_core::{MessageId, UserId};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Act, Chat, Failure, FailureKind, Said, Stage};

/// Somebody on a [`Stage`]: every method is something that they do. A dialog is `chat1`, a [`Chat`], the id of somebody,
/// or [the bot](Stage::bot).
#[derive(Clone, Copy, Debug)]
pub struct Person<'stage> {
    pub(super) stage: &'stage Stage,
    pub(super) id: u64,
}

impl<'stage> Person<'stage> {
    /// Their id.
    #[must_use]
    pub fn id(self) -> UserId {
        self.id.into()
    }

    /// Writes a message. One that begins with a slash calls a command of the bots in that chat.
    ///
    /// # Errors
    ///
    /// When the portal does not let them, as with all that they do.
    #[track_caller]
    pub fn says(self, dialog: impl fmt::Display, text: &str) -> Act<'stage, Said> {
        let body = json!({"dialog": dialog.to_string(), "user": self.id, "text": text});
        Act::new(self.writes("messages", body, Location::caller()))
    }

    /// Writes a message that replies to another one.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn replies(self, to: Said, text: &str) -> Act<'stage, Said> {
        let place = Location::caller();
        let body = json!({"user": self.id, "text": text, "reply_to": to.id.get()});
        Act::new(async move {
            let mut body = body;
            // What the chat is called depends on who asks.
            body["dialog"] = self.stage.dialog_of(to, self.id, place).await?;
            self.writes("messages", body, place).await
        })
    }

    /// Sends a file.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn sends_file(
        self,
        dialog: impl fmt::Display,
        name: &str,
        content: impl AsRef<[u8]>,
    ) -> Act<'stage, Said> {
        let content = STANDARD.encode(content);
        let body = json!({"dialog": dialog.to_string(), "user": self.id, "name": name, "content": content});
        Act::new(self.writes("files", body, Location::caller()))
    }

    async fn writes(
        self,
        path: &str,
        body: Json,
        place: &'static Location<'static>,
    ) -> Result<Said, Failure> {
        let answer = self.stage.ask(Method::POST, path, &body, place).await?;
        let id = answer["message_id"].as_u64().unwrap_or_default();
        let message = self.stage.ask(Method::GET, &format!("messages/{id}"), &Json::Null, place).await?;
        Ok(Said { id: id.into(), chat: Chat(message["chat"].as_u64().unwrap_or_default()) })
    }

    /// Changes the text of their message.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn edits(self, message: impl Into<MessageId>, text: &str) -> Act<'stage, ()> {
        let path = format!("messages/{}", message.into());
        self.acts(Method::PATCH, path, json!({"user": self.id, "text": text}), Location::caller())
    }

    /// Deletes their message.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn deletes(self, message: impl Into<MessageId>) -> Act<'stage, ()> {
        let path = format!("messages/{}", message.into());
        self.acts(Method::DELETE, path, json!({"user": self.id}), Location::caller())
    }

    /// Likes a message.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn likes(self, message: impl Into<MessageId>) -> Act<'stage, ()> {
        let body = json!({"message": message.into().get(), "user": self.id, "action": "plus"});
        self.acts(Method::POST, "likes".to_owned(), body, Location::caller())
    }

    /// Reacts to a message, with a code such as `fire`.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn reacts(self, message: impl Into<MessageId>, code: &str) -> Act<'stage, ()> {
        let message = message.into().get();
        let body = json!({"message": message, "user": self.id, "reaction": code, "action": "add"});
        self.acts(Method::POST, "reactions".to_owned(), body, Location::caller())
    }

    /// Presses the button with that label under a message.
    ///
    /// # Errors
    ///
    /// Also when there is no such button.
    #[track_caller]
    pub fn presses(self, message: impl Into<MessageId>, label: &str) -> Act<'stage, ()> {
        let (id, label, place) = (message.into().get(), label.to_owned(), Location::caller());
        Act::new(async move {
            let message = self.stage.ask(Method::GET, &format!("messages/{id}"), &Json::Null, place).await?;
            let mut keyboard = message["keyboard"].as_array().into_iter().flatten();
            let Some(button) = keyboard.find(|button| button["text"] == *label) else {
                let text =
                    format!("there is no button {label:?} under message {id}: {}", message["keyboard"]);
                return Err(self.stage.failure(FailureKind::Refused, text, place).await);
            };
            let body = json!({"message": id, "button": button["n"], "user": self.id});
            self.order(Method::POST, "presses".to_owned(), body, place).await
        })
    }

    /// Begins to type in a dialog.
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn types(self, dialog: impl fmt::Display) -> Act<'stage, ()> {
        let body = json!({"dialog": dialog.to_string(), "user": self.id});
        self.acts(Method::POST, "typing".to_owned(), body, Location::caller())
    }

    /// Brings somebody into a chat: a person, or [the bot](Stage::bot).
    ///
    /// # Errors
    ///
    /// As for [`says`](Self::says).
    #[track_caller]
    pub fn invites(self, whom: impl fmt::Display, chat: Chat) -> Act<'stage, ()> {
        let body = json!({"user": whom.to_string(), "by": self.id});
        self.acts(Method::POST, format!("chats/{}/members", chat.id()), body, Location::caller())
    }

    fn acts(
        self,
        method: Method,
        path: String,
        body: Json,
        place: &'static Location<'static>,
    ) -> Act<'stage, ()> {
        Act::new(self.order(method, path, body, place))
    }

    async fn order(
        self,
        method: Method,
        path: String,
        body: Json,
        place: &'static Location<'static>,
    ) -> Result<(), Failure> {
        self.stage.ask(method, &path, &body, place).await.map(drop)
    }
}

impl fmt::Display for Person<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}
