//! Reads the sections of `bot.toml`. `None` means that a mistake was noted.

use std::{
    fmt::Write,
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use b24bot_actions::SealingKey;
use b24bot_core::{BotId, Secret};

use super::{
    addresses, quantities,
    settings::{
        AdminSettings, Api, AppSettings, BotSettings, BotType, InDoubt, LimitSettings, Mode, PortalSettings,
        RetryOrder, RetrySettings, SecuritySettings, ServerSettings, StorePlace, StoreSettings, TlsSettings,
        WhenFull,
    },
};
use crate::document::{Item, Table};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What anything about stored events can last: longer is a mistake, such as a wrong unit.
const KEPT: RangeInclusive<Duration> = SECOND..=Duration::from_secs(3_650 * DAY.as_secs());
/// From a megabyte, for less holds no event of the greatest size, to a thousand terabytes.
const SIZES: RangeInclusive<u64> = 1_000_000..=1_000_000_000_000_000;

/// Of the token of the admin side, at the least.
const ADMIN_TOKEN_LENGTH: usize = 16;

/// Every section and its keys.
pub(crate) const SECTIONS: &[(&str, &[&str])] = &[
    ("bot", &["code", "name", "type", "api", "mode"]),
    ("portal", &["webhook", "bot_id", "bot_token", "client_id"]),
    ("app", &["client_id", "client_secret", "authorization_servers"]),
    ("server", &["listen", "path", "public_url", "tls_certificate", "tls_key", "proxies", "drain"]),
    ("security", &["application_token", "senders", "private_networks"]),
    (
        "store",
        &[
            "path",
            "nats",
            "nats_prefix",
            "key",
            "key_file",
            "max_events",
            "max_size",
            "max_age",
            "remember",
            "keep_dead",
        ],
    ),
    ("retry", &["attempts", "first_pause", "max_pause", "order", "messages", "likes"]),
    ("limits", &["burst", "per_second", "work_time", "queue", "when_full"]),
    ("admin", &["listen", "token"]),
    ("command", &["name", "title", "params", "hidden", "common", "extranet"]),
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
    let authorization_servers = table.all("authorization_servers", |item| {
        if table.matters { addresses::authorization_server(item) } else { item.text().and(None) }
    });
    Some(AppSettings {
        client_id: client_id?.expose().to_owned(),
        client_secret: client_secret?,
        authorization_servers: authorization_servers?,
    })
}

/// The local portal posts without TLS, and to this machine.
pub(super) fn server(table: &Table<'_>, is_local: bool) -> Option<ServerSettings> {
    let defaults = ServerSettings::default();
    let listen = table.or("listen", defaults.listen, |item| addresses::listen(item, Ipv4Addr::UNSPECIFIED));
    let path = table.or("path", defaults.path, addresses::path);
    let public_url = match table.get("public_url") {
        Some(item) if is_local => {
            item.unimportant().text();
            Some(None)
        }
        _ => table.maybe("public_url", addresses::public_url),
    };
    let tls = if is_local { Some(None) } else { tls(table) };
    let proxies = table.all("proxies", addresses::network);
    let drain =
        table.or("drain", defaults.drain, |item| quantities::duration(item, &(Duration::ZERO..=HOUR), "25s"));
    Some(ServerSettings {
        listen: listen?,
        path: path?,
        public_url: public_url?,
        tls: tls?,
        proxies: proxies?,
        drain: drain?,
    })
}

/// The outer `None` is a mistake.
#[expect(clippy::option_option, reason = "absent and wrong are different")]
fn tls(table: &Table<'_>) -> Option<Option<TlsSettings>> {
    let read = |key: &'static str, example: &str| {
        table.maybe(key, |item| Some(PathBuf::from(item.filled_text(example)?.value)))
    };
    let certificate = read("tls_certificate", "\"/etc/ssl/bot.example.com.pem\"");
    let key = read("tls_key", "\"/etc/ssl/bot.example.com.key\"");
    for (one, other) in [("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")] {
        if let (Some(item), None) = (table.get(one), table.get(other)) {
            item.document.fail(
                item.key_span,
                format!("`{one}` needs `{other}`"),
                "the certificates in the one file, the private key in the other, both in PEM",
            );
        }
    }
    Some(certificate?.zip(key?).map(|(certificate, key)| TlsSettings { certificate, key }))
}

pub(super) fn security(table: &Table<'_>, with_token: bool) -> Option<SecuritySettings> {
    let application_token = match table.get("application_token") {
        Some(item) if !with_token => {
            item.unimportant().text();
            Some(None)
        }
        _ => table.maybe("application_token", |item| secret(item, "\"${B24_APPLICATION_TOKEN}\"")),
    };
    let senders = if table.matters { table.all("senders", addresses::network) } else { Some(Vec::new()) };
    let private_networks = table.or("private_networks", false, Item::boolean);
    Some(SecuritySettings {
        application_token: application_token?,
        senders: senders?,
        private_networks: private_networks?,
    })
}

