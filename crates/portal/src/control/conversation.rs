//! `GET /control/conversation`: all that was said, sent and called, as it is at one moment.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use serde_json::{Value, json};

use super::Answer;
use crate::shared::Shared;
use crate::state::State;

/// Messages of all chats, requests and deliveries, each with `at_seconds`, by which they can be put in order.
pub(super) async fn conversation(Extract(shared): Extract<Arc<Shared>>) -> Answer {
    Ok(Json(shared.read(describe)))
}

fn describe(state: &State) -> Value {
    let messages: Vec<Value> = state
        .messages
        .values()
        .filter_map(|message| {
            let mut shown = state.show_message(message.id)?;
            shown["author_name"] = Value::from(state.name_of(message.author));
            shown["at_seconds"] = Value::from(message.date.as_f64());
            Some(shown)
        })
        .collect();
    let requests = state.journal.iter().map(|(number, entry)| entry.show_whole(number));
    json!({
        "now_seconds": state.now.as_f64(),
        "messages": messages,
        "requests": requests.collect::<Vec<_>>(),
        "deliveries": state.deliveries.show(),
    })
}
