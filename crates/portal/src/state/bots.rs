//! Bots: registration, ownership, and what they may see.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::people::User;
use super::{Change, State};
use crate::credentials::Via;
use crate::events;
use crate::form;
use crate::tree::Tree;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Generation {
    V1,
    V2,
}

/// `TYPE` of generation 1, `type` of generation 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Bot,
    /// Generation 1 only: types before it answers. Sees what `Bot` sees.
    Human,
    Openline,
    Supervisor,
    Personal,
}

impl Kind {
    pub(crate) fn of_v1(letter: &str) -> Self {
        match letter {
            "H" => Self::Human,
            "O" => Self::Openline,
            "S" => Self::Supervisor,
            _ => Self::Bot,
        }
    }

    pub(crate) fn of_v2(name: &str) -> Option<Self> {
        match name {
            "bot" => Some(Self::Bot),
            "openline" | "network" => Some(Self::Openline),
            "supervisor" => Some(Self::Supervisor),
            "personal" => Some(Self::Personal),
            _ => None,
        }
    }

    pub(crate) fn v2_name(self) -> &'static str {
        match self {
            Self::Bot | Self::Human => "bot",
            Self::Openline => "openline",
            Self::Supervisor => "supervisor",
            Self::Personal => "personal",
        }
    }

    /// Sees messages in groups without being mentioned.
    pub(crate) fn sees_everything(self) -> bool {
        matches!(self, Self::Supervisor | Self::Personal)
    }
}

/// Who a bot belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Owner {
    /// An application, by its client id.
    Application(String),
    /// Registered through an inbound webhook: `custom` and the `CLIENT_ID` or `botToken`, at most 50 characters.
    Webhook(String),
}

impl Owner {
    pub(crate) fn webhook(key: &str) -> Self {
        Self::Webhook(format!("custom{key}").chars().take(50).collect())
    }

    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Application(key) | Self::Webhook(key) => key,
        }
    }

    /// How the owner's calls come in.
    pub(crate) fn via(&self) -> Via {
        match self {
            Self::Application(client_id) => Via::Application(client_id.clone()),
            Self::Webhook(_) => Via::Webhook,
        }
    }
}

/// Where the events of a bot go; an empty URL gets none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Handlers {
    pub(crate) message_add: String,
    pub(crate) message_update: String,
    pub(crate) message_delete: String,
    pub(crate) welcome: String,
    pub(crate) bot_delete: String,
    /// Generation 2 only.
    pub(crate) reaction: String,
}

impl Handlers {
    pub(crate) fn all(url: &str) -> Self {
        Self {
            message_add: url.to_owned(),
            message_update: url.to_owned(),
            message_delete: url.to_owned(),
            welcome: url.to_owned(),
            bot_delete: url.to_owned(),
            reaction: url.to_owned(),
        }
    }

    pub(crate) fn each(&mut self) -> [&mut String; 6] {
        [
            &mut self.message_add,
            &mut self.message_update,
            &mut self.message_delete,
            &mut self.welcome,
            &mut self.bot_delete,
            &mut self.reaction,
        ]
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bot {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) kind: Kind,
    pub(crate) generation: Generation,
    pub(crate) owner: Owner,
    pub(crate) handlers: Handlers,
    /// `event_handler_id` in its events.
    pub(crate) handler_id: u64,
    pub(crate) openline: bool,
    pub(crate) hidden: bool,
    pub(crate) reactions: bool,
    pub(crate) background: Option<String>,
    /// Messages it was told of.
    pub(crate) heard: u64,
}

impl Bot {
    /// `eventMode`: a bot without addresses fetches its events.
    pub(crate) fn mode(&self) -> &'static str {
        if self.handlers.message_add.is_empty() { "fetch" } else { "webhook" }
    }

