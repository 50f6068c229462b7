//! Reads the sections of `bot.toml`. `None` means that a mistake was noted.

use std::net::{Ipv4Addr, SocketAddr};

use b24bot_core::{BotId, Secret};

use super::{
    addresses,
    settings::{
        AdminSettings, Api, AppSettings, BotSettings, BotType, LimitSettings, Mode, PortalSettings,
        SecuritySettings, ServerSettings, StoreSettings,
    },
};
use crate::document::{Item, Table};

/// Every section and its keys.
pub(crate) const SECTIONS: &[(&str, &[&str])] = &[
    ("bot", &["code", "name", "type", "api", "mode"]),
    ("portal", &["webhook", "bot_id", "bot_token", "client_id"]),
    ("app", &["client_id", "client_secret"]),
    ("server", &["listen", "path", "public_url"]),
    ("security", &["application_token"]),
    ("store", &["path", "nats"]),
    ("limits", &["burst", "per_second"]),
    ("admin", &["listen"]),
    (
        "rule",
        &[
            "name",
            "event",
            "text",
            "regex",
            "users",
            "not_users",
            "dialogs",
            "chat_types",
            "mentioned",
            "like",
            "reaction",
            "reply",
            "stop",
            "limit",
        ],
    ),
];

pub(super) fn api(table: &Table<'_>) -> Option<Api> {
    table.or("api", BotSettings::default().api, |item| item.one_of(&[("v1", Api::V1), ("v2", Api::V2)]))
}

pub(super) fn bot(table: &Table<'_>, api: Option<Api>) -> Option<BotSettings> {
    let code = table.require("code", "\"like_bot\"").and_then(|item| item.filled_text("\"like_bot\""));
    let name = table.maybe("name", |item| item.filled_text("\"Like bot\""));
    let bot_type = table.or("type", BotType::Bot, |item| {
        item.one_of(&[
            ("bot", BotType::Bot),
            ("supervisor", BotType::Supervisor),
            ("personal", BotType::Personal),
            ("openline", BotType::OpenLine),
        ])
    });
    let mode = table
        .or("mode", Mode::Webhook, |item| item.one_of(&[("webhook", Mode::Webhook), ("fetch", Mode::Fetch)]));
    if api == Some(Api::V1) {
        if let (Some(item), Some(Mode::Fetch)) = (table.get("mode"), mode) {
            item.fail("`mode = \"fetch\"` does not exist in `v1`", "write `api = \"v2\"`");
        }
        if let (Some(item), Some(BotType::Personal)) = (table.get("type"), bot_type) {
            item.fail(
                "`type = \"personal\"` does not exist in `v1`",
                "write `api = \"v2\"`, or `type = \"supervisor\"`",
            );
        }
    }
    let code = code?.value;
    let name = name?.map_or_else(|| code.clone(), |name| name.value);
    Some(BotSettings { code, name, bot_type: bot_type?, api: api?, mode: mode? })
}

pub(super) fn portal(table: &Table<'_>) -> Option<PortalSettings> {
    let webhook = table
        .require("webhook", "\"${B24_WEBHOOK_URL}\"")
        .and_then(|item| if table.matters { addresses::webhook(&item) } else { item.text().and(None) });
    let bot_id = table.maybe("bot_id", |item| {
        item.id("the id of a bot, a positive number", "`b24bot call imbot.bot.list` lists them")
            .map(BotId::from)
    });
    let bot_token = table.maybe("bot_token", |item| {
        let token = secret(item, "\"${B24_BOT_TOKEN}\"")?;
        if token.expose().chars().count() > 40 {
            item.fail("`bot_token` is longer than 40 characters", "the portal takes no longer ones");
            return None;
        }
        Some(token)
    });
    let client_id = table.maybe("client_id", |item| secret(item, "\"${B24_BOT_KEY}\""));
    Some(PortalSettings { webhook: webhook?, bot_id: bot_id?, bot_token: bot_token?, client_id: client_id? })
}

pub(super) fn app(table: &Table<'_>) -> Option<AppSettings> {
    let read = |key: &'static str, example: &str| {
        table.require(key, example).and_then(|item| secret(&item, example))
    };
    let client_id = read("client_id", "\"${B24_CLIENT_ID}\"");
    let client_secret = read("client_secret", "\"${B24_CLIENT_SECRET}\"");
    Some(AppSettings { client_id: client_id?.expose().to_owned(), client_secret: client_secret? })
}

pub(super) fn server(table: &Table<'_>, with_public_url: bool) -> Option<ServerSettings> {
    let defaults = ServerSettings::default();
    let listen = table.or("listen", defaults.listen, |item| addresses::listen(item, Ipv4Addr::UNSPECIFIED));
    let path = table.or("path", defaults.path, addresses::path);
    let public_url = match table.get("public_url") {
        Some(item) if !with_public_url => {
            item.unimportant().text();
            Some(None)
        }
        _ => table.maybe("public_url", addresses::public_url),
    };
    Some(ServerSettings { listen: listen?, path: path?, public_url: public_url? })
}

pub(super) fn security(table: &Table<'_>) -> Option<SecuritySettings> {
    let application_token =
        table.maybe("application_token", |item| secret(item, "\"${B24_APPLICATION_TOKEN}\""));
    Some(SecuritySettings { application_token: application_token? })
}

pub(super) fn store(table: &Table<'_>) -> Option<StoreSettings> {
    let path = table.maybe("path", |item| item.filled_text("\"b24bot.db\""));
    let nats = table.maybe("nats", addresses::nats);
    if let (Some(_), Some(item)) = (table.get("path"), table.get("nats")) {
        item.document.fail(
            item.key_span,
            "[store] has both `path` and `nats`",
            "keep `path` for one machine, or `nats` for several that share the work",
        );
    }
    Some(match (path?, nats?) {
        (_, Some(nats)) => StoreSettings::Nats(nats),
        (Some(path), None) => StoreSettings::Embedded(path.value.into()),
        (None, None) => StoreSettings::default(),
    })
}

pub(super) fn limits(table: &Table<'_>) -> Option<LimitSettings> {
    let defaults = LimitSettings::default();
    let burst = table.or("burst", defaults.burst, |item| {
        item.integer(1..=i64::from(u32::MAX), "a whole number from 1")
            .and_then(|burst| u32::try_from(burst).ok())
    });
    let per_second = table.or("per_second", defaults.per_second, |item| {
        // As the client of `b24bot-actions` takes it.
        item.number(0.001..=1e6, "from 0.001 to 1000000")
    });
    Some(LimitSettings { burst: burst?, per_second: per_second? })
}

pub(super) fn admin(table: &Table<'_>) -> Option<AdminSettings> {
    let host = Ipv4Addr::LOCALHOST;
    let listen = table.or("listen", SocketAddr::from((host, 8081)), |item| addresses::listen(item, host));
    Some(AdminSettings { listen: listen? })
}

fn secret(item: &Item<'_>, example: &str) -> Option<Secret> {
    Some(item.filled_text(example)?.value.trim().into())
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            path: "/bitrix24/events".to_owned(),
            public_url: None,
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self::Embedded("b24bot.db".into())
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { burst: 50, per_second: 2.0 }
    }
}
