//! What the bot is expected to do.

use std::{fmt, panic::Location};

use b24bot_core::{BotId, MessageId};
use serde_json::Value as Json;

use super::{Call, Chat, Expectation, Pattern, Said, Stage, conversation::Moment, expectation::Met};

/// The bot on a [`Stage`]: every method is something that it is expected to do. Where a dialog is asked for, the bot
/// stands for the private chat with it.
#[derive(Clone, Copy, Debug)]
pub struct BotOnStage<'stage> {
    pub(super) stage: &'stage Stage,
}

impl<'stage> BotOnStage<'stage> {
    /// Its id, as a user and as a bot.
    #[must_use]
    pub fn id(self) -> BotId {
        self.stage.bot_id()
    }

    /// It likes a message.
    #[track_caller]
    pub fn likes(self, message: impl Into<MessageId>) -> Expectation<'stage, ()> {
        let id = message.into().get();
        self.marks(id, format!("to like message {id}"), |message| &message["likes"])
    }

    /// It takes its like back.
    #[track_caller]
    pub fn unlikes(self, message: impl Into<MessageId>) -> Expectation<'stage, ()> {
        let id = message.into().get();
        Expectation::new(
            self.stage,
            format!("to take its like of message {id} back"),
            Location::caller(),
            move |moment| {
                let gone = !has(&moment.seen.message(id)?["likes"], moment.bot);
                // Without a call it never liked it. Of two that may do either, the later one takes back.
                let call = moment.last_call(|call| call.messages.contains(&id) && takes_back(call));
                let call = call.filter(|_| gone)?;
                Some(Met { value: (), call: Some(call.number), message: None })
            },
        )
    }

    /// It reacts to a message, with a code such as `fire`.
    #[track_caller]
    pub fn reacts(self, message: impl Into<MessageId>, code: &str) -> Expectation<'stage, ()> {
        let (id, wanted) = (message.into().get(), code.to_owned());
        self.marks(id, format!("to react to message {id} with {code:?}"), move |message| {
            if wanted == "like" { &message["likes"] } else { &message["reactions"][&wanted] }
        })
    }

    #[track_caller]
    fn marks(
        self,
        id: u64,
        what: String,
        who: impl Fn(&Json) -> &Json + Send + Sync + 'static,
    ) -> Expectation<'stage, ()> {
        Expectation::new(self.stage, what, Location::caller(), move |moment| {
            has(who(moment.seen.message(id)?), moment.bot).then(|| Met {
                value: (),
                call: moment.change(id, &["like", "reaction"]),
                message: None,
            })
        })
    }

    /// It writes such a text into the same chat, later. Each message answers one expectation.
    #[track_caller]
    pub fn replies(self, to: Said, text: impl Into<Pattern>) -> Expectation<'stage, Said> {
        let text = text.into();
        let (what, is_wrong) = (format!("to reply {text} to message {}", to.id), text.is_wrong());
        self.writes(what, Location::caller(), move |message| {
            message["chat"] == to.chat.id()
                && message["id"].as_u64() > Some(to.id.get())
                && text.fits(message["text"].as_str().unwrap_or_default())
        })
        .wrong_if(is_wrong)
    }

    /// It writes such a text into a dialog: `chat1`, or the id of whom it writes to. Messages from before count as well,
    /// such as its greeting in `chat1` at the start.
    #[track_caller]
    pub fn says(self, dialog: impl fmt::Display, text: impl Into<Pattern>) -> Expectation<'stage, Said> {
        let (dialog, text) = (dialog.to_string(), text.into());
        let is_wrong = text.is_wrong();
        self.writes(format!("to say {text} in {dialog}"), Location::caller(), move |message| {
            message["dialog"] == *dialog && text.fits(message["text"].as_str().unwrap_or_default())
        })
        .wrong_if(is_wrong)
    }

    /// It sends a file of that name into a dialog.
    #[track_caller]
    pub fn sends_file(
        self,
        dialog: impl fmt::Display,
        name: impl Into<Pattern>,
    ) -> Expectation<'stage, Said> {
        let (dialog, name) = (dialog.to_string(), name.into());
        let is_wrong = name.is_wrong();
        self.writes(format!("to send the file {name} to {dialog}"), Location::caller(), move |message| {
            let mut files = message["files"].as_array().into_iter().flatten();
            message["dialog"] == *dialog
                && files.any(|file| name.fits(file["name"].as_str().unwrap_or_default()))
        })
        .wrong_if(is_wrong)
    }

    fn writes(
        self,
        what: String,
        place: &'static Location<'static>,
        is: impl Fn(&Json) -> bool + Send + Sync + 'static,
    ) -> Expectation<'stage, Said> {
        Expectation::new(self.stage, what, place, move |moment: &Moment<'_>| {
            let (message, call) = moment.written(&is)?;
            let id = message["id"].as_u64()?;
            let said = Said { id: id.into(), chat: Chat(message["chat"].as_u64()?) };
            Some(Met { value: said, call, message: Some(id) })
        })
    }

    /// It changes a message of its own to such a text.
    #[track_caller]
    pub fn edits(self, message: impl Into<MessageId>, text: impl Into<Pattern>) -> Expectation<'stage, ()> {
        let (id, text) = (message.into().get(), text.into());
        let is_wrong = text.is_wrong();
        Expectation::new(
            self.stage,
            format!("to edit message {id} to {text}"),
            Location::caller(),
            move |moment| {
                let message = moment.seen.message(id)?;
                let fits =
                    message["edited"] == true && text.fits(message["text"].as_str().unwrap_or_default());
                fits.then(|| Met { value: (), call: moment.change(id, &["update"]), message: None })
            },
        )
        .wrong_if(is_wrong)
    }

    /// It deletes a message of its own.
    #[track_caller]
    pub fn deletes(self, message: impl Into<MessageId>) -> Expectation<'stage, ()> {
        let id = message.into().get();
        Expectation::new(self.stage, format!("to delete message {id}"), Location::caller(), move |moment| {
            // Some leave nothing behind, not even that they are deleted.
            let gone = moment.seen.message(id).is_none_or(|message| message["deleted"] == true);
            let number = id.to_string();
            let deleting =
                |call: &Call| call.has(&["delete"]) && call.param("message_id").as_ref() == Some(&number);
            let call = moment.call(|call| deleting(call) && call.error.is_none()).filter(|_| gone)?;
            Some(Met { value: (), call: Some(call.number), message: None })
        })
    }

    /// There are buttons with these labels, and no others, under a message.
    #[track_caller]
    pub fn shows_keyboard(self, message: impl Into<MessageId>, labels: &[&str]) -> Expectation<'stage, ()> {
        let id = message.into().get();
        let what = format!("to show the buttons {labels:?} under message {id}");
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        Expectation::new(self.stage, what, Location::caller(), move |moment| {
            let keyboard = moment.seen.message(id)?["keyboard"].as_array().into_iter().flatten();
            let shown = keyboard.filter(|button| button["type"] == "button").map(|button| &button["text"]);
            shown.eq(labels.iter()).then_some(Met { value: (), call: None, message: None })
        })
    }

    /// It shows that it is typing in a dialog.
    #[track_caller]
    pub fn types(self, dialog: impl fmt::Display) -> Expectation<'stage, ()> {
        let dialog = dialog.to_string();
        Expectation::new(self.stage, format!("to type in {dialog}"), Location::caller(), move |moment| {
            let call = moment.call(|call| {
                let types = call.has(&["sendtyping", "inputaction"]) && call.error.is_none();
                types && call.param("dialog_id").as_deref() == Some(&dialog)
            })?;
            Some(Met { value: (), call: Some(call.number), message: None })
        })
    }

    /// It calls a method, alone or in a batch, whatever the answer.
    #[track_caller]
    pub fn calls(self, method: &str) -> Expectation<'stage, Call> {
        let wanted = method.to_owned();
        Expectation::new(self.stage, format!("to call {method}"), Location::caller(), move |moment| {
            let call = moment.call(|call| call.is(&wanted))?;
            Some(Met { value: call.clone(), call: Some(call.number), message: None })
        })
    }
}

impl fmt::Display for BotOnStage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

/// Whether a call may have taken a like back.
fn takes_back(call: &Call) -> bool {
    let param = |name: &str| call.param(name).unwrap_or_default().to_lowercase();
    let takes = match call.method.to_lowercase() {
        method if method.ends_with("reaction.delete") => param("reaction") == "like",
        method => method.ends_with("message.like") && param("action") != "plus",
    };
    takes && call.error.is_none()
}

fn has(users: &Json, user: u64) -> bool {
    users.as_array().is_some_and(|users| users.iter().any(|other| *other == user))
}
