//! The bots' own tokens, as events bring them: each lives for an hour, and nobody can renew it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use b24bot_core::{BotId, Secret};

/// The newest token of each bot of one portal.
#[derive(Default)]
pub(crate) struct OwnTokens(Mutex<HashMap<BotId, Own>>);

struct Own {
    token: Secret,
    /// Seconds since 1970.
    expires_at: u64,
    /// The portal refused it, whatever the clock says.
    is_refused: bool,
}

impl OwnTokens {
    /// An event brought that one. An older event, handled late, changes nothing.
    pub(crate) fn learn(&self, bot: BotId, token: &Secret, expires_at: u64) {
        let mut tokens = self.locked();
        let is_older = tokens
            .get(&bot)
            .is_some_and(|known| known.expires_at > expires_at || known.token.expose() == token.expose());
        if !is_older {
            tokens.insert(bot, Own { token: token.clone(), expires_at, is_refused: false });
        }
    }

    /// The newest one, if it is still good at `now`.
    pub(crate) fn usable(&self, bot: BotId, now: u64) -> Option<Secret> {
        let tokens = self.locked();
        let own = tokens.get(&bot).filter(|own| own.expires_at > now && !own.is_refused);
        own.map(|own| own.token.clone())
    }

    /// The portal says that it is good no more.
    pub(crate) fn refuse(&self, bot: BotId, token: &Secret) {
        if let Some(own) = self.locked().get_mut(&bot).filter(|own| own.token.expose() == token.expose()) {
            own.is_refused = true;
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<BotId, Own>> {
        // Nothing here can be left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OwnTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnTokens({})", self.locked().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_counts_until_it_expires_or_is_refused() {
        let (tokens, bot) = (OwnTokens::default(), BotId::from(1));
        let usable = |now| tokens.usable(bot, now).map(|token| token.expose().to_owned());
        let learn = |token: &str, expires_at| tokens.learn(bot, &Secret::from(token), expires_at);
        assert_eq!(usable(0), None);
        learn("new", 200);
        learn("old", 100);
        assert_eq!(usable(199).as_deref(), Some("new"));
        assert_eq!(usable(200), None);
        assert_eq!(tokens.usable(BotId::from(2), 0).map(drop), None);

        tokens.refuse(bot, &Secret::from("old"));
        assert_eq!(usable(0).as_deref(), Some("new"));
        tokens.refuse(bot, &Secret::from("new"));
        learn("new", 200);
        assert_eq!(usable(0), None, "the same one again is as bad");
        learn("newer", 200);
        assert_eq!(usable(0).as_deref(), Some("newer"));
    }
}
