//! Who works which partition.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use super::names::{PARTITIONS, Partition};

/// One machine's view of who works which partition, made from a log that all machines read in the same order: signs of
/// life, and who owns a partition since which number of the log. A record of the log is replaced by compare and swap.
///
/// It neither reads the log nor writes to it, and is told the time. No machine's clock is compared with another's:
///
/// - A machine may work while less than a lease has passed since it *sent* a sign of life that has *come back* through
///   the log. All that came before in the log has been read then: nobody has taken over anything unnoticed.
/// - Others take over when they have *heard* nothing for longer than that. If they hear something after all before they
///   read in the log that they have taken over, they wait once more for as long before they work.
#[derive(Debug)]
pub(crate) struct Shares {
    me: String,
    lease: Duration,
    parts: Vec<Part>,
    /// The others, and when they were heard last.
    others: HashMap<String, Instant>,
    /// Signs of life that have not come back.
    sent: BTreeMap<u64, Instant>,
    next_beat: u64,
    last_beat: Option<Instant>,
    /// When the latest sign of life that has come back was sent.
    alive_from: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
struct Part {
    owner: Option<String>,
    revision: u64,
    /// When it was asked for.
    asked: Option<Instant>,
    /// Since when its last owner cannot be working on it any more.
    free_from: Option<Instant>,
}

/// How a partition changed hands, for this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Gained,
    Lost,
}

/// Whether a partition may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may.
    Mine,
    /// It is this machine's, but another may still think that it is its own, or think so already.
    Unsure,
    /// It is nobody's, or another's.
    NotMine,
}

impl Shares {
    pub(crate) fn new(me: String, lease: Duration) -> Self {
        Self {
            me,
            lease,
            parts: vec![Part::default(); usize::from(PARTITIONS)],
            others: HashMap::new(),
            sent: BTreeMap::new(),
            next_beat: 1,
            last_beat: None,
            alive_from: None,
        }
    }

    /// A sign of life to be sent now, if it is time for one: its number.
    pub(crate) fn beat(&mut self, now: Instant) -> Option<u64> {
        let due = self.last_beat.is_none_or(|last| now >= last + self.lease / 5);
        due.then(|| {
            self.last_beat = Some(now);
            let beat = self.next_beat;
            self.next_beat += 1;
            self.sent.insert(beat, now);
            beat
        })
    }

    /// A sign of life was read in the log.
    pub(crate) fn heard_beat(&mut self, node: &str, beat: u64, now: Instant) {
        if node != self.me {
            self.others.insert(node.to_owned(), now);
            return;
        }
        let Some(sent) = self.sent.remove(&beat) else { return };
        self.sent = self.sent.split_off(&beat);
        if !self.is_alive(now) {
            // Whoever was deaf cannot tell for how long the others have been silent.
            self.others.values_mut().for_each(|heard| *heard = now);
        }
        self.alive_from = self.alive_from.max(Some(sent));
    }

    /// A machine has said that it goes.
    pub(crate) fn heard_farewell(&mut self, node: &str) {
        self.others.remove(node);
    }

    /// A machine that holds something was read of in the log.
    pub(crate) fn heard_of(&mut self, node: &str, now: Instant) {
        if node != self.me && !node.is_empty() {
            self.others.entry(node.to_owned()).or_insert(now);
        }
    }

    /// A partition's record was read in the log; an empty owner is none.
    pub(crate) fn heard_part(
        &mut self,
        partition: Partition,
        revision: u64,
        owner: &str,
        now: Instant,
    ) -> Option<Turn> {
        self.heard_of(owner, now);
        let patience = self.patience();
        let part = self.parts.get_mut(usize::from(partition))?;
        if revision < part.revision {
            return None;
        }
        let was_mine = part.owner.as_deref() == Some(&self.me);
        // Asked for while its owner was silent, it can be had after the owner was heard again.
        let heard = part.owner.as_ref().and_then(|last| self.others.get(last));
        let free_from = if was_mine { part.free_from } else { heard.map(|heard| *heard + patience) };
        *part =
            Part { owner: (!owner.is_empty()).then(|| owner.to_owned()), revision, asked: None, free_from };
        match (was_mine, owner == self.me) {
            (false, true) => Some(Turn::Gained),
            (true, false) => Some(Turn::Lost),
            _ => None,
        }
    }

    /// This machine has written a partition's record, though it has not come back yet.
    pub(crate) fn wrote(&mut self, partition: Partition, revision: u64) {
        if let Some(part) = self.parts.get_mut(usize::from(partition)) {
            part.revision = part.revision.max(revision);
        }
    }

    /// The number of a partition's latest record in the log; 0 if there is none.
    pub(crate) fn revision(&self, partition: Partition) -> u64 {
        self.parts.get(usize::from(partition)).map_or(0, |part| part.revision)
    }

