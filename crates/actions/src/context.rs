//! The way to answer one event.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::Duration,
};

use b24bot_core::{Bot, BotId, DialogId, EntryEffects, Event, Generation, MemberId, MessageId, Secret};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    bot,
    call::Call,
    client::{Client, Manner, Placed},
    error::{Error, ErrorKind},
    like::{LikeAction, Mark},
    methods::Method,
    once::{Once, Recorder},
    portals::Portals,
    promise::Promise,
};

/// One event and the way back to the portal it came from. Cheap to clone.
///
/// ```no_run
/// # async fn example(ctx: b24bot_actions::Context, message: b24bot_core::Message) -> Result<(), b24bot_actions::Error> {
/// ctx.like(message.id).await?;
/// ctx.reply("You are welcome!").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Context {
    portals: Portals,
    event: Arc<Event>,
    recorder: Option<Arc<Recorder>>,
    manner: Manner,
    pass: Option<Placed>,
}

impl Context {
    pub(crate) fn new(portals: Portals, event: Arc<Event>) -> Self {
        let dialog = event.dialog().map(|dialog| dialog.as_str().into());
        Self { portals, event, recorder: None, manner: Manner { dialog, ..Manner::default() }, pass: None }
    }

    /// Records what is done through this context and its clones among the effects of the event's entry, so that the
    /// same handler, called again for the same entry, does not do it twice: a call that was carried out is not made
    /// again, and returns what it returned then.
    ///
    /// For whoever calls handlers: one for each handler and attempt, because calls are counted from here on. `handler`
    /// tells the entry's handlers apart, and stays the same through all attempts. What is recorded stands under "Once"
    /// on the crate's front page.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// use b24bot_actions::{Context, Portals};
    /// use b24bot_core::{Effects, Entry, EntryEffects, Envelope};
    ///
    /// fn attempt(portals: &Portals, store: Arc<dyn Effects>, entry: Entry, envelope: &Envelope) -> Context {
    ///     let ctx = portals.context(Arc::clone(&envelope.event));
    ///     ctx.recording(EntryEffects::new(store, entry), "greeter")
    /// }
    /// ```
    #[must_use]
    pub fn recording(mut self, effects: EntryEffects, handler: impl Into<Arc<str>>) -> Self {
        self.recorder = Some(Arc::new(Recorder::new(effects, handler.into())));
        self
    }

