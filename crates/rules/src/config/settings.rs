//! What the sections of `bot.toml` hold.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use b24bot_actions::{SealingKey, WebhookUrl};
use b24bot_core::{BotId, Secret};

use super::Network;

/// `[bot]`: who the bot is, for registration (`imbot.register`, `imbot.v2.Bot.register`). Without the section, a bot
/// with the code `b24bot`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BotSettings {
    /// Unique within the portal or the application.
    pub code: String,
    /// What people see; the code unless given.
    pub name: String,
    /// What it gets to see.
    pub bot_type: BotType,
    /// The generation of the platform it is registered with.
    pub api: Api,
    /// How events come.
    pub mode: Mode,
}

impl BotSettings {
    /// A bot of which only the code is known.
    pub(super) fn named(code: String) -> Self {
        Self { name: code.clone(), code, bot_type: BotType::Bot, api: Api::V2, mode: Mode::Webhook }
    }
}

impl Default for BotSettings {
    fn default() -> Self {
        Self::named("b24bot".to_owned())
    }
}

/// `type`: what the bot gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BotType {
    /// `"bot"`: in groups, only messages that mention it.
    Bot,
    /// `"supervisor"`: every message of the chats it is in.
    Supervisor,
    /// `"personal"`: the same, for the second generation only.
    Personal,
    /// `"openline"`: open channels.
    OpenLine,
}

/// `api`: the generation of the bot platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// `"v1"`: `imbot.*`.
    V1,
    /// `"v2"`: `imbot.v2.*`.
    V2,
}

/// `mode`: how events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `"webhook"`: the portal posts them.
    Webhook,
    /// `"fetch"`: the bot asks for them (`imbot.v2.Event.get`).
    Fetch,
}

/// `[portal]`: one portal, through an inbound webhook. Where it is given, all calls go through it, and `[app]` is not used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PortalSettings {
    /// `https://DOMAIN/rest/USER/SECRET/`.
    pub webhook: WebhookUrl,
    /// Of a bot that is registered already.
    pub bot_id: Option<BotId>,
    /// The token it was registered with, at most 40 characters (`imbot.v2.*`).
    pub bot_token: Option<Secret>,
    /// The key it was registered with (`imbot.*`).
    pub client_id: Option<Secret>,
}

/// `[app]`: an application, which any number of portals may install. It is not used beside `[portal]`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppSettings {
    /// The application's id.
    pub client_id: String,
    /// Its key.
    pub client_secret: Secret,
    /// Authorization servers beside the vendor's own: `https://oauth.example`. The first is asked where a portal does not
    /// say which is its own. None unless given.
    pub authorization_servers: Vec<String>,
}

/// `[server]`: where the portal's events come in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerSettings {
    /// The address to listen on; `0.0.0.0:8080` unless given.
    pub listen: SocketAddr,
    /// The path the portal posts to; `/bitrix24/events` unless given.
    pub path: String,
    /// How the portal reaches this server: `https://bot.example.com`, without a last slash.
    pub public_url: Option<String>,
    /// The certificate with which the endpoint serves https by itself; without, it is plain http.
    pub tls: Option<TlsSettings>,
    /// Whose `X-Forwarded-For` is believed; nobody's unless given.
    pub proxies: Vec<Network>,
    /// How long, after it was told to stop, the bot still handles what it has accepted; 25 seconds unless given, at
    /// most an hour.
    pub drain: Duration,
}

/// `tls_certificate` and `tls_key` of `[server]`: files in PEM, relative to the working directory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsSettings {
    /// The certificate, and behind it those that lead to its issuer.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[security]`: how the portal proves that it is the portal.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SecuritySettings {
    /// `auth[application_token]` of its events. An application learns it when it is installed.
    pub application_token: Option<Secret>,
    /// From where requests are taken; from anywhere if there is none.
    pub senders: Vec<Network>,
    /// Whether portals that install the application may be on private networks; not unless given.
    pub private_networks: bool,
}