    /// Whether this machine has been heard recently enough to work.
    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        self.alive_from.is_some_and(|from| now < from + self.lease)
    }

    pub(crate) fn standing(&self, partition: Partition, now: Instant) -> Standing {
        match self.parts.get(usize::from(partition)) {
            Some(part) if part.owner.as_deref() == Some(&self.me) => {
                let is_free = part.free_from.is_none_or(|from| now >= from);
                if is_free && self.is_alive(now) { Standing::Mine } else { Standing::Unsure }
            }
            _ => Standing::NotMine,
        }
    }

    pub(crate) fn is_live(&self, node: &str) -> bool {
        node == self.me || self.others.contains_key(node)
    }

    /// Others that have been silent for too long: they are forgotten, and what they had is free.
    pub(crate) fn bury(&mut self, now: Instant) -> Vec<String> {
        if !self.is_alive(now) {
            return Vec::new();
        }
        let patience = self.patience();
        let dead = self.others.extract_if(|_, heard| now >= *heard + patience);
        dead.map(|(node, _)| node).collect()
    }

    /// Partitions to ask for now, with the revision to be replaced.
    pub(crate) fn wanted(&mut self, now: Instant) -> Vec<(Partition, u64)> {
        if !self.is_alive(now) {
            return Vec::new();
        }
        let again = self.lease / 5;
        let asked = |part: &Part| part.asked.is_some_and(|asked| now < asked + again);
        let free = |part: &Part| part.owner.as_deref().is_none_or(|owner| !self.is_live(owner));
        let hoped = self.parts.iter().filter(|part| asked(part) && free(part)).count();
        let missing = self.quota().saturating_sub(self.count() + hoped);
        // Machines that start together begin at different partitions.
        let start = self.me.bytes().map(usize::from).sum::<usize>();
        let wanted: Vec<usize> = (0..self.parts.len())
            .map(|index| (index + start) % self.parts.len())
            .filter(|index| self.parts.get(*index).is_some_and(|part| free(part) && !asked(part)))
            .take(missing)
            .collect();
        wanted
            .into_iter()
            .filter_map(|index| {
                let part = self.parts.get_mut(index)?;
                part.asked = Some(now);
                Some((index as Partition, part.revision))
            })
            .collect()
    }

    /// Whether there is nothing free that this machine should have.
    pub(crate) fn is_settled(&self) -> bool {
        let free = |part: &Part| part.owner.as_deref().is_none_or(|owner| !self.is_live(owner));
        self.count() >= self.quota() || !self.parts.iter().any(free)
    }

    /// How many partitions this machine has more than its part.
    pub(crate) fn surplus(&self) -> usize {
        self.count().saturating_sub(self.quota())
    }

    /// After how long a silence a machine is dead for the others.
    fn patience(&self) -> Duration {
        self.lease + self.lease / 5
    }

    fn count(&self) -> usize {
        self.parts.iter().filter(|part| part.owner.as_deref() == Some(&self.me)).count()
    }

    fn quota(&self) -> usize {
        usize::from(PARTITIONS).div_ceil(self.others.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const LEASE: Duration = Duration::from_secs(5);

    #[derive(Clone, Debug)]
    enum Record {
        Beat(String, u64),
        Part(Partition, String),
    }

    /// Machines and the log they share. A machine reads the log when it is its turn, and then acts; what it writes
    /// arrives with the delay it has at that time.
    struct World {
        start: Instant,
        now: Instant,
        log: Vec<Record>,
        machines: Vec<(Shares, usize)>,
        on_the_way: Vec<(Instant, Record, Option<u64>)>,
        /// Given up by a machine, which has not heard of it yet.
        given_up: HashSet<(usize, Partition)>,
    }

    impl World {
        fn new(machines: usize) -> Self {
            let start = Instant::now();
            let machines = (0..machines).map(|name| (Shares::new(format!("m{name}"), LEASE), 0)).collect();
            Self {
                start,
                now: start,
                log: Vec::new(),
                machines,
                on_the_way: Vec::new(),
                given_up: HashSet::new(),
            }
        }

        fn revision(&self, partition: Partition) -> u64 {
            let of = |record: &Record| matches!(record, Record::Part(of, _) if *of == partition);
            self.log.iter().rposition(of).map_or(0, |index| index as u64 + 1)
        }

        fn pass(&mut self, time: Duration) {
            self.now += time;
            self.on_the_way.sort_by_key(|(at, ..)| *at);
            while self.on_the_way.first().is_some_and(|(at, ..)| *at <= self.now) {
                let (_, record, expected) = self.on_the_way.remove(0);
                match (&record, expected) {
                    (Record::Part(partition, _), Some(expected)) if self.revision(*partition) != expected => {
                    }
                    _ => self.log.push(record),
                }
            }
        }

        fn run(&mut self, machine: usize, delay: Duration) {
            let (shares, read) = &mut self.machines[machine];
            for (index, record) in self.log.iter().enumerate().skip(*read) {
                match record {
                    Record::Beat(node, beat) => shares.heard_beat(node, *beat, self.now),
                    Record::Part(partition, owner) => {
                        if shares.heard_part(*partition, index as u64 + 1, owner, self.now)
                            == Some(Turn::Lost)
                        {
                            self.given_up.remove(&(machine, *partition));
                        }
                    }
                }
            }
            *read = self.log.len();
            let at = self.now + delay;
            let me = shares.me.clone();
            if let Some(beat) = shares.beat(self.now) {
                self.on_the_way.push((at, Record::Beat(me.clone(), beat), None));
            }
            shares.bury(self.now);
            for (partition, revision) in shares.wanted(self.now) {
                self.on_the_way.push((at, Record::Part(partition, me.clone()), Some(revision)));
            }
            let surplus: Vec<_> = (0..PARTITIONS)
                .filter(|partition| shares.standing(*partition, self.now) == Standing::Mine)
                .take(shares.surplus())
                .map(|partition| (partition, shares.revision(partition)))
                .collect();
            for (partition, revision) in surplus {
                self.given_up.insert((machine, partition));
                self.on_the_way.push((at, Record::Part(partition, String::new()), Some(revision)));
            }
        }

        fn workers(&self, partition: Partition) -> usize {
            let works = |(machine, (shares, _)): (usize, &(Shares, usize))| {
                shares.standing(partition, self.now) == Standing::Mine
                    && !self.given_up.contains(&(machine, partition))
            };
            self.machines.iter().enumerate().filter(|machine| works(*machine)).count()
        }
    }

    proptest! {
        #[test]
        fn no_partition_is_worked_by_two_and_none_is_orphaned(
            machines in 1..5_usize,
            steps in proptest::collection::vec((0..5_usize, 0..3_000_u64, 0..4_000_u64), 0..150),
            dead in 0..5_usize,
        ) {
            let mut world = World::new(machines);
            for (machine, wait, delay) in steps {
                world.pass(Duration::from_millis(wait));
                world.run(machine % machines, Duration::from_millis(delay));
                for partition in 0..PARTITIONS {
                    prop_assert!(world.workers(partition) <= 1, "{} after {:?}", partition, world.now - world.start);
                }
            }
            // From here on all is well, but for one machine that has died.
            let dead = (machines > 1).then_some(dead % machines);
            for _ in 0..400 {
                world.pass(Duration::from_millis(100));
                for machine in (0..machines).filter(|machine| Some(*machine) != dead) {
                    world.run(machine, Duration::from_millis(10));
                }
                for partition in 0..PARTITIONS {
                    prop_assert!(world.workers(partition) <= 1);
                }
            }
            let live = machines - usize::from(dead.is_some());
            for partition in 0..PARTITIONS {
                prop_assert_eq!(world.workers(partition), 1, "{}", partition);
            }
            for (machine, (shares, _)) in world.machines.iter().enumerate() {
                if Some(machine) != dead {
                    prop_assert!(shares.count() <= usize::from(PARTITIONS).div_ceil(live), "{}", shares.count());
                    prop_assert!(shares.is_settled());
                }
            }
        }
    }

    #[test]
    fn who_was_away_for_long_waits_until_its_sign_of_life_comes_back() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut shares = Shares::new("me".into(), LEASE);
        let beat = shares.beat(start).unwrap();
        assert_eq!(shares.beat(start + second / 2), None, "not yet");
        shares.heard_beat("me", beat, start + second);
        assert_eq!(shares.heard_part(3, 7, "me", start + second), Some(Turn::Gained));
        assert_eq!(shares.standing(3, start + 4 * second), Standing::Mine);
        assert_eq!(
            shares.standing(3, start + 5 * second),
            Standing::Unsure,
            "five seconds after it was sent"
        );
        let back = start + 60 * second;
        let beat = shares.beat(back).unwrap();
        assert_eq!(shares.standing(3, back), Standing::Unsure);
        assert_eq!(shares.heard_part(3, 9, "other", back), Some(Turn::Lost));
        shares.heard_beat("me", beat, back);
        assert_eq!(shares.standing(3, back), Standing::NotMine);
    }

    #[test]
    fn an_old_record_changes_nothing() {
        let now = Instant::now();
        let mut shares = Shares::new("me".into(), LEASE);
        shares.heard_part(3, 7, "me", now);
        shares.wrote(3, 9);
        assert_eq!(shares.heard_part(3, 8, "other", now), None);
        assert_eq!((shares.revision(3), shares.heard_part(3, 10, "", now)), (9, Some(Turn::Lost)));
    }
}