    /// The `Bot` object of generation 2, as its owner sees it.
    pub(crate) fn v2(&self, state: &State) -> Tree {
        let chats = state.chats.values().filter(|chat| chat.has(self.id));
        let people: BTreeSet<u64> =
            chats.clone().flat_map(|chat| &chat.members).copied().filter(|id| !state.is_bot(*id)).collect();
        let commands = state.commands.values().filter(|command| command.bot == self.id);
        let mut tree = Tree::new();
        tree.put("id", self.id)
            .put("code", self.code.clone())
            .put("type", self.kind.v2_name())
            .put("isHidden", self.hidden)
            .put("isSupportOpenline", self.openline)
            .put("isReactionsEnabled", self.reactions)
            .put("backgroundId", self.background.clone().map_or(Tree::Null, Tree::Text))
            .put("language", "en")
            .put("moduleId", "rest")
            .put("eventMode", self.mode())
            .put("countMessage", self.heard)
            .put("countCommand", commands.count() as u64)
            .put("countChat", chats.count() as u64)
            .put("countUser", people.len() as u64);
        tree
    }
}

/// A bot to be registered.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) code: String,
    pub(crate) kind: Kind,
    pub(crate) generation: Generation,
    pub(crate) owner: Owner,
    pub(crate) handlers: Handlers,
    pub(crate) profile: Profile,
    pub(crate) openline: bool,
    pub(crate) hidden: bool,
    pub(crate) reactions: bool,
    pub(crate) background: Option<String>,
}

/// How a bot presents itself; `None` leaves what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) work_position: Option<String>,
    pub(crate) gender: Option<String>,
    pub(crate) color: Option<String>,
}

impl Profile {
    fn apply(self, user: &mut User) {
        let fields = [
            (self.first_name, &mut user.first_name),
            (self.last_name, &mut user.last_name),
            (self.work_position, &mut user.work_position),
            (self.gender, &mut user.gender),
            (self.color, &mut user.color),
        ];
        for (new, field) in fields {
            if let Some(new) = new {
                *field = new;
            }
        }
    }
}

/// Why a bot was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRegistered {
    CodeTaken,
    TooMany,
}

/// The most bots one owner may have: 5 through generation 1, 100 through generation 2.
pub(crate) fn most_bots(generation: Generation) -> usize {
    match generation {
        Generation::V1 => 5,
        Generation::V2 => 100,
    }
}

/// Generation 1 tells a webhook's bots apart by a `CLIENT_ID` in the handler's address.
pub(crate) fn with_client_id(url: &str, client_id: &str) -> String {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(url, rest)| (url, Some(rest)));
    let joint = match (address.contains('?'), address.ends_with(['?', '&'])) {
        (false, _) => "?",
        (true, false) => "&",
        (true, true) => "",
    };
    let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
    format!("{address}{joint}CLIENT_ID={}{fragment}", form::encode(client_id))
}

impl State {
    /// Registers a bot, or finds the one this owner has registered under that code; then nothing changes.
    pub(crate) fn register(&mut self, new: Registration) -> Result<u64, NotRegistered> {
        if let Some(bot) = self.bots.values().find(|bot| bot.code == new.code) {
            return if bot.owner == new.owner { Ok(bot.id) } else { Err(NotRegistered::CodeTaken) };
        }
        let owned = self.bots.values().filter(|bot| bot.owner == new.owner).count();
        if owned >= most_bots(new.generation) {
            return Err(NotRegistered::TooMany);
        }
        let id = Self::take_id(&mut self.next_bot);
        let handler_id = self
            .bots
            .values()
            .find(|bot| bot.owner == new.owner && bot.generation == Generation::V1)
            .filter(|_| new.generation == Generation::V1)
            .map(|bot| bot.handler_id);
        let handler_id = handler_id.unwrap_or_else(|| Self::take_id(&mut self.next_handler));
        let mut user = User {
            id,
            first_name: String::new(),
            last_name: String::new(),
            gender: "M".to_owned(),
            work_position: String::new(),
            color: "#58cc47".to_owned(),
            is_bot: true,
        };
        new.profile.apply(&mut user);
        self.users.insert(id, user);
        let bot = Bot {
            id,
            code: new.code,
            kind: new.kind,
            generation: new.generation,
            owner: new.owner,
            handlers: new.handlers,
            handler_id,
            openline: new.openline,
            hidden: new.hidden,
            reactions: new.reactions,
            background: new.background,
            heard: 0,
        };
        self.bots.insert(id, bot);
        self.welcome_bot(id);
        self.changes.push(Change::State);
        Ok(id)
    }

