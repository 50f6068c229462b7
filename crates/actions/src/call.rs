//! A call before it is sent.

use std::fmt;

use b24bot_core::BotId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    error::{Error, ErrorKind},
    query,
};

/// One REST call: a method, its parameters, and whether doing it twice does harm.
///
/// ```
/// use b24bot_actions::Call;
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "UPPERCASE")]
/// struct Title { chat_id: u64, title: &'static str }
///
/// let call = Call::new("im.chat.updateTitle").params(&Title { chat_id: 5, title: "Lunch" })?.idempotent();
/// assert!(call.is_idempotent());
/// # Ok::<(), b24bot_actions::Error>(())
/// ```
#[derive(Clone)]
pub struct Call {
    method: String,
    params: Map<String, Value>,
    idempotent: bool,
}

/// Reads whose names do not show that they are.
const READS: &[&str] = &[
    "app.info",
    "events",
    "im.v2.file.download",
    "imbot.v2.chat.message.getcontext",
    "imbot.v2.file.download",
    "imopenlines.crm.chat.getlastid",
    "methods",
    "profile",
    "scope",
    "server.time",
    "user.admin",
    "user.current",
];

impl Call {
    /// A call without parameters. The method's name goes out as it is written: v2 methods are case-sensitive.
    ///
    /// Methods that read (`….get`, `….list`, `….search`, `profile`, `server.time`, …) count as idempotent by themselves.
    #[must_use]
    pub fn new(method: impl Into<String>) -> Self {
        let method = method.into();
        let idempotent = reads(&method);
        Self { method, params: Map::new(), idempotent }
    }

    /// A call out of the table of methods, which knows better than the name what it does.
    pub(crate) fn typed(method: &str, params: Map<String, Value>, idempotent: bool) -> Self {
        Self { method: method.to_owned(), params, idempotent }
    }

    /// The parameters, written as JSON: a struct or a map, or `()` for none. Replaces earlier ones.
    ///
    /// # Errors
    /// [`ErrorKind::Params`] when they are anything else or cannot be written as JSON.
    pub fn params(mut self, params: &impl Serialize) -> Result<Self, Error> {
        self.params = match serde_json::to_value(params) {
            Ok(Value::Object(map)) => map,
            Ok(Value::Null) => Map::new(),
            Ok(_) => return Err(self.unwritable().note("parameters have names: pass a struct or a map")),
            Err(error) => return Err(self.unwritable().source_from(error)),
        };
        Ok(self)
    }

    /// Says that doing the call twice does no harm, so that it may be repeated when its first fate is unknown.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The parameters, to be written elsewhere. They can hold tokens.
    #[must_use]
    pub fn parameters(&self) -> impl Serialize + '_ {
        &self.params
    }

    /// Whether the call may be repeated when it is unknown if it was carried out.
    #[must_use]
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// What it is done to, as far as the parameters tell: a dialog, a chat or a message.
    pub(crate) fn target(&self) -> String {
        ["dialogid", "chatid", "messageid"].into_iter().find_map(|of| self.text(of)).unwrap_or_default()
    }

    /// Whether it only reads, by its name.
    pub(crate) fn is_read(&self) -> bool {
        reads(&self.method)
    }

    /// Whether it acts as that bot whoever signs it, as long as the bot is theirs: it names the bot, or a command of its.
    pub(crate) fn is_as_bot(&self, bot: BotId) -> bool {
        let method = self.method.to_ascii_lowercase();
        let names = || self.text("botid").is_some_and(|named| named == bot.to_string());
        method == "imbot.command.answer" || (method.starts_with("imbot.") && names())
    }

    /// The dialog it goes to, if the parameters tell.
    pub(crate) fn dialog(&self) -> Option<String> {
        let chat = || self.text("chatid").map(|chat| format!("chat{chat}"));
        self.text("dialogid").or_else(chat)
    }

    /// The message it is about, if the parameters tell.
    pub(crate) fn message(&self) -> Option<String> {
        self.text("messageid").map(|message| format!("message {message}"))
    }

    /// What the call sets, for calls of which only the last counts: likes of one message by one bot, set and taken
    /// away, but not toggled.
    pub(crate) fn mark(&self) -> Option<String> {
        let method = self.method.to_ascii_lowercase();
        let kind = match method.as_str() {
            "im.message.like" | "imbot.message.like" if self.params.get("ACTION") != Some(&"auto".into()) => {
                self.params.get("ACTION")?;
                method.as_str()
            }
            "imbot.v2.chat.message.reaction.add" | "imbot.v2.chat.message.reaction.delete"
                if self.params.get("reaction") == Some(&"like".into()) =>
            {
                "reaction"
            }
            _ => return None,
        };
        Some(format!("{kind} {} {}", self.text("botid").unwrap_or_default(), self.text("messageid")?))
    }

    /// A parameter of that name, in lower case and without `_`.
    fn text(&self, of: &str) -> Option<String> {
        let is = |name: &str| name.replace('_', "").eq_ignore_ascii_case(of);
        match self.params.iter().find(|(name, _)| is(name))?.1 {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The call as `batch` takes it: `method?query`. None where the portal would not understand it as it does alone.
    pub(crate) fn command(&self) -> Option<String> {
        const ALONE: [&str; 3] = ["file.upload", "file.download", "event.offline"];
        let method = self.method.to_ascii_lowercase();
        if method == "batch" || ALONE.iter().any(|part| method.contains(part)) {
            return None;
        }
        let query = query::write(&self.params)?;
        Some(if query.is_empty() { self.method.clone() } else { format!("{}?{query}", self.method) })
    }

    /// One more parameter.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// The body of the request, with the access token if the address does not hold the credentials.
    pub(crate) fn body(&self, token: Option<&str>) -> Result<Vec<u8>, Error> {
        self.check()?;
        let written = match token {
            None => serde_json::to_vec(&self.params),
            Some(token) => {
                let mut params = self.params.clone();
                params.insert("auth".to_owned(), token.into());
                serde_json::to_vec(&params)
            }
        };
        written.map_err(|error| self.unwritable().source_from(error))
    }

    /// What has no method's name is no call.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if is_method_name(&self.method) {
            return Ok(());
        }
        Err(self.unwritable().note("a method's name is made of letters, digits, `.`, `_` and `-`"))
    }

    fn unwritable(&self) -> Error {
        Error::new(ErrorKind::Params, self.method.escape_default().to_string())
    }
}

