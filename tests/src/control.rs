//! The local portal's control API, as anyone's tests use it.

use reqwest::Client;
use serde_json::{Value, json};

use crate::eventually;

/// A local portal at an address.
#[derive(Clone, Debug)]
pub struct Control {
    url: String,
    http: Client,
}

impl Control {
    /// `http://127.0.0.1:9400`
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), http: Client::new() }
    }

    /// Someone types a message; its id.
    ///
    /// # Panics
    ///
    /// When the portal refuses it.
    pub async fn say(&self, dialog: &str, user: u64, text: &str) -> u64 {
        let answer =
            self.post("/control/messages", &json!({"dialog": dialog, "user": user, "text": text})).await;
        answer["message_id"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }

    /// `POST`s JSON anywhere on the portal.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.http.post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default()
    }

    /// `GET`s JSON anywhere on the portal.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default()
    }

    /// Waits until someone likes the message; who does.
    pub async fn liked(&self, message: u64) -> Vec<u64> {
        let likes = || async {
            let message = self.get(&format!("/control/messages/{message}")).await;
            let likes: Vec<u64> = message["likes"].as_array()?.iter().filter_map(Value::as_u64).collect();
            Some(likes).filter(|likes| !likes.is_empty())
        };
        eventually(&format!("a like of message {message}"), likes).await
    }

    /// Waits for a message with that text in a dialog; its author.
    pub async fn said(&self, dialog: &str, text: &str) -> u64 {
        self.said_by_others(dialog, 0, text).await
    }

    /// The same, by anyone but that user.
    pub async fn said_by_others(&self, dialog: &str, user: u64, text: &str) -> u64 {
        let author = || async {
            let messages = self.get(&format!("/control/dialogs/{dialog}/messages")).await;
            let mut texts = messages.as_array()?.iter().filter(|message| message["author"] != user);
            texts.find(|message| message["text"] == text)?["author"].as_u64()
        };
        eventually(&format!("{text:?} in {dialog}"), author).await
    }

    /// A user's name.
    ///
    /// # Panics
    ///
    /// When there is no such user.
    pub async fn name_of(&self, user: u64) -> String {
        let state = self.get("/control/state").await;
        let users = state["users"].as_array().into_iter().flatten();
        let mut users = users;
        users.find(|one| one["id"] == user).and_then(|one| one["name"].as_str()).unwrap().to_owned()
    }

    /// How often a method was called successfully.
    pub async fn count(&self, method: &str) -> usize {
        let requests = self.get("/control/requests").await;
        requests
            .as_array()
            .map_or(0, |all| all.iter().filter(|r| r["method"] == method && r["status"] == 200).count())
    }
}
