#![doc = include_str!("../README.md")]

mod command;
mod config;
mod diagnostic;
mod document;
mod error;
mod folding;
mod handler;
mod limit;
mod masking;
mod quantity;
mod reply;
mod rule;
mod ruleset;
mod view;

pub use command::CommandSettings;
pub use config::{
    AdminSettings, Api, AppSettings, BotSettings, BotType, Config, InDoubt, LimitSettings, Mode, Network,
    PortalSettings, RetryOrder, RetrySettings, SecuritySettings, ServerSettings, StorePlace, StoreSettings,
    TlsSettings, WhenFull,
};
pub use diagnostic::Diagnostic;
pub use error::{ConfigError, ConfigErrorKind};
pub use handler::{RuleError, RuleHandler};
pub use limit::{Limit, LimitError};
pub use rule::Rule;
pub use ruleset::{Effect, EffectKind, RuleSet};
pub use view::{MessageView, RuleEvent};
