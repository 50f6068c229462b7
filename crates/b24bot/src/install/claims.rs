//! What asking about installations may cost: anyone can claim to have installed the application.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{Context, SHA256};
use b24bot_actions::{Error, ErrorCode, ErrorKind};
use b24bot_core::{Declined, InstallRequest, Secret};
use tokio::sync::Semaphore;

/// How many are asked about at once.
const AT_ONCE: usize = 16;
/// How many are asked about or wait for it.
const PLACES: usize = 64;
/// How long the same refused claim is not asked about again.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many refused claims are remembered: beyond, the oldest is asked about again.
const REFUSED: usize = 4096;
/// When to come back if nothing can be found out now.
const PAUSE: Duration = Duration::from_secs(30);

/// What a claim says, in a form that tells nobody what it was.
type Digest = [u8; 32];

/// Asks about claims, not more at once than is good.
#[derive(Debug)]
pub(super) struct Claims {
    places: Semaphore,
    asking: Semaphore,
    refused: Mutex<Refused>,
}

impl Claims {
    pub(super) fn new() -> Self {
        Self { places: Semaphore::new(PLACES), asking: Semaphore::new(AT_ONCE), refused: Mutex::default() }
    }

    /// The answer, unless that claim was refused just now or too many wait.
    pub(super) async fn ask<T>(
        &self,
        request: &InstallRequest,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Declined> {
        let claim = digest(request);
        if self.refused().knows(&claim, Instant::now()) {
            return Err(Declined::NotConfirmed);
        }
        let answer = self.in_turn(ask).await;
        if let Err(Declined::NotConfirmed) = &answer {
            self.refused().add(claim, Instant::now());
        }
        answer
    }

    /// The answer, once it is its turn, unless too many wait.
    pub(super) async fn in_turn<T>(
        &self,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Declined> {
        let Ok(_place) = self.places.try_acquire() else { return Err(later()) };
        let Ok(_turn) = self.asking.acquire().await else { return Err(later()) };
        ask.await.map_err(|error| match error.kind() {
            // An address that may not be called is none of a portal's.
            ErrorKind::NotConfirmed | ErrorKind::Address | ErrorKind::Api(ErrorCode::InvalidGrant) => {
                Declined::NotConfirmed
            }
            _ => {
                // Nothing of the claim is in it: it names what was asked, and why that failed.
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an installation cannot be confirmed now");
                later()
            }
        })
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What could not be recorded now is to be sent again.
pub(super) fn later() -> Declined {
    Declined::Later(PAUSE)
}

/// The claims that were refused of late.
#[derive(Debug, Default)]
struct Refused {
    known: HashSet<Digest>,
    /// Oldest first.
    order: VecDeque<(Instant, Digest)>,
}

impl Refused {
    fn knows(&mut self, claim: &Digest, now: Instant) -> bool {
        while self.order.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= REMEMBERED) {
            self.drop_oldest();
        }
        self.known.contains(claim)
    }

    fn add(&mut self, claim: Digest, now: Instant) {
        if self.known.insert(claim) {
            self.order.push_back((now, claim));
        }
        if self.order.len() > REFUSED {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, claim)) = self.order.pop_front() {
            self.known.remove(&claim);
        }
    }
}

fn digest(request: &InstallRequest) -> Digest {
    let mut hash = Context::new(&SHA256);
    let refresh = request.refresh_token.as_ref().map(Secret::expose);
    let parts = [
        Some(request.member_id.as_str()),
        Some(request.access_token.expose()),
        refresh,
        request.client_endpoint.as_deref(),
        request.server_endpoint.as_deref(),
    ];
    for part in parts.map(Option::unwrap_or_default) {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: &str) -> InstallRequest {
        let body = format!("AUTH_ID={token}&member_id=m");
        InstallRequest::of_page(body.as_bytes(), "").unwrap().unwrap()
    }

    #[test]
    fn a_refused_claim_is_remembered_for_a_minute_and_others_are_not_taken_for_it() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        let (one, other) = (digest(&request("a")), digest(&request("b")));
        refused.add(one, now);
        assert!(refused.knows(&one, now + REMEMBERED - Duration::from_millis(1)));
        assert!(!refused.knows(&other, now));
        assert!(!refused.knows(&one, now + REMEMBERED));
        assert!(refused.known.is_empty() && refused.order.is_empty());
    }

    #[test]
    fn only_so_many_refused_claims_take_memory() {
        let (mut refused, now) = (Refused::default(), Instant::now());
        let claim = |n: usize| {
            let mut claim = [0; 32];
            claim[..8].copy_from_slice(&n.to_le_bytes());
            claim
        };
        for n in 0..3 * REFUSED {
            refused.add(claim(n), now);
        }
        assert_eq!((refused.known.len(), refused.order.len()), (REFUSED, REFUSED));
        assert!(refused.knows(&claim(3 * REFUSED - 1), now) && !refused.knows(&claim(0), now));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_places_nobody_is_kept_waiting() {
        let claims = std::sync::Arc::new(Claims::new());
        let forever = (0..PLACES).map(|n| {
            let claims = std::sync::Arc::clone(&claims);
            tokio::spawn(async move {
                claims.ask(&request(&n.to_string()), std::future::pending::<Result<(), Error>>()).await
            })
        });
        let forever: Vec<_> = forever.collect();
        while claims.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(claims.asking.available_permits(), 0);
        let refused = claims.ask(&request("x"), async { Ok(()) }).await;
        assert_eq!(refused, Err(Declined::Later(PAUSE)));
        forever.into_iter().for_each(|task| task.abort());
        while claims.places.available_permits() < PLACES {
            tokio::task::yield_now().await;
        }
        assert_eq!(claims.ask(&request("x"), async { Ok(()) }).await, Ok(()));
    }
}