    pub(crate) fn update_profile(&mut self, bot: u64, profile: Profile) {
        if let Some(user) = self.users.get_mut(&bot) {
            profile.apply(user);
        }
        self.changes.push(Change::State);
    }

    /// Takes a bot away; its messages stay. It is told last of all.
    pub(crate) fn unregister(&mut self, bot: u64) {
        events::bot_deleted(self, bot);
        self.bots.remove(&bot);
        self.fetched.forget(bot);
        self.commands.retain(|_, command| command.bot != bot);
        for chat in self.chats.values_mut().filter(|chat| !chat.is_private()) {
            chat.part_with(bot);
        }
        self.current_tokens.retain(|(_, user), _| *user != bot);
        self.access_tokens.retain(|_, token| token.user != bot);
        self.refresh_tokens.retain(|_, token| token.user != bot);
        self.changes.push(Change::State);
    }

    /// What an event of this bot carries as `application_token`.
    pub(crate) fn application_token(&self, owner: &Owner) -> String {
        match owner {
            Owner::Application(client_id) => self
                .applications
                .get(client_id)
                .map(|application| application.application_token.clone())
                .unwrap_or_default(),
            Owner::Webhook(key) => key.clone(),
        }
    }

    #[cfg(test)]
    pub(crate) fn sample_bot(&mut self, kind: Kind) -> u64 {
        let number = self.bots.len();
        self.register(Registration {
            code: format!("sample{number}"),
            kind,
            generation: Generation::V1,
            owner: Owner::webhook("sample"),
            handlers: Handlers::all("http://127.0.0.1:1/"),
            profile: Profile { first_name: Some("Sample".to_owned()), ..Profile::default() },
            openline: false,
            hidden: false,
            reactions: true,
            background: None,
        })
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_client_id_joins_whatever_query_there_is() {
        assert_eq!(with_client_id("https://a.test/e", "x y"), "https://a.test/e?CLIENT_ID=x+y");
        assert_eq!(with_client_id("https://a.test/e?k=1", "x"), "https://a.test/e?k=1&CLIENT_ID=x");
        assert_eq!(with_client_id("https://a.test/e?#top", "x"), "https://a.test/e?CLIENT_ID=x#top");
    }

    #[test]
    fn a_webhook_owner_is_cut_to_fifty_characters() {
        assert_eq!(Owner::webhook("secret").key(), "customsecret");
        assert_eq!(Owner::webhook(&"ж".repeat(60)).key().chars().count(), 50);
    }

    #[test]
    fn one_owner_has_at_most_five_bots_of_the_first_generation() {
        let mut state = sample();
        let ids: Vec<u64> = (0..5).map(|_| state.sample_bot(Kind::Bot)).collect();
        assert_eq!(ids, [1001, 1002, 1003, 1004, 1005]);
        let sixth = Registration {
            code: "sixth".to_owned(),
            kind: Kind::Bot,
            generation: Generation::V1,
            owner: Owner::webhook("sample"),
            handlers: Handlers::default(),
            profile: Profile::default(),
            openline: false,
            hidden: false,
            reactions: true,
            background: None,
        };
        assert_eq!(state.register(sixth.clone()), Err(NotRegistered::TooMany));
        let theirs = Registration { code: "sample0".to_owned(), owner: Owner::webhook("else"), ..sixth };
        assert_eq!(state.register(theirs), Err(NotRegistered::CodeTaken));
    }

    #[test]
    fn an_unregistered_bot_leaves_the_groups_and_is_told_last() {
        let mut state = sample();
        let bot = state.sample_bot(Kind::Bot);
        state.unregister(bot);
        assert!(!state.chats[&1].has(bot));
        assert_eq!(state.outbox.last().unwrap().event, "ONIMBOTDELETE");
    }
}
