//! What the sections of `bot.toml` hold.

use std::{net::SocketAddr, path::PathBuf};

use b24bot_actions::WebhookUrl;
use b24bot_core::{BotId, Secret};

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

impl Default for BotSettings {
    fn default() -> Self {
        let code = "b24bot".to_owned();
        Self { name: code.clone(), code, bot_type: BotType::Bot, api: Api::V2, mode: Mode::Webhook }
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

/// `[portal]`: one portal, through an inbound webhook. Where it is given, all calls go through it, `[app]` or not.
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

/// `[app]`: an application, which any number of portals may install.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppSettings {
    /// The application's id.
    pub client_id: String,
    /// Its key.
    pub client_secret: Secret,
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
}

/// `[security]`: how the portal proves that it is the portal.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SecuritySettings {
    /// `auth[application_token]` of its events. An application learns it when it is installed.
    pub application_token: Option<Secret>,
}

/// `[store]`: where accepted events wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreSettings {
    /// `path`: a file of this machine, relative to the working directory; `b24bot.db` unless given.
    Embedded(PathBuf),
    /// `nats`: one or more addresses, separated by commas, of a server that several machines share.
    Nats(Secret),
}

/// `[limits]`: the portal's leaky bucket.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitSettings {
    /// Requests at once, at least 1; 50 unless given.
    pub burst: u32,
    /// Requests per second in the long run, 0.001 to 1000000; 2 unless given.
    pub per_second: f64,
}

/// `[admin]`: health, metrics and the dashboard; off unless the section is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdminSettings {
    /// The address to listen on; `127.0.0.1:8081` unless given.
    pub listen: SocketAddr,
}