    /// A clone whose calls are recorded below that name, and counted apart from all others: for a handler of several
    /// parts that do not all act in every attempt. What one part does leaves the numbers of the others' calls as they
    /// are.
    ///
    /// `name` tells the handler's parts apart, and stays the same through all attempts. Clones of the same name count on
    /// where the others are.
    ///
    /// ```no_run
    /// # async fn example(ctx: b24bot_actions::Context, is_noon: bool) -> Result<(), b24bot_actions::Error> {
    /// if is_noon {
    ///     ctx.scoped("lunch").reply("Lunch is ready").await?;
    /// }
    /// // The first of its scope, whether it is noon or not.
    /// ctx.scoped("thanks").reply("You are welcome!").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn scoped(&self, name: &str) -> Self {
        let mut scoped = self.clone();
        scoped.recorder = self.recorder.as_ref().map(|recorder| Arc::new(recorder.scoped(name)));
        scoped
    }

    /// A clone whose calls are over within so much time: see [`Client::within`].
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        let mut hurried = self.clone();
        hurried.manner.within = Some(patience);
        hurried
    }

    /// A clone whose calls let later events of the dialog be handled as soon as they have their place in the queue,
    /// instead of when the portal has answered: for the last call of a handler, if nothing that follows in the dialog
    /// depends on it. So likes of a busy dialog leave in batches. Calls keep their order on the way to the portal all the
    /// same; only should the event be tried again, those that came later are handled before it.
    ///
    /// Where several handlers are called for an event it is so in the last of them, and if none has failed.
    ///
    /// ```no_run
    /// # async fn example(ctx: b24bot_actions::Context, message: b24bot_core::Message) -> Result<(), b24bot_actions::Error> {
    /// ctx.letting_pass().like(message.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn letting_pass(&self) -> Self {
        let mut passing = self.clone();
        passing.manner.placed.clone_from(&self.pass);
        passing
    }

    /// What [`letting_pass`](Self::letting_pass) calls: for whoever calls handlers. It can be called several times.
    #[must_use]
    pub fn on_pass(mut self, pass: impl Fn() + Send + Sync + 'static) -> Self {
        self.pass = Some(Placed(Arc::new(pass)));
        self
    }

    /// A clone whose calls are those that nobody waits for: where calls queue up, others go first. See
    /// [`Client::in_bulk`].
    ///
    /// ```no_run
    /// # async fn example(ctx: b24bot_actions::Context) -> Result<(), b24bot_actions::Error> {
    /// ctx.reply("Counting…").await?;
    /// for message in 1000..1500 {
    ///     ctx.in_bulk().like(message).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn in_bulk(&self) -> Self {
        let mut bulk = self.clone();
        bulk.manner.is_bulk = true;
        bulk
    }

    /// The next call of a method that is not idempotent, if calls are recorded. To be asked for before anything that
    /// may fail: whether an earlier one failed must not change the numbers of later ones.
    pub(crate) fn once(&self, method: &str, target: impl Display) -> Option<Once> {
        let recorder = self.recorder.as_ref()?;
        Some(recorder.next(method, target, self.portals.promises().messages))
    }

    /// The next call of a method that sets a mark. Doing it twice does no harm, so that it is recorded only where it
    /// must not be done all the same.
    fn once_marked(&self, method: &str, target: impl Display) -> Option<Once> {
        let recorder = self.recorder.as_ref()?;
        match self.portals.promises().likes {
            promise @ Promise::AtMostOnce => Some(recorder.next(method, target, promise)),
            Promise::AtLeastOnce => None,
        }
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The portal with the credentials for this event: the configured webhook, otherwise the bot's own token. The
    /// token of whoever caused the event is never used: the bot would act in that person's name.
    ///
    /// Where the application is installed, the address is the installation's, and the token the newest that events of the
    /// bot have brought. Once that has expired, methods that name the bot (`imbot.*` with `BOT_ID` or `botId`) go with the
    /// installation's token, and others fail: they would act for whoever installed the application. For an event that
    /// names no bot it is the [installation's](Portals::installation_client) client.
    ///
    /// What it calls is not recorded, and done again when the event is handled again: calls that must not be done twice
    /// go through [`call`](Self::call), [`send_call`](Self::send_call) or [`send_typed`](Self::send_typed).
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] without either, [`ErrorKind::Address`] if the portal's address cannot be used,
    /// [`ErrorKind::Store`] if what is stored of the installation cannot be opened.
    pub fn client(&self) -> Result<Client, Error> {
        if let Some(client) = self.portals.webhook_client() {
            return Ok(client.in_manner(self.manner.clone()));
        }
        let (event, bot) = (&self.event, self.event.bot.as_ref());
        let client = match (self.installation()?, bot) {
            (Some(portal), Some(bot)) => self.portals.bot_client(portal, bot, event.sent_at)?,
            (Some(portal), None) => self.portals.installation_client(portal)?,
            (None, bot) => {
                let auth = bot.and_then(|bot| bot.auth.as_ref()).ok_or_else(|| self.no_token())?;
                let portal = event.portal.member_id.as_ref();
                self.portals.token_client(portal, &auth.client_endpoint, auth.access_token.clone())?
            }
        };
        Ok(client.in_manner(self.manner.clone()))
    }

    /// The event's portal, if the application is installed there.
    fn installation(&self) -> Result<Option<&MemberId>, Error> {
        let (Some(installations), Some(portal)) =
            (self.portals.installations(), self.event.portal.member_id.as_ref())
        else {
            return Ok(None);
        };
        Ok(installations.find(portal)?.map(|_| portal))
    }

    fn no_token(&self) -> Error {
        Error::new(ErrorKind::NoCredentials, self.event.name.as_str()).note(
            "the event brings no token of the bot's own; configure an inbound webhook \
             (`webhook` under `[portal]` in bot.toml), or let an application register the bot",
        )
    }

    /// Likes a message: `im.message.like` with `ACTION=plus`. Doing it again changes nothing.
    ///
    /// From whom the like is depends on the credentials; see the crate's front page.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that the like stood already is none.
    pub async fn like(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Plus).await
    }

    /// Takes the like away: `im.message.like` with `ACTION=minus`. Doing it again changes nothing.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that there was no like is none.
    pub async fn unlike(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Minus).await
    }

    /// Sets the like or takes it away, whichever changes something: `im.message.like` with `ACTION=auto`. Never
    /// repeated when it is in doubt whether it was done, and not possible for v2 bots without the scope `im`.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn toggle_like(&self, message: impl Into<MessageId>) -> Result<Mark, Error> {
        self.mark(message.into(), LikeAction::Auto).await
    }

    async fn mark(&self, message: MessageId, action: LikeAction) -> Result<Mark, Error> {
        let client = self.client()?;
        let generation = self.event.generation;
        let speaks = !client.is_webhook() || self.key(generation).is_some();
        let own = if client.is_installation() {
            // Never in the name of whoever installed the application.
            Some((self.bot_id()?, generation))
        } else {
            self.event.bot.as_ref().filter(|_| speaks).map(|bot| (bot.id, generation))
        };
        let once = |method: &str| match action {
            LikeAction::Auto => self.once(method, message),
            LikeAction::Plus | LikeAction::Minus => self.once_marked(method, message),
        };
        client.mark(message, action, own, |call| self.signed(&client, generation, call), once).await
    }

    /// Sets a reaction of the bot's (`fire`, `redHeart`, `facepalm`, …), in place of its earlier one:
    /// `imbot.v2.Chat.Message.Reaction.add`.
    ///
    /// # Errors
    /// See [`ErrorKind`]; that the reaction stood already is none.
    pub async fn react(&self, message: impl Into<MessageId>, reaction: &str) -> Result<Mark, Error> {
        let (client, message) = (self.client()?, message.into());
        let call = self.signed(&client, Generation::V2, bot::react(self.bot_id()?, message, reaction));
        let once = self.once_marked(call.method(), message);
        client.mark_unless(&[bot::ALREADY_SET], call, once).await
    }

    /// Writes to the dialog the event came from, as the bot. Returns the new message's id.
    ///
    /// BB code in the text is taken as it is: for what users wrote there is [`send`](Context::send), or
    /// [`harmless`](crate::content::harmless).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for an event that belongs to no dialog; otherwise see [`ErrorKind`].
    pub async fn reply(&self, text: &str) -> Result<MessageId, Error> {
        self.say(self.dialog("reply")?, text).await
    }

    /// Writes to a dialog as the bot: `imbot.message.add`, `imbot.v2.Chat.Message.send` for a v2 bot. Returns the
    /// new message's id. Not repeated when it is in doubt whether it was written.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn say(&self, dialog: impl Into<DialogId>, text: &str) -> Result<MessageId, Error> {
        /// What `imbot.v2.Chat.Message.send` returns.
        #[derive(Deserialize)]
        struct Sent {
            id: MessageId,
        }
        let (dialog, generation) = (dialog.into(), self.event.generation);
        let once = self.once(bot::say(generation), &dialog);
        let (client, bot) = (self.client()?, self.bot_id()?);
        match generation {
            Generation::V1 => {
                let call = self.signed(&client, generation, bot::say_v1(bot, &dialog, text));
                Ok(client.send_once(call, once).await?.result)
            }
            Generation::V2 => {
                let call = self.signed(&client, generation, bot::say_v2(bot, &dialog, text));
                Ok(client.send_once::<Sent>(call, once).await?.result.id)
            }
        }
    }

    /// Calls any method with the credentials for this event and returns its result. A method that does not read, by its
    /// name, counts as not idempotent.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn call<T: DeserializeOwned>(&self, method: &str, params: impl Serialize) -> Result<T, Error> {
        self.send_call(Call::new(method).params(&params)?).await
    }

    /// Sends a call with the credentials for this event and returns its result. Unlike one that goes through
    /// [`client`](Self::client) it is recorded, unless it is [idempotent](Call::idempotent).
    ///
    /// ```no_run
    /// use b24bot_actions::Call;
    ///
    /// # async fn example(ctx: b24bot_actions::Context) -> Result<(), b24bot_actions::Error> {
    /// let call = Call::new("im.chat.add").params(&serde_json::json!({ "TITLE": "Lunch" }))?;
    /// let chat: u64 = ctx.send_call(call).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send_call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let once = if call.is_idempotent() { None } else { self.once(call.method(), call.target()) };
        Ok(self.client()?.send_once(call, once).await?.result)
    }

    /// Sends a typed call with the credentials for this event, recorded as with [`send_call`](Self::send_call).
    ///
    /// ```no_run
    /// # async fn example(ctx: b24bot_actions::Context) -> Result<(), b24bot_actions::Error> {
    /// let notice = ctx.client()?.im().notify().personal().add(27, "Lunch is ready");
    /// let id = ctx.send_typed(notice).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn send_typed<M: Method>(&self, call: M) -> Result<M::Answer, Error> {
        M::read(self.send_call::<Box<RawValue>>(call.into_call()?).await?.get())
    }

    /// The bot that answers: the event's, otherwise the configured one, otherwise the one that is registered for the
    /// installation.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredentials`] where neither names one.
    pub fn bot_id(&self) -> Result<BotId, Error> {
        let id = self.event.bot.as_ref().map(|bot| bot.id).or(self.portals.registered_bot().id);
        let installed = || {
            let portal = self.event.portal.member_id.as_ref()?;
            self.portals.installations()?.find(portal).ok()??.bot
        };
        id.or_else(installed).ok_or_else(|| {
            let error = Error::new(ErrorKind::NoCredentials, self.event.name.as_str());
            error.note("the event names no bot; configure `bot_id` under `[portal]` in bot.toml")
        })
    }

    /// The dialog that the event came from.
    pub(crate) fn dialog(&self, during: &str) -> Result<DialogId, Error> {
        self.event.dialog().cloned().ok_or_else(|| {
            let error = Error::new(ErrorKind::Unsupported, during);
            error.note(format!("{} belongs to no dialog", self.event.name))
        })
    }

    /// A bot that was registered through a webhook signs its calls with what it was registered with. Where that is not
    /// configured the call goes out without: the portal has the last word on what it takes.
    pub(crate) fn signed(&self, client: &Client, generation: Generation, call: Call) -> Call {
        match self.key(generation) {
            Some((name, secret)) if client.is_webhook() => call.with(name, secret.expose()),
            _ => call,
        }
    }

    fn key(&self, generation: Generation) -> Option<(&'static str, &Secret)> {
        let bot = self.portals.registered_bot();
        match generation {
            Generation::V1 => bot.client_id.as_ref().map(|secret| ("CLIENT_ID", secret)),
            Generation::V2 => bot.token.as_ref().map(|secret| ("botToken", secret)),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("event", &self.event.name)
            .field("bot", &self.event.bot.as_ref().map(|bot: &Bot| bot.id))
            .finish_non_exhaustive()
    }
}
