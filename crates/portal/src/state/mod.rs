//! What the portal knows: people, chats, messages, bots, applications. Pure logic, no HTTP.
//!
//! Every change leaves its consequences in two boxes: [`State::outbox`] (events for bots) and
//! [`State::changes`] (news for the chat page). Whoever holds the lock empties them.

pub(crate) mod administration;
pub(crate) mod applications;
pub(crate) mod attachments;
pub(crate) mod bots;
pub(crate) mod buttons;
pub(crate) mod chats;
pub(crate) mod commands;
pub(crate) mod content;
pub(crate) mod domain;
pub(crate) mod fetched;
pub(crate) mod files;
pub(crate) mod installation;
pub(crate) mod marks;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod presses;
pub(crate) mod saved;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::delivery::{Deliveries, Outgoing};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::Buckets;
use crate::work::Work;

use applications::{AccessToken, Application, Code, RefreshToken, TokenPair};
use bots::Bot;
use chats::Chat;
use commands::Command;
use domain::Domain;
use fetched::Fetched;
use files::Files;
use messages::Message;
use people::User;

const FIRST_MESSAGE: u64 = 101;
const FIRST_BOT: u64 = 1001;
const FIRST_COMMAND: u64 = 11;
const FIRST_HANDLER: u64 = 401;

/// News for the chat page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// A message is new, edited, deleted or marked.
    Message(u64),
    /// A message is there no more.
    Gone(u64),
    /// People, chats or bots changed.
    State,
    Typing {
        chat: u64,
        user: u64,
    },
    /// A delivery to a bot ended.
    Delivery(u64),
    /// A REST request was answered.
    Request(u64),
    /// Everything may be different.
    Reset,
}

/// The whole portal. What is skipped does not outlive it: how it is reached, and what there is to see of its work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(with = "saved::generator")]
    rng: fastrand::Rng,
    /// Set by whoever takes the lock, so that one operation sees one moment.
    #[serde(skip)]
    pub(crate) now: Moment,
    /// Seconds the clock was put forward.
    pub(crate) ahead: u64,
    /// `http://127.0.0.1:9400`
    #[serde(skip)]
    pub(crate) url: String,
    #[serde(skip)]
    pub(crate) domain: Domain,
    /// The addresses of all portals that were started together, if there are several.
    #[serde(skip)]
    pub(crate) portals: Vec<String>,
    pub(crate) member_id: String,
    pub(crate) users: BTreeMap<u64, User>,
    pub(crate) chats: BTreeMap<u64, Chat>,
    pub(crate) messages: BTreeMap<u64, Message>,
    pub(crate) bots: BTreeMap<u64, Bot>,
    pub(crate) commands: BTreeMap<u64, Command>,
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    pub(crate) codes: HashMap<String, Code>,
    #[serde(with = "saved::pairs")]
    pub(crate) current_tokens: HashMap<(String, u64), TokenPair>,
    /// Events of bots that fetch them.
    pub(crate) fetched: Fetched,
    pub(crate) files: Files,
    #[serde(skip)]
    pub(crate) outbox: Vec<Outgoing>,
    #[serde(skip)]
    pub(crate) changes: Vec<Change>,
    #[serde(skip)]
    pub(crate) journal: Journal,
    #[serde(skip)]
    pub(crate) deliveries: Deliveries,
    #[serde(skip)]
    pub(crate) faults: Faults,
    #[serde(skip)]
    pub(crate) buckets: Buckets,
    #[serde(skip)]
    pub(crate) work: Work,
    next_message: u64,
    next_chat: u64,
    next_bot: u64,
    next_command: u64,
    next_handler: u64,
    next_application: u64,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let member_id = hex(&mut rng, 32);
        let mut state = Self {
            rng,
            now: Moment::default(),
            ahead: 0,
            url: String::new(),
            domain: Domain::default(),
            portals: Vec::new(),
            member_id,
            users: people::fresh(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            bots: BTreeMap::new(),
            commands: BTreeMap::new(),
            applications: BTreeMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            codes: HashMap::new(),
            current_tokens: HashMap::new(),
            fetched: Fetched::default(),
            files: Files::default(),
            outbox: Vec::new(),
            changes: Vec::new(),
            journal: Journal::default(),
            deliveries: Deliveries::default(),
            faults: Faults::default(),
            buckets: Buckets::default(),
            work: Work::default(),
            next_message: FIRST_MESSAGE,
            next_chat: chats::FIRST_CHAT + 1,
            next_bot: FIRST_BOT,
            next_command: FIRST_COMMAND,
            next_handler: FIRST_HANDLER,
            next_application: 1,
        };
        state.found_first_chat();
        state
    }

    /// The messages that are new or other since there were so many changes.
    pub(crate) fn messages_changed_since(&self, changes: usize) -> Vec<u64> {
        let mut messages = Vec::new();
        for change in self.changes.iter().skip(changes) {
            if let Change::Message(id) = change
                && !messages.contains(id)
            {
                messages.push(*id);
            }
        }
        messages
    }

    /// Where the portal is reached from now on, and what it lets through.
    pub(crate) fn open(&mut self, url: String, buckets: Buckets, work: Work) {
        self.domain = Domain::new(url.clone());
        self.url = url;
        self.buckets = buckets;
        self.work = work;
        self.files.weigh();
    }

    /// Empties the portal. Applications, bots and their commands stay, unless `all` is true.
    ///
    /// It remains the same portal: no id or token is ever given out a second time, since a bot that goes on
    /// running rightly takes those it knows for repetitions.
    pub(crate) fn reset(&mut self, all: bool) {
        if all {
            self.users = people::fresh();
            self.bots.clear();
            self.commands.clear();
            self.applications.clear();
            self.access_tokens.clear();
            self.refresh_tokens.clear();
            self.codes.clear();
            self.current_tokens.clear();
        }
        self.chats.clear();
        self.messages.clear();
        self.users.retain(|id, user| !user.is_bot || self.bots.contains_key(id));
        self.fetched.clear();
        self.files.clear();
        self.journal.clear();
        self.deliveries.clear();
        self.faults.clear();
        self.buckets.empty();
        self.work.clear();
        self.move_home();
        self.found_first_chat();
        let bots: Vec<u64> = self.bots.keys().copied().collect();
        if let Some(chat) = self.chats.get_mut(&chats::FIRST_CHAT) {
            chat.members.extend(bots);
        }
        self.changes.push(Change::Reset);
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        hex(&mut self.rng, digits)
    }

    /// A random UUID (version 4), as messages carry.
    pub(crate) fn uuid(&mut self) -> String {
        let digits = self.hex(30);
        format!(
            "{}-{}-4{}-8{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..]
        )
    }

    /// `127.0.0.1:9400`, the portal's domain.
    pub(crate) fn domain(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, domain)| domain)
    }

    /// Where REST is called: `http://127.0.0.1:9400/rest/`.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/rest/", self.url)
    }

    pub(crate) fn is_bot(&self, user: u64) -> bool {
        self.bots.contains_key(&user)
    }

    fn take_id(counter: &mut u64) -> u64 {
        let id = *counter;
        *counter += 1;
        id
    }
}

