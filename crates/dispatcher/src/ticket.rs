//! What a lane holds of an event that waits.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24bot_core::{Entry, EntryId, Envelope, Lane, Progress};

use crate::lanes::Item;

/// An entry without the name of the lane it waits in: 32 bytes, up to twice that in a queue that has just grown. So
/// many of them cost little, if their store keeps the events elsewhere: a million in some dialogs 32 to 64 MB, a
/// million in a dialog each some 200 bytes more, with the lane's name.
#[derive(Debug)]
pub(crate) struct Ticket {
    id: EntryId,
    progress: Option<Box<Progress>>,
    envelope: Option<Arc<Envelope>>,
    /// The lane by which the store knows it, where it waits in another.
    stored_in: Option<Box<Lane>>,
}

impl Ticket {
    /// A ticket for an entry that is to wait in that lane.
    pub(crate) fn new(entry: Entry, lane: &Lane) -> Self {
        let Entry { id, lane: stored_in, progress, envelope, .. } = entry;
        let stored_in = (stored_in != *lane).then(|| Box::new(stored_in));
        Self { id, progress, envelope, stored_in }
    }

    /// The entry, which waited in that lane.
    pub(crate) fn entry(self, lane: &Lane) -> Entry {
        let stored_in = self.stored_in.map_or_else(|| lane.clone(), |stored_in| *stored_in);
        let mut entry = Entry::stored(self.id, stored_in, None);
        entry.progress = self.progress;
        entry.envelope = self.envelope;
        entry
    }

    /// How long it has to wait for the attempt that an earlier process has put off, `longest` at the most if clocks
    /// have jumped since. Told once: a clock that jumps back now does not make it wait again.
    pub(crate) fn take_pause(&mut self, now: SystemTime, longest: Duration) -> Option<Duration> {
        let due = std::mem::take(&mut self.progress.as_mut()?.due);
        let pause = Duration::from_millis(due.saturating_sub(millis(now))).min(longest);
        (!pause.is_zero()).then_some(pause)
    }
}

impl Item for Ticket {
    fn portal<'a>(&'a self, lane: &'a Lane) -> &'a str {
        self.stored_in.as_deref().unwrap_or(lane).portal()
    }
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(progress: Option<Progress>) -> Ticket {
        let lane = Lane::from("m/5/27".to_owned());
        Ticket::new(Entry::stored(EntryId(1), lane.clone(), progress), &lane)
    }

    #[test]
    fn tickets_are_small() {
        assert_eq!(size_of::<Ticket>(), 32);
    }

    #[test]
    fn an_entry_comes_back_with_the_lane_its_store_knows() {
        let (stored, other) = (Lane::from("m/5/27".to_owned()), Lane::from("one".to_owned()));
        for waits_in in [&stored, &other] {
            let entry = Entry::stored(EntryId(7), stored.clone(), Some(Progress::default()));
            let entry = Ticket::new(entry, waits_in).entry(waits_in);
            assert_eq!((entry.id, &entry.lane), (EntryId(7), &stored));
            assert_eq!(entry.progress.as_deref(), Some(&Progress::default()));
        }
    }

    #[test]
    fn a_due_time_is_waited_for_once_and_not_longer_than_a_pause_can_be() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let longest = Duration::from_secs(300);
        let pause = |due: u64| {
            let mut progress = Progress::default();
            progress.due = due;
            let mut ticket = ticket(Some(progress));
            let pause = ticket.take_pause(now, longest);
            assert_eq!(ticket.take_pause(UNIX_EPOCH, longest), None, "told once");
            pause
        };
        assert_eq!(pause(1_005_000), Some(Duration::from_secs(5)));
        assert_eq!(pause(1_000_000), None);
        assert_eq!(pause(0), None);
        assert_eq!(pause(u64::MAX), Some(longest));
        assert_eq!(ticket(None).take_pause(now, longest), None);
    }
}