/// `[store]`: where accepted events wait, how many of them, and how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreSettings {
    /// `path` or `nats`: where it is.
    pub place: StorePlace,
    /// What everything on a NATS server that belongs to the bot begins with: letters, digits, `-` and `_`, at most
    /// [`NATS_PREFIX_LENGTH`](Self::NATS_PREFIX_LENGTH). Unless given, the bot's code made fit, so that several bots
    /// can share a server.
    pub nats_prefix: String,
    /// How many events may be there, those that wait and those that were set aside; a million unless given.
    pub max_events: u64,
    /// How large the store may become, in bytes; 4 GB unless given, at least a megabyte.
    pub max_size: u64,
    /// An event that has waited longer is set aside unhandled; 7 days unless given.
    pub max_age: Duration,
    /// How long a repeat of an event is recognised; 3 days unless given.
    pub remember: Duration,
    /// How long an event that was set aside is kept; 30 days unless given.
    pub keep_dead: Duration,
    /// What seals the credentials of portals; read only where there is an `[app]`.
    pub key: Option<SealingKey>,
    /// The file that it is in, if it is not written here; beside an embedded store unless given.
    pub key_file: Option<PathBuf>,
}

impl StoreSettings {
    /// How long `nats_prefix` can be.
    pub const NATS_PREFIX_LENGTH: usize = 64;
}

/// Where the store is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StorePlace {
    /// `path`: a file of this machine, relative to the working directory, with others beside it that begin with its
    /// name; `b24bot.db` unless given.
    Embedded(PathBuf),
    /// `nats`: one or more addresses, separated by commas, of a server that several machines share.
    Nats(Secret),
}

/// `[retry]`: what happens when a handler fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySettings {
    /// How often an event is tried before it is set aside, 1 to 1000; 5 unless given.
    pub attempts: u32,
    /// The pause after the first attempt; later ones are longer. A second unless given.
    pub first_pause: Duration,
    /// The longest pause; 5 minutes unless given.
    pub max_pause: Duration,
    /// What later events of the dialog do meanwhile.
    pub order: RetryOrder,
    /// What happens to a message that is in doubt.
    pub messages: InDoubt,
    /// What happens to a like or a reaction that is in doubt.
    pub likes: InDoubt,
}

/// `order`: what later events of a dialog do while one of it is to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryOrder {
    /// `"wait"`: they wait.
    Wait,
    /// `"pass"`: they are handled.
    Pass,
}

/// What happens to a call of which nobody knows whether it was carried out, because the bot or the connection broke
/// off in the middle of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InDoubt {
    /// `"at_most_once"`: it is not made again.
    AtMostOnce,
    /// `"at_least_once"`: it is made again.
    AtLeastOnce,
}

/// `when_full`: what becomes of a call when too many wait for their portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// `"wait"`: whoever calls waits.
    Wait,
    /// `"refuse"`: it fails at once.
    Refuse,
}

/// `[limits]`: the portal's leaky bucket, and what waits for it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitSettings {
    /// Requests at once, at least 1; 50 unless given.
    pub burst: u32,
    /// Requests per second in the long run, 0.001 to 1000000; 2 unless given.
    pub per_second: f64,
    /// Seconds of work that a method may take of the portal within ten minutes, 1 to 600; 480 unless given.
    pub work_time: f64,
    /// Calls that may wait for one portal, at least 1; 20000 unless given.
    pub queue: usize,
    /// What becomes of one more; it waits unless given.
    pub when_full: WhenFull,
}

/// `[admin]`: health, metrics and the dashboard; off unless the section is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdminSettings {
    /// The address to listen on; `127.0.0.1:8081` unless given.
    pub listen: SocketAddr,
    /// What one has to know to see more than whether the bot is well, at least 16 bytes. It is there unless `listen`
    /// is on loopback.
    pub token: Option<Secret>,
}
