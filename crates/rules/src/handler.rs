//! Rules as a handler.

use std::{fmt, sync::Arc, time::Instant};

use async_trait::async_trait;
use b24bot_actions::{Context, Error, LikeAction, Repeat};
use b24bot_core::Event;
use b24bot_dispatcher::{Handler, Result};

use crate::{Effect, EffectKind, Rule, RuleSet};

/// Does what the rules of `bot.toml` say.
///
/// What a rule has done is recorded under its name ([`Context::scoped`]): when an event is handled again, a rule that
/// acts only now, or is new in the file, takes no other's record. Of rules with equal names the second is `name#2`.
///
/// All effects of an event are attempted, in order, whatever became of those before; then an error is returned: the
/// first that is worth repeating, so that the event is tried again, otherwise the first.
///
/// ```
/// use b24bot_rules::{Config, RuleHandler};
///
/// let config = Config::parse_for_local_portal("bot.toml", Config::STARTER, &|_| None)?;
/// let handler = RuleHandler::new(config.rules);
/// assert_eq!(handler.rules().len(), 2);
/// # Ok::<(), b24bot_rules::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct RuleHandler {
    rules: RuleSet,
}

/// An effect of a rule could not be had; the source says why.
#[derive(Debug)]
pub struct RuleError {
    rule: Arc<str>,
    source: Error,
}

impl RuleError {
    /// The name of the rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Whether another attempt may have the effect.
    fn is_worth_repeating(&self) -> bool {
        matches!(self.source.repeat(), Repeat::Later | Repeat::IfIdempotent)
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}`", self.rule)
    }
}

impl std::error::Error for RuleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl RuleHandler {
    /// A handler for rules in that order.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules: RuleSet::new(rules) }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        self.rules.rules()
    }
}

#[async_trait]
impl Handler for RuleHandler {
    async fn on_event(&self, ctx: &Context, event: &Event) -> Result {
        let mut reported: Option<RuleError> = None;
        let effects = self.rules.decide(event, Instant::now());
        // Marks of other messages may come sooner or later: nobody in the dialog waits for them.
        let are_marks = effects.iter().all(|effect| effect.kind.is_mark());
        let last = effects.len().saturating_sub(1);
        for (at, effect) in effects.into_iter().enumerate() {
            let mut ctx = ctx.scoped(&effect.scope);
            if effect.kind.is_mark() {
                ctx = ctx.in_bulk();
            }
            if are_marks && at == last && reported.is_none() {
                ctx = ctx.letting_pass();
            }
            if let Err(source) = perform(&ctx, &effect).await {
                let error = RuleError { rule: effect.rule, source };
                // A refusal sets the event aside, and would take the others' next attempt away.
                let outweighs =
                    |before: &RuleError| error.is_worth_repeating() && !before.is_worth_repeating();
                if reported.as_ref().is_none_or(outweighs) {
                    reported = Some(error);
                }
            }
        }
        reported.map_or(Ok(()), |error| Err(error.into()))
    }
}

async fn perform(ctx: &Context, effect: &Effect) -> std::result::Result<(), Error> {
    match &effect.kind {
        EffectKind::Like(message, LikeAction::Plus) => ctx.like(*message).await.map(drop),
        EffectKind::Like(message, LikeAction::Minus) => ctx.unlike(*message).await.map(drop),
        EffectKind::Like(message, LikeAction::Auto) => ctx.toggle_like(*message).await.map(drop),
        EffectKind::React(message, code) => ctx.react(*message, code).await.map(drop),
        EffectKind::Reply(text) => ctx.reply(text).await.map(drop),
    }
}
