//! A portal, a bot, and what was expected of it so far.

use std::{
    collections::HashSet,
    fmt::{self, Display},
    net::{Ipv4Addr, SocketAddr},
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use b24bot_core::{BotId, Desk, MessageId, Which};
use b24bot_dispatcher::Handler;
use b24bot_portal::{Portal, PortalBuilder};
use b24bot_rules::Config;
use b24bot_store::MemoryStore;
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{
    Act, BotOnStage, Chat, Failure, FailureKind, Person, Said,
    calls::{Call, Number},
    control::Control,
    conversation::{Moment, Seen},
    expectation::Met,
};
use crate::{Bot, Dev};

/// How long an expectation waits unless told.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many events are printed that the bot is not done with.
const LISTED: usize = 100;
/// Who the bot is if only its handler is given: it sees all messages of its chats.
const BOT: &str = "[bot]\ncode = \"bot\"\nname = \"Bot\"\ntype = \"supervisor\"\napi = \"v2\"\n";

/// A local portal of its own with the bot on it, for one test. See the [module](super).
pub struct Stage {
    dev: Dev,
    control: Control,
    store: Arc<MemoryStore>,
    patience: Duration,
    ledger: Mutex<Ledger>,
}

/// What expectations have accounted for.
#[derive(Default)]
struct Ledger {
    calls: HashSet<Number>,
    messages: HashSet<u64>,
}

impl Stage {
    /// A stage for a bot with this handler and no rules: a supervisor of the second generation, which sees all messages
    /// of its chats.
    ///
    /// # Errors
    ///
    /// When the portal or the bot cannot be started.
    #[track_caller]
    pub fn with(handler: impl Handler) -> Act<'static, Self> {
        let place = Location::caller();
        let config = Config::parse_for_local_portal("the stage's bot.toml", BOT, &|_| None);
        let bot = config.map_err(crate::Error::from).and_then(Bot::new).map(|bot| bot.handler(handler));
        Act::new(async move {
            let bot = bot.map_err(|error| Failure::start(place, error))?;
            Self::set(bot, free_port(), place).await
        })
    }

    /// A stage for any bot that [`Bot::for_dev`] made.
    ///
    /// ```
    /// use b24bot::{Bot, testing::{Failure, Stage}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // Without a bot.toml it has the built-in rules.
    /// let stage = Stage::of(Bot::for_dev("bot.toml")?).await?;
    /// let thanks = stage.user(42).says(stage.bot(), "Vielen Dank!").await?;
    /// stage.bot().likes(thanks).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the portal or the bot cannot be started.
    #[track_caller]
    pub fn of(bot: Bot) -> Act<'static, Self> {
        Act::new(Self::set(bot, free_port(), Location::caller()))
    }

    /// The same on a portal made as one likes: seeded, without limits, or on a known port. Its address counts; the
    /// portal's default is no free port.
    ///
    /// # Errors
    ///
    /// When the portal or the bot cannot be started.
    #[track_caller]
    pub fn on(portal: PortalBuilder, bot: Bot) -> Act<'static, Self> {
        Act::new(Self::set(bot, portal, Location::caller()))
    }

    async fn set(
        mut bot: Bot,
        portal: PortalBuilder,
        place: &'static Location<'static>,
    ) -> Result<Self, Failure> {
        let store = Arc::new(MemoryStore::default());
        bot = bot.store(Arc::<MemoryStore>::clone(&store));
        bot.config.server.listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        bot.config.admin = None;
        let dev = bot.dev_with(portal).await.map_err(|error| Failure::start(place, error))?;
        let control = Control::new(&dev.page()).map_err(|error| Failure::start(place, error))?;
        let stage = Self { dev, control, store, patience: PATIENCE, ledger: Mutex::default() };
        // The bot has been put into chat1 and may greet there, or register commands that the test is about to use.
        stage.done(place).await?;
        let seen = stage.see(place).await?;
        stage.ledger().calls.extend(seen.calls.iter().map(|call| call.number));
        Ok(stage)
    }

    /// How long every expectation waits, thirty seconds unless told.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Somebody on the portal. A fresh one has 1, who administers it, 27 and 42, all three in `chat1`, where the bot is
    /// as well.
    #[must_use]
    pub fn user(&self, id: u64) -> Person<'_> {
        Person { stage: self, id }
    }

    /// The bot, and what is expected of it.
    #[must_use]
    pub fn bot(&self) -> BotOnStage<'_> {
        BotOnStage { stage: self }
    }

    /// The portal itself.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.dev.portal
    }

    /// A new group of these people, without the bot: [`Person::invites`] brings it in.
    ///
    /// # Errors
    ///
    /// When there is nobody of that id.
    #[track_caller]
    pub fn found_chat(&self, users: &[u64]) -> Act<'_, Chat> {
        Act::new(self.found(json!({"users": users}), Location::caller()))
    }

    /// A new open channel's chat with this client, where the bot is.
    ///
    /// # Errors
    ///
    /// When there is nobody of that id.
    #[track_caller]
    pub fn open_channel(&self, client: u64) -> Act<'_, Chat> {
        let body = json!({"users": [client, self.bot_id().get()], "entity_type": "LINES"});
        Act::new(self.found(body, Location::caller()))
    }

    async fn found(&self, body: Json, place: &'static Location<'static>) -> Result<Chat, Failure> {
        let answer = self.ask(Method::POST, "chats", &body, place).await?;
        Ok(Chat(answer["chat_id"].as_u64().unwrap_or_default()))
    }

    /// Lets the next requests of a method fail, `*` for any: with `query_limit`, `operation_limit`, `overload`,
    /// `expired_token`, `moved`, `error_500`, `timeout`, `drop`, and what else the portal's `/control/faults` knows. A
    /// batch is the method `batch`.
    ///
    /// # Errors
    ///
    /// When there is no such fault; the failure names those there are.
    #[track_caller]
    pub fn fault(&self, kind: &str, method: &str, times: u64) -> Act<'_, ()> {
        let body = json!({"kind": kind, "method": method, "times": times});
        Act::new(self.order("faults", body, Location::caller()))
    }

    /// Puts the portal's clock forward, by whole seconds, rounded up: tokens expire, the limit's bucket drains.
    ///
    /// # Errors
    ///
    /// When it is more than a hundred years.
    #[track_caller]
    pub fn advance_clock(&self, time: Duration) -> Act<'_, ()> {
        let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
        Act::new(self.order("clock", json!({"advance_seconds": seconds}), Location::caller()))
    }

    /// What is in a file of a message.
    ///
    /// # Errors
    ///
    /// When there is no such message, or no file of that name with it.
    #[track_caller]
    pub fn file(&self, message: impl Into<MessageId>, name: &str) -> Act<'_, Vec<u8>> {
        let (id, name, place) = (message.into(), name.to_owned(), Location::caller());
        Act::new(async move {
            let message = self.ask(Method::GET, &format!("messages/{id}"), &Json::Null, place).await?;
            let file = message["files"].as_array().into_iter().flatten().find(|file| file["name"] == *name);
            let content = match file.and_then(|file| file["url"].as_str()) {
                Some(url) => self.control.download(url).await,
                None => Err("there is no such file with it".to_owned()),
            };
            match content {
                Ok(content) => Ok(content),
                Err(refused) => {
                    let text = format!("the file {name:?} of message {id} cannot be read: {refused}");
                    Err(self.failure(FailureKind::Refused, text, place).await)
                }
            }
        })
    }

    async fn order(&self, path: &str, body: Json, place: &'static Location<'static>) -> Result<(), Failure> {
        self.ask(Method::POST, path, &body, place).await.map(drop)
    }

    /// Waits until the bot is done: every event is answered, and every handler has ended, after its retries if there
    /// were any. What a handler leaves behind in a task of its own is not waited for.
    ///
    /// # Errors
    ///
    /// When that takes longer than the stage's [patience](Self::patience).
    #[track_caller]
    pub fn settled(&self) -> Act<'_, ()> {
        Act::new(self.done(Location::caller()))
    }

    /// Waits until the bot is [done](Self::settled). Then there must be no call that no expectation has asked for: a
    /// like that was expected accounts for one call, and so does a reply; other calls are expected with
    /// [`BotOnStage::calls`]. Those that the bot made before the test began do not count.
    ///
    /// # Errors
    ///
    /// When there is such a call, or the bot is not done within the stage's [patience](Self::patience).
    #[track_caller]
    pub fn expect_no_further_calls(&self) -> Act<'_, ()> {
        let place = Location::caller();
        Act::new(async move {
            self.done(place).await?;
            let seen = self.see(place).await?;
            let further: Vec<Call> = {
                let ledger = self.ledger();
                seen.calls.into_iter().filter(|call| !ledger.calls.contains(&call.number)).collect()
            };
            if further.is_empty() {
                return Ok(());
            }
            let methods: Vec<&str> = further.iter().map(|call| call.method.as_str()).collect();
            let message =
                format!("no further calls were expected, but the bot called {}", methods.join(", "));
            Err(self.failure(FailureKind::FurtherCalls, message, place).await)
        })
    }

    async fn done(&self, place: &'static Location<'static>) -> Result<(), Failure> {
        let done = async {
            loop {
                let sent = self.portal().delivered().await;
                self.store.idle().await;
                // Handling an event may have brought about another one.
                if self.portal().delivered().await == sent {
                    return;
                }
            }
        };
        match tokio::time::timeout(self.patience, done).await {
            Ok(()) => Ok(()),
            Err(_) => {
                let message = format!("the bot is not done after {:?}", self.patience);
                Err(self.failure(FailureKind::Busy, message, place).await)
            }
        }
    }

    /// All that happened so far, as a [`Failure`] prints it.
    pub async fn conversation(&self) -> String {
        let mut open = Vec::new();
        for which in [Which::Dead, Which::Pending] {
            open.extend(self.store.list(which, None, LISTED).await.unwrap_or_default());
        }
        match self.look().await {
            Ok(seen) => seen.print(self.bot_id().get(), &open),
            Err(refused) => format!("what happened cannot be told: {refused}"),
        }
    }

    pub(super) fn bot_id(&self) -> BotId {
        self.dev.bot_id()
    }

    pub(super) fn default_patience(&self) -> Duration {
        self.patience
    }

    pub(super) async fn look(&self) -> Result<Seen, String> {
        self.control.get("conversation").await.map(Seen::new)
    }

    async fn see(&self, place: &'static Location<'static>) -> Result<Seen, Failure> {
        match self.look().await {
            Ok(seen) => Ok(seen),
            Err(refused) => Err(self.failure(FailureKind::Refused, refused, place).await),
        }
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Json,
        place: &'static Location<'static>,
    ) -> Result<Json, Failure> {
        match self.control.ask(method, path, body).await {
            Ok(answer) => Ok(answer),
            Err(refused) => {
                let message = format!("the portal refuses {path} with {body}: {refused}");
                Err(self.failure(FailureKind::Refused, message, place).await)
            }
        }
    }

    /// If it has happened, takes note of what it accounts for.
    pub(super) fn account<T>(&self, seen: &Seen, check: impl Fn(&Moment<'_>) -> Option<Met<T>>) -> Option<T> {
        let mut ledger = self.ledger();
        let Ledger { calls, messages } = &*ledger;
        let moment = Moment { seen, bot: self.bot_id().get(), accounted: calls, taken: messages };
        let Met { value, call, message } = check(&moment)?;
        ledger.calls.extend(call);
        ledger.messages.extend(message);
        Some(value)
    }

    pub(super) async fn failure(
        &self,
        kind: FailureKind,
        message: impl Display,
        place: &'static Location<'static>,
    ) -> Failure {
        Failure::new(kind, message.to_string(), place, self.conversation().await)
    }

    /// What a message's chat is called by somebody.
    pub(super) async fn dialog_of(
        &self,
        said: Said,
        user: u64,
        place: &'static Location<'static>,
    ) -> Result<Json, Failure> {
        let state = self.ask(Method::GET, "state", &Json::Null, place).await?;
        let chat = state["chats"].as_array().into_iter().flatten().find(|chat| chat["id"] == said.chat.id());
        let members = chat.filter(|chat| chat["private"] == true).and_then(|chat| chat["members"].as_array());
        let other = members.and_then(|members| members.iter().find(|member| **member != user));
        Ok(other.cloned().unwrap_or_else(|| said.chat.to_string().into()))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing panics while it holds the lock.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn free_port() -> PortalBuilder {
    Portal::builder().listen(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage")
            .field("portal", &self.dev.page())
            .field("bot", &self.bot_id())
            .finish_non_exhaustive()
    }
}
