//! The bots themselves: `imbot.v2.Bot.*`.

use b24bot_core::BotId;

use crate::methods::{Background, BotProperties, BotType, EventMode, answers};

namespace! {
    /// The bots themselves: `imbot.v2.Bot.*`.
    Bot, scope Some("imbot");

    /// A bot of the application's, by id or by code.
    read get = BotGet, "imbot.v2.Bot.get" at "chat-bots/chat-bots-v2/imbot.v2/bots/bot-get"
    () -> answers::BotAndUsers {
        /// The bot.
        bot_id: BotId = "botId",
        /// The bot's code.
        code: text = "code",
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, ParamsRequired, BotNotFound];

    /// The application's bots.
    read list = BotList, "imbot.v2.Bot.list" at "chat-bots/chat-bots-v2/imbot.v2/bots/bot-list"
    () -> answers::Bots {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The filter: `{"type": "bot"}`.
        filter: json = "filter",
        /// How many at most.
        limit: u64 = "limit",
        /// How many to leave out.
        offset: u64 = "offset",
    }
    errors [BotTokenNotSpecified]
    pages offset "offset";

    /// Registers a bot. A code that exists already returns that bot and changes nothing on it.
    set register = BotRegister, "imbot.v2.Bot.register" at "chat-bots/chat-bots-v2/imbot.v2/bots/bot-register"
    (code: text = "fields.code", properties: {BotProperties} = "fields.properties") -> answers::BotAndUsers {
        /// A secret that calls through a webhook are signed with, 40 characters at most.
        bot_token: text = "fields.botToken",
        /// What the bot is. Default: a plain bot.
        kind: BotType = "fields.type",
        /// How the bot gets its events. Default: fetch.
        event_mode: EventMode = "fields.eventMode",
        /// Where its events go to; needed with [`EventMode::Webhook`].
        webhook_url: text = "fields.webhookUrl",
        /// Not shown in the list of bots. Default: no.
        hidden: bool = "fields.isHidden",
        /// Whether people can react to its messages. Default: yes.
        reactions: bool = "fields.isReactionsEnabled",
        /// Whether it works in open channels. Default: no.
        open_channels: bool = "fields.isSupportOpenline",
        /// The background of its private chats.
        background_id: Background = "fields.backgroundId",
    }
    errors [
        BotTokenNotSpecified, BotCodeRequired, BotPropertiesRequired, BotCodeAlreadyTaken, BotInvalidType,
        BotInvalidEventMode, BotWebhookUrlRequired, BotRegisterFailed, BotInvalidCallback,
        BotLimitExceeded, BotAvatarIncorrectType, BotAvatarIncorrectSize,
    ];

    /// Takes a bot off the portal.
    set unregister = BotUnregister, "imbot.v2.Bot.unregister"
        at "chat-bots/chat-bots-v2/imbot.v2/bots/bot-unregister"
    (bot_id: BotId = "botId") -> bool {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
    }
    errors [BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, BotUnregisterFailed];

    /// Changes a bot.
    set update = BotUpdate, "imbot.v2.Bot.update" at "chat-bots/chat-bots-v2/imbot.v2/bots/bot-update"
    (bot_id: BotId = "botId") -> answers::BotAndUsers {
        /// What the bot was registered with; needed through a webhook only.
        bot_token: text = "botToken",
        /// The bot's profile.
        properties: {BotProperties} = "fields.properties",
        /// Not shown in the list of bots. Default: no.
        hidden: bool = "fields.isHidden",
        /// Whether people can react to its messages. Default: yes.
        reactions: bool = "fields.isReactionsEnabled",
        /// Whether it works in open channels. Default: no.
        open_channels: bool = "fields.isSupportOpenline",
        /// The background of its private chats.
        background_id: Background = "fields.backgroundId",
        /// How the bot gets its events. Default: fetch.
        event_mode: EventMode = "fields.eventMode",
        /// Where its events go to; needed with [`EventMode::Webhook`].
        webhook_url: text = "fields.webhookUrl",
        /// Another secret in place of the bot's own.
        new_bot_token: text = "fields.botToken",
    }
    errors [
        BotTokenNotSpecified, BotIdRequired, BotNotFound, BotOwnershipError, BotInvalidEventMode,
        BotInvalidCallback, BotAvatarIncorrectType, BotAvatarIncorrectSize, BotTokenRotationFailed,
    ];
}