fn hex(rng: &mut fastrand::Rng, digits: usize) -> String {
    (0..digits).filter_map(|_| char::from_digit(rng.u32(0..16), 16)).collect()
}

#[cfg(test)]
pub(crate) fn sample() -> State {
    let mut state = State::new(7);
    state.open("http://127.0.0.1:9400".to_owned(), Buckets::default(), Work::default());
    state.now = Moment::from_seconds(1_800_000_000);
    state
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn two_portals_of_one_seed_are_alike() {
        let (mut one, mut two) = (sample(), sample());
        assert_eq!(one.member_id, two.member_id);
        assert_eq!(one.hex(70), two.hex(70));
        assert_eq!(one.uuid().len(), 36);
        let mut other = State::new(8);
        assert_ne!(one.hex(32), other.hex(32));
    }

    #[test]
    fn a_reset_keeps_bots_and_applications_unless_told_otherwise() {
        let mut state = sample();
        state.install(&["im"]);
        let bot = state.sample_bot(bots::Kind::Bot);
        state.post(messages::Draft::new(1, 27, "hello")).unwrap();
        state.reset(false);
        assert!(state.messages.is_empty() && state.bots.contains_key(&bot) && state.applications.len() == 1);
        assert!(state.chats[&1].members.contains(&bot));
        state.reset(true);
        assert!(state.bots.is_empty() && state.applications.is_empty() && !state.users.contains_key(&bot));
        assert_eq!(state.chats[&1].members, [1, 27, 42]);
    }

    #[test]
    fn no_reset_gives_an_id_or_a_token_a_second_time() {
        let mut state = sample();
        let member_id = state.member_id.clone();
        let mut before = HashSet::new();
        for all in [false, true, false, true] {
            let application = state.install(&["im"]);
            let bot = state.sample_bot(bots::Kind::Bot);
            let command = State::take_id(&mut state.next_command);
            let private = state.dialog(27, &bot.to_string()).unwrap();
            let message = state.post(messages::Draft::new(1, 27, "hello")).unwrap();
            let token = state.tokens(&application.client_id, 1).access;
            let numbers = [("bot", bot), ("chat", private), ("message", message), ("command", command)];
            let texts = [application.client_id, application.application_token, token];
            let names = numbers.map(|(kind, id)| format!("{kind} {id}"));
            for name in names.into_iter().chain(texts) {
                assert!(before.insert(name.clone()), "{name} again");
            }
            state.reset(all);
            assert_eq!(state.member_id, member_id);
        }
        assert_eq!(state.chats.keys().copied().collect::<Vec<_>>(), [chats::FIRST_CHAT]);
    }
}
