//! The log of one bot's events on its portal: `imbot.v2.Event.get`.

use std::future::Future;

use b24bot_actions::{Client, Portals};
use b24bot_core::{BotId, Portal, Secret, Value};
use b24bot_dispatcher::BoxError;
use b24bot_rules::{Config, Mode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::pace::Request;
use crate::{Error, ErrorKind};

/// Where events are fetched from.
pub(crate) trait Log: Send + Sync + 'static {
    /// Names the bot, for its claim.
    fn name(&self) -> String;

    /// What is known of the portal.
    fn portal(&self) -> Portal;

    /// Confirms what lies below the request's offset, and returns what comes next.
    fn get(&self, request: Request) -> impl Future<Output = Result<Page, BoxError>> + Send;
}

/// A part of the log. The portal's looseness is not worth losing events for: whatever has another shape is absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// Events as they came, oldest first.
    #[serde(default)]
    pub(crate) events: Vec<Box<RawValue>>,
    #[serde(default)]
    next_offset: Value,
    #[serde(default)]
    has_more: Value,
}

impl Page {
    /// The offset that confirms these events. Without any it can be 0, which says nothing.
    pub(crate) fn next_offset(&self) -> Option<u64> {
        self.next_offset.as_u64().filter(|offset| *offset != 0)
    }

    pub(crate) fn has_more(&self) -> bool {
        self.has_more.as_bool().unwrap_or_default()
    }
}

/// The log of a bot that was registered through an inbound webhook.
#[derive(Clone, Debug)]
pub(crate) struct BotLog {
    client: Client,
    bot: BotId,
    token: Secret,
}

impl BotLog {
    /// The log that the configuration tells to fetch from, if it does.
    ///
    /// # Errors
    ///
    /// When it does, but leaves out what that needs.
    pub(crate) fn configured(config: &Config, portals: &Portals) -> Result<Option<Self>, Error> {
        if config.bot.mode != Mode::Fetch {
            return Ok(None);
        }
        let portal = config.portal.as_ref();
        let bot = portal.and_then(|portal| portal.bot_id);
        let token = portal.and_then(|portal| portal.bot_token.clone());
        match (portals.webhook_client(), bot, token) {
            (Some(client), Some(bot), Some(token)) => Ok(Some(Self { client, bot, token })),
            (client, bot, token) => {
                let keys = [
                    ("webhook", client.is_some()),
                    ("bot_id", bot.is_some()),
                    ("bot_token", token.is_some()),
                ];
                let missing: Vec<String> =
                    keys.iter().filter(|(_, there)| !there).map(|(key, _)| format!("`{key}`")).collect();
                let message = format!(
                    "`mode = \"fetch\"` needs {} in [portal]: the bot is registered through that webhook with \
                     `imbot.v2.Bot.register`, which takes the token and answers with the id",
                    missing.join(" and ")
                );
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'log> {
    bot_id: BotId,
    bot_token: &'log str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    limit: u64,
}

impl Log for BotLog {
    fn name(&self) -> String {
        format!("{}/{}", self.client.domain(), self.bot)
    }

    fn portal(&self) -> Portal {
        let mut portal = Portal::default();
        portal.domain = Some(self.client.domain());
        portal
    }

    async fn get(&self, Request { offset, limit }: Request) -> Result<Page, BoxError> {
        let params = Params { bot_id: self.bot, bot_token: self.token.expose(), offset, limit };
        Ok(self.client.call("imbot.v2.Event.get", &params).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_however_loosely_it_is_written() {
        let read = |json: &str| -> Page { serde_json::from_str(json).unwrap() };
        let page = read(r#"{"events": [{"eventId": 1001}], "nextOffset": "1002", "hasMore": "Y"}"#);
        assert_eq!((page.events.len(), page.next_offset(), page.has_more()), (1, Some(1002), true));
        for json in ["{}", r#"{"events": [], "nextOffset": 0, "hasMore": false}"#, r#"{"nextOffset": null}"#]
        {
            let page = read(json);
            assert_eq!((page.events.len(), page.next_offset(), page.has_more()), (0, None, false), "{json}");
        }
    }

    #[test]
    fn what_fetching_needs_is_named() {
        let configured = |portal: &str| {
            let text = format!("[bot]\ncode = \"b\"\nmode = \"fetch\"\n{portal}");
            let config = Config::parse("bot.toml", &text, &|_| None).unwrap();
            let portals = crate::portals(&config).build().unwrap();
            BotLog::configured(&config, &portals)
        };
        let webhook = "[portal]\nwebhook = \"https://portal.example/rest/1/abc/\"\n";
        for (portal, missing) in [
            (String::new(), "`webhook` and `bot_id` and `bot_token`"),
            (webhook.to_owned(), "needs `bot_id` and `bot_token` in"),
            (format!("{webhook}bot_id = 5"), "needs `bot_token` in"),
            (format!("{webhook}bot_token = \"hushhush\""), "needs `bot_id` in"),
        ] {
            let error = configured(&portal).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
        let log = configured(&format!("{webhook}bot_id = 5\nbot_token = \"hushhush\"")).unwrap().unwrap();
        assert_eq!(log.name(), "portal.example/5");
        assert!(!format!("{log:?}").contains("hushhush"));
    }
}