/// `bot_code` gives the prefix on a NATS server, unless it is written. Credentials are sealed only where there is an
/// application.
pub(super) fn store(table: &Table<'_>, bot_code: &str, has_app: bool) -> Option<StoreSettings> {
    let defaults = StoreSettings::of(bot_code);
    let path = table.maybe("path", |item| item.filled_text("\"b24bot.db\""));
    let nats = table.maybe("nats", addresses::nats);
    if let (Some(_), Some(item)) = (table.get("path"), table.get("nats")) {
        item.document.fail(
            item.key_span,
            "[store] has both `path` and `nats`",
            "keep `path` for one machine, or `nats` for several that share the work",
        );
    }
    if let (Some(item), None) = (table.get("nats_prefix"), table.get("nats")) {
        item.document.doubt(
            item.key_span,
            "`nats_prefix` does nothing without `nats`",
            "add `nats = \"nats://127.0.0.1:4222\"` or leave it out",
        );
    }
    let key = table.maybe("key", |item| if has_app { sealing_key(item) } else { unread(item) });
    let key_file = table.maybe("key_file", |item| item.filled_text("\"b24bot.key\""));
    if let (Some(_), Some(item)) = (table.get("key"), table.get("key_file")) {
        item.document.fail(
            item.key_span,
            "[store] has both `key` and `key_file`",
            "keep one of them: the key itself, or the file that it is in",
        );
    }
    if has_app && table.get("nats").is_some() && !table.has_any(&["key", "key_file"]) {
        table.fail_missing(
            "[store] lacks `key`, which machines that share portals' credentials have in common".to_owned(),
            "add `key = \"${B24BOT_KEY}\"`, or `key_file` with a copy on each machine; `openssl rand -base64 32` makes a key"
                .to_owned(),
        );
    }
    let nats_prefix = table.or("nats_prefix", defaults.nats_prefix, |item| nats_prefix(item));
    let max_events = table.or("max_events", defaults.max_events, |item| {
        quantities::count(item, &(1..=1_000_000_000), 1_000_000)
    });
    let max_size = table.or("max_size", defaults.max_size, |item| {
        quantities::size(item, &SIZES, "from 1MB to 1000TB", "4GB")
    });
    let kept = |key: &'static str, default: Duration, example: &str| {
        table.or(key, default, |item| quantities::duration(item, &KEPT, example))
    };
    let max_age = kept("max_age", defaults.max_age, "7d");
    let remember = kept("remember", defaults.remember, "3d");
    let keep_dead = kept("keep_dead", defaults.keep_dead, "30d");
    let place = match (path?, nats?) {
        (_, Some(nats)) => StorePlace::Nats(nats),
        (Some(path), None) => StorePlace::Embedded(path.value.into()),
        (None, None) => defaults.place,
    };
    Some(StoreSettings {
        place,
        nats_prefix: nats_prefix?,
        max_events: max_events?,
        max_size: max_size?,
        max_age: max_age?,
        remember: remember?,
        keep_dead: keep_dead?,
        key: key?.flatten(),
        key_file: key_file?.map(|file| file.value.into()),
    })
}

/// What seals credentials. No message repeats any of it.
#[expect(clippy::option_option, reason = "as of a key that is not read")]
fn sealing_key(item: &Item<'_>) -> Option<Option<SealingKey>> {
    let text = item.filled_text("\"${B24BOT_KEY}\"")?;
    let Ok(key) = text.value.parse() else {
        text.fail(
            "`key` is no key: it is 32 random bytes, as 64 hexadecimal digits or in Base64",
            "`openssl rand -base64 32` makes one; keep it in the environment: `key = \"${B24BOT_KEY}\"`",
        );
        return None;
    };
    Some(Some(key))
}

/// Whoever looks into the store needs no key: it may be unset.
#[expect(clippy::option_option, reason = "wrong, and not read")]
fn unread(item: &Item<'_>) -> Option<Option<SealingKey>> {
    if item.is_text() {
        return Some(None);
    }
    item.text().and(None)
}

fn nats_prefix(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text("\"like_bot\"")?;
    let fits = text.value.len() <= StoreSettings::NATS_PREFIX_LENGTH && text.value.chars().all(is_plain);
    if !fits {
        text.fail(
            format!("`nats_prefix` cannot be {}", text.quoted()),
            "letters of A to Z, digits, `-` and `_` make it up, at most 64 of them",
        );
        return None;
    }
    Some(text.value)
}

/// Whether NATS takes it in all the names that begin with the prefix.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

