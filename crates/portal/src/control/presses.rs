//! `POST /control/presses`: somebody presses a button or chooses an item of a menu.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Extract;
use serde::Deserialize;
use serde_json::json;

use super::acts::{known_user, untouched};
use super::number::Number;
use super::{Answer, Body};
use crate::refusal::{Refusal, bad};
use crate::shared::Shared;
use crate::state::messages::Untouched;
use crate::state::presses::{NotPressed, Pressed, Spot};

#[derive(Deserialize)]
pub(super) struct Press {
    message: Number,
    user: Number,
    button: Option<Number>,
    menu: Option<Number>,
}

pub(super) async fn press(Extract(shared): Extract<Arc<Shared>>, Body(press): Body<Press>) -> Answer {
    let index = |Number(n): Number| usize::try_from(n).unwrap_or(usize::MAX);
    let spot = match (press.button, press.menu) {
        (Some(n), None) => Spot::Button(index(n)),
        (None, Some(n)) => Spot::Menu(index(n)),
        _ => return Err(bad("INVALID_REQUEST", "Either button or menu has to be the number of one")),
    };
    let (Number(message), Number(user)) = (press.message, press.user);
    let pressed = shared.with(|state| {
        known_user(state, user)?;
        state.press(message, user, spot).map_err(not_pressed)
    })?;
    Ok(Json(match pressed {
        Pressed::Command => json!({"result": true, "kind": "command"}),
        Pressed::Link(link) => json!({"result": true, "kind": "link", "link": link}),
        Pressed::Action { kind, value, message } => json!({
            "result": true,
            "kind": "action",
            "action": kind.to_lowercase(),
            "value": value,
            "message_id": message,
        }),
        Pressed::App { id, params } => {
            json!({"result": true, "kind": "app", "app_id": id, "app_params": params})
        }
    }))
}

fn not_pressed(why: NotPressed) -> Refusal {
    match why {
        NotPressed::NoAccess => untouched(Untouched::NoAccess),
        NotPressed::NoSuchButton => Refusal::new(404, "NOT_FOUND", "There is no such button"),
        NotPressed::Disabled => bad("BUTTON_DISABLED", "The button cannot be pressed"),
        NotPressed::NoCommand(name) => bad(
            "COMMAND_NOT_FOUND",
            format!(
                "Its bot has registered no command {name:?} for this chat: the platform raises no event then"
            ),
        ),
    }
}
