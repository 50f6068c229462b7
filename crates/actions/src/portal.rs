//! What is known about one portal while the process runs.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use url::Url;

use crate::{own::OwnTokens, redirect::Moves, renewing::Renewing, way_out::WayOut};

/// How long a missing scope is taken as still missing.
const SCOPE_IS_ASKED_AGAIN_AFTER: Duration = Duration::from_secs(3600);

/// One portal's way out, address and scopes.
#[derive(Debug)]
pub(crate) struct PortalState {
    pub(crate) way_out: Arc<WayOut>,
    moves: Mutex<Moves>,
    im: Mutex<MissingScope>,
    /// The bots' own tokens, as events bring them.
    pub(crate) own: OwnTokens,
    /// What is done about the application's own.
    pub(crate) renewing: Arc<Renewing>,
}

impl PortalState {
    pub(crate) fn new(way_out: Arc<WayOut>) -> Self {
        let (own, renewing) = (OwnTokens::default(), Arc::default());
        Self { way_out, moves: Mutex::default(), im: Mutex::default(), own, renewing }
    }

    /// The address to call instead of `url`.
    pub(crate) fn present(&self, url: &Url) -> Url {
        locked(&self.moves, |moves| moves.apply(url))
    }

    /// The portal answered after these redirections.
    pub(crate) fn moved(&self, hops: &[(Url, Url)]) {
        locked(&self.moves, |moves| hops.iter().for_each(|(from, to)| moves.remember(from, to)));
    }

    /// The address that `url` moved to is dead.
    pub(crate) fn not_moved(&self, url: &Url) {
        locked(&self.moves, |moves| moves.forget(url));
    }

    /// Whether the scope `im` was found missing not long ago.
    pub(crate) fn lacks_im(&self, now: Instant) -> bool {
        locked(&self.im, |im| im.is_missing(now))
    }

    /// The scope `im` is missing; true when that is news.
    pub(crate) fn note_missing_im(&self, now: Instant) -> bool {
        locked(&self.im, |im| im.note(now))
    }
}

/// Nothing that is locked here can be left half changed.
fn locked<T, R>(mutex: &Mutex<T>, change: impl FnOnce(&mut T) -> R) -> R {
    change(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

#[derive(Debug, Default)]
struct MissingScope {
    noted: Option<Instant>,
}

impl MissingScope {
    fn is_missing(&self, now: Instant) -> bool {
        self.noted.is_some_and(|at| now.saturating_duration_since(at) < SCOPE_IS_ASKED_AGAIN_AFTER)
    }

    fn note(&mut self, now: Instant) -> bool {
        self.noted.replace(now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_told_once_and_believed_for_an_hour() {
        let mut scope = MissingScope::default();
        let now = Instant::now();
        assert!(!scope.is_missing(now));
        assert!(scope.note(now));
        assert!(scope.is_missing(now + Duration::from_secs(3599)));
        let later = now + Duration::from_secs(3600);
        assert!(!scope.is_missing(later));
        assert!(!scope.note(later));
        assert!(scope.is_missing(later));
    }
}