pub(super) fn retry(table: &Table<'_>) -> Option<RetrySettings> {
    let defaults = RetrySettings::default();
    let attempts = table.or("attempts", defaults.attempts, |item| {
        quantities::count(item, &(1..=1_000), 5).and_then(|attempts| u32::try_from(attempts).ok())
    });
    let pause = |key: &'static str, default: Duration, example: &str| {
        table.or(key, default, |item| quantities::duration(item, &(Duration::from_millis(1)..=DAY), example))
    };
    let first_pause = pause("first_pause", defaults.first_pause, "1s");
    let max_pause = pause("max_pause", defaults.max_pause, "5m");
    if let (Some(first), Some(most)) = (first_pause, max_pause)
        && let Some(item) = table.get("first_pause").or_else(|| table.get("max_pause"))
        && first > most
    {
        item.fail(
            "`first_pause` is longer than `max_pause`",
            "without being given, `first_pause` is 1s and `max_pause` 5m",
        );
        return None;
    }
    let order = table.or("order", defaults.order, |item| {
        item.one_of(&[("wait", RetryOrder::Wait), ("pass", RetryOrder::Pass)])
    });
    let in_doubt = |key: &'static str, default: InDoubt| {
        table.or(key, default, |item| {
            item.one_of(&[("at_most_once", InDoubt::AtMostOnce), ("at_least_once", InDoubt::AtLeastOnce)])
        })
    };
    let messages = in_doubt("messages", defaults.messages);
    let likes = in_doubt("likes", defaults.likes);
    Some(RetrySettings {
        attempts: attempts?,
        first_pause: first_pause?,
        max_pause: max_pause?,
        order: order?,
        messages: messages?,
        likes: likes?,
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
    let work_time =
        table.or("work_time", defaults.work_time, |item| item.number(1.0..=600.0, "from 1 to 600 seconds"));
    let queue = table.or("queue", defaults.queue, |item| {
        item.integer(1..=i64::from(u32::MAX), "a whole number from 1")
            .and_then(|calls| usize::try_from(calls).ok())
    });
    let when_full = table.or("when_full", defaults.when_full, |item| {
        item.one_of(&[("wait", WhenFull::Wait), ("refuse", WhenFull::Refuse)])
    });
    Some(LimitSettings {
        burst: burst?,
        per_second: per_second?,
        work_time: work_time?,
        queue: queue?,
        when_full: when_full?,
    })
}

pub(super) fn admin(table: &Table<'_>, is_local: bool) -> Option<AdminSettings> {
    let host = Ipv4Addr::LOCALHOST;
    let listen = table.or("listen", SocketAddr::from((host, 8081)), |item| addresses::listen(item, host));
    let is_needed = listen.is_some_and(|listen| !listen.ip().is_loopback());
    let token = match table.get("token") {
        // The local portal's bot keeps to this machine, and needs no setting at all.
        None if is_local => Some(None),
        Some(item) if is_local => {
            item.unimportant().text();
            Some(None)
        }
        Some(item) => admin_token(&item).map(Some),
        None if is_needed => {
            let advice = "add `token = \"${B24BOT_ADMIN_TOKEN}\"`, or listen on `127.0.0.1:8081`";
            let message = "[admin] on an address that others reach lacks `token`";
            table.fail_missing(message.to_owned(), advice.to_owned());
            None
        }
        None => Some(None),
    };
    Some(AdminSettings { listen: listen?, token: token? })
}

/// The word that the admin side asks for.
fn admin_token(item: &Item<'_>) -> Option<Secret> {
    let token = secret(item, "\"${B24BOT_ADMIN_TOKEN}\"")?;
    if token.expose().len() < ADMIN_TOKEN_LENGTH {
        item.fail(
            format!("`token` is shorter than {ADMIN_TOKEN_LENGTH} characters"),
            "what is short can be guessed: `openssl rand -hex 16` makes one",
        );
        return None;
    }
    Some(token)
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
            tls: None,
            proxies: Vec::new(),
            drain: Duration::from_secs(25),
        }
    }
}

impl StoreSettings {
    /// What holds for the bot with that code unless something else is written.
    pub(super) fn of(bot_code: &str) -> Self {
        Self {
            place: StorePlace::Embedded("b24bot.db".into()),
            nats_prefix: fitting(bot_code),
            max_events: 1_000_000,
            max_size: 4_000_000_000,
            max_age: 7 * DAY,
            remember: 3 * DAY,
            keep_dead: 30 * DAY,
            key: None,
            key_file: None,
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self::of(&BotSettings::default().code)
    }
}

/// A bot's code as a prefix on NATS. What does not fit is written by its number, so that different codes stay apart.
fn fitting(code: &str) -> String {
    let mut prefix = String::new();
    for c in code.chars() {
        let before = prefix.len();
        if is_plain(c) {
            prefix.push(c);
        } else {
            // Writing into a string cannot fail.
            let _ = write!(prefix, "_{:x}", u32::from(c));
        }
        if prefix.len() > StoreSettings::NATS_PREFIX_LENGTH {
            prefix.truncate(before);
            break;
        }
    }
    prefix
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: SECOND,
            max_pause: Duration::from_secs(5 * 60),
            order: RetryOrder::Wait,
            messages: InDoubt::AtMostOnce,
            likes: InDoubt::AtLeastOnce,
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { burst: 50, per_second: 2.0, work_time: 480.0, queue: 20_000, when_full: WhenFull::Wait }
    }
}
