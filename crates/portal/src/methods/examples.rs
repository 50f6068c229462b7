//! Methods that the portal answers without doing anything: with an example of what the platform answers.
//!
//! The examples are data, a file for each family: who may call, what has to be given, and the result. Their
//! shapes are the platform's, all values are invented.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::{Call, IM, IMBOT, USER, imbot, imbot_v2, is_v2};
use crate::credentials::Via;
use crate::refusal::{Refusal, bad, forbidden};
use crate::tree::Tree;

const FILES: [&str; 5] = [
    include_str!("examples/general.json"),
    include_str!("examples/im.json"),
    include_str!("examples/imbot.json"),
    include_str!("examples/imbot_v2.json"),
    include_str!("examples/imopenlines.json"),
];

static EXAMPLES: LazyLock<BTreeMap<String, Example>> = LazyLock::new(|| {
    // The files are part of the program; a test sees to it that all can be read.
    FILES.into_iter().flat_map(|file| read(file).unwrap_or_default()).collect()
});

fn read(file: &str) -> serde_json::Result<BTreeMap<String, Example>> {
    serde_json::from_str(file)
}

/// Every method with an example, under its name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static Example)> {
    EXAMPLES.iter().map(|(name, example)| (name.as_str(), example))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    scope: Scope,
    /// Refused to webhooks.
    #[serde(default)]
    application: bool,
    /// The call is about a bot of this generation, which has to be the caller's own.
    bot: Option<Bot>,
    #[serde(default)]
    needs: Vec<Need>,
    result: Value,
    pub(super) total: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// What every caller has.
    Basic,
    Im,
    Imbot,
    Imopenlines,
    User,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bot {
    V1,
    V2,
}

/// One of some parameters has to be given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Need {
    one_of: BTreeMap<String, Kind>,
    error: String,
}

/// What counts as given.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A positive number.
    Id,
    /// A text that is not empty.
    Text,
    /// An array that is not empty.
    Object,
    /// Either of the two.
    Any,
}

impl Example {
    pub(super) fn scopes(&self) -> &'static [&'static str] {
        match self.scope {
            Scope::Basic => &[],
            Scope::Im => IM,
            Scope::Imbot => IMBOT,
            Scope::Imopenlines => &["imopenlines"],
            Scope::User => USER,
        }
    }

    /// The example, if the call is one that the platform would have taken.
    pub(super) fn answer(&'static self, name: &str, call: &Call<'_>) -> Result<Value, Refusal> {
        if self.application && call.caller.via == Via::Webhook {
            return Err(forbidden("ACCESS_DENIED", "Application context required"));
        }
        for need in &self.needs {
            need.check(&call.params, is_v2(name))?;
        }
        match self.bot {
            Some(Bot::V1) => imbot::bot(call).map(|_| ())?,
            Some(Bot::V2) => imbot_v2::bot(call).map(|_| ())?,
            None => {}
        }
        Ok(self.result.clone())
    }
}

impl Need {
    fn check(&'static self, params: &Tree, exact: bool) -> Result<(), Refusal> {
        let given = |(name, kind): (&String, &Kind)| {
            // The names of generation 1 parameters have been turned to upper case.
            let name = if exact { name.clone() } else { name.to_uppercase() };
            params.get(&name).is_some_and(|value| kind.accepts(value))
        };
        if self.one_of.iter().any(given) {
            return Ok(());
        }
        let names: Vec<&str> = self.one_of.keys().map(String::as_str).collect();
        Err(bad(&self.error, format!("Argument '{}' is null or empty", names.join("' or '"))))
    }
}

impl Kind {
    fn accepts(self, value: &Tree) -> bool {
        let is_text = || value.text().is_some_and(|text| !text.trim().is_empty());
        let is_filled = || value.entries().next().is_some();
        match self {
            Self::Id => value.id().is_some(),
            Self::Text => is_text(),
            Self::Object => is_filled(),
            Self::Any => is_text() || is_filled(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{METHODS, is_same, webhook_call};
    use super::*;
    use crate::state::sample;
    use serde_json::json;

    #[test]
    fn every_file_is_read_and_no_method_is_there_twice() {
        let counts: Vec<usize> = FILES.iter().map(|file| read(file).unwrap().len()).collect();
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
        assert_eq!(all().count(), counts.iter().sum::<usize>());
        for (name, _) in all() {
            assert!(!METHODS.iter().any(|method| is_same(method.name, name)), "{name}");
        }
    }

    #[test]
    fn what_is_needed_is_asked_for_first() {
        let mut state = sample();
        let mut call = |method: &str, query: &str| webhook_call(&mut state, method, query);
        for (method, query, expected) in [
            ("im.chat.updateColor", "COLOR=RED", Err("CHAT_ID_EMPTY")),
            ("im.chat.updateColor", "CHAT_ID=0&COLOR=RED", Err("CHAT_ID_EMPTY")),
            ("im.chat.updateColor", "DIALOG_ID=chat1", Err("WRONG_COLOR")),
            ("im.chat.updateColor", "DIALOG_ID=chat1&COLOR=RED", Ok(json!(true))),
            ("IM.CHAT.UPDATECOLOR", "chat_id=1&color=RED", Ok(json!(true))),
            ("im.user.list.get", "ID[]=", Ok(call("im.user.list.get", "ID=27").unwrap())),
            ("im.user.list.get", "ID=", Err("INVALID_FORMAT")),
            ("imbot.v2.Chat.Message.read", "botId=5&botToken=t", Err("ERROR_ARGUMENT")),
            ("imbot.v2.Chat.Message.read", "DIALOGID=chat1&botId=5&botToken=t", Err("ERROR_ARGUMENT")),
            ("imbot.v2.Chat.Message.read", "dialogId=chat1&botId=5&botToken=t", Err("BOT_NOT_FOUND")),
            ("imbot.v2.chat.message.read", "", Err("ERROR_METHOD_NOT_FOUND")),
            ("imbot.chat.updateColor", "CHAT_ID=1&COLOR=RED", Err("ACCESS_DENIED")),
            ("event.offline.get", "", Err("ACCESS_DENIED")),
        ] {
            assert_eq!(call(method, query), expected, "{method} {query}");
        }
    }
}
