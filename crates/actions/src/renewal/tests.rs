//! Several machines, one store, one authorization server, and crashes in between.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::grant::Grant;

fn grant(number: u32) -> Box<Grant> {
    let mut grant = Grant::new("m1", "https://portal.example/rest/", format!("access {number}"));
    grant.refresh_token = Some(format!("refresh {number}").into());
    Box::new(grant)
}

fn installed() -> Installation {
    Installation::granted(*grant(0), "portal.example".to_owned(), 0)
}

/// Refresh tokens are good once; used twice, the pair that came of the first use is worth nothing either.
#[derive(Default)]
struct Server {
    pairs: u32,
    used: HashSet<String>,
    dead: HashSet<String>,
}

impl Server {
    fn exchange(&mut self, refresh: &Secret) -> Result<Box<Grant>, Refusal> {
        if self.dead.contains(refresh.expose()) || !self.used.insert(refresh.expose().to_owned()) {
            // What was made of it dies with it; here pairs are only ever made one after the other.
            self.dead.insert(format!("refresh {}", self.pairs));
            return Err(Refusal::Grant);
        }
        self.pairs += 1;
        Ok(grant(self.pairs))
    }
}

/// What a machine is about to do.
enum Doing {
    Nothing,
    Step(Renewal, Step),
    /// The request is on its way: what comes back is known to the server already.
    Waiting(Renewal, Result<Box<Grant>, Refusal>),
}

struct Machine {
    doing: Doing,
    /// The version that it read or wrote last.
    version: u64,
    /// When it wrote its lease.
    leased: Instant,
    clock_is_off_by: u64,
}

struct World {
    now: Instant,
    stored: Installation,
    version: u64,
    server: Server,
    machines: Vec<Machine>,
    leases: u32,
    /// Refresh tokens on their way to the server, who sent them, and since when they have had the lease.
    under_way: Vec<(usize, String, Instant)>,
    /// Every access token that was ever stored.
    ever_stored: HashSet<String>,
    has_lease_expired: bool,
}

impl World {
    fn new(machines: usize) -> Self {
        let now = Instant::now();
        let machine = |at: usize| Machine {
            doing: Doing::Nothing,
            version: 0,
            leased: now,
            // Years apart.
            clock_is_off_by: at as u64 * 100_000_000,
        };
        Self {
            now,
            stored: installed(),
            version: 1,
            server: Server::default(),
            machines: (0..machines).map(machine).collect(),
            leases: 0,
            under_way: Vec::new(),
            ever_stored: HashSet::from(["access 0".to_owned()]),
            has_lease_expired: false,
        }
    }

    /// A portal refused the token that the machine has.
    fn refused(&mut self, at: usize) {
        if matches!(self.machines[at].doing, Doing::Nothing) {
            self.leases += 1;
            let renewal = Renewal::new(format!("lease {}", self.leases), self.stored.tokens.access.clone());
            self.machines[at].doing = Doing::Step(renewal, Step::Read);
        }
    }

    fn crash(&mut self, at: usize) {
        self.machines[at].doing = Doing::Nothing;
        self.under_way.retain(|(who, ..)| *who != at);
    }

    /// One step of one machine. `is_slow`: the server has the request, and its answer is still to come.
    fn go_on(&mut self, at: usize, is_slow: bool, answers: Option<Refusal>) {
        let unix_now = 1_000_000_000 + self.machines[at].clock_is_off_by;
        let (mut renewal, news) = match std::mem::replace(&mut self.machines[at].doing, Doing::Nothing) {
            Doing::Nothing => return,
            Doing::Waiting(renewal, answer) => {
                self.under_way.retain(|(who, ..)| *who != at);
                (renewal, News::Answered(answer))
            }
            Doing::Step(renewal, step) => match step {
                Step::Read | Step::Wait(_) => {
                    self.machines[at].version = self.version;
                    (renewal, News::Read(Some(Box::new(self.stored.clone()))))
                }
                Step::Write(next) => {
                    let is_there = self.machines[at].version == self.version;
                    if is_there {
                        if next.lease.is_some()
                            && self.stored.lease.is_some()
                            && next.lease != self.stored.lease
                        {
                            self.has_lease_expired = true;
                        }
                        if next.lease.is_some() && next.lease != self.stored.lease {
                            self.machines[at].leased = self.now;
                        }
                        self.stored = *next;
                        self.version += 1;
                        self.machines[at].version = self.version;
                        self.ever_stored.insert(self.stored.tokens.access.expose().to_owned());
                    }
                    (renewal, News::Written(is_there))
                }
                Step::Ask { refresh, .. } => {
                    // Whoever was stopped for longer than a lease lasts, before or after it sent its request, cannot know.
                    let is_old = |since: Instant| self.now.saturating_duration_since(since) >= LEASE;
                    let is_late = is_old(self.machines[at].leased);
                    for (_, other, since) in &self.under_way {
                        let may_be = other != refresh.expose() || is_late || is_old(*since);
                        assert!(may_be, "two renewals with one refresh token");
                    }
                    let answer = match answers {
                        Some(refusal) => Err(refusal),
                        None => self.server.exchange(&refresh),
                    };
                    if is_slow {
                        self.under_way.push((at, refresh.expose().to_owned(), self.machines[at].leased));
                        self.machines[at].doing = Doing::Waiting(renewal, answer);
                        return;
                    }
                    (renewal, News::Answered(answer))
                }
                Step::Over(outcome) => {
                    if matches!(outcome, Outcome::Renewed | Outcome::Found) {
                        // From here on the machine uses what is stored.
                        assert!(self.ever_stored.contains(self.stored.tokens.access.expose()));
                    }
                    return;
                }
            },
        };
        let step = renewal.next(news, self.now, unix_now);
        self.machines[at].doing = Doing::Step(renewal, step);
    }