impl fmt::Debug for Call {
    /// Parameters can hold tokens: only their names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("params", &self.params.keys().collect::<Vec<_>>())
            .field("idempotent", &self.idempotent)
            .finish()
    }
}

/// The name becomes part of the address: nothing in it may mean anything there.
fn is_method_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').all(|part| !part.is_empty())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

fn reads(method: &str) -> bool {
    let name = method.to_ascii_lowercase();
    // It takes what it returns out of the queue.
    if name == "event.offline.get" {
        return false;
    }
    [".get", ".list", ".fields", ".search"].iter().any(|end| name.ends_with(end))
        || READS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_recognised_by_name() {
        for method in
            ["profile", "server.time", "im.chat.get", "imbot.v2.Bot.list", "IM.CHAT.GET", "crm.deal.fields"]
        {
            assert!(Call::new(method).is_idempotent(), "{method}");
        }
        for method in ["im.message.like", "im.message.add", "event.offline.get", "batch", "budget"] {
            assert!(!Call::new(method).is_idempotent(), "{method}");
        }
        assert!(Call::new("im.message.like").idempotent().is_idempotent());
    }

    #[test]
    fn names_that_would_change_the_address_are_refused() {
        for method in ["im.message.like", "imbot.v2.Chat.Message.Reaction.add", "a-b_c.D1"] {
            assert!(Call::new(method).body(None).is_ok(), "{method}");
        }
        for method in ["", "..", ".", "a..b", ".a", "a.", "a/b", "a?b", "a#b", "a b", "a%2e", "métho", "a\n"]
        {
            assert_eq!(Call::new(method).body(None).unwrap_err().kind(), &ErrorKind::Params, "{method}");
        }
    }

    #[test]
    fn parameters_have_names() {
        assert_eq!(Call::new("profile").params(&()).unwrap().body(None).unwrap(), b"{}");
        assert_eq!(Call::new("profile").params(&[1, 2]).unwrap_err().kind(), &ErrorKind::Params);
        assert_eq!(Call::new("profile").params(&"x").unwrap_err().kind(), &ErrorKind::Params);
    }

    #[test]
    fn the_token_is_part_of_the_body_and_of_nothing_else() {
        let call = Call::new("profile").with("botToken", "hidden").with("auth", "someone else's");
        let body = String::from_utf8(call.body(Some("t0ken")).unwrap()).unwrap();
        assert!(body.contains(r#""auth":"t0ken""#) && !body.contains("someone"), "{body}");
        assert!(!format!("{call:?}").contains("hidden"));
    }
}
