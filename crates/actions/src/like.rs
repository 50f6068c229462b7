//! The like: `im.message.like`, and what takes its place without the scope `im`.

use std::{fmt, str::FromStr};

use b24bot_core::{BotId, Generation, MessageId};
use serde::de::IgnoredAny;
use tokio::time::Instant;
use tracing::warn;

use crate::{
    answer::Answer,
    bot,
    call::Call,
    client::Client,
    code::ErrorCode,
    error::{Error, ErrorKind},
    once::Once,
};

const LIKE: &str = "im.message.like";

/// The `ACTION` of `im.message.like`.
///
/// The platform's own default is `auto`, which takes the like away when asked twice: here an action is always named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LikeAction {
    /// Set the like.
    #[default]
    Plus,
    /// Take it away.
    Minus,
    /// Whichever changes something.
    Auto,
}

impl LikeAction {
    /// The action as the platform writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plus => "plus",
            Self::Minus => "minus",
            Self::Auto => "auto",
        }
    }

    /// Doing it twice is the same as doing it once.
    const fn is_idempotent(self) -> bool {
        !matches!(self, Self::Auto)
    }
}

impl fmt::Display for LikeAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`LikeAction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAction(());

impl fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `plus`, `minus` or `auto`")
    }
}

impl std::error::Error for UnknownAction {}

impl FromStr for LikeAction {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Plus, Self::Minus, Self::Auto];
        let named = all.into_iter().find(|action| action.as_str().eq_ignore_ascii_case(text));
        named.ok_or(UnknownAction(()))
    }
}

/// What became of a mark on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It was changed: set, or taken away, as asked.
    Changed,
    /// It stood as asked already. The platform says the same of a message that the caller cannot see.
    Stood,
}

impl Client {
    /// `im.message.like` as it is: that the like stood already is the error [`ErrorCode::WithoutChanges`] here.
    /// [`Context::like`](crate::Context::like) is the kinder one.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn like(&self, message: MessageId, action: LikeAction) -> Result<Answer<bool>, Error> {
        self.like_once(message, action, None).await
    }

    async fn like_once(
        &self,
        message: MessageId,
        action: LikeAction,
        once: Option<Once>,
    ) -> Result<Answer<bool>, Error> {
        let call = Call::new(LIKE).with("MESSAGE_ID", message.get()).with("ACTION", action.as_str());
        let call = if action.is_idempotent() { call.idempotent() } else { call };
        self.send_once(call, once).await
    }

    /// Likes with `im.message.like`; where the credentials lack its scope, as the bot's own reaction. `own` is the bot
    /// in whose name these credentials can call, `sign` adds what such a call needs, and `once` is asked of each method
    /// whether its call is recorded.
    pub(crate) async fn mark(
        &self,
        message: MessageId,
        action: LikeAction,
        own: Option<(BotId, Generation)>,
        sign: impl Fn(Call) -> Call,
        once: impl Fn(&str) -> Option<Once>,
    ) -> Result<Mark, Error> {
        let now = || Instant::now().into_std();
        if let Some(own) = own
            && (self.is_installation() || self.portal().lacks_im(now()))
        {
            return self.mark_as_bot(message, action, own, sign, once).await;
        }
        let error = match self.like_once(message, action, once(LIKE)).await {
            Ok(answer) if answer.result => return Ok(Mark::Changed),
            Ok(_) => return Ok(Mark::Stood),
            Err(error) => error,
        };
        match (error.code(), own) {
            // A toggle that changed nothing did not do what was asked for.
            (Some(ErrorCode::WithoutChanges), _) if action.is_idempotent() => Ok(Mark::Stood),
            (Some(ErrorCode::InsufficientScope), Some(own)) => {
                if self.portal().note_missing_im(now()) {
                    warn!(
                        portal = %self.domain(),
                        "the scope `im` is missing: likes are set as the bot's own reactions instead"
                    );
                }
                self.mark_as_bot(message, action, own, sign, once).await
            }
            // Its own token has expired: any of the application's will do for the bot's own reaction.
            (None, Some(own)) if self.is_bot() && error.kind() == &ErrorKind::NoCredentials => {
                self.mark_as_bot(message, action, own, sign, once).await
            }
            _ => Err(error),
        }
    }

    async fn mark_as_bot(
        &self,
        message: MessageId,
        action: LikeAction,
        (bot, generation): (BotId, Generation),
        sign: impl Fn(Call) -> Call,
        once: impl Fn(&str) -> Option<Once>,
    ) -> Result<Mark, Error> {
        let (call, stood) = match (generation, action) {
            (Generation::V1, LikeAction::Auto) => (bot::like(bot, message, action), &[][..]),
            (Generation::V1, _) => (bot::like(bot, message, action).idempotent(), &["WITHOUT_CHANGES"][..]),
            (Generation::V2, LikeAction::Plus) => (bot::react(bot, message, "like"), bot::LIKE_STOOD),
            (Generation::V2, LikeAction::Minus) => (bot::unreact(bot, message, "like"), bot::LIKE_STOOD),
            (Generation::V2, LikeAction::Auto) => {
                let why = "without the scope `im` a v2 bot can set and take away its like, but not toggle it";
                return Err(Error::new(ErrorKind::Unsupported, LIKE).note(why));
            }
        };
        let once = once(call.method());
        self.mark_unless(stood, sign(call), once).await
    }

    /// Sends a call that changes a mark; the error codes `stood` say that there was nothing to change.
    pub(crate) async fn mark_unless(
        &self,
        stood: &[&str],
        call: Call,
        once: Option<Once>,
    ) -> Result<Mark, Error> {
        match self.send_once::<IgnoredAny>(call, once).await {
            Ok(_) => Ok(Mark::Changed),
            Err(error) if error.code().is_some_and(|code| stood.iter().any(|stood| *code == **stood)) => {
                Ok(Mark::Stood)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_written_and_read_as_the_platform_does() {
        for action in [LikeAction::Plus, LikeAction::Minus, LikeAction::Auto] {
            assert_eq!(action.to_string().parse(), Ok(action));
            assert_eq!(action.as_str().to_uppercase().parse(), Ok(action));
        }
        assert!("toggle".parse::<LikeAction>().is_err());
        assert_eq!(LikeAction::default(), LikeAction::Plus);
    }
}