    /// Lets everybody finish.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            self.now += LOOKS_AGAIN;
            for at in 0..self.machines.len() {
                self.go_on(at, false, None);
            }
        }
        assert!(self.machines.iter().all(|machine| matches!(machine.doing, Doing::Nothing)));
    }
}

#[derive(Clone, Debug)]
enum Happens {
    Refused(usize),
    GoesOn { at: usize, is_slow: bool, answers: Option<Refusal> },
    Crash(usize),
    Later(u64),
}

fn happens(machines: usize, crashes: bool) -> impl Strategy<Value = Happens> {
    let answers = prop_oneof![12 => Just(None), 1 => Just(Some(Refusal::Other))];
    prop_oneof![
        2 => (0..machines).prop_map(Happens::Refused),
        20 => (0..machines, any::<bool>(), answers)
            .prop_map(|(at, is_slow, answers)| Happens::GoesOn { at, is_slow, answers }),
        1 => (0..machines).prop_map(move |at| if crashes { Happens::Crash(at) } else { Happens::Later(0) }),
        // Without crashes no machine is slower than its lease lasts.
        3 => (0..if crashes { 40_000u64 } else { 400 }).prop_map(Happens::Later),
    ]
}

fn run(machines: usize, all: Vec<Happens>) -> World {
    let mut world = World::new(machines);
    for happens in all {
        match happens {
            Happens::Refused(at) => world.refused(at),
            Happens::GoesOn { at, is_slow, answers } => world.go_on(at, is_slow, answers),
            Happens::Crash(at) => world.crash(at),
            Happens::Later(millis) => world.now += Duration::from_millis(millis),
        }
    }
    world
}

proptest! {
    #[test]
    fn never_two_renewals_with_one_refresh_token(
        all in prop::collection::vec(happens(4, true), 0..300),
    ) {
        // The model itself asserts, at every request.
        let mut world = run(4, all);
        world.settle();
        // Whatever crashed: the next one gets a pair, or knows that it takes a person.
        world.refused(0);
        let before = world.stored.tokens.access.expose().to_owned();
        world.settle();
        let is_renewed = world.stored.tokens.access.expose() != before;
        prop_assert!(is_renewed || world.stored.state == InstallationState::NeedsReinstallation);
        prop_assert!(!is_renewed || world.stored.lease.is_none());
    }

    #[test]
    fn without_crashes_no_pair_is_ever_lost(all in prop::collection::vec(happens(4, false), 0..60)) {
        // At most 60 pauses of 400 ms: no lease expires.
        let mut world = run(4, all);
        world.settle();
        prop_assert!(!world.has_lease_expired);
        prop_assert_eq!(world.stored.state, InstallationState::Active);
        prop_assert_eq!(world.stored.tokens.access.expose(), format!("access {}", world.server.pairs));
    }
}

/// Runs one renewal against what the store and the server say.
fn renew(stored: &mut Installation, answer: &Result<Box<Grant>, Refusal>, unix_now: u64) -> (Outcome, u32) {
    let mut renewal = Renewal::new("me".to_owned(), stored.tokens.access.clone());
    let (mut step, mut asked) = (Step::Read, 0);
    loop {
        let news = match step {
            Step::Read => News::Read(Some(Box::new(stored.clone()))),
            Step::Write(next) => {
                *stored = *next;
                News::Written(true)
            }
            Step::Ask { .. } => {
                asked += 1;
                News::Answered(answer.clone())
            }
            Step::Wait(_) => unreachable!("nobody else is here"),
            Step::Over(outcome) => return (outcome, asked),
        };
        step = renewal.next(news, Instant::now(), unix_now);
    }
}

#[test]
fn a_dead_refresh_token_is_stored_as_such_and_never_sent_again() {
    let mut stored = installed();
    assert_eq!(renew(&mut stored, &Err(Refusal::Grant), 0), (Outcome::NeedsReinstallation, 1));
    assert_eq!((stored.state, &stored.lease), (InstallationState::NeedsReinstallation, &None));
    assert_eq!(renew(&mut stored, &Ok(grant(1)), 0), (Outcome::NeedsReinstallation, 0));

    let mut without = installed();
    without.tokens.refresh = None;
    assert_eq!(renew(&mut without, &Ok(grant(1)), 0), (Outcome::NeedsReinstallation, 0));
    assert_eq!(without.state, InstallationState::NeedsReinstallation);
}

#[test]
fn a_portal_that_has_not_paid_is_asked_about_once_an_hour() {
    let mut stored = installed();
    let start = 1_000_000;
    assert_eq!(renew(&mut stored, &Err(Refusal::Payment), start), (Outcome::Unpaid, 1));
    assert_eq!(stored.state, InstallationState::PaymentRequired);
    assert_eq!(renew(&mut stored, &Ok(grant(1)), start + UNPAID - 1), (Outcome::Unpaid, 0));
    assert_eq!(renew(&mut stored, &Err(Refusal::Payment), start + UNPAID), (Outcome::Unpaid, 1));
    assert_eq!(renew(&mut stored, &Ok(grant(1)), start + 2 * UNPAID), (Outcome::Renewed, 1));
    assert_eq!((stored.state, stored.unpaid_at), (InstallationState::Active, None));
    assert_eq!(stored.tokens.access.expose(), "access 1");
}

#[test]
fn a_failure_gives_the_lease_back() {
    let mut stored = installed();
    assert_eq!(renew(&mut stored, &Err(Refusal::Other), 0), (Outcome::Failed, 1));
    assert_eq!((stored.state, &stored.lease), (InstallationState::Active, &None));
    assert_eq!(stored.tokens.access.expose(), "access 0");
}
