//! All rules of a bot, in order.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use b24bot_actions::LikeAction;
use b24bot_core::{DialogId, Event, EventKey, MemberId, MessageId};

use crate::{MessageView, Rule, limit::Windows};

/// Rules in the order they run, and how often each has acted lately. No I/O and no clock of its own.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// What tells each rule from the others: its name, with `#2` and so on behind it if several have it.
    scopes: Vec<Arc<str>>,
    /// One for each rule that has a limit.
    windows: Mutex<Vec<Option<Windows<Place>>>>,
}

type Place = (Option<MemberId>, DialogId);

/// Something a rule wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effect {
    /// The name of the rule.
    pub rule: Arc<str>,
    /// What it wants.
    pub kind: EffectKind,
    /// Tells the rule from others of the same name.
    pub(crate) scope: Arc<str>,
}

/// What a rule wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EffectKind {
    /// `im.message.like` with this action.
    Like(MessageId, LikeAction),
    /// The reaction with this code.
    React(MessageId, Arc<str>),
    /// This text into the dialog of the event.
    Reply(String),
}

impl EffectKind {
    /// Whether it sets or takes away a mark, which matters to its message alone. A toggle depends on what was before.
    pub(crate) const fn is_mark(&self) -> bool {
        matches!(self, Self::Like(_, LikeAction::Plus | LikeAction::Minus) | Self::React(..))
    }
}

impl RuleSet {
    /// Rules in that order.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        let windows = rules.iter().map(|rule| rule.limit.map(Windows::new)).collect();
        Self { scopes: scopes(&rules), rules, windows: Mutex::new(windows) }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the rules want done about an event, in order. What is returned counts for their limits, once for an event
    /// that is handled several times because something failed.
    ///
    /// A rule at its limit is passed over as if it did not match: its `stop` does not hold either.
    #[must_use]
    pub fn decide(&self, event: &Event, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(view) = MessageView::of(event) else { return effects };
        let (mut place, mut identity) = (None, None);
        for (number, (rule, scope)) in self.rules.iter().zip(&self.scopes).enumerate() {
            if !rule.matches(&view) {
                continue;
            }
            if rule.limit.is_some() {
                let place =
                    place.get_or_insert_with(|| (event.portal.member_id.clone(), view.dialog.clone()));
                let event = *identity.get_or_insert_with(|| identify(event));
                let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
                let admitted = windows
                    .get_mut(number)
                    .and_then(Option::as_mut)
                    .is_none_or(|rule| rule.admit(place, event, now));
                if !admitted {
                    continue;
                }
            }
            effects.extend(rule.effects(&view).map(|kind| Effect {
                rule: Arc::clone(&rule.name),
                kind,
                scope: Arc::clone(scope),
            }));
            if rule.stop {
                break;
            }
        }
        effects
    }
}

/// Another for each rule; its name where no earlier rule has that.
fn scopes(rules: &[Rule]) -> Vec<Arc<str>> {
    let names: HashSet<&Arc<str>> = rules.iter().map(|rule| &rule.name).collect();
    let mut taken: HashSet<Arc<str>> = HashSet::new();
    let scopes = rules.iter().map(|rule| {
        let (mut scope, mut number) = (Arc::clone(&rule.name), 1_u32);
        // A made up name is no other rule's own either.
        while taken.contains(&scope) || (number > 1 && names.contains(&scope)) {
            number += 1;
            scope = format!("{}#{number}", rule.name).into();
        }
        taken.insert(Arc::clone(&scope));
        scope
    });
    scopes.collect()
}

/// The same for an event whenever it is handled, another for any other event.
fn identify(event: &Event) -> u64 {
    EventKey::of(event).digest().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Rule {
    fn effects(&self, view: &MessageView<'_>) -> impl Iterator<Item = EffectKind> {
        let like = view.message.zip(self.like).map(|(message, action)| EffectKind::Like(message, action));
        let react =
            view.message.zip(self.reaction.clone()).map(|(message, code)| EffectKind::React(message, code));
        let reply = self.reply.as_ref().map(|template| {
            // An update names nobody.
            let nameless = if view.user_name.trim().is_empty() { view.user } else { None };
            let user = nameless.map_or_else(|| view.user_name.to_owned(), |id| format!("#{id}"));
            EffectKind::Reply(template.fill(&user, view.text))
        });
        // A bot's new reaction replaces what the bot had set before: after the like, it would undo that.
        [react, like, reply].into_iter().flatten()
    }
}
